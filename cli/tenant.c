/* SPDX-License-Identifier: Apache-2.0 */
/* chancery tenant */
#include <stdio.h>
#include <string.h>

#include "base/texts.h"
#include "cli/number.h"
#include "cli/table.h"
#include "cli/tenant.h"

static const char HELP[] =
    "usage: chancery tenant list          --profile FILE\n"
    "       chancery tenant get           --profile FILE [TENANT]\n"
    "       chancery tenant create        --profile FILE --boundary NAME [--display-name TEXT]\n"
    "                                     [--cap-days N] [--rotate-days N] TENANT\n"
    "       chancery tenant update        --profile FILE [--display-name TEXT] [--cap-days N]\n"
    "                                     [--state STATE] [--onboarding PRINCIPAL]…\n"
    "                                     [--everybody] [--passcodes on|off]\n"
    "                                     [--do-not-track GROUP]… [--track-everybody]\n"
    "                                     [--rotate-days N] [TENANT]\n"
    "       chancery tenant switch        --profile FILE [--tenant TENANT] SWITCH POSITION\n"
    "       chancery tenant limit         --profile FILE [--contents-per-day N]\n"
    "                                     [--contents-per-month N] [--licenses-per-day N]\n"
    "                                     [--calls-per-second N] [--component-calls-per-second N]\n"
    "                                     [--principal-calls-per-second N] TENANT\n"
    "       chancery tenant add-domain    --profile FILE [--tenant TENANT] DOMAIN\n"
    "       chancery tenant verify-domain --profile FILE [--tenant TENANT] [--asserted] DOMAIN\n"
    "       chancery tenant remove-domain --profile FILE [--tenant TENANT] DOMAIN\n"
    "       chancery tenant exclude       --profile FILE\n"
    "                                     --user ADDRESS | --application NAME | --platform NAME\n"
    "       chancery tenant exclusions    --profile FILE\n"
    "       chancery tenant let-in        --profile FILE\n"
    "                                     --user ADDRESS | --application NAME | --platform NAME\n"
    "\n"
    "Tenants, their domains, and who may not have licenses. Tenant admins mean their own tenant\n"
    "and name none; platform admins name one. list, create, limit and --state are for platform admins.\n"
    "All verbs take -o json|yaml. Changes hold from the next call on.\n"
    "\n"
    "  --boundary    the boundary of a new tenant; it never changes\n"
    "  --cap-days    longest validity of a use license, 0 (online only) to 365\n"
    "  --onboarding  who may protect: user:, group:, domain: or tenant: and a name; replaces\n"
    "                those who could before\n"
    "  --everybody   every member may protect\n"
    "  --state       active or disabled; content of a disabled tenant is not protected or opened,\n"
    "                and its people, components and admins are refused everywhere\n"
    "  --passcodes   whether readers without an account may prove their address by a code that the\n"
    "                authority mails to them; off holds at once, for those who read by one too\n"
    "  --do-not-track\n"
    "                a group, as group:ADDRESS, whose members owners don't see when they open content or\n"
    "                are refused; may be repeated, and replaces the groups before. The audit log has\n"
    "                them all the same\n"
    "  --track-everybody\n"
    "                owners see everybody\n"
    "  --rotate-days age at which each key of the tenant is rotated by itself, 30 to 3650 days;\n"
    "                0: only by chancery key rotate\n"
    "\n"
    "switch turns something on or off for the tenant, or to another position:\n"
    "\n"
    "  do-not-forward     whether new content may be protected by Do Not Forward\n"
    "  encrypt-only       whether new content may be protected by Encrypt-Only\n"
    "  social-identities  whether readers outside may sign in by Microsoft, Google, Yahoo and the like\n"
    "  free-attachments   whether attachments of Encrypt-Only mail may be kept unprotected\n"
    "  reject-without-rights\n"
    "                     whether mail that a rule protects by a template is not sent when one of its\n"
    "                     recipients would have no rights by it\n"
    "  journal-decryption whether the tenant's gateways may open its mail for a journal\n"
    "  notify-owners      whether owners who ask for it are told by mail of who opens their content\n"
    "  transport-decryption\n"
    "                     whether they may open its mail to have it scanned: off; optional, what can't\n"
    "                     be opened passes as it is; mandatory, it isn't delivered\n"
    "\n"
    "limit says how much the tenant may do; what is not given stays as it is. 0: as much as comes, and\n"
    "of calls a second what the authority's configuration says:\n"
    "\n"
    "  --contents-per-day, --contents-per-month\n"
    "                contents that are protected in a day or month of UTC\n"
    "  --licenses-per-day\n"
    "                licenses that its people and components get in a day of UTC\n"
    "  --calls-per-second\n"
    "                calls of all of them together; administration counts apart\n"
    "  --component-calls-per-second, --principal-calls-per-second\n"
    "                calls of each component, of each person\n"
    "\n"
    "Addresses in tokens count only in domains that the tenant has proven. To prove one:\n"
    "\n"
    "  1. chancery tenant add-domain --profile contoso-admin.yaml contoso.com\n"
    "     shows the TXT record to publish, such as\n"
    "       _chancery.contoso.com.  IN TXT  \"chancery-domain-verification=…\"\n"
    "  2. Publish it in the domain's DNS; other records may stay.\n"
    "  3. chancery tenant verify-domain --profile contoso-admin.yaml contoso.com\n"
    "     as soon as DNS shows the record\n"
    "\n"
    "In a network without DNS, a platform admin may vouch for the domain instead (--asserted).\n"
    "A subdomain is a domain of its own. bücher.example and xn--bcher-kva.example are one domain.\n"
    "\n"
    "exclude refuses new licenses to a user, an application or a platform, whose names are\n"
    "compared without regard to case; let-in undoes that.\n"
    "exclusions lists who and what is excluded.\n"
    "\n"
    "If the tenant requires a second admin, verify-domain, remove-domain of a proven one, let-in, a\n"
    "higher --cap-days, --passcodes on, and switching social-identities, free-attachments, or\n"
    "journal- or transport-decryption on only ask for approval: see chancery approval --help.\n"
    "\n"
    "  chancery tenant create --profile platform-admin.yaml --boundary commercial contoso\n"
    "\n"
    "Next: chancery issuer registers the tenant's identity provider, chancery component its\n"
    "gateways and admins.\n";

/* --- showing ---------------------------------------------------------------------------------- */

static const char *state_name(Chancery__V1__TenantState state)
{
    return state == CHANCERY__V1__TENANT_STATE__TENANT_STATE_DISABLED ? "disabled" : "active";
}

void tenant_print_record(const Chancery__V1__Domain *domain)
{
    printf("%s.  IN TXT  \"%s\"\n", domain->record_name, domain->record_value);
}

static void print_tenant(const Chancery__V1__Tenant *t)
{
    printf("%s\n  id           %s\n  name         %s\n  boundary     %s\n  state        %s\n"
           "  license cap  %u days\n  may protect  ",
           t->tenant, t->tenant_id, t->display_name, t->boundary, state_name(t->state),
           t->license_cap_days);
    for (size_t i = 0; i < t->n_onboarding; i++) {
        printf("%s%s", i == 0 ? "" : ", ", t->onboarding[i]);
    }
    puts(t->n_onboarding == 0 ? "every member" : "");
    for (size_t i = 0; i < t->n_do_not_track; i++) {
        printf("  not tracked  %s\n", t->do_not_track[i]);
    }
    printf("  passcodes    %s\n", t->disable_passcodes ? "off" : "on");
    if (t->key_rotation_days > 0) {
        printf("  rotates keys after %u days\n", t->key_rotation_days);
    }
    tenant_print_switches(t);
    tenant_print_limits(t);
    for (size_t i = 0; i < t->n_domains; i++) {
        const Chancery__V1__Domain *d = t->domains[i];
        printf("  domain       %s  %s", d->name, d->verified ? "proven\n" : "to be proven by  ");
        if (!d->verified) {
            tenant_print_record(d);
        }
    }
}

/* --- list ------------------------------------------------------------------------------------- */

static void show_list(const void *response)
{
    const Chancery__V1__ListTenantsResponse *r = response;
    struct table table;
    table_begin(&table, "TENANT", "BOUNDARY", "STATE", "NAME", NULL);
    for (size_t i = 0; i < r->n_tenants; i++) {
        const Chancery__V1__Tenant *t = r->tenants[i];
        table_row(&table, t->tenant, t->boundary, state_name(t->state), t->display_name, NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListTenantsRequest request;
    chancery__v1__list_tenants_request__init(&request);
    return verb_list(s, args, "TenantService/ListTenants", &request.base,
                     &chancery__v1__list_tenants_response__descriptor, show_list);
}

/* --- get, create, update ---------------------------------------------------------------------- */

/* The operand that names a tenant; "" if it is left out. */
static char *name_of(const struct verb_args *args)
{
    return args->operand_count == 0 ? text_field("") : args->operands[0];
}

static void show_got(const void *response)
{
    print_tenant(((const Chancery__V1__GetTenantResponse *)response)->tenant);
    tenant_print_use(response);
}

static int get(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetTenantRequest request;
    chancery__v1__get_tenant_request__init(&request);
    request.tenant = name_of(args);
    return verb_call(s, args, "TenantService/GetTenant", &request.base,
                     &chancery__v1__get_tenant_response__descriptor, show_got);
}

enum { FIELDS_MAX = 6 };

/* The names of the fields that were given. */
struct field_names {
    char *paths[FIELDS_MAX];
    size_t count;
};

static void note(struct field_names *names, const char *field)
{
    names->paths[names->count++] = text_field(field);
}

/* Lists replace what was there before; a flag empties them. Returns an exit code. */
static int read_lists(const struct command *command, const struct tenant_args *args,
                      Chancery__V1__Tenant *t, struct field_names *names)
{
    if (args->onboarding != NULL || args->everybody) {
        t->onboarding = (char **)(uintptr_t)args->onboarding;
        t->n_onboarding = texts_count(args->onboarding);
        note(names, "onboarding");
    }
    if (args->do_not_track != NULL || args->track_everybody) {
        t->do_not_track = (char **)(uintptr_t)args->do_not_track;
        t->n_do_not_track = texts_count(args->do_not_track);
        note(names, "do_not_track");
    }
    if (t->n_onboarding > 0 && args->everybody) {
        return usage_error(command, "give --onboarding or --everybody, not both");
    }
    return t->n_do_not_track > 0 && args->track_everybody
               ? usage_error(command, "give --do-not-track or --track-everybody, not both")
               : EXIT_OK;
}

/* Those that are one of two. Returns an exit code. */
static int read_choices(const struct command *command, const struct tenant_args *args,
                        Chancery__V1__Tenant *t, struct field_names *names)
{
    static const char *const states[] = {"active", "disabled", NULL};
    static const char *const switches[] = {"on", "off", NULL};
    size_t at;
    if (args->state != NULL) {
        if (choice_read(command, "--state", args->state, states, &at) != EXIT_OK) {
            return EXIT_USAGE;
        }
        t->state = at == 0 ? CHANCERY__V1__TENANT_STATE__TENANT_STATE_ACTIVE
                           : CHANCERY__V1__TENANT_STATE__TENANT_STATE_DISABLED;
        note(names, "state");
    }
    if (args->passcodes != NULL) {
        if (choice_read(command, "--passcodes", args->passcodes, switches, &at) != EXIT_OK) {
            return EXIT_USAGE;
        }
        t->disable_passcodes = at == 1;
        note(names, "disable_passcodes");
    }
    return EXIT_OK;
}

/* Fill a tenant from the options. Returns an exit code. */
static int read_fields(const struct command *command, const struct tenant_args *args,
                       Chancery__V1__Tenant *t, struct field_names *names)
{
    names->count = 0;
    t->tenant = name_of(&args->common);
    if (args->display_name != NULL) {
        t->display_name = text_field(args->display_name);
        note(names, "display_name");
    }
    if (args->cap_days != NULL) {
        if (number_read(command, "--cap-days", args->cap_days, 0, 365, &t->license_cap_days) !=
            EXIT_OK) {
            return EXIT_USAGE;
        }
        note(names, "license_cap_days");
    }
    if (args->rotate_days != NULL) {
        if (number_read(command, "--rotate-days", args->rotate_days, 0, 3650,
                        &t->key_rotation_days) != EXIT_OK) {
            return EXIT_USAGE;
        }
        note(names, "key_rotation_days");
    }
    int code = read_choices(command, args, t, names);
    return code == EXIT_OK ? read_lists(command, args, t, names) : code;
}

static void show_created(const void *response)
{
    print_tenant(((const Chancery__V1__CreateTenantResponse *)response)->tenant);
}

static int create(struct session *s, const struct verb_args *common)
{
    const struct tenant_args *args = tenant_args_of(common);
    Chancery__V1__CreateTenantRequest request;
    Chancery__V1__Tenant tenant;
    struct field_names names;
    chancery__v1__create_tenant_request__init(&request);
    chancery__v1__tenant__init(&tenant);
    if (args->boundary == NULL) {
        return usage_error(s->command, "--boundary is required");
    }
    int code = read_fields(s->command, args, &tenant, &names);
    if (code != EXIT_OK) {
        return code;
    }
    if (args->cap_days != NULL && tenant.license_cap_days == 0) {
        return usage_error(s->command, "--cap-days takes 1 to 365 here; tenant update can set 0");
    }
    tenant.boundary = text_field(args->boundary);
    request.tenant = &tenant;
    return verb_call(s, common, "TenantService/CreateTenant", &request.base,
                     &chancery__v1__create_tenant_response__descriptor, show_created);
}

void tenant_show_updated(const void *response)
{
    print_tenant(((const Chancery__V1__UpdateTenantResponse *)response)->tenant);
}

static int update(struct session *s, const struct verb_args *args)
{
    Chancery__V1__UpdateTenantRequest request;
    Chancery__V1__Tenant tenant;
    Google__Protobuf__FieldMask mask;
    struct field_names names;
    chancery__v1__update_tenant_request__init(&request);
    chancery__v1__tenant__init(&tenant);
    google__protobuf__field_mask__init(&mask);
    int code = read_fields(s->command, tenant_args_of(args), &tenant, &names);
    if (code != EXIT_OK) {
        return code;
    }
    if (names.count == 0) {
        return usage_error(s->command, "say what to change");
    }
    mask.paths = names.paths;
    mask.n_paths = names.count;
    request.tenant = &tenant;
    request.update_mask = &mask;
    return verb_call(s, args, "TenantService/UpdateTenant", &request.base,
                     &chancery__v1__update_tenant_response__descriptor, tenant_show_updated);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct verb VERBS[] = {
    {"list", 0, 0, NULL, list},
    {"get", 0, 1, "at most one tenant", get},
    {"create", 1, 1, "one tenant", create},
    {"update", 0, 1, "at most one tenant", update},
    {"switch", 2, 2, "a switch and its position", tenant_switch},
    {"limit", 1, 1, "one tenant", tenant_limit},
    {"add-domain", 1, 1, "one domain", tenant_add_domain},
    {"verify-domain", 1, 1, "one domain", tenant_verify_domain},
    {"remove-domain", 1, 1, "one domain", tenant_remove_domain},
    {"exclude", 0, 0, NULL, tenant_exclude},
    {"exclusions", 0, 0, NULL, tenant_exclusions},
    {"let-in", 0, 0, NULL, tenant_let_in},
};

static int run(int argc, char **argv)
{
    struct tenant_args args = {0};
    const struct option_spec specs[] = {
        VERB_OPTIONS(args.common),
        {"--tenant", &args.common.tenant, NULL, NULL},
        {"--boundary", &args.boundary, NULL, NULL},
        {"--display-name", &args.display_name, NULL, NULL},
        {"--cap-days", &args.cap_days, NULL, NULL},
        {"--rotate-days", &args.rotate_days, NULL, NULL},
        {"--state", &args.state, NULL, NULL},
        {"--passcodes", &args.passcodes, NULL, NULL},
        {"--onboarding", NULL, NULL, &args.onboarding},
        {"--everybody", NULL, &args.everybody, NULL},
        {"--do-not-track", NULL, NULL, &args.do_not_track},
        {"--track-everybody", NULL, &args.track_everybody, NULL},
        {"--contents-per-day", &args.limits[0], NULL, NULL},
        {"--contents-per-month", &args.limits[1], NULL, NULL},
        {"--licenses-per-day", &args.limits[2], NULL, NULL},
        {"--calls-per-second", &args.limits[3], NULL, NULL},
        {"--component-calls-per-second", &args.limits[4], NULL, NULL},
        {"--principal-calls-per-second", &args.limits[5], NULL, NULL},
        {"--asserted", NULL, &args.asserted, NULL},
        {"--user", &args.user, NULL, NULL},
        {"--application", &args.application, NULL, NULL},
        {"--platform", &args.platform, NULL, NULL}};
    argc = options_take(&command_tenant, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_tenant, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_tenant = {.name = "tenant",
                                       .summary =
                                           "make and change tenants, prove domains, exclude users",
                                       .help = HELP,
                                       .run = run};
