/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.GetPublisherCertificate: for days, what Protect would allow now (docs/policy.md §5.7).
 *
 *   parse     the key, sender domains, templates
 *   tenant    whose publisher: the user's, the component's, for a platform's gateway that of its senders
 *   proof     is the key held?
 *   decide    pure: for whom may they protect, and by which policies? (certifying_decide.c)
 *   date      from when it counts
 *   claims    what it says; whatever refuses it comes before the record
 *   record    the decision: the commit
 *   sign
 *   reply */
#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/decision_log.h"
#include "auth/own_addresses.h"
#include "base/encode.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/publisher_scope.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/publishing/certifying.h"
#include "wire/publisher_certificate.h"
#include "wire/publisher_proof.h"

enum { DAY_S = 24 * 60 * 60 };

/* --- parse ------------------------------------------------------------------------------------ */

static void free_key(void *key)
{
    jwk_public_free(key);
}

static bool may_sign(const struct jwk_public *key)
{
    static const enum jws_alg algorithms[] = {JWS_ES256, JWS_ES384, JWS_EDDSA, JWS_PS256,
                                              JWS_RS256};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (jwk_may_verify(key, algorithms[i])) {
            return true;
        }
    }
    return false;
}

static step read_key(struct call *c, const char *jwk)
{
    struct certifying *s = certifying_of(c);
    if (jwk[0] == '\0' ||
        !jwk_public_parse(slice_str(jwk), R_FIELD_INVALID, &s->key, call_err(c)).ok) {
        err_clear(call_err(c));
        return call_bad_field(c, "publisher_public_jwk",
                              "It must be a public JWK: EC P-256 or P-384, Ed25519, or RSA.");
    }
    if (!arena_on_free(call_arena(c), free_key, s->key, call_err(c)).ok) {
        return STEP_FAILED;
    }
    const char *text = jwk_public_json(call_arena(c), s->key, NULL, NULL);
    if (text == NULL) {
        return reply_over_budget(c);
    }
    s->key_jwk = slice_str(text);
    return may_sign(s->key) ? STEP_NEXT
                            : call_bad_field(c, "publisher_public_jwk", "It must be for signing.");
}

static step read_domains(struct call *c,
                         const Chancery__V1__GetPublisherCertificateRequest *request)
{
    struct certifying *s = certifying_of(c);
    s->wanted = ARENA_ARRAY(call_arena(c), const char *, request->n_sender_domains + 1);
    if (s->wanted == NULL) {
        return reply_over_budget(c);
    }
    step all =
        request_count(c, "sender_domains", request->n_sender_domains, 0, PUBLISHER_NAMES_MAX);
    for (size_t i = 0; i < request->n_sender_domains && !step_failed(all); i++) {
        all = request_domain(c, "sender_domains", i, request->sender_domains[i], &s->wanted[i]);
    }
    s->wanted_count = request->n_sender_domains;
    return all;
}

static step read_templates(struct call *c,
                           const Chancery__V1__GetPublisherCertificateRequest *request)
{
    struct certifying *s = certifying_of(c);
    s->templates = ARENA_ARRAY(call_arena(c), struct template_id, PUBLISHER_TEMPLATES_MAX + 1);
    if (s->templates == NULL) {
        return reply_over_budget(c);
    }
    step all =
        request_count(c, "template_ids", request->n_template_ids, 0, PUBLISHER_TEMPLATES_MAX);
    for (size_t i = 0; i < request->n_template_ids && !step_failed(all); i++) {
        const char *field = arena_printf(call_arena(c), "template_ids[%zu]", i);
        all = request_uuid_required(c, field == NULL ? "template_ids" : field,
                                    request->template_ids[i], &s->templates[i].u);
    }
    s->template_count = request->n_template_ids;
    return all;
}

static step parse(struct call *c)
{
    const Chancery__V1__GetPublisherCertificateRequest *request =
        get_publisher_certificate_request(c);
    step all = read_key(c, request->publisher_public_jwk);
    all = step_and(all, read_domains(c, request));
    all = step_and(all, read_templates(c, request));
    all = step_and(all, request_client(c, request->client, &certifying_of(c)->client));
    return request->proof[0] == '\0' ? step_and(all, call_bad_field(c, "proof", "It is required."))
                                     : all;
}

/* --- tenant and proof ------------------------------------------------------------------------- */

static step tenant(struct call *c)
{
    const struct certifying *s = certifying_of(c);
    caller_of(c)->subject.application = s->client.application;
    caller_of(c)->subject.platform = s->client.platform;
    const char *owner =
        s->wanted_count == 0 ? "" : arena_printf(call_arena(c), "postmaster@%s", s->wanted[0]);
    return owner == NULL ? reply_over_budget(c) : publisher_scope(c, "sender_domains", owner);
}

static step proof(struct call *c)
{
    const char *text = get_publisher_certificate_request(c)->proof;
    size_t count;
    const char **urls = own_addresses(c, &count);
    struct err flaw = {0};
    if (urls == NULL) {
        return reply_over_budget(c);
    }
    if (publisher_proof_check(call_arena(c), slice_str(text), certifying_of(c)->key, urls, count,
                              call_now(c), &flaw)
            .ok) {
        return STEP_NEXT;
    }
    const char *why = arena_strdup(call_arena(c), flaw.detail);
    return flaw.reason == R_ARENA_EXHAUSTED || why == NULL ? reply_over_budget(c)
                                                           : call_bad_field(c, "proof", why);
}

/* --- date and claims -------------------------------------------------------------------------- */

static step dated(struct call *c)
{
    struct certifying *s = certifying_of(c);
    s->publisher.serial = uuid_v7(s->date.issued_at);
    s->publisher.issued_at.s = s->date.issued_at / 1000000;
    s->publisher.expires_at.s = s->publisher.issued_at.s + (int64_t)PUBLISHER_DAYS * DAY_S;
    return wait_over(c, &s->date.op.err);
}

/* Whoever renews after their certificates were taken back gets one that is none of these. */
static step date(struct call *c)
{
    struct certifying *s = certifying_of(c);
    wait_store_init(c, &s->date.op);
    publisher_store_date(&s->date, &s->publisher);
    return wait_store(c, dated, &s->date.op);
}

static step thumbprint_of(struct call *c, const char *jwk, struct slice *out)
{
    struct jwk_public *key = NULL;
    if (!jwk_public_parse(slice_str(jwk), R_INTERNAL, &key, call_err(c)).ok) {
        return STEP_FAILED;
    }
    const char *text = base64url_dup(call_arena(c), jwk_thumbprint(key));
    jwk_public_free(key);
    *out = text == NULL ? SLICE_NONE : slice_str(text);
    return text == NULL ? reply_over_budget(c) : STEP_NEXT;
}

static step claims(struct call *c)
{
    struct certifying *s = certifying_of(c);
    const struct tenant_view *view = &s->scope.tenant->view;
    const struct key_row *signing = views_key(s->scope.tenant, KEY_SIGNING, 0);
    struct publisher_keys keys = {.publisher_jwk = s->key_jwk};
    if (signing == NULL) {
        return call_fail(c, R_KEY_REVOKED, "no active signing key");
    }
    keys.issuer = publisher_certificate_issuer(
        call_arena(c), boundary_authority_url(c, caller_of(c)->found_platform, view->boundary),
        view->id);
    wait_keys_init(c, &s->keys);
    s->keys.signing = (struct keys_ref){.tenant = view->id,
                                        .boundary = view->boundary,
                                        .purpose = KEY_SIGNING,
                                        .version = signing->version,
                                        .wrapped = signing->wrapped};
    return step_failed(thumbprint_of(c, s->exchange->public_jwk, &keys.exchange_kid))
               ? STEP_FAILED
               : step_from(publisher_certificate_claims(call_arena(c), &s->publisher, &keys,
                                                        &s->keys.claims, call_err(c)));
}

/* --- record ----------------------------------------------------------------------------------- */

static step recorded(struct call *c)
{
    return decision_log_settle(c, tenant, certifying_decide);
}

static struct gate_entry *entry_of(struct call *c)
{
    const struct certifying *s = certifying_of(c);
    const struct tenant_record *record = s->scope.tenant;
    bool is_ours = record != NULL && boundary_is_served(c, record->view.boundary);
    struct gate_entry *entry = decision_log_begin(c, is_ours ? record->view.id : TENANT_PLATFORM);
    entry->target =
        arena_printf(call_arena(c), "certificate %s", reply_uuid(c, s->publisher.serial));
    return entry;
}

static step record(struct call *c)
{
    return entry_of(c)->target == NULL ? reply_over_budget(c) : decision_log_submit(c, recorded);
}

static step refused(struct call *c)
{
    struct gate_entry *entry = entry_of(c);
    entry->reason = call_err(c)->reason;
    entry->target = NULL;
    return decision_log_submit(c, recorded);
}

/* --- sign and reply --------------------------------------------------------------------------- */

static step is_signed(struct call *c)
{
    return wait_over(c, &certifying_of(c)->keys.err);
}

static step sign(struct call *c)
{
    keys_sign_publisher(&certifying_of(c)->keys);
    return wait_keys(c, is_signed, &certifying_of(c)->keys);
}

static step reply(struct call *c)
{
    struct certifying *s = certifying_of(c);
    const struct platform_record *platform = caller_of(c)->found_platform;
    const char *boundary_name = s->scope.tenant->view.boundary;
    const struct boundary *boundary = boundary_find(&platform->view, boundary_name);
    Chancery__V1__GetPublisherCertificateResponse *r = get_publisher_certificate_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->certificate = reply_slice(c, s->keys.certificate);
    r->exchange_public_jwk = reply_text(s->exchange->public_jwk);
    r->expire_time = reply_time(c, s->publisher.expires_at.s * 1000000);
    r->certificate_id = reply_uuid(c, s->publisher.serial);
    r->authority_url = reply_text(boundary_authority_url(c, platform, boundary_name));
    r->portal_url = reply_text(boundary == NULL ? "" : boundary->portal_url);
    return r->certificate == NULL || r->certificate_id == NULL
               ? reply_over_budget(c)
               : get_publisher_certificate_reply(c, r);
}

const struct flow get_publisher_certificate_flow = {
    .method = "/chancery.v1.PublishingService/GetPublisherCertificate",
    .name = "get_publisher_certificate",
    .state = FLOW_STATE_ON(struct certifying, BASE_SCOPE, struct scope, scope),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("tenant", tenant), STEP("proof", proof),
              STEP("decide", certifying_decide), STEP("date", date), STEP("claims", claims),
              GATE("record", record), STEP("sign", sign), STEP("reply", reply)},
    .on_refusal = refused,
};
