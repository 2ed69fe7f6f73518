/* SPDX-License-Identifier: Apache-2.0 */
/* chancery template */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/template.pb-c.h"
#include "cli/session.h"
#include "wire/message_text.h"

static const char HELP[] =
    "usage: chancery template list    --profile FILE [-o json]\n"
    "       chancery template create  --profile FILE -f TEMPLATE.yaml\n"
    "       chancery template show    --profile FILE ID\n"
    "       chancery template archive --profile FILE ID\n"
    "       chancery template publish --profile FILE ID\n"
    "\n"
    "Templates of the tenant whose admin the profile is. A template file has the fields of chancery.v1.Template:\n"
    "\n"
    "  names: [{language: en, text: Confidential}]\n"
    "  grants: [{principals: ['tenant:contoso'], rights: [VIEW, REPLY]}]\n"
    "  expiry: {days: 30}\n";

struct template_args {
    const char *profile, *file, *format, *id;
};

static int list(struct session *s, const struct template_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ListTemplatesRequest request;
    chancery__v1__list_templates_request__init(&request);
    int code = session_call(s, "TemplateService/ListTemplates", &request.base,
                            &chancery__v1__list_templates_response__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    if (strcmp(args->format, "json") == 0) {
        return session_print_json(s, message);
    }
    const Chancery__V1__ListTemplatesResponse *r = (const void *)message;
    for (size_t i = 0; i < r->n_templates; i++) {
        const Chancery__V1__Template *t = r->templates[i];
        printf("%s  %-9s %s\n", t->template_id, t->archived ? "archived" : "published",
               t->n_names > 0 ? t->names[0]->text : "");
    }
    return EXIT_OK;
}

static int create(struct session *s, const struct template_args *args)
{
    struct err err = {0};
    struct slice text;
    ProtobufCMessage *message = NULL;
    Chancery__V1__CreateTemplateRequest request;
    chancery__v1__create_template_request__init(&request);
    if (args->file == NULL) {
        return usage_error(s->command, "-f is required");
    }
    if (!read_file(s->arena, args->file, MESSAGE_TEXT_MAX, &text, &err).ok ||
        !message_from_yaml(s->arena, &chancery__v1__template__descriptor, text, &message, &err)
             .ok) {
        return fail_with(s->command, &err);
    }
    request.template_ = (Chancery__V1__Template *)message;
    int code = session_call(s, "TemplateService/CreateTemplate", &request.base,
                            &chancery__v1__create_template_response__descriptor, &message);
    if (code == EXIT_OK) {
        puts(((const Chancery__V1__CreateTemplateResponse *)(const void *)message)
                 ->template_->template_id);
    }
    return code;
}

static int show(struct session *s, const struct template_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__GetTemplateRequest request;
    chancery__v1__get_template_request__init(&request);
    request.template_id = text_field(args->id);
    int code = session_call(s, "TemplateService/GetTemplate", &request.base,
                            &chancery__v1__get_template_response__descriptor, &message);
    return code == EXIT_OK ? session_print_json(s, message) : code;
}

static int archive(struct session *s, const struct template_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ArchiveTemplateRequest request;
    chancery__v1__archive_template_request__init(&request);
    request.template_id = text_field(args->id);
    return session_call(s, "TemplateService/ArchiveTemplate", &request.base,
                        &chancery__v1__archive_template_response__descriptor, &message);
}

static int publish(struct session *s, const struct template_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__PublishTemplateRequest request;
    chancery__v1__publish_template_request__init(&request);
    request.template_id = text_field(args->id);
    return session_call(s, "TemplateService/PublishTemplate", &request.base,
                        &chancery__v1__publish_template_response__descriptor, &message);
}

static int run(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool needs_id;
        int (*run)(struct session *s, const struct template_args *args);
    } verbs[] = {{"list", false, list},
                 {"create", false, create},
                 {"show", true, show},
                 {"archive", true, archive},
                 {"publish", true, publish}};
    struct template_args args = {.format = "text"};
    const struct option_spec specs[] = {{"--profile", &args.profile, NULL, NULL},
                                        {"-f", &args.file, NULL, NULL},
                                        {"-o", &args.format, NULL, NULL}};
    argc = options_take(&command_template, specs, 3, argc, argv);
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        struct session session;
        if (strcmp(verbs[i].name, argv[1]) != 0) {
            continue;
        }
        if (argc != (verbs[i].needs_id ? 3 : 2)) {
            return usage_error(&command_template,
                               verbs[i].needs_id ? "give one template id" : argv[argc - 1]);
        }
        args.id = argv[argc - 1];
        int code = session_open(&session, &command_template, args.profile);
        if (code == EXIT_OK) {
            code = verbs[i].run(&session, &args);
            session_close(&session);
        }
        return code;
    }
    return usage_error(&command_template, "list, create, show, archive or publish");
}

const struct command command_template = {.name = "template",
                                         .summary =
                                             "list, create, show, archive and publish templates",
                                         .help = HELP,
                                         .run = run};
