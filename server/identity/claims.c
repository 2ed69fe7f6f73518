/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/claims.h"

#include <jansson.h>

#include "base/encode.h"
#include "crypto/json.h"
#include "domain/values/issuer_template.h"

static const json_t *member(const struct token *token, const char *name)
{
    const json_t *payload = token->payload;
    return json_object_get(payload, name);
}

/* `exp`, and of a component's token `iat`, must be there: whole seconds (RFC 7519 §2). */
static rc need_time(const struct token *token, const char *name, int64_t *out, struct err *err)
{
    const json_t *value = member(token, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > TOKEN_TIME_MAX_S) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "%s is no whole number of seconds", name);
    }
    *out = json_integer_value(value);
    return OK;
}

/* Since when something holds, at the end of a second that has begun: 0 when nothing is said, which null doesn't
 * either, and for times before 1970 (.NET's DateTime.MinValue). False for what is no time. */
static bool read_start(const struct token *token, const char *name, int64_t *out)
{
    const json_t *value = member(token, name);
    double seconds = json_number_value(value); /* 0 for what is no number */
    bool is_late = seconds > (double)TOKEN_TIME_MAX_S;
    int64_t whole = seconds <= 0 || is_late ? 0 : (int64_t)seconds;
    *out = is_late ? TOKEN_TIME_MAX_S : whole + ((double)whole < seconds && seconds > 0);
    return value == NULL || json_is_null(value) || json_is_number(value);
}

/* A `nbf` that can't be read may say "not yet". `iat` is no limit of validity (RFC 7519 §4.1.6): one that can't be
 * read is none. */
rc claims_check_times(const struct token *token, const struct issuer *issuer, struct unix_time now,
                      struct token_claims *claims, struct err *err)
{
    int64_t exp, nbf, iat;
    TRY(need_time(token, "exp", &exp, err));
    if (!read_start(token, "nbf", &nbf)) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "nbf is no time");
    }
    (void)read_start(token, "iat", &iat);
    ENSURE(now.s < exp + issuer->clock_skew_s, err, R_TOKEN_EXPIRED);
    ENSURE(nbf <= now.s + issuer->clock_skew_s, err, R_TOKEN_NOT_YET_VALID);
    ENSURE(iat <= now.s + issuer->clock_skew_s, err, R_TOKEN_NOT_YET_VALID);
    claims->valid_from.s = nbf > iat ? nbf : iat;
    claims->issued_at.s = iat;
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
    TRY(need_time(token, "iat", &iat, err));
    TRY(json_need_text(token->payload, "jti", R_TOKEN_CLAIM_INVALID, &jti, err));
    TRY(json_need_text(token->payload, "client_id", R_TOKEN_CLAIM_INVALID, &client, err));
    TRY(json_need_text(token->payload, "sub", R_TOKEN_CLAIM_INVALID, &sub, err));
    ENSURE(sub.len > 0 && sub.len <= TOKEN_SUBJECT_MAX, err, R_TOKEN_CLAIM_INVALID);
    out->subject = arena_dup(arena, sub);
    ARENA_ENSURE(out->subject, err);
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

/* Entra's `acct` is 0 for members and 1 for guests, userType of Microsoft Graph is Member or Guest. What is no plain
 * no makes a guest, null included: a member by mistake would get what guests must not have. */
static bool marks_guest(const json_t *value)
{
    static const char *const members[] = {"0", "false", "member"};
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    bool is_zero = json_is_integer(value) && json_integer_value(value) == 0;
    if (value == NULL || json_is_false(value) || is_zero) {
        return false;
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (slice_eq_nocase(text, slice_str(members[i]))) {
            return false;
        }
    }
    return true;
}

/* By which signals may name whoever holds it; nobody else needs it, so one that is none is no fault. */
static rc read_subject(struct arena *arena, const struct token *token, struct token_claims *out,
                       struct err *err)
{
    const json_t *sub = member(token, "sub");
    struct slice text = slice_of(json_string_value(sub), json_string_length(sub));
    if (text.len == 0 || text.len > TOKEN_SUBJECT_MAX) {
        return OK;
    }
    out->subject = arena_dup(arena, text);
    ARENA_ENSURE(out->subject, err);
    return OK;
}

rc claims_read(struct arena *arena, const struct token *token, const struct issuer *issuer,
               struct token_claims *out, struct err *err)
{
    TRY(claims_read_addresses(arena, token, issuer, out, err));
    out->tenant = arena_strdup(arena, claims_tenant(token, issuer));
    ARENA_ENSURE(out->tenant, err);
    TRY(read_subject(arena, token, out, err));
    out->is_guest =
        issuer->claim_guest[0] != '\0' && marks_guest(member(token, issuer->claim_guest));
    return claims_read_groups(arena, token, issuer, out, err);
}

static rc need_uuid(const struct token *token, const char *name, struct uuid *out, struct err *err)
{
    struct slice text;
    TRY(json_need_text(token->payload, name, R_TOKEN_CLAIM_INVALID, &text, err));
    ENSURE(uuid_parse(text, out, NULL).ok && !uuid_is_zero(*out), err, R_TOKEN_CLAIM_INVALID);
    return OK;
}

rc claims_read_passcode(const struct token *token, struct token_claims *out, struct err *err)
{
    TRY(need_uuid(token, "cid", &out->content.u, err));
    return need_uuid(token, "azp", &out->portal.u, err);
}
