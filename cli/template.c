/* SPDX-License-Identifier: Apache-2.0 */
/* chancery template */
#include <stdio.h>

#include "chancery/v1/template.pb-c.h"
#include "cli/table.h"
#include "cli/verbs.h"

static const char HELP[] =
    "usage: chancery template list    --profile FILE [-o json|yaml]\n"
    "       chancery template create  --profile FILE -f TEMPLATE.yaml [--request-id UUID]\n"
    "                                 [-o json|yaml]\n"
    "       chancery template show    --profile FILE ID\n"
    "       chancery template archive --profile FILE ID\n"
    "       chancery template publish --profile FILE ID\n"
    "\n"
    "Templates of the tenant whose admin the profile names: policies with a name. A new template\n"
    "can be chosen at once. An archived one can't be chosen until it is published again; content\n"
    "under it still opens.\n"
    "\n"
    "  --request-id UUID  makes a retry of create safe: the same request makes no second template;\n"
    "                     without it there is a new one, told when no answer comes\n"
    "\n"
    "A template file has the fields of chancery.v1.Template:\n"
    "\n"
    "  names: [{language: en, text: Confidential}]\n"
    "  grants: [{principals: ['tenant:contoso'], rights: [VIEW, REPLY]}]\n"
    "  expiry: {days: 30}\n"
    "\n"
    "  chancery template create --profile contoso-admin.yaml -f confidential.yaml\n"
    "\n"
    "Next: chancery protect --template ID protects content under it.\n";

struct template_args {
    struct verb_args common;
    const char *file, *request_id;
};

static void show_list(const void *response)
{
    const Chancery__V1__ListTemplatesResponse *r = response;
    struct table table;
    table_begin(&table, "ID", "STATE", "NAME", NULL);
    for (size_t i = 0; i < r->n_templates; i++) {
        const Chancery__V1__Template *t = r->templates[i];
        table_row(&table, t->template_id, t->archived ? "archived" : "published",
                  t->n_names > 0 ? t->names[0]->text : "", NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListTemplatesRequest request;
    chancery__v1__list_templates_request__init(&request);
    return verb_list(s, args, "TemplateService/ListTemplates", &request.base,
                     &chancery__v1__list_templates_response__descriptor, show_list);
}

static void show_created(const void *response)
{
    const Chancery__V1__CreateTemplateResponse *r = response;
    puts(r->template_->template_id);
}

static int create(struct session *s, const struct verb_args *args)
{
    const struct template_args *own = (const struct template_args *)args;
    ProtobufCMessage *message = NULL;
    Chancery__V1__CreateTemplateRequest request;
    chancery__v1__create_template_request__init(&request);
    int code = verb_read_file(s, own->file, &chancery__v1__template__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    request.template_ = (Chancery__V1__Template *)message;
    request.request_id = text_field(session_request_id(s, own->request_id));
    return verb_call(s, args, "TemplateService/CreateTemplate", &request.base,
                     &chancery__v1__create_template_response__descriptor, show_created);
}

static int show(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetTemplateRequest request;
    chancery__v1__get_template_request__init(&request);
    request.template_id = args->operands[0];
    return verb_call(s, args, "TemplateService/GetTemplate", &request.base,
                     &chancery__v1__get_template_response__descriptor, NULL);
}

static int archive(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ArchiveTemplateRequest request;
    chancery__v1__archive_template_request__init(&request);
    request.template_id = args->operands[0];
    return verb_act(s, args, "TemplateService/ArchiveTemplate", &request.base,
                    &chancery__v1__archive_template_response__descriptor, NULL);
}

static int publish(struct session *s, const struct verb_args *args)
{
    Chancery__V1__PublishTemplateRequest request;
    chancery__v1__publish_template_request__init(&request);
    request.template_id = args->operands[0];
    return verb_act(s, args, "TemplateService/PublishTemplate", &request.base,
                    &chancery__v1__publish_template_response__descriptor, NULL);
}

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"create", 0, 0, NULL, create},
                                    {"show", 1, 1, "one template id", show},
                                    {"archive", 1, 1, "one template id", archive},
                                    {"publish", 1, 1, "one template id", publish}};

static int run(int argc, char **argv)
{
    struct template_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"-f", &args.file, NULL, NULL},
                                        {"--request-id", &args.request_id, NULL, NULL}};
    argc = options_take(&command_template, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_template, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_template = {.name = "template",
                                         .summary =
                                             "list, create, show, archive and publish templates",
                                         .help = HELP,
                                         .run = run};
