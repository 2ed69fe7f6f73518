/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses that a token names, and what it says of whether they are verified. What vouches for one claim says
 * nothing of another: people type their user name themselves. docs/policy.md §8.2. */
#include <jansson.h>

#include "domain/values/address.h"
#include "identity/claims.h"

/* OpenID Connect Core §5.1: email_verified is about email. */
static const char EMAIL[] = "email", EMAIL_VERIFIED[] = "email_verified";

/* One reading; the first failure is in `err`. */
struct reading {
    struct arena *arena;
    const json_t *payload;
    struct token_claims *out;
    struct err *err;
};

/* --- what is said of a claim ---------------------------------------------------------------------- */

/* Several providers write a boolean as a number or a text; of Entra's xms_edov both are known. */
static bool is_plainly_true(const json_t *value)
{
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    return json_is_true(value) || (json_is_integer(value) && json_integer_value(value) == 1) ||
           slice_eq_str(text, "1") || slice_eq_nocase(text, slice_str("true"));
}

/* What email_verified says. It proves by a boolean only, as it is defined; what is neither that nor a plain yes is a no. */
static enum address_word word_of_email(const struct reading *r)
{
    const json_t *value = json_object_get(r->payload, EMAIL_VERIFIED);
    if (value == NULL) {
        return ADDRESS_UNSAID;
    }
    if (json_is_true(value)) {
        return ADDRESS_VERIFIED;
    }
    return is_plainly_true(value) ? ADDRESS_UNSAID : ADDRESS_DENIED;
}

/* What the claim says that the registration names with the address. */
static enum address_word word_of_named(const struct reading *r, const char *name)
{
    const json_t *value = json_object_get(r->payload, name);
    if (value == NULL) {
        return ADDRESS_UNSAID;
    }
    return is_plainly_true(value) ? ADDRESS_VERIFIED : ADDRESS_DENIED;
}

static enum address_word word_of_claim(const struct reading *r, const char *claim,
                                       const char *named)
{
    if (named[0] != '\0') {
        return word_of_named(r, named);
    }
    return strcmp(claim, EMAIL) == 0 ? word_of_email(r) : ADDRESS_UNSAID;
}

/* --- addresses ------------------------------------------------------------------------------------ */

/* NULL for what is no address, which proves nothing. */
static rc normalize(const struct reading *r, const json_t *value, const char **out)
{
    struct err ignored = {0};
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    *out = NULL;
    ENSURE(address_normalize(r->arena, text, out, &ignored).ok || ignored.reason == R_FIELD_INVALID,
           r->err, R_ARENA_EXHAUSTED);
    return OK;
}

static struct claimed_address *find(const struct reading *r, const char *address)
{
    for (size_t i = 0; i < r->out->address_count; i++) {
        if (strcmp(r->out->addresses[i].text, address) == 0) {
            return &r->out->addresses[i];
        }
    }
    return NULL;
}

/* An address that is there already keeps what was said of it. What is no text is none. No address is left
 * out: a person is excluded and shut out by any of theirs, and some providers let people fill such a claim
 * themselves. */
static rc add_address(const struct reading *r, const json_t *value, struct claimed_address like)
{
    TRY(normalize(r, value, &like.text));
    if (like.text == NULL || find(r, like.text) != NULL) {
        return OK;
    }
    if (r->out->address_count == TOKEN_ADDRESSES_MAX) {
        FAIL(r->err, R_TOKEN_CLAIM_INVALID, "more than %d addresses", TOKEN_ADDRESSES_MAX);
    }
    r->out->addresses[r->out->address_count++] = like;
    return OK;
}

/* A claim that is one address or a list of them; what is neither is left out. */
static rc add_alias(const struct reading *r, const char *claim)
{
    const json_t *value = json_object_get(r->payload, claim);
    struct claimed_address like = {.word = word_of_claim(r, claim, "")};
    if (value == NULL) {
        return OK;
    }
    if (!json_is_array(value)) {
        return add_address(r, value, like);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        TRY(add_address(r, json_array_get(value, i), like));
    }
    return OK;
}

/* Before the aliases, so that it is the first one. It says who somebody is, so it must be one text if it is there. */
static rc add_primary(const struct reading *r, const struct issuer *issuer)
{
    const char *claim = issuer->claim_address[0] != '\0' ? issuer->claim_address : EMAIL;
    const json_t *value = json_object_get(r->payload, claim);
    struct claimed_address like = {.word = word_of_claim(r, claim, issuer->claim_verified),
                                   .is_primary = true};
    if (value == NULL) {
        return OK;
    }
    if (!json_is_string(value)) {
        FAIL(r->err, R_TOKEN_CLAIM_INVALID, "claim %.32s is no text", claim);
    }
    return add_address(r, value, like);
}

/* An address that the token calls unverified under `email` is so under every name, whether `email` is mapped or not, and
 * whatever else vouches for it. */
static rc deny_email(const struct reading *r)
{
    const json_t *email = json_object_get(r->payload, EMAIL);
    size_t count = json_is_array(email) ? json_array_size(email) : 1;
    for (size_t i = 0; word_of_email(r) == ADDRESS_DENIED && i < count; i++) {
        const char *address;
        TRY(normalize(r, json_is_array(email) ? json_array_get(email, i) : email, &address));
        struct claimed_address *known = address == NULL ? NULL : find(r, address);
        if (known != NULL) {
            known->word = ADDRESS_DENIED;
        }
    }
    return OK;
}

rc claims_read_addresses(struct arena *arena, const struct token *token,
                         const struct issuer *issuer, struct token_claims *out, struct err *err)
{
    struct reading r = {.arena = arena, .payload = token->payload, .out = out, .err = err};
    TRY(add_primary(&r, issuer));
    for (size_t i = 0; i < issuer->claim_alias_count; i++) {
        TRY(add_alias(&r, issuer->claim_aliases[i]));
    }
    return deny_email(&r);
}
