/* SPDX-License-Identifier: Apache-2.0 */
/* chancery super-user */
#include <stdio.h>

#include "base/clock.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"

static const char HELP[] =
    "usage: chancery super-user grant  --profile FILE --reason TEXT --expires TIME|+DAYS\n"
    "                                  [-o json|yaml] PRINCIPAL\n"
    "       chancery super-user revoke --profile FILE PRINCIPAL\n"
    "       chancery super-user list   --profile FILE [--tenant NAME] [-o json|yaml]\n"
    "\n"
    "Who may open all content of the tenant, revoked and expired content included, for a reason\n"
    "and until a time. A principal is user:ADDRESS or group:ADDRESS of the tenant, or the id of\n"
    "one of its components. Changes hold from the next license on, and every use is recorded.\n"
    "\n"
    "  --reason TEXT          why; required\n"
    "  --expires TIME|+DAYS   when the power ends, at most 30 days ahead: 2027-01-31 (its first\n"
    "                         second in UTC), 2027-01-31T12:00:00Z or with an offset (+01:00), or\n"
    "                         +DAYS from now\n"
    "  --tenant NAME          (list) whose; for platform admins\n"
    "\n"
    "Granting again changes reason and end.\n"
    "\n"
    "  chancery super-user grant --profile admin.yaml --reason 'case 4711' --expires +7 \\\n"
    "      user:eve@contoso.com\n"
    "\n"
    "Next: chancery audit query --power super_user shows every use. If the tenant requires a\n"
    "second admin, grant only asks for approval: see chancery approval --help.\n";

enum { DAY_S = 24 * 60 * 60 };

struct super_user_args {
    struct verb_args common;
    const char *reason, *expires;
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

static void show_granted(const void *response)
{
    (void)response;
    puts("granted");
}

static int grant(struct session *s, const struct verb_args *common)
{
    const struct super_user_args *args = (const void *)common;
    Chancery__V1__GrantSuperUserRequest request;
    Google__Protobuf__Timestamp end;
    chancery__v1__grant_super_user_request__init(&request);
    google__protobuf__timestamp__init(&end);
    if (args->reason == NULL || args->expires == NULL) {
        return usage_error(s->command, "--reason TEXT and --expires TIME or +DAYS are required");
    }
    if (!read_end(args->expires, &end)) {
        return usage_error(s->command, "--expires takes a time that exists or +DAYS, not %s",
                           args->expires);
    }
    request.tenant = text_field(common->tenant);
    request.principal = common->operands[0];
    request.reason = text_field(args->reason);
    request.expire_time = &end;
    return verb_call(s, common, "TenantService/GrantSuperUser", &request.base,
                     &chancery__v1__grant_super_user_response__descriptor, show_granted);
}

static int revoke(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RevokeSuperUserRequest request;
    chancery__v1__revoke_super_user_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.principal = args->operands[0];
    return verb_act(s, args, "TenantService/RevokeSuperUser", &request.base,
                    &chancery__v1__revoke_super_user_response__descriptor, "revoked");
}

static void show_list(const void *response)
{
    const Chancery__V1__ListSuperUsersResponse *r = response;
    struct table table;
    table_begin(&table, "PRINCIPAL", "UNTIL", "GRANTED BY", "REASON", NULL);
    for (size_t i = 0; i < r->n_super_users; i++) {
        const Chancery__V1__SuperUser *u = r->super_users[i];
        char end[WHEN_BYTES];
        when_format(u->expire_time, end);
        table_row(&table, u->principal, end, u->granted_by, u->reason, NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListSuperUsersRequest request;
    chancery__v1__list_super_users_request__init(&request);
    request.tenant = text_field(args->tenant);
    return verb_call(s, args, "TenantService/ListSuperUsers", &request.base,
                     &chancery__v1__list_super_users_response__descriptor, show_list);
}

static const struct verb VERBS[] = {{"grant", 1, 1, "one principal", grant},
                                    {"revoke", 1, 1, "one principal", revoke},
                                    {"list", 0, 0, NULL, list}};

static int run(int argc, char **argv)
{
    struct super_user_args args = {0};
    const struct option_spec specs[] = {
        VERB_OPTIONS(args.common),
        {"--tenant", &args.common.tenant, NULL, NULL},
        {"--reason", &args.reason, NULL, NULL},
        {"--expires", &args.expires, NULL, NULL},
    };
    argc = options_take(&command_super_user, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_super_user, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_super_user = {
    .name = "super-user",
    .summary = "let somebody open all of a tenant's content, for a while",
    .help = HELP,
    .run = run};
