/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/claims.h"

#include <jansson.h>

#include "base/encode.h"
#include "crypto/json.h"
#include "domain/values/address.h"
#include "domain/values/issuer_template.h"

/* 9999-12-31T23:59:59Z: what is later is no time. */
static const int64_t TIME_MAX_S = 253402300799;

static const json_t *member(const struct token *token, const char *name)
{
    const json_t *payload = token->payload;
    return json_object_get(payload, name);
}

/* A NumericDate in whole seconds; absent: `fallback`. */
static rc read_time(const struct token *token, const char *name, int64_t fallback, int64_t *out,
                    struct err *err)
{
    const json_t *value = member(token, name);
    *out = fallback;
    if (value == NULL) {
        return OK;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > TIME_MAX_S) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "%s is no whole number of seconds", name);
    }
    *out = json_integer_value(value);
    return OK;
}

rc claims_check_times(const struct token *token, const struct issuer *issuer, struct unix_time now,
                      struct token_claims *claims, struct err *err)
{
    int64_t exp, nbf, iat;
    TRY(read_time(token, "exp", -1, &exp, err));
    TRY(read_time(token, "nbf", 0, &nbf, err));
    TRY(read_time(token, "iat", 0, &iat, err));
    ENSURE(exp >= 0, err, R_TOKEN_CLAIM_INVALID);
    ENSURE(now.s < exp + issuer->clock_skew_s, err, R_TOKEN_EXPIRED);
    ENSURE(nbf <= now.s + issuer->clock_skew_s, err, R_TOKEN_NOT_YET_VALID);
    ENSURE(iat <= now.s + issuer->clock_skew_s, err, R_TOKEN_NOT_YET_VALID);
    claims->valid_from.s = nbf > iat ? nbf : iat;
    claims->expires_at.s = exp;
    return OK;
}

static bool is_audience(const json_t *value, const struct issuer *issuer)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < issuer->audience_count; i++) {
        if (strcmp(text, issuer->audiences[i]) == 0) {
            return true;
        }
    }
    return false;
}

rc claims_check_audience(const struct token *token, const struct issuer *issuer, struct err *err)
{
    const json_t *aud = member(token, "aud");
    if (is_audience(aud, issuer)) {
        return OK;
    }
    for (size_t i = 0; i < json_array_size(aud); i++) {
        if (is_audience(json_array_get(aud, i), issuer)) {
            return OK;
        }
    }
    FAIL(err, R_TOKEN_AUDIENCE, "none of the issuer's %zu audiences", issuer->audience_count);
}

rc claims_check_binding(const struct token *token, struct token_claims *out, struct err *err)
{
    static const struct {
        const char *name;
        enum token_binding binding;
    } methods[] = {{"jkt", BINDING_DPOP}, {"x5t#S256", BINDING_MTLS}};
    const json_t *cnf = member(token, "cnf");
    struct slice text;
    size_t len;
    out->binding = BINDING_NONE;
    if (cnf == NULL) {
        return OK;
    }
    ENSURE(json_is_object(cnf) && json_object_size(cnf) == 1, err, R_TOKEN_TYPE);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        TRY(json_get_text(cnf, methods[i].name, R_TOKEN_TYPE, &text, err));
        if (text.len > 0 &&
            base64url_decode_to(text, out->bound_to, sizeof out->bound_to, &len, NULL).ok &&
            len == sizeof out->bound_to) {
            out->binding = methods[i].binding;
            return OK;
        }
    }
    FAIL(err, R_TOKEN_TYPE, "cnf holds no thumbprint that we can check");
}

rc claims_read_component(struct arena *arena, const struct token *token, struct token_claims *out,
                         struct err *err)
{
    struct slice sub, client, jti;
    int64_t iat;
    TRY(read_time(token, "iat", -1, &iat, err));
    ENSURE(iat >= 0, err, R_TOKEN_CLAIM_INVALID);
    TRY(json_need_text(token->payload, "jti", R_TOKEN_CLAIM_INVALID, &jti, err));
    TRY(json_need_text(token->payload, "client_id", R_TOKEN_CLAIM_INVALID, &client, err));
    TRY(json_need_text(token->payload, "sub", R_TOKEN_CLAIM_INVALID, &sub, err));
    ENSURE(sub.len > 0 && sub.len <= TOKEN_SUBJECT_MAX, err, R_TOKEN_CLAIM_INVALID);
    out->subject = arena_dup(arena, sub);
    ARENA_ENSURE(out->subject, err);
    return OK;
}

/* Add one address; what is none proves nothing and is left out. */
static rc add_address(struct arena *arena, const json_t *value, const char *name, const char **list,
                      size_t *count, size_t max, struct err *err)
{
    struct err ignored = {0};
    const char *address;
    if (!json_is_string(value)) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "claim %.32s is no text", name);
    }
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    if (!address_normalize(arena, text, &address, &ignored).ok) {
        ENSURE(ignored.reason == R_FIELD_INVALID, err, R_ARENA_EXHAUSTED);
        return OK;
    }
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(list[i], address) == 0) {
            return OK;
        }
    }
    if (*count < max) {
        list[(*count)++] = address;
    }
    return OK;
}

/* A claim that is one address or a list of them. */
static rc add_addresses(struct arena *arena, const struct token *token, const char *name,
                        const char **list, size_t *count, size_t max, struct err *err)
{
    const json_t *value = member(token, name);
    if (value == NULL) {
        return OK;
    }
    if (!json_is_array(value)) {
        return add_address(arena, value, name, list, count, max, err);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        TRY(add_address(arena, json_array_get(value, i), name, list, count, max, err));
    }
    return OK;
}

const char *claims_tenant(const struct token *token, const struct issuer *issuer)
{
    const char *name = issuer->claim_tenant[0] != '\0' ? issuer->claim_tenant : "tid";
    const char *value = token->payload == NULL ? NULL : json_string_value(member(token, name));
    return value == NULL ? "" : value;
}

rc claims_check_tenant(const struct token *token, const struct issuer *issuer, struct err *err)
{
    if (issuer_template_has_braces(issuer->iss)) {
        struct slice named = issuer_template_value(issuer->iss, token->iss);
        ENSURE(slice_eq_str(named, claims_tenant(token, issuer)), err, R_TOKEN_CLAIM_INVALID);
    }
    return OK;
}

/* Entra's `acct` is the number 1 for guests; others say true. */
static bool marks_guest(const json_t *value)
{
    const char *text = json_string_value(value);
    return json_is_true(value) || (json_is_integer(value) && json_integer_value(value) == 1) ||
           (text != NULL && strcmp(text, "1") == 0);
}

rc claims_read(struct arena *arena, const struct token *token, const struct issuer *issuer,
               struct token_claims *out, struct err *err)
{
    const char *address = issuer->claim_address[0] != '\0' ? issuer->claim_address : "email";
    const json_t *primary = member(token, address);
    if (primary != NULL && !json_is_string(primary)) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "the address claim is no text");
    }
    TRY(add_addresses(arena, token, address, out->addresses, &out->address_count,
                      TOKEN_ADDRESSES_MAX, err));
    for (size_t i = 0; i < issuer->claim_alias_count; i++) {
        TRY(add_addresses(arena, token, issuer->claim_aliases[i], out->addresses,
                          &out->address_count, TOKEN_ADDRESSES_MAX, err));
    }
    out->tenant = arena_strdup(arena, claims_tenant(token, issuer));
    ARENA_ENSURE(out->tenant, err);
    out->is_guest =
        issuer->claim_guest[0] != '\0' && marks_guest(member(token, issuer->claim_guest));
    out->is_email_verified = json_is_true(member(token, "email_verified"));
    return claims_read_groups(arena, token, issuer, out, err);
}
