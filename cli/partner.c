/* SPDX-License-Identifier: Apache-2.0 */
/* chancery partner */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/boundary.pb-c.h"
#include "cli/session.h"

static const char HELP[] =
    "usage: chancery partner list     --profile FILE [-o json]\n"
    "       chancery partner propose  --profile FILE [--theirs] TENANT [-o json]\n"
    "       chancery partner accept   --profile FILE ID [-o json]\n"
    "       chancery partner withdraw --profile FILE ID [-o json]\n"
    "\n"
    "Exceptions between two tenants of different boundaries: content of the one opens natively for members of the\n"
    "other, where the rule would send them to a portal. To propose one is to consent to it; it holds once the other\n"
    "tenant's admin accepts, and ends when either withdraws. It never lifts a block.\n"
    "\n"
    "  --theirs   their content for our readers; without it, our content for theirs\n";

enum { PAGE = 200 };

struct partner_args {
    const char *profile, *format, *operand;
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

/* What an act answers: the exception, or that a second admin was asked. */
static int show(struct session *s, const struct partner_args *args, const ProtobufCMessage *message,
                const Chancery__V1__PartnerException *exception, const char *approval)
{
    if (strcmp(args->format, "json") == 0) {
        return session_print_json(s, message);
    }
    if (approval[0] != '\0') {
        printf("waits for another admin's approval: %s\n", approval);
    } else {
        show_one(exception);
    }
    return EXIT_OK;
}

/* --- list --------------------------------------------------------------------------------------- */

/* Every page into one message. */
static int fetch_all(struct session *s, Chancery__V1__ListPartnerExceptionsResponse *all)
{
    Chancery__V1__ListPartnerExceptionsRequest request;
    chancery__v1__list_partner_exceptions_request__init(&request);
    request.page_size = PAGE;
    do {
        ProtobufCMessage *message = NULL;
        int code =
            session_call(s, "BoundaryService/ListPartnerExceptions", &request.base,
                         &chancery__v1__list_partner_exceptions_response__descriptor, &message);
        if (code != EXIT_OK) {
            return code;
        }
        const Chancery__V1__ListPartnerExceptionsResponse *page = (const void *)message;
        size_t count = all->n_exceptions + page->n_exceptions;
        Chancery__V1__PartnerException **list =
            ARENA_ARRAY(s->arena, Chancery__V1__PartnerException *, count + 1);
        CH_ASSERT(list != NULL); /* the arena is far larger */
        for (size_t i = 0; i < count; i++) {
            list[i] = i < all->n_exceptions ? all->exceptions[i]
                                            : page->exceptions[i - all->n_exceptions];
        }
        all->exceptions = list;
        all->n_exceptions = count;
        request.page_token = page->next_page_token;
    } while (request.page_token[0] != '\0');
    return EXIT_OK;
}

static int list(struct session *s, const struct partner_args *args)
{
    Chancery__V1__ListPartnerExceptionsResponse all;
    chancery__v1__list_partner_exceptions_response__init(&all);
    int code = fetch_all(s, &all);
    if (code != EXIT_OK || strcmp(args->format, "json") == 0) {
        return code == EXIT_OK ? session_print_json(s, &all.base) : code;
    }
    for (size_t i = 0; i < all.n_exceptions; i++) {
        show_one(all.exceptions[i]);
    }
    return EXIT_OK;
}

/* --- acts --------------------------------------------------------------------------------------- */

static int propose(struct session *s, const struct partner_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ProposePartnerExceptionRequest request;
    chancery__v1__propose_partner_exception_request__init(&request);
    request.partner = text_field(args->operand);
    request.ours = !args->theirs;
    int code =
        session_call(s, "BoundaryService/ProposePartnerException", &request.base,
                     &chancery__v1__propose_partner_exception_response__descriptor, &message);
    const Chancery__V1__ProposePartnerExceptionResponse *r = (const void *)message;
    return code == EXIT_OK ? show(s, args, message, r->exception, r->approval_id) : code;
}

static int accept_it(struct session *s, const struct partner_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__AcceptPartnerExceptionRequest request;
    chancery__v1__accept_partner_exception_request__init(&request);
    request.exception_id = text_field(args->operand);
    int code = session_call(s, "BoundaryService/AcceptPartnerException", &request.base,
                            &chancery__v1__accept_partner_exception_response__descriptor, &message);
    const Chancery__V1__AcceptPartnerExceptionResponse *r = (const void *)message;
    return code == EXIT_OK ? show(s, args, message, r->exception, r->approval_id) : code;
}

static int withdraw(struct session *s, const struct partner_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__WithdrawPartnerExceptionRequest request;
    chancery__v1__withdraw_partner_exception_request__init(&request);
    request.exception_id = text_field(args->operand);
    int code =
        session_call(s, "BoundaryService/WithdrawPartnerException", &request.base,
                     &chancery__v1__withdraw_partner_exception_response__descriptor, &message);
    const Chancery__V1__WithdrawPartnerExceptionResponse *r = (const void *)message;
    return code == EXIT_OK ? show(s, args, message, r->exception, "") : code;
}

static int run(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool has_operand;
        int (*run)(struct session *s, const struct partner_args *args);
    } verbs[] = {{"list", false, list},
                 {"propose", true, propose},
                 {"accept", true, accept_it},
                 {"withdraw", true, withdraw}};
    struct partner_args args = {.format = "text"};
    const struct option_spec specs[] = {{"--profile", &args.profile, NULL, NULL},
                                        {"--theirs", NULL, &args.theirs, NULL},
                                        {"-o", &args.format, NULL, NULL}};
    argc = options_take(&command_partner, specs, sizeof specs / sizeof specs[0], argc, argv);
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        struct session session;
        if (strcmp(verbs[i].name, argv[1]) != 0) {
            continue;
        }
        if (argc != (verbs[i].has_operand ? 3 : 2)) {
            return usage_error(&command_partner, verbs[i].has_operand
                                                     ? "give one tenant or exception"
                                                     : argv[argc - 1]);
        }
        args.operand = argv[argc - 1];
        int code = session_open(&session, &command_partner, args.profile);
        if (code == EXIT_OK) {
            code = verbs[i].run(&session, &args);
            session_close(&session);
        }
        return code;
    }
    return usage_error(&command_partner, "list, propose, accept or withdraw");
}

const struct command command_partner = {.name = "partner",
                                        .summary =
                                            "exceptions between tenants of different boundaries",
                                        .help = HELP,
                                        .run = run};
