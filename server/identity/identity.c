/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a token in their order: form, issuer, algorithm, type, key, signature, times, audience,
 * binding, claims. */
#include "identity/identity.h"

#include <jansson.h>
#include <strings.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "crypto/json_foreign.h"
#include "domain/values/issuer_template.h"
#include "identity/claims.h"
#include "identity/issuer_keys.h"
#include "identity/secevent.h"
#include "identity/token_cache.h"
#include "obs/metrics.h"

enum {
    TOKENS_MAX = 65536,
    KEYS_TRIED_MAX = 4, /* of one kid: what a forged signature costs */
};

struct identity {
    struct loop *loop;
    struct issuer_keys *keys;
    struct token_cache *tokens;
};

static rc take_apart(struct arena *arena, struct slice text, struct token *out, struct err *err)
{
    struct slice iss;
    json_t *payload;
    TRY(jws_parse(arena, text, R_TOKEN_MALFORMED, &out->jws, err));
    TRY(json_parse_foreign(arena, out->jws.payload, TOKEN_BYTES_MAX, JSON_VALUES_MAX,
                           R_TOKEN_MALFORMED, &payload, err));
    TRY(json_need_text(payload, "iss", R_TOKEN_CLAIM_INVALID, &iss, err));
    ENSURE(iss.len > 0 && iss.len <= ISSUER_ISS_MAX, err, R_TOKEN_CLAIM_INVALID);
    out->payload = payload;
    out->iss = arena_dup(arena, iss);
    ARENA_ENSURE(out->iss, err);
    return OK;
}

rc token_peek(struct identity *identity, struct arena *arena, struct slice text, struct token *out,
              struct err *err)
{
    *out = (struct token){.text = text};
    ENSURE(text.len <= TOKEN_BYTES_MAX, err, R_TOKEN_TOO_LARGE);
    TRY(hash_sha256(text, out->hash, err));
    const struct token_entry *entry = token_cache_get(identity->tokens, out->hash);
    if (entry == NULL) {
        return take_apart(arena, text, out, err);
    }
    out->is_known = true;
    out->iss = arena_strdup(arena, entry->iss);
    ARENA_ENSURE(out->iss, err);
    return OK;
}

/* RFC 8725 §3.11: only what says that it is an ID token or an access token (RFC 9068), or nothing. */
static rc check_type(const struct token *token, struct err *err)
{
    static const char *const types[] = {"JWT", "at+jwt", "application/at+jwt", "application/jwt"};
    if (token->jws.typ.len == 0) {
        return OK;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (slice_eq_nocase(token->jws.typ, slice_str(types[i]))) {
            return OK;
        }
    }
    FAIL(err, R_TOKEN_TYPE, "typ is none of ours");
}

/* A component's token must be an access token and say so (RFC 9068 §4). */
static rc check_component_type(const struct token *token, struct err *err)
{
    struct slice typ = token->jws.typ;
    ENSURE(slice_eq_nocase(typ, slice_str("at+jwt")) ||
               slice_eq_nocase(typ, slice_str("application/at+jwt")),
           err, R_TOKEN_TYPE);
    return OK;
}

/* Our own tokens of one-time passcodes say so; nothing else that the tenant's key has signed is one. */
static rc check_passcode_type(const struct token *token, struct err *err)
{
    ENSURE(slice_eq_nocase(token->jws.typ, slice_str("passcode+jwt")), err, R_TOKEN_TYPE);
    return OK;
}

/* SSF 1.0 §4.1.1: so no identity token is taken for a signal, nor the other way around. */
static rc check_signal_type(const struct token *token, struct err *err)
{
    ENSURE(slice_eq_nocase(token->jws.typ, slice_str("secevent+jwt")) ||
               slice_eq_nocase(token->jws.typ, slice_str("application/secevent+jwt")),
           err, R_TOKEN_TYPE);
    return OK;
}

static rc check_type_for(enum issuer_kind kind, const struct token *token, struct err *err)
{
    switch (kind) {
    case ISSUER_COMPONENT:
        return check_component_type(token, err);
    case ISSUER_PASSCODE:
        return check_passcode_type(token, err);
    case ISSUER_SIGNALS:
        return check_signal_type(token, err);
    case ISSUER_TENANT:
    case ISSUER_MULTI_TENANT:
    case ISSUER_CONSUMER:
        break;
    }
    return check_type(token, err);
}

static rc check_algorithm(const struct token *token, const struct issuer *issuer, struct err *err)
{
    const char *name = jws_alg_name(token->jws.alg);
    for (size_t i = 0; i < issuer->algorithm_count; i++) {
        if (strcmp(issuer->algorithms[i], name) == 0) {
            return OK;
        }
    }
    FAIL(err, R_TOKEN_ALGORITHM, "%s is not among those of the issuer", name);
}

/* A key that says for which issuer it speaks does so for no other: Microsoft's sets hold keys of several issuers
 * and clouds. */
static bool speaks_for(const struct jwk_public *key, const char *iss)
{
    const char *issuer = jwk_issuer(key);
    return issuer[0] == '\0' || issuer_template_fits(issuer, iss);
}

/* Providers publish several keys under one kid: for several issuers, and at a change of keys. */
static rc check_signature(struct token_check *check, const struct jwks *keys, struct err *err)
{
    const struct token *token = &check->token;
    const struct jwk_public *key;
    size_t at = 0, tried = 0;
    while (tried < KEYS_TRIED_MAX &&
           (key = jwks_next(keys, token->jws.kid, token->jws.alg, &at)) != NULL) {
        struct err ignored = {0};
        if (!speaks_for(key, token->iss)) {
            continue;
        }
        check->stage = TOKEN_STAGE_SIGNATURE;
        tried++;
        if (jws_verify(&token->jws, key, R_TOKEN_SIGNATURE, &ignored).ok) {
            return OK;
        }
    }
    FAIL(err, tried > 0 ? R_TOKEN_SIGNATURE : R_TOKEN_KEY_UNKNOWN, "%zu keys tried", tried);
}

static rc check_signal_content(struct token_check *check, struct token_claims *claims,
                               struct err *err)
{
    check->stage = TOKEN_STAGE_TIME;
    TRY(secevent_check_time(&check->token, check->issuer, check->now, claims, err));
    check->stage = TOKEN_STAGE_AUDIENCE;
    return claims_check_audience(&check->token, check->issuer, err);
}

static rc check_content(struct token_check *check, struct token_claims *claims, struct err *err)
{
    claims->tenant = claims->subject = "";
    if (check->issuer->kind == ISSUER_SIGNALS) {
        return check_signal_content(check, claims, err);
    }
    check->stage = TOKEN_STAGE_TIME;
    TRY(claims_check_times(&check->token, check->issuer, check->now, claims, err));
    check->stage = TOKEN_STAGE_AUDIENCE;
    TRY(claims_check_audience(&check->token, check->issuer, err));
    check->stage = TOKEN_STAGE_BINDING;
    TRY(claims_check_binding(&check->token, claims, err));
    if (check->issuer->kind == ISSUER_COMPONENT) {
        check->stage = TOKEN_STAGE_ADDRESS;
        return claims_read_component(check->arena, &check->token, claims, err);
    }
    check->stage = TOKEN_STAGE_TENANT;
    TRY(claims_check_tenant(&check->token, check->issuer, err));
    check->stage = TOKEN_STAGE_ADDRESS;
    TRY(claims_read(check->arena, &check->token, check->issuer, claims, err));
    return check->issuer->kind == ISSUER_PASSCODE ? claims_read_passcode(&check->token, claims, err)
                                                  : OK;
}

static rc verify(struct token_check *check, const struct jwks *keys, struct err *err)
{
    struct token_claims *claims = ARENA_NEW(check->arena, struct token_claims);
    ARENA_ENSURE(claims, err);
    TRY(check_signature(check, keys, err));
    TRY(check_content(check, claims, err));
    check->claims = claims;
    return OK;
}

static void finish(struct token_check *check, rc result, const char *outcome)
{
    CH_ASSERT(result.ok || check->err.reason != R_NONE);
    metric_add(M_TOKENS, outcome, NULL, 1);
    check->done(check);
}

/* The wall clock may have been set forward or back since the token was verified. */
static bool is_in_time(const struct token_check *check, const struct token_claims *claims)
{
    int64_t skew_s = check->issuer->clock_skew_s;
    return check->now.s < claims->expires_at.s + skew_s &&
           claims->valid_from.s <= check->now.s + skew_s;
}

/* Whether the token was verified before under the same row and keys, and is in its time still. */
static bool from_cache(struct token_check *check)
{
    struct identity *identity = check->identity;
    const struct issuer *issuer = check->issuer;
    const struct token_entry *entry = token_cache_get(identity->tokens, check->token.hash);
    if (entry == NULL) {
        return false;
    }
    if (!ID_EQ(entry->issuer, issuer->id) || entry->epoch != issuer->epoch ||
        entry->generation != issuer_keys_generation(identity->keys, issuer) ||
        !is_in_time(check, entry->claims)) {
        token_cache_drop(identity->tokens, check->token.hash);
        return false;
    }
    check->claims = token_cache_hold(identity->tokens, check->token.hash, check->arena);
    check->is_remembered = check->claims != NULL;
    return check->is_remembered;
}

void token_check_remember(struct token_check *check, struct uuid owner)
{
    CH_ASSERT(check->claims != NULL);
    if (!check->is_remembered && !check->is_test) {
        token_cache_put(check->identity->tokens, check, owner);
        check->is_remembered = true;
    }
}

static rc prepare(struct token_check *check, struct err *err)
{
    struct token *token = &check->token;
    if (token->is_known) {
        TRY(take_apart(check->arena, token->text, token, err));
        token->is_known = false;
    }
    check->stage = TOKEN_STAGE_ISSUER;
    ENSURE(issuer_template_fits(check->issuer->iss, token->iss), err, R_TOKEN_ISSUER_UNKNOWN);
    check->stage = TOKEN_STAGE_ALGORITHM;
    TRY(check_algorithm(token, check->issuer, err));
    check->stage = TOKEN_STAGE_TYPE;
    TRY(check_type_for(check->issuer->kind, token, err));
    check->stage = TOKEN_STAGE_KEY;
    return OK;
}

/* The issuer may have put a new key under a name that we know: what we have is asked for once more before the
 * signature is called wrong. */
static bool asks_for_keys(struct token_check *check)
{
    enum reason reason = check->err.reason;
    bool is_about_key = reason == R_TOKEN_SIGNATURE || reason == R_TOKEN_KEY_UNKNOWN;
    if (!is_about_key || !issuer_keys_ask_again(check->identity->keys, check)) {
        return false;
    }
    err_clear(&check->err);
    return true;
}

static void go(struct loop_task *task)
{
    struct token_check *check = LIST_ENTRY(task, struct token_check, go);
    const struct jwks *keys;
    if (!check->is_test && from_cache(check)) {
        finish(check, OK, "cached");
        return;
    }
    rc prepared = prepare(check, &check->err);
    if (!prepared.ok) {
        finish(check, prepared, "refused");
        return;
    }
    switch (issuer_keys_find(check->identity->keys, check, &keys, &check->err)) {
    case KEY_WAIT:
        return;
    case KEY_FAILED:
        finish(check, (rc){false}, "refused");
        return;
    case KEY_FOUND:
        break;
    }
    rc verified = verify(check, keys, &check->err);
    if (verified.ok || !asks_for_keys(check)) {
        finish(check, verified, verified.ok ? "verified" : "refused");
    }
}

void token_check_start(struct identity *identity, struct token_check *check)
{
    check->identity = identity;
    check->has_waited = check->is_remembered = false;
    check->keys_problem = NULL;
    check->claims = NULL;
    err_clear(&check->err);
    list_init(&check->waiting);
    loop_task_init(&check->go, go);
    loop_defer(identity->loop, &check->go);
}

void token_check_cancel(struct token_check *check)
{
    list_remove(&check->waiting);
    loop_task_cancel(&check->go);
}

struct identity *identity_new(struct loop *loop, const struct identity_config *config)
{
    struct identity *identity = xcalloc(1, sizeof *identity);
    identity->loop = loop;
    identity->keys = issuer_keys_new(loop, config);
    identity->tokens = token_cache_new(config->tokens_max > 0 ? config->tokens_max : TOKENS_MAX);
    return identity;
}

void identity_free(struct identity *identity)
{
    if (identity == NULL) {
        return;
    }
    issuer_keys_free(identity->keys);
    token_cache_free(identity->tokens);
    xfree(identity);
}
