/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered about a message, and what the record says of it. */
#include "base/buf.h"
#include "domain/rules/rules_away.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/delivery/evaluation.h"

enum { RULES_NAMED = 10, RECIPIENTS_NAMED = 10 /* in a record */ };

/* --- the record ------------------------------------------------------------------------------- */

static const char *const PROTECTIONS[] = {"no protection", "a template", "Do Not Forward",
                                          "Encrypt-Only", "protection removed"};

static void add_outcome(struct buf *text, const struct rules_decision *d)
{
    const struct rule_actions *a = &d->actions;
    buf_printf(text, ": %s", d->is_blocked ? "blocked" : PROTECTIONS[a->protection]);
    if (a->branding[0] != '\0') {
        buf_printf(text, ", branding %s", a->branding);
    }
    buf_printf(text, "%s%s", a->force_portal ? ", portal" : "", a->require_tls ? ", TLS" : "");
}

/* Those that match, ten at most; whose effect was none is named too. */
static void add_rules(struct buf *text, const struct rules_decision *d)
{
    size_t named = 0;
    for (size_t i = 0; i < d->finding_count; i++) {
        const struct rule_finding *f = &d->findings[i];
        char id[UUID_TEXT_BYTES];
        if (f->outcome != RULE_MATCHES) {
            continue;
        }
        if (named++ < RULES_NAMED) {
            uuid_format(f->rule->id.u, id);
            buf_printf(text, "%s %s%s", named == 1 ? "; rules" : ",", id,
                       f->rule == d->decided_by     ? " (decided)"
                       : f->rule->mode == RULE_TEST ? " (test)"
                                                    : "");
        }
    }
    if (named > RULES_NAMED) {
        buf_printf(text, " and %zu more", named - RULES_NAMED);
    }
}

/* For whom the mail is rejected, ten at most. */
static void add_rejected(struct buf *text, const struct evaluation *e)
{
    size_t named = 0;
    for (size_t i = 0; !e->decision.is_blocked && i < e->recipient_count; i++) {
        if (e->deliveries[i].reason == R_NO_RIGHTS && named++ < RECIPIENTS_NAMED) {
            buf_printf(text, "%s %s", named == 1 ? "; without rights:" : ",", e->addresses[i]);
        }
    }
    if (named > RECIPIENTS_NAMED) {
        buf_printf(text, " and %zu more", named - RECIPIENTS_NAMED);
    }
}

static const char *shown_sender(const struct evaluation *e)
{
    return e->by.sender[0] == '\0' ? "<>" : e->by.sender;
}

const char *evaluation_refusal(struct call *c)
{
    return arena_printf(call_arena(c), "from %s", shown_sender(evaluation_of(c)));
}

const char *evaluation_summary(struct call *c)
{
    const struct evaluation *e = evaluation_of(c);
    const char *id = e->request->message_id;
    struct buf text;
    struct slice all;
    buf_init(&text, call_arena(c));
    buf_printf(&text, "from %s to %zu", shown_sender(e), e->recipient_count);
    add_outcome(&text, &e->decision);
    add_rules(&text, &e->decision);
    add_rejected(&text, e);
    if (id[0] != '\0') { /* whoever has sent the message chose it: behind all that is ours */
        buf_printf(&text, "; Message-ID %s", id);
    }
    return buf_finish(&text, &all, NULL).ok ? arena_dup(call_arena(c), all) : NULL;
}

/* --- the reply -------------------------------------------------------------------------------- */

static Chancery__V1__RuleActions *write_actions(struct call *c, const struct rule_actions *a)
{
    Chancery__V1__RuleActions *actions = call_message(c, &chancery__v1__rule_actions__descriptor);
    if (actions != NULL) {
        actions->protection = (Chancery__V1__RuleProtection)a->protection;
        actions->template_id = reply_text(reply_uuid(c, a->template_id.u));
        actions->branding = reply_text(a->branding);
        actions->force_portal = a->force_portal;
        actions->require_tls = a->require_tls;
        actions->block_text = reply_text(a->block_text);
        actions->stop = a->stop;
    }
    return actions;
}

Chancery__V1__RuleActions *evaluation_write_actions(struct call *c)
{
    return write_actions(c, &evaluation_of(c)->decision.actions);
}

/* For the next message, should nobody be there to be asked. */
static Chancery__V1__RuleActions *write_away(struct call *c)
{
    const struct evaluation *e = evaluation_of(c);
    struct rule_actions actions;
    rules_while_away(e->book->set,
                     tenant_has_switched(&e->by.tenant->view, TENANT_REJECTS_WITHOUT_RIGHTS),
                     &actions);
    return write_actions(c, &actions);
}

static bool write_effects(struct call *c, uint32_t effects, Chancery__V1__RuleFinding *out)
{
    out->effects = ARENA_ARRAY(call_arena(c), Chancery__V1__RuleEffect, EFFECT_STOP + 1);
    for (int i = EFFECT_PROTECTION; out->effects != NULL && i <= EFFECT_STOP; i++) {
        if ((effects >> i & 1) != 0) {
            out->effects[out->n_effects++] = (Chancery__V1__RuleEffect)i;
        }
    }
    return out->effects != NULL;
}

char *evaluation_write_rule(struct call *c)
{
    const struct mail_rule *rule = evaluation_of(c)->decision.decided_by;
    return reply_text(rule == NULL ? "" : reply_uuid(c, rule->id.u));
}

Chancery__V1__RuleFinding *evaluation_write_finding(struct call *c, const struct rule_finding *from)
{
    bool has_part = from->outcome == RULE_LACKS_CONDITION || from->outcome == RULE_IS_EXCEPTED;
    Chancery__V1__RuleFinding *f = call_message(c, &chancery__v1__rule_finding__descriptor);
    if (f == NULL || !write_effects(c, from->effects, f)) {
        return NULL;
    }
    f->rule_id = reply_text(reply_uuid(c, from->rule->id.u));
    f->name = reply_text(from->rule->name);
    f->mode = (Chancery__V1__RuleMode)from->rule->mode;
    f->outcome = (Chancery__V1__RuleOutcome)from->outcome;
    f->part = has_part ? (int32_t)from->part + 1 : 0;
    f->reasons = reply_texts(c, from->reasons, from->reason_count);
    f->n_reasons = f->reasons == NULL ? 0 : from->reason_count;
    return f;
}

static bool write_findings(struct call *c, Chancery__V1__EvaluateMessageResponse *out)
{
    const struct rules_decision *d = &evaluation_of(c)->decision;
    out->findings = ARENA_ARRAY(call_arena(c), Chancery__V1__RuleFinding *, d->finding_count + 1);
    for (size_t i = 0; out->findings != NULL && i < d->finding_count; i++) {
        if (d->findings[i].outcome != RULE_MATCHES) {
            continue;
        }
        Chancery__V1__RuleFinding *finding = evaluation_write_finding(c, &d->findings[i]);
        if (finding == NULL) {
            return false;
        }
        out->findings[out->n_findings++] = finding;
    }
    return out->findings != NULL;
}

static Chancery__V1__RecipientDelivery *write_delivery(struct call *c, size_t index)
{
    const struct evaluation *e = evaluation_of(c);
    const struct delivery_decision *from = &e->deliveries[index];
    Chancery__V1__RecipientDelivery *delivery =
        call_message(c, &chancery__v1__recipient_delivery__descriptor);
    if (delivery != NULL) {
        delivery->recipient = reply_text(e->request->recipients[index]);
        delivery->reason =
            reply_text(from->reason == R_NONE ? "OK" : reason_info(from->reason)->public_name);
        delivery->channel = (Chancery__V1__Channel)from->channel;
        delivery->portal_url = reply_text(from->portal_url == NULL ? "" : from->portal_url);
    }
    return delivery;
}

static bool write_deliveries(struct call *c, Chancery__V1__EvaluateMessageResponse *out)
{
    const struct evaluation *e = evaluation_of(c);
    size_t count = e->decision.is_blocked ? 0 : e->recipient_count;
    out->deliveries = ARENA_ARRAY(call_arena(c), Chancery__V1__RecipientDelivery *, count + 1);
    for (size_t i = 0; out->deliveries != NULL && i < count; i++) {
        out->deliveries[i] = write_delivery(c, i);
        if (out->deliveries[i] == NULL) {
            return false;
        }
        out->n_deliveries++;
    }
    return out->deliveries != NULL;
}

step evaluation_reply(struct call *c)
{
    const struct tenant_view *tenant = &evaluation_of(c)->by.tenant->view;
    Chancery__V1__EvaluateMessageResponse *response =
        call_message(c, &chancery__v1__evaluate_message_response__descriptor);
    if (response == NULL) {
        return reply_over_budget(c);
    }
    response->actions = evaluation_write_actions(c);
    response->while_away = write_away(c);
    response->rule_id = evaluation_write_rule(c);
    response->transport_decryption =
        (Chancery__V1__TransportDecryption)tenant->transport_decryption;
    response->journal_decryption = tenant_has_switched(tenant, TENANT_JOURNALS_IN_CLEAR);
    if (response->actions == NULL || response->while_away == NULL || !write_findings(c, response) ||
        !write_deliveries(c, response)) {
        return reply_over_budget(c);
    }
    return evaluate_message_reply(c, response);
}
