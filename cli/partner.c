/* SPDX-License-Identifier: Apache-2.0 */
/* chancery partner */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/boundary.pb-c.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/table.h"
#include "cli/verbs.h"

static const char HELP[] =
    "usage: chancery partner list     --profile FILE [-o json|yaml]\n"
    "       chancery partner propose  --profile FILE [--theirs] TENANT [-o json|yaml]\n"
    "       chancery partner accept   --profile FILE ID [-o json|yaml]\n"
    "       chancery partner withdraw --profile FILE ID [-o json|yaml]\n"
    "       chancery partner deny     --profile FILE --readers|--content tenant:NAME|domain:NAME\n"
    "       chancery partner denials  --profile FILE [-o json|yaml]\n"
    "       chancery partner allow    --profile FILE --readers|--content tenant:NAME|domain:NAME\n"
    "\n"
    "Exceptions between two tenants of different boundaries: content of the one opens natively\n"
    "for members of the other, where the rule would send them to a portal. Proposing an exception\n"
    "is consenting to it. It holds once an admin of the other tenant accepts, and ends as soon as\n"
    "either side withdraws. It never lifts a block.\n"
    "\n"
    "  --theirs   their content for our readers; without it, our content for theirs\n"
    "\n"
    "deny keeps a partner away, of whatever boundary, from the next license on and whatever rights\n"
    "anybody has; allow ends that, and denials lists whom. A tenant stands for its people, guests\n"
    "included, or for its content; a domain, without its subdomains, for whoever has an address in\n"
    "it, or for content whose owner has.\n"
    "\n"
    "  --readers  they may never open our content\n"
    "  --content  our people may never open theirs\n"
    "\n"
    "  chancery partner propose --profile contoso-admin.yaml adatum\n"
    "  chancery partner accept --profile adatum-admin.yaml ID\n"
    "  chancery partner deny --profile contoso-admin.yaml --readers domain:rival.example\n"
    "\n"
    "If the tenant requires a second admin for it, propose, accept and allow only ask for approval:\n"
    "see chancery approval --help.\n";

struct partner_args {
    struct verb_args common;
    bool theirs, readers, content;
};

static void add_row(struct table *table, const Chancery__V1__PartnerException *e)
{
    bool holds = e->content_tenant_consents && e->reader_tenant_consents;
    const char *waits = e->content_tenant_consents  ? e->reader_tenant
                        : e->reader_tenant_consents ? e->content_tenant
                                                    : "";
    table_row(table, e->exception_id, e->content_tenant, e->reader_tenant,
              holds              ? "holds"
              : waits[0] == '\0' ? "ended"
                                 : "waits for",
              holds ? "" : waits, NULL);
}

static void show_all(Chancery__V1__PartnerException *const *exceptions, size_t count)
{
    struct table table;
    table_begin(&table, "ID", "CONTENT OF", "FOR", "STATE", "WHOM", NULL);
    for (size_t i = 0; i < count; i++) {
        add_row(&table, exceptions[i]);
    }
    table_end(&table);
}

/* --- list ------------------------------------------------------------------------------------- */

static void show_list(const void *response)
{
    const Chancery__V1__ListPartnerExceptionsResponse *r = response;
    show_all(r->exceptions, r->n_exceptions);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListPartnerExceptionsRequest request;
    chancery__v1__list_partner_exceptions_request__init(&request);
    return verb_list(s, args, "BoundaryService/ListPartnerExceptions", &request.base,
                     &chancery__v1__list_partner_exceptions_response__descriptor, show_list);
}

/* --- acts ------------------------------------------------------------------------------------- */

static void show_proposed(const void *response)
{
    const Chancery__V1__ProposePartnerExceptionResponse *r = response;
    show_all(&r->exception, 1);
}

static int propose(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ProposePartnerExceptionRequest request;
    chancery__v1__propose_partner_exception_request__init(&request);
    request.partner = args->operands[0];
    request.ours = !((const struct partner_args *)args)->theirs;
    return verb_call(s, args, "BoundaryService/ProposePartnerException", &request.base,
                     &chancery__v1__propose_partner_exception_response__descriptor, show_proposed);
}

static void show_accepted(const void *response)
{
    const Chancery__V1__AcceptPartnerExceptionResponse *r = response;
    show_all(&r->exception, 1);
}

static int accept_it(struct session *s, const struct verb_args *args)
{
    Chancery__V1__AcceptPartnerExceptionRequest request;
    chancery__v1__accept_partner_exception_request__init(&request);
    request.exception_id = args->operands[0];
    return verb_call(s, args, "BoundaryService/AcceptPartnerException", &request.base,
                     &chancery__v1__accept_partner_exception_response__descriptor, show_accepted);
}

static void show_withdrawn(const void *response)
{
    const Chancery__V1__WithdrawPartnerExceptionResponse *r = response;
    show_all(&r->exception, 1);
}

static int withdraw(struct session *s, const struct verb_args *args)
{
    Chancery__V1__WithdrawPartnerExceptionRequest request;
    chancery__v1__withdraw_partner_exception_request__init(&request);
    request.exception_id = args->operands[0];
    return verb_call(s, args, "BoundaryService/WithdrawPartnerException", &request.base,
                     &chancery__v1__withdraw_partner_exception_response__descriptor,
                     show_withdrawn);
}

/* --- denials ---------------------------------------------------------------------------------- */

/* What --readers or --content and the operand name; false: it is said what is wrong. */
static bool read_denial(const struct session *s, const struct verb_args *args,
                        Chancery__V1__Denial *out)
{
    static const char tenant[] = "tenant:", domain[] = "domain:";
    const struct partner_args *all = (const struct partner_args *)args;
    char *operand = args->operands[0];
    chancery__v1__denial__init(out);
    if (all->readers == all->content) {
        (void)usage_error(s->command, "give --readers or --content");
        return false;
    }
    out->side = all->readers ? CHANCERY__V1__DENIAL_SIDE__DENIAL_SIDE_READERS
                             : CHANCERY__V1__DENIAL_SIDE__DENIAL_SIDE_CONTENT;
    if (strncmp(operand, tenant, sizeof tenant - 1) == 0) {
        out->partner_case = CHANCERY__V1__DENIAL__PARTNER_PARTNER_TENANT;
        out->partner_tenant = operand + sizeof tenant - 1;
        return true;
    }
    if (strncmp(operand, domain, sizeof domain - 1) == 0) {
        out->partner_case = CHANCERY__V1__DENIAL__PARTNER_DOMAIN;
        out->domain = operand + sizeof domain - 1;
        return true;
    }
    (void)usage_error(s->command, "a partner is tenant:NAME or domain:NAME");
    return false;
}

static int deny(struct session *s, const struct verb_args *args)
{
    Chancery__V1__AddDenialRequest request;
    Chancery__V1__Denial denial;
    chancery__v1__add_denial_request__init(&request);
    request.denial = &denial;
    return read_denial(s, args, &denial)
               ? verb_act(s, args, "TenantService/AddDenial", &request.base,
                          &chancery__v1__add_denial_response__descriptor, "denied")
               : EXIT_USAGE;
}

enum { DENIED_BYTES = 320 }; /* a domain has at most 253 */

static void show_denials(const void *response)
{
    const Chancery__V1__ListDenialsResponse *r = response;
    struct table table;
    table_begin(&table, "DENIED", "OF", NULL);
    for (size_t i = 0; i < r->n_denials; i++) {
        const Chancery__V1__Denial *one = r->denials[i];
        bool is_tenant = one->partner_case == CHANCERY__V1__DENIAL__PARTNER_PARTNER_TENANT;
        bool is_readers = one->side == CHANCERY__V1__DENIAL_SIDE__DENIAL_SIDE_READERS;
        char partner[DENIED_BYTES];
        snprintf(partner, sizeof partner, "%s:%s", is_tenant ? "tenant" : "domain",
                 is_tenant ? one->partner_tenant : one->domain);
        table_row(&table, is_readers ? "readers" : "content", partner, NULL);
    }
    table_end(&table);
}

static int denials(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListDenialsRequest request;
    chancery__v1__list_denials_request__init(&request);
    return verb_list(s, args, "TenantService/ListDenials", &request.base,
                     &chancery__v1__list_denials_response__descriptor, show_denials);
}

static int allow(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RemoveDenialRequest request;
    Chancery__V1__Denial denial;
    chancery__v1__remove_denial_request__init(&request);
    request.denial = &denial;
    return read_denial(s, args, &denial)
               ? verb_act(s, args, "TenantService/RemoveDenial", &request.base,
                          &chancery__v1__remove_denial_response__descriptor, "allowed again")
               : EXIT_USAGE;
}

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"propose", 1, 1, "one tenant", propose},
                                    {"accept", 1, 1, "one exception id", accept_it},
                                    {"withdraw", 1, 1, "one exception id", withdraw},
                                    {"deny", 1, 1, "one partner", deny},
                                    {"denials", 0, 0, NULL, denials},
                                    {"allow", 1, 1, "one partner", allow}};

static int run(int argc, char **argv)
{
    struct partner_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"--theirs", NULL, &args.theirs, NULL},
                                        {"--readers", NULL, &args.readers, NULL},
                                        {"--content", NULL, &args.content, NULL}};
    argc = options_take(&command_partner, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_partner, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_partner = {.name = "partner",
                                        .summary =
                                            "make exceptions for partners, or keep them away",
                                        .help = HELP,
                                        .run = run};
