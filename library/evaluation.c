/* SPDX-License-Identifier: Apache-2.0 */
#include <chancery/evaluation.h>

#include <string.h>

#include "base/mem.h"
#include "client/mail_facts.h"
#include "library/deliveries.h"
#include "library/mail.h"
#include "library/session.h"

struct chancery_evaluation {
    struct arena *arena; /* has the answer */
    const Chancery__V1__EvaluateMessageResponse *response;
    const Chancery__V1__RuleActions *actions, *away;
    Chancery__V1__RuleActions nothing; /* of an answer that names none */
    const char *rule_name;
    struct chancery_deliveries deliveries;
};

/* What is not understood must not be passed over: it may be what keeps the mail from leaving. */
static rc check_actions(const Chancery__V1__RuleActions *actions, struct err *err)
{
    bool is_known = actions != NULL && (int)actions->protection >= CHANCERY_RULE_PROTECTION_NONE &&
                    (int)actions->protection <= CHANCERY_RULE_PROTECTION_REMOVE;
    if (!is_known || ((int)actions->protection == CHANCERY_RULE_PROTECTION_TEMPLATE &&
                      actions->template_id[0] == '\0')) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "its rules want what this version can't do");
    }
    return OK;
}

/* Of what this version doesn't know it sends nothing. */
static const Chancery__V1__RuleActions *away_of(const struct chancery_evaluation *e)
{
    const Chancery__V1__RuleActions *away = e->response->while_away;
    int protection = away == NULL ? CHANCERY_RULE_PROTECTION_NONE : (int)away->protection;
    bool is_known =
        protection == CHANCERY_RULE_PROTECTION_DO_NOT_FORWARD ||
        protection == CHANCERY_RULE_PROTECTION_ENCRYPT_ONLY ||
        (protection == CHANCERY_RULE_PROTECTION_TEMPLATE && away->template_id[0] != '\0');
    return is_known && away->block_text[0] == '\0' ? away : &e->nothing;
}

static const char *name_of(const Chancery__V1__EvaluateMessageResponse *r)
{
    for (size_t i = 0; i < r->n_findings; i++) {
        if (strcmp(r->findings[i]->rule_id, r->rule_id) == 0) {
            return r->findings[i]->name;
        }
    }
    return "";
}

static rc take(struct chancery_evaluation *e, const char *const *recipients, size_t count,
               struct err *err)
{
    const Chancery__V1__EvaluateMessageResponse *r = e->response;
    chancery__v1__rule_actions__init(&e->nothing);
    e->actions = r->actions == NULL ? &e->nothing : r->actions;
    e->away = away_of(e);
    e->rule_name = name_of(r);
    e->deliveries = (struct chancery_deliveries){NULL, r->deliveries, r->n_deliveries};
    TRY(check_actions(e->actions, err));
    bool is_blocked = e->actions->block_text[0] != '\0';
    return is_blocked ? OK : deliveries_check(&e->deliveries, recipients, count, err);
}

/* Whoever wrote the mail made it look like one that the authority protects. */
static void forget_protected(Chancery__V1__MessageFacts *facts)
{
    size_t kept = 0;
    for (size_t i = 0; i < facts->n_kinds; i++) {
        if (facts->kinds[i] != CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_PROTECTED) {
            facts->kinds[kept++] = facts->kinds[i];
        }
    }
    facts->n_kinds = kept;
}

static rc read_facts(struct arena *arena, const chancery_mail *mail,
                     Chancery__V1__EvaluateMessageRequest *request,
                     Chancery__V1__MessageFacts *facts, struct err *err)
{
    struct slice text;
    TRY(mail_facts_read(arena, mail_bytes_of(mail), facts, &text, err));
    if (mail_is_disowned(mail)) {
        forget_protected(facts);
    }
    request->facts = facts;
    request->body = (ProtobufCBinaryData){text.len, (uint8_t *)(uintptr_t)text.ptr};
    return OK;
}

chancery_error *chancery_evaluate_mail(chancery_session *session, const chancery_mail *mail,
                                       const char *sender, const char *const *recipients,
                                       size_t count, chancery_context *context,
                                       chancery_evaluation **out)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *facts_arena = arena_new(MAIL_BUDGET);
    Chancery__V1__EvaluateMessageRequest request;
    Chancery__V1__MessageFacts facts;
    chancery__v1__evaluate_message_request__init(&request);
    chancery__v1__message_facts__init(&facts);
    TELL(recipients_check(recipients, count, &err), &err);
    TELL(read_facts(facts_arena, mail, &request, &facts, &err), &err);
    facts.sender = borrowed_text(sender);
    facts.recipients = (char **)(uintptr_t)recipients;
    facts.n_recipients = count;

    chancery_evaluation *made = xcalloc(1, sizeof *made);
    made->arena = arena_new(CALL_BUDGET);
    chancery_error *error =
        session_ask(session, context, made->arena, "DeliveryService/EvaluateMessage", &request.base,
                    &chancery__v1__evaluate_message_response__descriptor, &response);
    made->response = (const void *)response;
    if (error == NULL && !take(made, recipients, count, &err).ok) {
        error = failure_of(&err);
    }
    if (error != NULL) {
        chancery_evaluation_free(made);
        return error;
    }
    *out = made;
    return NULL;
}

int chancery_evaluation_protection(const chancery_evaluation *evaluation)
{
    return (int)evaluation->actions->protection;
}

const char *chancery_evaluation_template_id(const chancery_evaluation *evaluation)
{
    return evaluation->actions->template_id;
}

const char *chancery_evaluation_branding(const chancery_evaluation *evaluation)
{
    return evaluation->actions->branding;
}

int chancery_evaluation_requires_tls(const chancery_evaluation *evaluation)
{
    return evaluation->actions->require_tls != 0 ? 1 : 0;
}

int chancery_evaluation_forces_portal(const chancery_evaluation *evaluation)
{
    return evaluation->actions->force_portal != 0 ? 1 : 0;
}

const char *chancery_evaluation_block_text(const chancery_evaluation *evaluation)
{
    return evaluation->actions->block_text;
}

const char *chancery_evaluation_rule_id(const chancery_evaluation *evaluation)
{
    return evaluation->response->rule_id;
}

const char *chancery_evaluation_rule_name(const chancery_evaluation *evaluation)
{
    return evaluation->rule_name;
}

const chancery_deliveries *chancery_evaluation_deliveries(const chancery_evaluation *evaluation)
{
    return &evaluation->deliveries;
}

int chancery_evaluation_away_protection(const chancery_evaluation *evaluation)
{
    return (int)evaluation->away->protection;
}

const char *chancery_evaluation_away_template_id(const chancery_evaluation *evaluation)
{
    return evaluation->away->template_id;
}

const char *chancery_evaluation_away_branding(const chancery_evaluation *evaluation)
{
    return evaluation->away->branding;
}

int chancery_evaluation_away_requires_tls(const chancery_evaluation *evaluation)
{
    return evaluation->away->require_tls != 0 ? 1 : 0;
}

void chancery_evaluation_free(chancery_evaluation *evaluation)
{
    if (evaluation != NULL) {
        arena_free(evaluation->arena);
        xfree(evaluation);
    }
}
