/* SPDX-License-Identifier: Apache-2.0 */
/* chancery open, chancery inspect */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "chancery/v1/licensing.pb-c.h"
#include "cli/answer.h"
#include "cli/output.h"
#include "cli/protected.h"
#include "domain/values/rights.h"

static const char OPEN_HELP[] =
    "usage: chancery open --profile FILE INPUT [OUTPUT]\n"
    "\n"
    "Opens a protected mail or file: asks the authority for a use license, verifies it with the\n"
    "published keys of the content's tenant, and writes what was protected, byte for byte. What doesn't\n"
    "verify is not written. OUTPUT defaults to INPUT with .opened in place of .protected at the end of\n"
    "its name, or else to INPUT.opened; it appears whole or not at all, readable by you only. A dash\n"
    "means standard input or output. Your rights are printed to standard error. It has no -o: chancery\n"
    "inspect -o json tells them to programs.\n"
    "\n"
    "  chancery open --profile bob.yaml mail.eml.protected.eml mail.eml\n"
    "\n"
    "If you are refused, the message says why, and whom to ask or which portal to use.\n";

static const char INSPECT_HELP[] =
    "usage: chancery inspect --profile FILE [-o json|yaml] INPUT\n"
    "\n"
    "Shows what you may do with protected content, without opening it. The authority decides and\n"
    "records it like an opening.\n"
    "\n"
    "  chancery inspect --profile bob.yaml mail.eml.protected.eml\n"
    "\n"
    "Next: chancery open opens it.\n";

static const char *rights_text(struct session *s, const Chancery__V1__Right *numbers, size_t count,
                               char *const *custom, size_t custom_count)
{
    char *text = arena_strdup(s->arena, "");
    for (size_t i = 0; i < count && text != NULL; i++) {
        int number = (int)numbers[i];
        const char *name = number >= 1 && number <= RIGHTS_STANDARD
                               ? rights_standard_name((size_t)number - 1)
                               : "?";
        text = arena_printf(s->arena, "%s%s%s", text, i == 0 ? "" : " ", name);
    }
    for (size_t i = 0; i < custom_count && text != NULL; i++) {
        text = arena_printf(s->arena, "%s %s", text, custom[i]);
    }
    return text == NULL ? "" : text;
}

/* --- open ------------------------------------------------------------------------------------- */

static rc write_content(struct session *s, struct protected *p, const chancery_content *content,
                        const char *output, struct err *err)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    TRY(session_content_key(content, &key, err));
    return protected_write(s->arena, p, output, key, err);
}

static void tell_rights(const chancery_content *content)
{
    fputs("rights:", stderr);
    for (size_t i = 0; i < chancery_content_right_count(content); i++) {
        fputc(' ', stderr);
        utf8_print(stderr, chancery_content_right(content, i));
    }
    fputc('\n', stderr);
}

static int open_with(struct session *s, struct protected *p, const char *output)
{
    struct err err = {0};
    chancery_content *content = NULL;
    int code =
        session_tell(s, chancery_content_from_license(p->license.ptr, p->license.len, &content));
    code = code == EXIT_OK ? session_tell(s, chancery_acquire(s->library, content, NULL)) : code;
    if (code == EXIT_OK && !write_content(s, p, content, output, &err).ok) {
        code = fail_with(s->command, &err);
    } else if (code == EXIT_OK) {
        tell_rights(content);
    }
    chancery_content_free(content);
    return code;
}

static int run_open(int argc, char **argv)
{
    const char *profile = NULL;
    const struct option_spec specs[] = {{"--profile", &profile, NULL, NULL}};
    struct session session;
    struct protected p = {0};
    struct err err = {0};
    argc = options_take(&command_open, specs, 1, argc, argv);
    if (argc < 2 || argc > 3) {
        return usage_error(&command_open, "give an input, and an output if you like");
    }
    if (argc == 2 && !output_is_beside(argv[1])) {
        return usage_error(&command_open, "%s is no file: name an output too", argv[1]);
    }
    int code = session_open(&session, &command_open, profile);
    if (code != EXIT_OK) {
        return code;
    }
    if (protected_load(session.arena, argv[1], &p, &err).ok) {
        code = open_with(&session, &p,
                         argc == 3 ? argv[2] : protected_output_for(session.arena, argv[1]));
    } else {
        code = fail_with(&command_open, &err);
    }
    protected_close(&p);
    session_close(&session);
    return code;
}

const struct command command_open = {
    .name = "open", .summary = "open a protected mail or file", .help = OPEN_HELP, .run = run_open};

/* --- inspect ---------------------------------------------------------------------------------- */

static void show(struct session *s, const Chancery__V1__InspectContentResponse *r)
{
    printf("content   %s\n", r->content_id);
    printf("name      %s\n", r->display_name);
    printf("owner     %s\n", r->owner);
    printf("tenant    %s (%s)\n", r->tenant, r->boundary);
    printf("rights    %s\n",
           rights_text(s, r->rights, r->n_rights, r->custom_rights, r->n_custom_rights));
    printf("channel   %s\n",
           r->channel == CHANCERY__V1__CHANNEL__CHANNEL_PORTAL ? "portal" : "native");
}

static int inspect_with(struct session *s, const struct protected *p, enum answer answer)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__InspectContentRequest request;
    chancery__v1__inspect_content_request__init(&request);
    request.publishing_license =
        (ProtobufCBinaryData){p->license.len, (uint8_t *)(uintptr_t)p->license.ptr};
    int code = session_call(s, "LicensingService/InspectContent", &request.base,
                            &chancery__v1__inspect_content_response__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    if (answer != ANSWER_TEXT) {
        return answer_print(s, answer, message);
    }
    show(s, session_shown(s, message));
    return EXIT_OK;
}

static int run_inspect(int argc, char **argv)
{
    const char *profile = NULL, *format = NULL;
    const struct option_spec specs[] = {{"--profile", &profile, NULL, NULL},
                                        {"-o", &format, NULL, NULL}};
    struct session session;
    struct protected p = {0};
    struct err err = {0};
    argc = options_take(&command_inspect, specs, 2, argc, argv);
    if (argc != 2) {
        return usage_error(&command_inspect, "give one input");
    }
    enum answer answer;
    int code = answer_read(&command_inspect, format, &answer);
    code = code == EXIT_OK ? session_open(&session, &command_inspect, profile) : code;
    if (code != EXIT_OK) {
        return code;
    }
    code = protected_load(session.arena, argv[1], &p, &err).ok ? inspect_with(&session, &p, answer)
                                                               : fail_with(&command_inspect, &err);
    protected_close(&p);
    session_close(&session);
    return code;
}

const struct command command_inspect = {.name = "inspect",
                                        .summary = "show what you may do with protected content",
                                        .help = INSPECT_HELP,
                                        .run = run_inspect};
