/* SPDX-License-Identifier: Apache-2.0 */
/* SignalService.ReceiveSignal: what an identity provider pushes about people (docs/signals.md).
 *
 *   accept   may the token be believed? A sub-flow, so that a refusal of any row is counted:
 *              limit        do too many calls a second come from there, or have too many failed, to be looked at?
 *              parse        the tenant, the token's iss
 *              transmitter  is it one of the tenant's, and does it send its push token?
 *              verify       signature and claims, as of every token (identity/identity.h)
 *   read     its events, and what they change of whom (domain/decide/decide_signal.c)
 *   store    once for each token: the commit
 *   reply
 *
 * Nobody is authenticated before: the token is the credential. */
#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/caller.h"
#include "auth/rate_check.h"
#include "auth/refusals.h"
#include "base/buf.h"
#include "context/wait.h"
#include "crypto/hash.h"
#include "identity/secevent.h"
#include "obs/metrics.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/signal/signal_message.h"

struct receive_signal {
    struct transmitter_find find;
    bool is_found;        /* of a tenant whose log this node writes */
    struct issuer issuer; /* the transmitter, as tokens are checked by */
    struct token_check check;
    struct secevent event;
    struct signal_change changes[SIGNAL_CHANGES_MAX];
    size_t change_count;
    struct signal_receipt receipt;
};

static struct receive_signal *state_of(const struct call *c)
{
    return call_state(c);
}

/* --- accept ----------------------------------------------------------------------------------- */

/* Who else has come by the connection says nothing: each token is a credential of its own. */
static step limit(struct call *c)
{
    if (step_failed(rate_check_public(c))) {
        return STEP_FAILED;
    }
    return refusals_is_limited(services_of(c)->refusals, call_peer_address(c))
               ? call_fail(c, R_TOO_MANY_FAILURES, "from this network")
               : STEP_NEXT;
}

static step parse(struct call *c)
{
    const Chancery__V1__ReceiveSignalRequest *request = receive_signal_request(c);
    struct receive_signal *r = state_of(c);
    if (step_failed(request_uuid_required(c, "tenant_id", request->tenant_id, &r->find.tenant.u))) {
        return STEP_FAILED;
    }
    return step_from(token_peek(services_of(c)->identity, call_arena(c),
                                slice_str(request->security_event_token), &r->check.token,
                                call_err(c)));
}

/* As whose issuer the token is checked. An epoch is for what is remembered, which no signal is. */
static const struct issuer *issuer_of(struct receive_signal *r)
{
    static const char *const algorithms[] = {"RS256", "PS256", "ES256", "ES384", "EdDSA"};
    const struct transmitter_row *row = &r->find.row;
    r->issuer = (struct issuer){
        .tenant = r->find.tenant,
        .id.u = row->id,
        .boundary = r->find.boundary,
        .kind = ISSUER_SIGNALS,
        .iss = row->iss,
        .audiences = row->audiences,
        .audience_count = row->audience_count,
        .algorithms = algorithms,
        .algorithm_count = sizeof algorithms / sizeof algorithms[0],
        .jwks_url = row->jwks_url,
        .jwks_json = row->jwks_json,
        .claim_address = "",
        .claim_verified = "",
        .claim_groups = "",
        .claim_tenant = "",
        .claim_guest = "",
        .clock_skew_s = ISSUER_CLOCK_SKEW_S,
    };
    return &r->issuer;
}

/* Digests are compared, so how long it takes says nothing of the token. */
static step check_push_token(struct call *c)
{
    const struct transmitter_row *row = &state_of(c)->find.row;
    struct credential sent = credential_read(c);
    uint8_t digest[SHA256_BYTES];
    if (row->push_token_hash.len == 0) {
        return STEP_NEXT;
    }
    bool is_bearer = call_metadata_count(c, "authorization") == 1 && sent.scheme == SCHEME_BEARER;
    return is_bearer && hash_sha256(sent.token, digest, NULL).ok &&
                   slice_eq(slice_of(digest, sizeof digest), row->push_token_hash)
               ? STEP_NEXT
               : call_fail(c, R_SIGNAL_PUSH_TOKEN, "of transmitter %s", row->iss);
}

/* As boundary_guard does for callers who are known. */
static step send_away(struct call *c, const struct transmitter_find *find)
{
    call_error_metadata(c, "boundary", find->boundary);
    if (find->authority_url[0] != '\0') {
        call_error_metadata(c, "authority_url", find->authority_url);
    }
    return call_fail(c, R_WRONG_BOUNDARY, "boundary %s", find->boundary);
}

static step transmitter_found(struct call *c)
{
    struct receive_signal *r = state_of(c);
    const struct err *err = &r->find.op.err;
    if (err->reason == R_NOT_FOUND) {
        return call_fail(c, R_TOKEN_ISSUER_UNKNOWN, "none of this tenant's transmitters");
    }
    if (err->reason != R_NONE) {
        return wait_failed(c, err);
    }
    if (!boundary_is_served(c, r->find.boundary)) {
        return send_away(c, &r->find);
    }
    r->is_found = true;
    if (!r->find.is_active) {
        return call_fail(c, R_TENANT_DISABLED, "a transmitter's");
    }
    return check_push_token(c);
}

static step find_transmitter(struct call *c)
{
    struct receive_signal *r = state_of(c);
    r->find.iss = r->check.token.iss;
    wait_store_init(c, &r->find.op);
    signal_store_find(&r->find);
    return wait_store(c, transmitter_found, &r->find.op);
}

static step verified(struct call *c)
{
    const struct receive_signal *r = state_of(c);
    return step_failed(wait_over(c, &r->check.err)) ? STEP_FAILED
                                                    : call_join_party(c, r->find.tenant);
}

static void check_done(struct token_check *check)
{
    call_resume(check->user);
}

static void cancel_check(void *op)
{
    token_check_cancel(op);
}

static step verify(struct call *c)
{
    struct receive_signal *r = state_of(c);
    struct token_check *check = &r->check;
    check->arena = call_arena(c);
    check->done = check_done;
    check->user = c;
    check->issuer = issuer_of(r);
    check->now = call_now(c);
    check->is_test = true; /* nothing of it is remembered, and nothing remembered counts */
    token_check_start(services_of(c)->identity, check);
    return call_wait(c, verified, cancel_check, check);
}

const struct subflow accept_signal_subflow = {
    .name = "accept",
    .steps = {{.name = "limit", .run = limit},
              {.name = "parse", .run = parse},
              {.name = "transmitter", .run = find_transmitter},
              {.name = "verify", .run = verify}},
};

/* Whoever sends what is refused is nobody whom we know, so it is counted (auth/refusals.h); in the tenant's log once it
 * is one of its transmitters that is named. */
static step judged(struct call *c)
{
    const struct receive_signal *r = state_of(c);
    const struct reason_info *info = reason_info(call_err(c)->reason);
    if (call_err(c)->reason == R_NONE) {
        return STEP_NEXT;
    }
    if (info->audit == AUDIT) {
        struct audit_who who = caller_nobody(c);
        struct refusal refusal = {.log = r->is_found ? r->find.tenant : TENANT_PLATFORM,
                                  .reason = call_err(c)->reason,
                                  .operation = call_flow_name(c),
                                  .who = &who};
        refusals_add(services_of(c)->refusals, &refusal, info->code == GRPC_UNAUTHENTICATED);
    }
    /* The same token may be good when its keys are asked for again. */
    return r->check.err.reason == R_TOKEN_KEY_UNKNOWN && r->check.are_keys_resting
               ? call_fail(c, R_ISSUER_UNREACHABLE, "a new key is asked for again soon")
               : STEP_FAILED;
}

static step accept_token(struct call *c)
{
    call_then_always(c, judged);
    return call_enter(c, &accept_signal_subflow);
}

/* --- read ------------------------------------------------------------------------------------- */

static rc read_events(struct call *c, struct receive_signal *r, struct err *err)
{
    const struct signal_right right = {
        .domains = r->find.domains,
        .domain_count = r->find.domain_count,
        .subject_issuers = r->find.row.subject_issuers,
        .subject_issuer_count = r->find.row.subject_issuer_count,
    };
    struct unix_time latest = {call_now(c).s + r->issuer.clock_skew_s};
    TRY(secevent_read(call_arena(c), &r->check.token, latest, &r->event, err));
    for (size_t i = 0; i < r->event.event_count; i++) {
        const struct signal_event *event = &r->event.events[i];
        TRY(decide_signal_changes(call_arena(c), &right, event, r->changes, &r->change_count, err));
        r->receipt.stream = event->effect == SIGNAL_STREAM ? event->stream : r->receipt.stream;
    }
    return OK;
}

static step read_token(struct call *c)
{
    call_then_always(c, judged);
    return step_from(read_events(c, state_of(c), call_err(c)));
}

/* --- store ------------------------------------------------------------------------------------ */

/* "session-revoked: alice@contoso.com; by https://idp.example". Of many names the first ones. */
static rc write_note(struct call *c, const struct receive_signal *r, const char **out,
                     struct err *err)
{
    enum { NAMES_SHOWN = 4 };
    struct buf buf;
    struct slice text;
    buf_init(&buf, call_arena(c));
    for (size_t i = 0; i < r->event.event_count; i++) {
        buf_add_str(&buf, i == 0 ? "" : ", ");
        buf_add_str(&buf, r->event.events[i].type);
    }
    for (size_t i = 0; i < r->change_count && i < NAMES_SHOWN; i++) {
        buf_add_str(&buf, i == 0 ? ": " : ", ");
        buf_add_str(&buf, r->changes[i].name);
    }
    buf_add_str(&buf, r->change_count > NAMES_SHOWN ? " and more; by " : "; by ");
    buf_add_str(&buf, r->issuer.iss);
    TRY(buf_finish(&buf, &text, err));
    *out = arena_dup(call_arena(c), text);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* A token is known by whose it is and its jti (RFC 8417 §2.2), by whatever transmitter's row it came. */
static rc name_token(struct call *c, const struct receive_signal *r, uint8_t *out, struct err *err)
{
    struct buf buf;
    struct slice text;
    buf_init(&buf, call_arena(c));
    buf_add_str(&buf, r->issuer.iss);
    buf_add_byte(&buf, 0);
    buf_add(&buf, r->event.jti);
    TRY(buf_finish(&buf, &text, err));
    return hash_sha256(text, out, err);
}

static step stored(struct call *c)
{
    const struct receive_signal *r = state_of(c);
    bool is_new = r->receipt.is_new;
    if (r->receipt.op.err.reason != R_NONE) {
        return wait_failed(c, &r->receipt.op.err);
    }
    for (size_t i = 0; i < r->event.event_count; i++) {
        metric_add(M_SIGNALS, r->event.events[i].type, is_new ? "new" : "repeated", 1);
    }
    return STEP_NEXT;
}

static step store_it(struct call *c)
{
    struct receive_signal *r = state_of(c);
    struct signal_receipt *receipt = &r->receipt;
    receipt->tenant = r->find.tenant;
    receipt->who = caller_nobody(c);
    receipt->transmitter = r->find.row.id;
    receipt->changes = r->changes;
    receipt->change_count = r->change_count;
    if (!write_note(c, r, &receipt->note, call_err(c)).ok ||
        !name_token(c, r, receipt->token_hash, call_err(c)).ok) {
        return STEP_FAILED;
    }
    wait_store_init(c, &receipt->op);
    signal_store_receive(receipt);
    return wait_store(c, stored, &receipt->op);
}

const struct flow receive_signal_flow = {
    .method = "/chancery.v1.SignalService/ReceiveSignal",
    .name = "receive_signal",
    .state = FLOW_STATE(struct receive_signal),
    .subflow = &accept_signal_subflow,
    .steps = {STEP("accept", accept_token), STEP("read", read_token), COMMIT("store", store_it),
              STEP("reply", reply_empty)},
};
