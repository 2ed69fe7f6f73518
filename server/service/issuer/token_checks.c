/* SPDX-License-Identifier: Apache-2.0 */
#include "service/issuer/token_checks.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "identity/claims.h"
#include "service/common/reply.h"

static const char *const names[TOKEN_STAGES] = {
    [TOKEN_STAGE_FORM] = "form",
    [TOKEN_STAGE_ISSUER] = "issuer",
    [TOKEN_STAGE_ALGORITHM] = "algorithm",
    [TOKEN_STAGE_TYPE] = "type",
    [TOKEN_STAGE_KEY] = "key",
    [TOKEN_STAGE_SIGNATURE] = "signature",
    [TOKEN_STAGE_TIME] = "time",
    [TOKEN_STAGE_AUDIENCE] = "audience",
    [TOKEN_STAGE_BINDING] = "binding",
    [TOKEN_STAGE_TENANT] = "tenant",
    [TOKEN_STAGE_ADDRESS] = "address",
    [TOKEN_STAGE_GROUPS] = "groups",
};

static const char *const kinds[] = {
    [ISSUER_TENANT] = "a tenant's",     [ISSUER_MULTI_TENANT] = "a multi-tenant",
    [ISSUER_CONSUMER] = "a consumer",   [ISSUER_PASSCODE] = "our passcode",
    [ISSUER_COMPONENT] = "a component", [ISSUER_SIGNALS] = "a transmitter",
};

/* "a, b, c"; "nothing" for none, NULL over budget. */
static const char *list(struct call *c, const char *const *texts, size_t count)
{
    struct buf buf;
    struct slice text;
    buf_init(&buf, call_arena(c));
    for (size_t i = 0; i < count; i++) {
        buf_printf(&buf, "%s%s", i == 0 ? "" : ", ", texts[i]);
    }
    return count == 0 ? "nothing" : buf_finish(&buf, &text, NULL).ok ? reply_slice(c, text) : NULL;
}

static const char *issuer_text(struct call *c, const struct issuer *issuer)
{
    return arena_printf(call_arena(c), "It is %s issuer of boundary %s, registered as %s.",
                        kinds[issuer->kind], issuer->boundary, issuer->iss);
}

static const char *key_text(struct call *c, const struct jws *jws)
{
    return jws->kid.len == 0 ? "The token names no key; only one of the issuer's fits."
                             : arena_printf(call_arena(c), "The issuer publishes the key %.*s.",
                                            SLICE_FMT(jws->kid));
}

static const char *binding_text(const struct token_claims *claims)
{
    switch (claims == NULL ? BINDING_NONE : claims->binding) {
    case BINDING_DPOP:
        return "It is bound to a key: each call needs a DPoP proof by it (RFC 9449).";
    case BINDING_MTLS:
        return "It is bound to a client certificate, with which it must come (RFC 8705).";
    case BINDING_NONE:
        break;
    }
    return "It is bound to nothing: whoever has it can use it.";
}

static const char *tenant_text(struct call *c, const struct identified *who)
{
    return who->home == NULL
               ? "Its issuer speaks for people of no tenant."
               : arena_printf(call_arena(c), "It speaks for the tenant %s%s.", who->home->view.name,
                              who->user.is_guest ? ", for a guest of it" : "");
}

/* How many of the token's addresses were not taken over; of these, how many because the token itself says that
 * they are not verified. */
static size_t count_left_out(const struct identified *who, size_t *denied)
{
    const struct token_claims *claims = who->check.claims;
    size_t count = 0;
    *denied = 0;
    for (size_t i = 0; i < claims->address_count; i++) {
        const struct claimed_address *address = &claims->addresses[i];
        bool is_left_out = !subject_user_has_address(&who->user, address->text);
        count += is_left_out ? 1 : 0;
        *denied += is_left_out && address->word == ADDRESS_DENIED ? 1 : 0;
    }
    return count;
}

static const char *address_text(struct call *c, const struct identified *who)
{
    size_t denied, left_out = count_left_out(who, &denied);
    return arena_printf(call_arena(c),
                        "These count, the directory's aliases included: %s. %zu of the token's own "
                        "do not: of %zu the token says that they are not verified; over the "
                        "others its issuer has no authority.",
                        list(c, who->user.addresses, who->user.address_count), left_out, denied);
}

/* "a, b (not verified)". */
static const char *claimed_addresses(struct call *c, const struct token_claims *claims)
{
    static const char *const words[] = {[ADDRESS_UNSAID] = "",
                                        [ADDRESS_VERIFIED] = " (verified)",
                                        [ADDRESS_DENIED] = " (not verified)"};
    const char *texts[TOKEN_ADDRESSES_MAX];
    for (size_t i = 0; i < claims->address_count; i++) {
        const struct claimed_address *address = &claims->addresses[i];
        texts[i] = arena_printf(call_arena(c), "%s%s", address->text, words[address->word]);
        if (texts[i] == NULL) {
            return NULL;
        }
    }
    return list(c, texts, claims->address_count);
}

static const char *groups_text(struct call *c, const struct identified *who)
{
    const struct token_claims *claims = who->check.claims;
    if (claims->groups_overage) {
        return "The token does not carry its groups, because they are too many; the directory's "
               "count.";
    }
    return arena_printf(call_arena(c),
                        "The token names %zu groups by address and %zu by id; %zu groups count, "
                        "the directory's included.",
                        claims->group_count, claims->group_id_count, who->user.group_count);
}

/* What was found by a check that held. */
static const char *found(struct call *c, const struct identified *who, enum token_stage stage)
{
    const struct jws *jws = &who->check.token.jws;
    switch (stage) {
    case TOKEN_STAGE_FORM:
        return arena_printf(call_arena(c), "It is a signed token (RFC 7515) of %zu bytes.",
                            who->check.token.text.len);
    case TOKEN_STAGE_ISSUER:
        return issuer_text(c, who->issuer);
    case TOKEN_STAGE_ALGORITHM:
        return arena_printf(call_arena(c), "The issuer may use %s.", jws_alg_name(jws->alg));
    case TOKEN_STAGE_TYPE:
        return jws->typ.len == 0
                   ? "It does not say what it is, which is allowed."
                   : arena_printf(call_arena(c), "It says that it is %.*s.", SLICE_FMT(jws->typ));
    case TOKEN_STAGE_KEY:
        return key_text(c, jws);
    case TOKEN_STAGE_SIGNATURE:
        return "The issuer's key signed it.";
    case TOKEN_STAGE_TIME:
        return "It is within its times.";
    case TOKEN_STAGE_AUDIENCE:
        return "It is meant for us: one of the issuer's audiences.";
    case TOKEN_STAGE_BINDING:
        return binding_text(who->check.claims);
    case TOKEN_STAGE_TENANT:
        return tenant_text(c, who);
    case TOKEN_STAGE_ADDRESS:
        return address_text(c, who);
    case TOKEN_STAGE_GROUPS:
        return groups_text(c, who);
    case TOKEN_STAGES:
        break;
    }
    return "";
}

/* The same for an issuer that is to look unknown. */
static const char UNKNOWN_ISS[] =
    " Its claim iss must be a registered address to the letter, a slash at its end included.";

static const char *expected_key(struct call *c, const struct identified *who)
{
    const struct jws *jws = &who->check.token.jws;
    if (who->check.keys_problem != NULL) {
        return arena_printf(call_arena(c), " %s.", who->check.keys_problem);
    }
    return jws->kid.len == 0
               ? " The token names no key (kid)."
               : arena_printf(
                     call_arena(c), " The token's key (kid) is %.*s; the issuer publishes at %s.",
                     SLICE_FMT(jws->kid),
                     who->issuer->jwks_json[0] != '\0' ? "jwks_json" : who->issuer->jwks_url);
}

static const char *expected_tenant(struct call *c, const struct identified *who)
{
    if (who->check.claims == NULL) {
        return " Its iss and its tenant claim name different tenants.";
    }
    return who->home == NULL
               ? " The value of its tenant claim is mapped to no tenant."
               : arena_printf(call_arena(c), " It speaks for %s.", who->home->view.name);
}

/* What the issuer's settings say about a check that failed, behind the reason's own sentence. */
static const char *expected(struct call *c, const struct identified *who, enum token_stage stage)
{
    const struct issuer *issuer = who->issuer;
    const struct token_claims *claims = who->check.claims;
    if (issuer == NULL) {
        return stage == TOKEN_STAGE_ISSUER ? UNKNOWN_ISS : "";
    }
    if (stage == TOKEN_STAGE_KEY) {
        return expected_key(c, who);
    }
    if (stage == TOKEN_STAGE_ALGORITHM) {
        return arena_printf(call_arena(c), " It is %s; the issuer may use %s.",
                            jws_alg_name(who->check.token.jws.alg),
                            list(c, issuer->algorithms, issuer->algorithm_count));
    }
    if (stage == TOKEN_STAGE_AUDIENCE) {
        return arena_printf(call_arena(c), " The issuer's audiences are %s.",
                            list(c, issuer->audiences, issuer->audience_count));
    }
    if (stage == TOKEN_STAGE_TENANT) {
        return expected_tenant(c, who);
    }
    if (stage == TOKEN_STAGE_ADDRESS && claims != NULL && issuer->kind == ISSUER_COMPONENT) {
        return arena_printf(call_arena(c), " It is sound, and names the component with subject %s.",
                            claims->subject);
    }
    return stage != TOKEN_STAGE_ADDRESS || claims == NULL
               ? ""
               : arena_printf(call_arena(c), " Its addresses are %s.",
                              claimed_addresses(c, claims));
}

/* And what the token says there. */
static const char *expected_and_said(struct call *c, const struct identified *who,
                                     enum token_stage stage)
{
    const struct token_check *check = &who->check;
    const char *more = expected(c, who, stage);
    const char *said = who->issuer == NULL ? ""
                                           : claims_said(call_arena(c), &check->token, who->issuer,
                                                         stage, check->now);
    return more == NULL || said == NULL ? NULL : arena_printf(call_arena(c), "%s%s", more, said);
}

static step add(struct call *c, Chancery__V1__TestTokenResponse *out, enum token_stage stage,
                bool passed, const char *explanation)
{
    /* Names of keys and types are as the token's writer liked them. */
    const char *shown =
        explanation == NULL ? NULL : utf8_escaped(call_arena(c), explanation, UTF8_LINE);
    Chancery__V1__TokenCheck *check = call_message(c, &chancery__v1__token_check__descriptor);
    if (check == NULL || shown == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "explanation");
    }
    check->name = reply_text(names[stage]);
    check->passed = passed;
    check->explanation = reply_text(shown);
    out->checks[out->n_checks++] = check;
    return STEP_NEXT;
}

static step add_failed(struct call *c, Chancery__V1__TestTokenResponse *out, enum token_stage stage,
                       enum reason reason, const char *more)
{
    const struct reason_info *info = reason_info(reason);
    out->reason = reply_text(info->public_name);
    return add(c, out, stage, false,
               more == NULL
                   ? NULL
                   : arena_printf(call_arena(c), "%s%s %s", info->text, more, info->advice));
}

static step begin(struct call *c, Chancery__V1__TestTokenResponse *out)
{
    out->boundary = reply_text("");
    out->checks = ARENA_ARRAY(call_arena(c), Chancery__V1__TokenCheck *, TOKEN_STAGES);
    return out->checks == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "checks") : STEP_NEXT;
}

step token_checks_write_unknown(struct call *c, const struct identified *who,
                                Chancery__V1__TestTokenResponse *out)
{
    return step_failed(begin(c, out)) ||
                   step_failed(add(c, out, TOKEN_STAGE_FORM, true, found(c, who, TOKEN_STAGE_FORM)))
               ? STEP_FAILED
               : add_failed(c, out, TOKEN_STAGE_ISSUER, R_TOKEN_ISSUER_UNKNOWN, UNKNOWN_ISS);
}

/* Whether a check was made before `last` stopped the rest. */
static bool was_made(const struct identified *who, enum token_stage stage)
{
    bool is_asked = stage != TOKEN_STAGE_TENANT || who->check.claims != NULL;
    return is_asked && (stage == TOKEN_STAGE_FORM || who->issuer != NULL);
}

/* The algorithm is read with the form already: one that nobody may use fails there. */
static enum token_stage failing(const struct identified *who, const struct err *problem)
{
    return problem->reason == R_TOKEN_ALGORITHM ? TOKEN_STAGE_ALGORITHM : who->check.stage;
}

static step write_user(struct call *c, const struct subject_user *user,
                       Chancery__V1__TestTokenResponse *out)
{
    out->addresses = reply_texts(c, user->addresses, user->address_count);
    out->n_addresses = out->addresses == NULL ? 0 : user->address_count;
    out->groups = reply_texts(c, user->groups, user->group_count);
    out->n_groups = out->groups == NULL ? 0 : user->group_count;
    out->tenant = reply_text(user->tenant_name);
    out->boundary = reply_text(user->boundary);
    out->guest = user->is_guest;
    return STEP_NEXT;
}

step token_checks_write(struct call *c, const struct identified *who, const struct err *problem,
                        Chancery__V1__TestTokenResponse *out)
{
    bool is_good = problem->reason == R_NONE;
    enum token_stage end = is_good ? TOKEN_STAGES : failing(who, problem);
    if (step_failed(begin(c, out))) {
        return STEP_FAILED;
    }
    for (enum token_stage stage = TOKEN_STAGE_FORM; stage < end; stage++) {
        if (was_made(who, stage) && step_failed(add(c, out, stage, true, found(c, who, stage)))) {
            return STEP_FAILED;
        }
    }
    return is_good ? write_user(c, &who->user, out)
                   : add_failed(c, out, end, problem->reason, expected_and_said(c, who, end));
}
