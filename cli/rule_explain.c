/* SPDX-License-Identifier: Apache-2.0 */
/* chancery rule explain */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/mail_flow.pb-c.h"
#include "cli/rule.h"
#include "client/mail.h"
#include "client/mail_facts.h"

enum { BODY_MAX = 1 << 20, EFFECTS = CHANCERY__V1__RULE_EFFECT__RULE_EFFECT_STOP + 1 };

/* --- the message ------------------------------------------------------------------------------ */

static ProtobufCBinaryData bytes_of(struct slice text)
{
    return (ProtobufCBinaryData){text.len, (uint8_t *)(uintptr_t)text.ptr};
}

/* Options say more than the file, and the operands are the recipients. */
static void add_options(const struct rule_args *args, Chancery__V1__MessageFacts *facts)
{
    if (args->sender != NULL) {
        facts->sender = text_field(args->sender);
    }
    if (args->subject != NULL) {
        facts->subject = bytes_of(slice_str(args->subject));
    }
    if (args->common.operand_count > 0) {
        facts->recipients = args->common.operands;
        facts->n_recipients = args->common.operand_count;
    }
}

static int read_facts(struct session *s, const struct rule_args *args,
                      Chancery__V1__MessageFacts **out)
{
    ProtobufCMessage *message = NULL;
    int code =
        args->file == NULL
            ? EXIT_OK
            : verb_read_file(s, args->file, &chancery__v1__message_facts__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    if (message != NULL) {
        *out = (Chancery__V1__MessageFacts *)message;
    }
    add_options(args, *out);
    return (*out)->sender[0] != '\0'
               ? EXIT_OK
               : usage_error(s->command, "name a --sender, or <> for a bounce");
}

static int read_body(struct session *s, const char *path, ProtobufCBinaryData *out)
{
    struct err err = {0};
    struct slice body = SLICE_NONE;
    if (path != NULL && !read_file(s->arena, path, BODY_MAX, &body, &err).ok) {
        return fail_with(s->command, &err);
    }
    *out = bytes_of(body);
    return EXIT_OK;
}

/* --- the answer ------------------------------------------------------------------------------- */

static const char *const DOES[EFFECTS] = {"?",   "protection", "branding", "portal",
                                          "TLS", "block",      "stop"};

static void show_actions(const Chancery__V1__RuleActions *a)
{
    static const char *const protections[] = {"no protection", "a template", "Do Not Forward",
                                              "Encrypt-Only", "protection taken off"};
    size_t protection = (size_t)a->protection;
    if (a->block_text[0] != '\0') {
        printf("would be: blocked: %s\n", a->block_text);
        return;
    }
    printf("would be: %s",
           protection < sizeof protections / sizeof protections[0] ? protections[protection] : "?");
    printf("%s%s", a->template_id[0] == '\0' ? "" : " ", a->template_id);
    printf("%s%s", a->branding[0] == '\0' ? "" : ", branding ", a->branding);
    printf("%s%s\n", a->force_portal ? ", portal" : "", a->require_tls ? ", TLS" : "");
}

static void show_list(const char *lead, size_t count, const char *(*item)(const void *, size_t),
                      const void *of)
{
    for (size_t i = 0; i < count; i++) {
        printf("%s%s", i == 0 ? lead : ", ", item(of, i));
    }
}

static const char *reason_at(const void *finding, size_t index)
{
    const char *reason = ((const Chancery__V1__RuleFinding *)finding)->reasons[index];
    return reason[0] == '\0' ? "it is so"
                             : reason; /* of a size or kind there is nothing to quote */
}

static const char *effect_at(const void *finding, size_t index)
{
    size_t effect = (size_t)((const Chancery__V1__RuleFinding *)finding)->effects[index];
    return DOES[effect < EFFECTS ? effect : 0];
}

static void show_finding(const Chancery__V1__RuleFinding *f, bool decides)
{
    switch ((int)f->outcome) {
    case CHANCERY__V1__RULE_OUTCOME__RULE_OUTCOME_MATCHED:
        printf("%-9s %s", f->mode == CHANCERY__V1__RULE_MODE__RULE_MODE_TEST ? "test" : "matches",
               f->name);
        show_list("; found: ", f->n_reasons, reason_at, f);
        show_list("; does: ", f->n_effects, effect_at, f);
        puts(decides ? " (decides)" : "");
        return;
    case CHANCERY__V1__RULE_OUTCOME__RULE_OUTCOME_CONDITION_MISSED:
        printf("%-9s %s; condition %d doesn't hold\n", "misses", f->name, (int)f->part);
        return;
    case CHANCERY__V1__RULE_OUTCOME__RULE_OUTCOME_EXCEPTED:
        printf("%-9s %s; exception %d holds", "excepted", f->name, (int)f->part);
        show_list(": ", f->n_reasons, reason_at, f);
        puts("");
        return;
    default:
        printf("%-9s %s; a rule before it ended the rules\n", "unreached", f->name);
        return;
    }
}

static void show_explained(const void *response)
{
    const Chancery__V1__ExplainResponse *r = response;
    show_actions(r->actions);
    for (size_t i = 0; i < r->n_findings; i++) {
        show_finding(r->findings[i], strcmp(r->findings[i]->rule_id, r->rule_id) == 0);
    }
}

/* What a gateway would tell of this mail, whose envelope is taken from its header. */
static rc read_mail(struct session *s, const char *path, Chancery__V1__ExplainRequest *request,
                    Chancery__V1__MessageFacts *facts, struct err *err)
{
    struct slice mail, text;
    struct mail_envelope envelope;
    TRY(read_file(s->arena, path, MAIL_BYTES_MAX, &mail, err));
    TRY(mail_read_envelope(s->arena, mail, &envelope, err));
    TRY(mail_facts_read(s->arena, mail, facts, &text, err));
    facts->sender = text_field(envelope.from);
    facts->recipients = (char **)(uintptr_t)envelope.to;
    facts->n_recipients = envelope.to_count;
    request->body = bytes_of(text);
    return OK;
}

static int explain_mail(struct session *s, const struct rule_args *own,
                        Chancery__V1__ExplainRequest *request, Chancery__V1__MessageFacts *facts)
{
    struct err err = {0};
    if (own->file != NULL || own->body != NULL || own->subject != NULL) {
        return usage_error(s->command, "a --mail has its own facts, subject and body");
    }
    if (!read_mail(s, own->mail, request, facts, &err).ok) {
        return fail_with(s->command, &err);
    }
    add_options(own, facts);
    return EXIT_OK;
}

int rule_explain(struct session *s, const struct verb_args *args)
{
    const struct rule_args *own = (const struct rule_args *)args;
    Chancery__V1__MessageFacts none, *facts = &none;
    Chancery__V1__ExplainRequest request;
    chancery__v1__message_facts__init(&none);
    chancery__v1__explain_request__init(&request);
    int code =
        own->mail != NULL ? explain_mail(s, own, &request, facts) : read_facts(s, own, &facts);
    code = code == EXIT_OK && own->mail == NULL ? read_body(s, own->body, &request.body) : code;
    if (code != EXIT_OK) {
        return code;
    }
    request.facts = facts;
    return verb_call(s, args, "MailFlowService/Explain", &request.base,
                     &chancery__v1__explain_response__descriptor, show_explained);
}
