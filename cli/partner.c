/* SPDX-License-Identifier: Apache-2.0 */
/* chancery partner */
#include <stdio.h>

#include "chancery/v1/boundary.pb-c.h"
#include "cli/verbs.h"

static const char HELP[] =
    "usage: chancery partner list     --profile FILE [-o json|yaml]\n"
    "       chancery partner propose  --profile FILE [--theirs] TENANT [-o json|yaml]\n"
    "       chancery partner accept   --profile FILE ID [-o json|yaml]\n"
    "       chancery partner withdraw --profile FILE ID [-o json|yaml]\n"
    "\n"
    "Exceptions between two tenants of different boundaries: content of the one opens natively\n"
    "for members of the other, where the rule would send them to a portal. Proposing an exception\n"
    "is consenting to it. It holds once an admin of the other tenant accepts, and ends as soon as\n"
    "either side withdraws. It never lifts a block.\n"
    "\n"
    "  --theirs   their content for our readers; without it, our content for theirs\n"
    "\n"
    "  chancery partner propose --profile contoso-admin.yaml adatum\n"
    "  chancery partner accept --profile adatum-admin.yaml ID\n"
    "\n"
    "If the tenant requires a second admin for this, the command only asks for approval: see\n"
    "chancery approval --help.\n";

struct partner_args {
    struct verb_args common;
    bool theirs;
};

static void show_one(const Chancery__V1__PartnerException *e)
{
    bool holds = e->content_tenant_consents && e->reader_tenant_consents;
    const char *waits = e->content_tenant_consents  ? e->reader_tenant
                        : e->reader_tenant_consents ? e->content_tenant
                                                    : "";
    printf("%s  content of %s for %s: %s%s\n", e->exception_id, e->content_tenant, e->reader_tenant,
           holds              ? "holds"
           : waits[0] == '\0' ? "ended"
                              : "waits for ",
           holds ? "" : waits);
}

/* --- list ------------------------------------------------------------------------------------- */

static void show_list(const void *response)
{
    const Chancery__V1__ListPartnerExceptionsResponse *r = response;
    for (size_t i = 0; i < r->n_exceptions; i++) {
        show_one(r->exceptions[i]);
    }
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
    show_one(r->exception);
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
    show_one(r->exception);
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
    show_one(r->exception);
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

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"propose", 1, 1, "one tenant", propose},
                                    {"accept", 1, 1, "one exception id", accept_it},
                                    {"withdraw", 1, 1, "one exception id", withdraw}};

static int run(int argc, char **argv)
{
    struct partner_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"--theirs", NULL, &args.theirs, NULL}};
    argc = options_take(&command_partner, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_partner, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_partner = {.name = "partner",
                                        .summary =
                                            "make exceptions for tenants of another boundary",
                                        .help = HELP,
                                        .run = run};
