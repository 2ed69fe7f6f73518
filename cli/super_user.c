/* SPDX-License-Identifier: Apache-2.0 */
/* chancery super-user */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/session.h"
#include "cli/when.h"

static const char HELP[] =
    "usage: chancery super-user grant  --profile FILE --reason TEXT --expires TIME|+DAYS [-o json] PRINCIPAL\n"
    "       chancery super-user revoke --profile FILE PRINCIPAL\n"
    "       chancery super-user list   --profile FILE [--tenant NAME] [-o json]\n"
    "\n"
    "Who may open all content of the tenant, revoked and expired content included, for a reason and until an end. A\n"
    "principal is user:ADDRESS or group:ADDRESS of the tenant, or the id of one of its components. The end is at most 30\n"
    "days ahead: a time such as 2027-01-31 or 2027-01-31T12:00:00Z, or +DAYS from now. Granting again changes reason\n"
    "and end. What changes here holds from the next license on; every use is in the log:\n"
    "\n"
    "  chancery super-user grant --profile admin.yaml --reason 'case 4711' --expires +7 user:eve@contoso.com\n"
    "  chancery audit query --profile admin.yaml --power super_user\n"
    "\n"
    "Where the tenant requires a second admin, grant only asks for it: see chancery approval --help.\n";

enum { DAY_S = 24 * 60 * 60 };

struct super_user_args {
    const char *profile, *format, *tenant, *reason, *expires, *principal;
};

static bool read_end(const char *text, Google__Protobuf__Timestamp *out)
{
    uint32_t days;
    if (when_parse_days(text, &days)) {
        out->seconds = clock_unix().s + (int64_t)days * DAY_S;
        return true;
    }
    return when_parse(text, &out->seconds);
}

static int grant(struct session *s, const struct super_user_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__GrantSuperUserRequest request;
    Google__Protobuf__Timestamp end;
    chancery__v1__grant_super_user_request__init(&request);
    google__protobuf__timestamp__init(&end);
    if (args->reason == NULL || args->expires == NULL || !read_end(args->expires, &end)) {
        return usage_error(s->command, "--reason TEXT and --expires TIME or +DAYS are required");
    }
    request.tenant = text_field(args->tenant);
    request.principal = text_field(args->principal);
    request.reason = text_field(args->reason);
    request.expire_time = &end;
    int code = session_call(s, "TenantService/GrantSuperUser", &request.base,
                            &chancery__v1__grant_super_user_response__descriptor, &message);
    if (code != EXIT_OK || strcmp(args->format, "json") == 0) {
        return code == EXIT_OK ? session_print_json(s, message) : code;
    }
    const Chancery__V1__GrantSuperUserResponse *r = (const void *)message;
    if (r->approval_id[0] != '\0') {
        printf("asked: another admin must approve it\n  chancery approval approve %s\n",
               r->approval_id);
    } else {
        puts("granted");
    }
    return EXIT_OK;
}

static int revoke(struct session *s, const struct super_user_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__RevokeSuperUserRequest request;
    chancery__v1__revoke_super_user_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.principal = text_field(args->principal);
    int code = session_call(s, "TenantService/RevokeSuperUser", &request.base,
                            &chancery__v1__revoke_super_user_response__descriptor, &message);
    if (code == EXIT_OK) {
        puts("revoked");
    }
    return code;
}

static int list(struct session *s, const struct super_user_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ListSuperUsersRequest request;
    chancery__v1__list_super_users_request__init(&request);
    request.tenant = text_field(args->tenant);
    int code = session_call(s, "TenantService/ListSuperUsers", &request.base,
                            &chancery__v1__list_super_users_response__descriptor, &message);
    if (code != EXIT_OK || strcmp(args->format, "json") == 0) {
        return code == EXIT_OK ? session_print_json(s, message) : code;
    }
    const Chancery__V1__ListSuperUsersResponse *r = (const void *)message;
    for (size_t i = 0; i < r->n_super_users; i++) {
        const Chancery__V1__SuperUser *u = r->super_users[i];
        char end[WHEN_BYTES];
        when_format(u->expire_time, end);
        printf("%-40s until %s  by %s: %s\n", u->principal, end, u->granted_by, u->reason);
    }
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    static const struct {
        const char *name;
        int operands;
        int (*run)(struct session *s, const struct super_user_args *args);
    } verbs[] = {{"grant", 1, grant}, {"revoke", 1, revoke}, {"list", 0, list}};
    struct super_user_args args = {.format = "text"};
    const struct option_spec specs[] = {
        {"--profile", &args.profile, NULL, NULL}, {"-o", &args.format, NULL, NULL},
        {"--tenant", &args.tenant, NULL, NULL},   {"--reason", &args.reason, NULL, NULL},
        {"--expires", &args.expires, NULL, NULL},
    };
    argc = options_take(&command_super_user, specs, 5, argc, argv);
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        struct session session;
        if (strcmp(verbs[i].name, argv[1]) != 0) {
            continue;
        }
        if (argc != 2 + verbs[i].operands) {
            return usage_error(&command_super_user,
                               verbs[i].operands == 1 ? "give one principal" : argv[argc - 1]);
        }
        args.principal = argv[argc - 1];
        int code = session_open(&session, &command_super_user, args.profile);
        if (code == EXIT_OK) {
            code = verbs[i].run(&session, &args);
            session_close(&session);
        }
        return code;
    }
    return usage_error(&command_super_user, "grant, revoke or list");
}

const struct command command_super_user = {
    .name = "super-user",
    .summary = "let somebody open all of a tenant's content for a while",
    .help = HELP,
    .run = run};
