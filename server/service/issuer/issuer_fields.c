/* SPDX-License-Identifier: Apache-2.0 */
#include "service/issuer/issuer_fields.h"

#include <string.h>

#include "context/wait.h"
#include "crypto/jws.h"
#include "domain/values/address.h"
#include "service/common/reply.h"

enum {
    AUDIENCES_MAX = 16,
    AUDIENCE_MAX = 256,
    ALGORITHMS_MAX = 5,
    CLAIM_MAX = 128,
    ALIASES_MAX = 8,
    DOMAINS_MAX = 1000,
    URL_MAX = 1024
};

/* --- the operation ------------------------------------------------------------------------------ */

struct issuer_op *issuers_begin(struct call *c, struct tenant_id scope)
{
    struct issuer_op *op = &issuers_of(c)->op;
    *op = (struct issuer_op){.scope = scope, .who = caller_of(c)->who};
    wait_store_init(c, &op->op);
    return op;
}

static step done(struct call *c)
{
    return wait_over(c, &issuers_of(c)->op.op.err);
}

step issuers_wait(struct call *c)
{
    return wait_store(c, done, &issuers_of(c)->op.op);
}

static step have_row(struct call *c)
{
    struct issuers *s = issuers_of(c);
    if (s->op.op.err.reason != R_NONE) {
        return wait_failed(c, &s->op.op.err);
    }
    if (s->op.issuer_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such issuer in this scope");
    }
    s->row = s->op.issuers[0];
    return STEP_NEXT;
}

static step read_in(struct call *c, struct tenant_id scope)
{
    struct issuers *s = issuers_of(c);
    issuer_store_list(issuers_begin(c, scope), s->id, (struct issuer_id){{{0}}}, 1);
    return wait_store(c, have_row, &s->op.op);
}

step issuers_read(struct call *c)
{
    return read_in(c, scope_of(c)->tenant_id);
}

step issuers_read_platforms(struct call *c)
{
    return read_in(c, TENANT_PLATFORM);
}

/* --- fields ------------------------------------------------------------------------------------- */

static step read_audiences(struct call *c, const Chancery__V1__Issuer *from, struct issuer_row *row)
{
    if (from->n_audiences < 1 || from->n_audiences > AUDIENCES_MAX) {
        return call_bad_field(c, "issuer.audiences", "There must be 1 to 16.");
    }
    for (size_t i = 0; i < from->n_audiences; i++) {
        if (from->audiences[i][0] == '\0' || strlen(from->audiences[i]) > AUDIENCE_MAX) {
            return call_bad_field(c, "issuer.audiences", "Each must have 1 to 256 bytes.");
        }
    }
    row->issuer.audiences = (const char *const *)from->audiences;
    row->issuer.audience_count = from->n_audiences;
    return STEP_NEXT;
}

static step read_algorithms(struct call *c, const Chancery__V1__Issuer *from,
                            struct issuer_row *row)
{
    if (from->n_algorithms < 1 || from->n_algorithms > ALGORITHMS_MAX) {
        return call_bad_field(c, "issuer.algorithms", "There must be 1 to 5.");
    }
    for (size_t i = 0; i < from->n_algorithms; i++) {
        if (jws_alg_parse(slice_str(from->algorithms[i])) == JWS_NONE) {
            return call_bad_field(c, "issuer.algorithms",
                                  "Only RS256, PS256, ES256, ES384 and EdDSA.");
        }
    }
    row->issuer.algorithms = (const char *const *)from->algorithms;
    row->issuer.algorithm_count = from->n_algorithms;
    return STEP_NEXT;
}

static step read_keys(struct call *c, const Chancery__V1__Issuer *from, struct issuer_row *row)
{
    struct jwks *keys = NULL;
    row->issuer.jwks_url = row->issuer.jwks_json = "";
    if (from->keys_case == CHANCERY__V1__ISSUER__KEYS_JWKS_URL) {
        row->issuer.jwks_url = from->jwks_url;
        return slice_starts_with(slice_str(from->jwks_url), "https://") &&
                       strlen(from->jwks_url) <= URL_MAX
                   ? STEP_NEXT
                   : call_bad_field(c, "issuer.jwks_url",
                                    "It must be an https:// address of at most 1,024 bytes.");
    }
    if (from->keys_case != CHANCERY__V1__ISSUER__KEYS_JWKS_JSON) {
        return call_bad_field(c, "issuer.keys", "One of jwks_url and jwks_json is required.");
    }
    row->issuer.jwks_json = from->jwks_json;
    bool is_good = jwks_parse(slice_str(from->jwks_json), R_FIELD_INVALID, &keys, NULL).ok;
    jwks_free(keys);
    return is_good ? STEP_NEXT
                   : call_bad_field(c, "issuer.jwks_json",
                                    "It must be a JWK set (RFC 7517) with a usable public key.");
}

static step read_claims(struct call *c, const Chancery__V1__Issuer *from, struct issuer_row *row)
{
    Chancery__V1__ClaimMapping none;
    const Chancery__V1__ClaimMapping *claims = from->claims == NULL ? &none : from->claims;
    chancery__v1__claim_mapping__init(&none);
    struct issuer *issuer = &row->issuer;
    issuer->claim_address = claims->address;
    issuer->claim_groups = claims->groups;
    issuer->claim_tenant = claims->tenant;
    issuer->claim_guest = claims->guest;
    issuer->claim_aliases = (const char *const *)claims->aliases;
    issuer->claim_alias_count = claims->n_aliases;
    if (claims->n_aliases > ALIASES_MAX) {
        return call_bad_field(c, "issuer.claims.aliases", "At most 8.");
    }
    for (size_t i = 0; i < claims->n_aliases; i++) {
        if (step_failed(request_text(c, "issuer.claims.aliases", claims->aliases[i], CLAIM_MAX))) {
            return STEP_FAILED;
        }
    }
    return step_failed(request_text(c, "issuer.claims.address", claims->address, CLAIM_MAX)) ||
                   step_failed(
                       request_text(c, "issuer.claims.groups", claims->groups, CLAIM_MAX)) ||
                   step_failed(request_text(c, "issuer.claims.tenant", claims->tenant, CLAIM_MAX))
               ? STEP_FAILED
               : request_text(c, "issuer.claims.guest", claims->guest, CLAIM_MAX);
}

static step read_domains(struct call *c, const Chancery__V1__Issuer *from, struct issuer_row *row)
{
    const char **list = ARENA_ARRAY(call_arena(c), const char *, from->n_domains + 1);
    if (list == NULL || from->n_domains > DOMAINS_MAX) {
        return call_bad_field(c, "issuer.domains", "At most 1,000.");
    }
    if (from->n_domains > 0 && row->issuer.kind != ISSUER_CONSUMER) {
        return call_bad_field(c, "issuer.domains",
                              "Only consumer issuers have domains; a tenant's are its own.");
    }
    for (size_t i = 0; i < from->n_domains; i++) {
        if (!domain_name_normalize(call_arena(c), slice_str(from->domains[i]), &list[i], NULL).ok) {
            return call_bad_field(c, "issuer.domains",
                                  "Each must be a domain such as outlook.com.");
        }
    }
    row->issuer.domains = list;
    row->issuer.domain_count = from->n_domains;
    return STEP_NEXT;
}

static step read_clock_skew(struct call *c, const Chancery__V1__Issuer *from,
                            struct issuer_row *row)
{
    row->issuer.clock_skew_s = from->clock_skew_seconds;
    return from->clock_skew_seconds <= ISSUER_CLOCK_SKEW_MAX_S
               ? STEP_NEXT
               : call_bad_field(c, "issuer.clock_skew_seconds", "It may be at most 300.");
}

static step read_disabled(struct call *c, const Chancery__V1__Issuer *from, struct issuer_row *row)
{
    (void)c;
    row->disabled = from->disabled;
    return STEP_NEXT;
}

static const struct {
    const char *path;
    unsigned part;
    step (*read)(struct call *c, const Chancery__V1__Issuer *from, struct issuer_row *row);
} parts[] = {
    {"audiences", ISSUER_AUDIENCES, read_audiences},
    {"algorithms", ISSUER_ALGORITHMS, read_algorithms},
    {"keys", ISSUER_KEYS, read_keys},
    {"claims", ISSUER_CLAIMS, read_claims},
    {"domains", ISSUER_DOMAINS, read_domains},
    {"clock_skew_seconds", ISSUER_CLOCK_SKEW, read_clock_skew},
    {"disabled", ISSUER_IS_DISABLED, read_disabled},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

unsigned issuer_part(const char *path)
{
    if (strcmp(path, "*") == 0) {
        return ISSUER_ALL;
    }
    /* A field of a oneof may be named by itself. */
    const char *name =
        strcmp(path, "jwks_url") == 0 || strcmp(path, "jwks_json") == 0 ? "keys" : path;
    for (size_t i = 0; i < PARTS; i++) {
        if (strcmp(parts[i].path, name) == 0) {
            return parts[i].part;
        }
    }
    return 0;
}

step issuer_read_fields(struct call *c, const Chancery__V1__Issuer *from, unsigned wanted,
                        struct issuer_row *row)
{
    for (size_t i = 0; i < PARTS; i++) {
        if ((parts[i].part & wanted) != 0 && step_failed(parts[i].read(c, from, row))) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}
