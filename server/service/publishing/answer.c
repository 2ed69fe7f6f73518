/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.Answer: a reader's answer to content, protected through the portal
 * (docs/policy.md §5.3).
 *
 *   parse         the license of what is answered, to whom; the client's key (protect_policy.c)
 *   recipients    of what is forwarded
 *   open          that license (common/license_access.c)
 *   groups        of the content's tenant
 *   rights        may the reader open it, and answer so? (domain/decide/decide_answer.c)
 *   policy        the same one, for the answer's people
 *   check         is it still true?
 *   make          the answer's row, and the record: the commit
 *   seal          a content key under that policy
 *   reply
 *
 * The answer is the tenant's and the owner's: a reader without an account owns nothing. */
#include "auth/decision_log.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "domain/decide/decide_answer.h"
#include "domain/relations/content_power.h"
#include "service/common/flows.h"
#include "service/common/offline_access.h"
#include "service/common/reply.h"
#include "service/publishing/protect.h"
#include "store/resource/answer_store.h"

typedef Chancery__V1__AnswerRequest Request;
typedef Chancery__V1__ProtectRequest Asked;

struct answer {
    struct republish base; /* first: the content that is answered, and what is protected */
    enum answer_kind kind;
    struct answer_make make;
};

static struct answer *answer_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse ------------------------------------------------------------------------------------ */

static step read_kind(struct call *c, const Request *request)
{
    static const struct {
        enum answer_kind kind;
        const char *words; /* for the record */
    } kinds[] = {
        [CHANCERY__V1__ANSWER_KIND__ANSWER_KIND_REPLY] = {ANSWER_REPLY, "a reply"},
        [CHANCERY__V1__ANSWER_KIND__ANSWER_KIND_REPLY_ALL] = {ANSWER_REPLY_ALL, "a reply to all"},
        [CHANCERY__V1__ANSWER_KIND__ANSWER_KIND_FORWARD] = {ANSWER_FORWARD, "forwarding"}};
    size_t number = (size_t)request->kind;
    if (number >= sizeof kinds / sizeof kinds[0] || kinds[number].words == NULL) {
        return call_bad_field(c, "kind", "It must be a reply, a reply to all, or forwarding.");
    }
    answer_of(c)->kind = kinds[number].kind;
    license_access_of(c)->what_for = kinds[number].words;
    bool is_forward = kinds[number].kind == ANSWER_FORWARD;
    if (!is_forward && request->n_recipients > 0) {
        return call_bad_field(c, "recipients", "Only what is forwarded names recipients.");
    }
    return is_forward ? request_count(c, "recipients", request->n_recipients, 1,
                                      POLICY_RECIPIENTS_MAX - 1) /* and the reader */
                      : STEP_NEXT;
}

/* As if it were protected so. */
static Asked *asked_of(struct call *c, const Request *request)
{
    Asked *asked = call_message(c, &chancery__v1__protect_request__descriptor);
    if (asked != NULL) {
        asked->n_recipients = request->n_recipients;
        asked->recipients = request->recipients;
        asked->display_name = request->display_name;
        asked->client_public_jwk = request->client_public_jwk;
        asked->client = request->client;
    }
    return asked;
}

/* As of Protect: what may differ in a retry is not what is asked for. */
static step read_request_id(struct call *c, const Request *request)
{
    Request asked = *request;
    asked.request_id = reply_text("");
    asked.client_public_jwk = reply_text("");
    asked.client = NULL;
    return request_id_read(c, request->request_id, &asked.base, &protect_of(c)->request);
}

static step parse(struct call *c)
{
    const Request *request = answer_request(c);
    Asked *asked = asked_of(c, request);
    if (asked == NULL) {
        return STEP_FAILED;
    }
    step all = step_and(read_request_id(c, request), read_kind(c, request));
    all = step_and(all, protect_read_around_policy(c, asked));
    all = step_and(all, license_access_parse(c,
                                             slice_of(request->publishing_license.data,
                                                      request->publishing_license.len),
                                             request->client));
    return step_failed(all) ? STEP_FAILED : protect_read_key(c);
}

/* --- rights ----------------------------------------------------------------------------------- */

static struct answer_question question_of(const struct call *c)
{
    const struct license_access *a = license_access_of(c);
    return (struct answer_question){.kind = answer_of(c)->kind,
                                    .tenant = &a->tenant->view,
                                    .policy = &a->policy,
                                    .facts = caller_of(c)->entry.facts,
                                    .now = call_now(c),
                                    .access = &a->decision};
}

/* Power that was lent is for opening, and answers nothing in its holder's name. */
static step rights(struct call *c)
{
    struct license_access *a = license_access_of(c);
    a->by_grants_only = content_power_own(a->tenant->view.id, a->policy.owner, a->policy.issuer,
                                          &caller_of(c)->subject) == POWER_NONE;
    if (step_failed(license_access_decide(c))) {
        return STEP_FAILED;
    }
    const struct answer_question question = question_of(c);
    enum reason reason = decide_answer(&question);
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "as an answer");
}

/* --- policy ----------------------------------------------------------------------------------- */

/* An id that was made before says itself since when the content is protected. */
static step begin_content(struct call *c, struct content_id content)
{
    struct protect *p = protect_of(c);
    p->content_id = content;
    p->policy.protected_at.s = uuid_v7_ms(content.u) / 1000;
    return protect_pack_policy(c);
}

static step take_people(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    struct protect *p = protect_of(c);
    const struct answer_question question = question_of(c);
    size_t most = a->policy.recipient_count + p->recipient_count + 1;
    const char **people = ARENA_ARRAY(call_arena(c), const char *, most);
    if (people == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "recipients");
    }
    p->policy.recipients = people;
    p->policy.recipient_count = answer_recipients(&question, caller_of(c)->who.user, p->recipients,
                                                  p->recipient_count, people);
    return p->policy.recipient_count <= POLICY_RECIPIENTS_MAX
               ? STEP_NEXT
               : call_fail(c, R_LIMIT_EXCEEDED, "%zu recipients", p->policy.recipient_count);
}

static step policy(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    struct protect *p = protect_of(c);
    struct content_id fresh = {uuid_v7(call_unix_us(c))};
    p->tenant = a->tenant;
    p->platform = a->platform_record;
    p->policy = a->policy;
    p->policy.issuer = reply_uuid(c, caller_of(c)->subject.component.id.u);
    if (p->asked->display_name[0] == '\0') {
        p->display_name = a->license.header.display_name;
    }
    p->sealing = views_key(p->tenant, KEY_SEALING, 0);
    p->deriving = p->sealing;
    if (p->sealing == NULL) {
        return call_fail(c, R_KEY_REVOKED, "no active sealing key");
    }
    if (p->policy.issuer == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "issuer");
    }
    return step_failed(take_people(c)) ? STEP_FAILED : begin_content(c, fresh);
}

/* --- check ------------------------------------------------------------------------------------ */

/* What is true is asked by the gate, which also records content whose row was lost; the commit compares it once more. */
static step check(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    struct gate_entry *entry = decision_log_begin(c, a->license.header.tenant);
    entry->operation = NULL;
    entry->content = a->license.header.content;
    entry->template = a->policy.template_id;
    entry->sealed = &a->content;
    if (a->license.offline != NULL) {
        offline_access_record(c, entry);
    }
    return decision_log_submit(c, license_access_recorded);
}

/* --- make ------------------------------------------------------------------------------------- */

/* The key by which the first answer's was derived may be archived by now, but still has to be usable. */
static step take_made(struct call *c)
{
    const struct answer_make *make = &answer_of(c)->make;
    struct protect *p = protect_of(c);
    p->deriving = views_key(p->tenant, KEY_SEALING, make->key_version);
    if (p->deriving == NULL || p->deriving->state == KEY_IS_DESTROYED) {
        return call_fail(c, R_KEY_DESTROYED, "sealing key %u", make->key_version);
    }
    return p->deriving->state == KEY_IS_REVOKED
               ? call_fail(c, R_KEY_REVOKED, "sealing key %u", make->key_version)
               : begin_content(c, make->content);
}

static step made(struct call *c)
{
    const struct answer_make *make = &answer_of(c)->make;
    if (make->op.err.reason == R_ALREADY_EXISTS || /* the same request at the same moment */
        (make->op.err.reason == R_NONE && make->is_changed)) {
        return call_again_from(c, check);
    }
    if (make->op.err.reason != R_NONE) {
        return wait_over(c, &make->op.err);
    }
    return make->is_again ? take_made(c) : STEP_NEXT;
}

static step make(struct call *c)
{
    struct answer *answer = answer_of(c);
    const struct license_access *a = license_access_of(c);
    const struct protect *p = protect_of(c);
    struct caller *caller = caller_of(c);
    char *held = arena_alloc(call_arena(c), RIGHTS_TEXT_MAX + 1);
    if (held == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "rights");
    }
    rights_format(&a->decision.rights, held);
    answer->make = (struct answer_make){
        .tenant = p->tenant->view.id,
        .answered = a->license.header.content,
        .entry = &caller->entry,
        .kind = a->what_for,
        .content = p->content_id,
        .row = {.owner = p->policy.owner,
                .issuer = p->policy.issuer,
                .display_name = p->display_name,
                .request_id = p->request.id,
                .key_version = uuid_is_zero(p->request.id) ? 0 : p->sealing->version},
        .template = p->policy.template_id,
        .drops_added = answer->kind == ANSWER_REPLY,
        .policy_version = a->decision.policy_version,
        .rights = held,
        .power = a->decision.power,
        .who = caller->who,
    };
    memcpy(answer->make.row.request_hash, p->request.hash, sizeof p->request.hash);
    wait_store_init(c, &answer->make.op);
    answer_store_make(&answer->make);
    return wait_store(c, made, &answer->make.op);
}

/* --- reply ------------------------------------------------------------------------------------ */

static step reply(struct call *c)
{
    Chancery__V1__AnswerResponse *r = answer_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->response = protect_answer(c);
    return r->response == NULL ? STEP_FAILED : answer_reply(c, r);
}

const struct flow answer_flow = {
    .method = "/chancery.v1.PublishingService/Answer",
    .name = "answer",
    .state = FLOW_STATE_ON(struct answer, BASE_REPUBLISH, struct republish, base),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("recipients", protect_recipients),
              STEP("open", license_access_open), STEP("groups", license_access_groups),
              STEP("rights", rights), STEP("policy", policy), CHECK("check", check),
              COMMIT("make", make), STEP("seal", protect_seal), STEP("reply", reply)},
    .on_refusal = license_access_record_refusal,
};
