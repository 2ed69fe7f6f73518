/* SPDX-License-Identifier: Apache-2.0 */
/* chancery whoami */
#include <stdio.h>

#include "base/utf8.h"
#include "chancery/config/v1/context.pb-c.h"
#include "chancery/v1/caller.pb-c.h"
#include "cli/answer.h"
#include "cli/certificate.h"
#include "cli/when.h"
#include "domain/values/role.h"

static const char HELP[] =
    "usage: chancery whoami [-o json|yaml]\n"
    "\n"
    "Asks the authority whom it takes you for: role, tenant, boundary, component, addresses, and how\n"
    "long your credential holds.\n"
    "\n"
    "  chancery whoami --profile contoso-admin\n"
    "\n"
    "Next: chancery doctor --profile looks for what is wrong with a profile.\n";

typedef Chancery__Config__V1__WhoAmI WhoAmI;

static void show(const char *name, const char *text)
{
    if (text[0] != '\0') {
        printf("%-12s ", name);
        utf8_print(stdout, text);
        putchar('\n');
    }
}

static void show_all(const char *name, char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        show(i == 0 ? name : "", texts[i]);
    }
}

static void show_end(const char *name, const Google__Protobuf__Timestamp *time)
{
    char text[WHEN_BYTES];
    when_format(time, text);
    if (time != NULL) {
        printf("%-12s until %s\n", name, text);
    }
}

static void show_caller(const Chancery__V1__GetCallerResponse *c)
{
    show("role", role_name((enum role)c->role));
    show("tenant", c->tenant);
    show("boundary", c->boundary);
    show("component", c->component);
    show("id", c->component_id);
    show_all("protects for", c->sender_domains, c->n_sender_domains);
    show_all("addresses", c->addresses, c->n_addresses);
    show("guest", c->guest ? "yes" : "");
    show_end("token", c->token_expire_time);
}

static int print(struct session *s, enum answer answer, WhoAmI *me)
{
    if (answer != ANSWER_TEXT) {
        return answer_print(s, answer, &me->base);
    }
    show("context", me->context);
    show("profile", me->profile);
    show("server", me->server);
    show_caller(session_shown(s, &me->caller->base));
    show_end("certificate", me->certificate_expire_time);
    return EXIT_OK;
}

static int ask(struct session *s, enum answer answer)
{
    WhoAmI me;
    struct err err = {0};
    Google__Protobuf__Timestamp end;
    ProtobufCMessage *response = NULL;
    Chancery__V1__GetCallerRequest request;
    chancery__v1__get_caller_request__init(&request);
    chancery__config__v1__who_am_i__init(&me);
    google__protobuf__timestamp__init(&end);
    int code = session_call(s, "CallerService/GetCaller", &request.base,
                            &chancery__v1__get_caller_response__descriptor, &response);
    if (code != EXIT_OK) {
        return code;
    }
    me.caller = (Chancery__V1__GetCallerResponse *)(void *)response;
    me.profile = text_field(s->named.file);
    me.context = text_field(s->named.context);
    me.server = s->profile->server;
    if (s->is_component) {
        if (!certificate_end(s->profile->certificate_file, &end.seconds, &err).ok) {
            return fail_with(s->command, &err);
        }
        me.certificate_expire_time = &end;
    }
    return print(s, answer, &me);
}

static int run(int argc, char **argv)
{
    const char *profile = NULL, *format = NULL;
    const struct option_spec specs[] = {{"--profile", &profile, NULL, NULL},
                                        {"-o", &format, NULL, NULL}};
    struct session session;
    enum answer answer;
    if (options_take(&command_whoami, specs, 2, argc, argv) != 1) {
        return usage_error(&command_whoami, "it takes no operand");
    }
    int code = answer_read(&command_whoami, format, &answer);
    code = code == EXIT_OK ? session_open(&session, &command_whoami, profile) : code;
    if (code == EXIT_OK) {
        code = ask(&session, answer);
        session_close(&session);
    }
    return code;
}

const struct command command_whoami = {.name = "whoami",
                                       .summary = "ask an authority whom it takes you for",
                                       .help = HELP,
                                       .run = run};
