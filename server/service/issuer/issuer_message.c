/* SPDX-License-Identifier: Apache-2.0 */
#include "service/issuer/issuer_message.h"

#include <string.h>

#include "crypto/jws.h"
#include "service/common/etag.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"

enum {
    AUDIENCES_MAX = 16,
    AUDIENCE_MAX = 256,
    ALGORITHMS_MAX = 5,
    CLAIM_MAX = 128,
    ALIASES_MAX = 8,
    URL_MAX = 1024,
    INLINE_KEYS_MAX = 64 * 1024
};

/* --- reading ---------------------------------------------------------------------------------- */

static step read_audiences(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Issuer *from = message;
    struct issuer_row *row = out;
    if (step_failed(request_count(c, "issuer.audiences", from->n_audiences, 1, AUDIENCES_MAX))) {
        return STEP_FAILED;
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

static step read_algorithms(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Issuer *from = message;
    struct issuer_row *row = out;
    if (step_failed(request_count(c, "issuer.algorithms", from->n_algorithms, 1, ALGORITHMS_MAX))) {
        return STEP_FAILED;
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

static step read_keys(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Issuer *from = message;
    struct issuer_row *row = out;
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
    bool is_good = strlen(from->jwks_json) <= INLINE_KEYS_MAX &&
                   jwks_parse(slice_str(from->jwks_json), R_FIELD_INVALID, &keys, NULL).ok;
    jwks_free(keys);
    return is_good ? STEP_NEXT
                   : call_bad_field(c, "issuer.jwks_json",
                                    "It must be a JWK set (RFC 7517) with a usable public key.");
}

static step check_claim_names(struct call *c, const Chancery__V1__ClaimMapping *claims)
{
    const struct {
        const char *field, *name;
    } all[] = {
        {"issuer.claims.address", claims->address},   {"issuer.claims.groups", claims->groups},
        {"issuer.claims.tenant", claims->tenant},     {"issuer.claims.guest", claims->guest},
        {"issuer.claims.verified", claims->verified},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (step_failed(request_text(c, all[i].field, all[i].name, CLAIM_MAX))) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

static step read_claims(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Issuer *from = message;
    struct issuer_row *row = out;
    Chancery__V1__ClaimMapping none;
    const Chancery__V1__ClaimMapping *claims = from->claims == NULL ? &none : from->claims;
    chancery__v1__claim_mapping__init(&none);
    struct issuer *issuer = &row->issuer;
    issuer->claim_address = claims->address;
    issuer->claim_verified = claims->verified;
    issuer->claim_groups = claims->groups;
    issuer->claim_tenant = claims->tenant;
    issuer->claim_guest = claims->guest;
    issuer->claim_aliases = (const char *const *)claims->aliases;
    issuer->claim_alias_count = claims->n_aliases;
    if (step_failed(request_count(c, "issuer.claims.aliases", claims->n_aliases, 0, ALIASES_MAX))) {
        return STEP_FAILED;
    }
    for (size_t i = 0; i < claims->n_aliases; i++) {
        if (step_failed(request_text(c, "issuer.claims.aliases", claims->aliases[i], CLAIM_MAX))) {
            return STEP_FAILED;
        }
    }
    return check_claim_names(c, claims);
}

static step begin_domains(struct call *c, const void *message, void *out,
                          struct resource_list *list)
{
    const Chancery__V1__Issuer *from = message;
    struct issuer_row *row = out;
    if (from->n_domains > 0 && row->issuer.kind != ISSUER_CONSUMER) {
        return call_bad_field(c, "issuer.domains",
                              "Only consumer issuers have domains; a tenant's are its own.");
    }
    row->issuer.domain_count = from->n_domains;
    row->issuer.domains =
        resource_begin_texts(c, "issuer.domains", from->n_domains, DOMAINS_MAX, list);
    return row->issuer.domains == NULL ? STEP_FAILED : STEP_NEXT;
}

static step read_domain(struct call *c, const void *message, void *elements, size_t index)
{
    const Chancery__V1__Issuer *from = message;
    const char **domains = elements;
    return request_domain(c, "issuer.domains", index, from->domains[index], &domains[index]);
}

static step read_clock_skew(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Issuer *from = message;
    struct issuer_row *row = out;
    row->issuer.clock_skew_s = from->clock_skew_seconds;
    return from->clock_skew_seconds <= ISSUER_CLOCK_SKEW_MAX_S
               ? STEP_NEXT
               : call_bad_field(c, "issuer.clock_skew_seconds", "It may be at most 300.");
}

static step read_disabled(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Issuer *from = message;
    struct issuer_row *row = out;
    (void)c;
    row->disabled = from->disabled;
    return STEP_NEXT;
}

static const struct resource_field fields[] = {
    OUTPUT_ONLY("issuer_id"),
    IMMUTABLE("tenant"),
    IMMUTABLE("boundary"),
    IMMUTABLE("kind"),
    IMMUTABLE("issuer"),
    CHANGEABLE("audiences", read_audiences),
    CHANGEABLE("algorithms", read_algorithms),
    CHANGEABLE("keys", read_keys),
    CHANGEABLE("jwks_url", read_keys),
    CHANGEABLE("jwks_json", read_keys),
    CHANGEABLE("claims", read_claims),
    CHANGEABLE_LIST("domains", begin_domains, read_domain),
    CHANGEABLE("clock_skew_seconds", read_clock_skew),
    CHANGEABLE("disabled", read_disabled),
    OUTPUT_ONLY("etag"),
    OUTPUT_ONLY("proof"),
};

const struct resource issuer_resource = {
    .name = "issuer",
    .message = &chancery__v1__issuer__descriptor,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};

/* --- writing ---------------------------------------------------------------------------------- */

static Chancery__V1__ClaimMapping *write_claims(struct call *c, const struct issuer *issuer)
{
    Chancery__V1__ClaimMapping *claims = call_message(c, &chancery__v1__claim_mapping__descriptor);
    if (claims == NULL) {
        return NULL;
    }
    claims->address = reply_text(issuer->claim_address);
    claims->groups = reply_text(issuer->claim_groups);
    claims->tenant = reply_text(issuer->claim_tenant);
    claims->guest = reply_text(issuer->claim_guest);
    claims->verified = reply_text(issuer->claim_verified);
    claims->aliases = reply_texts(c, issuer->claim_aliases, issuer->claim_alias_count);
    claims->n_aliases = claims->aliases == NULL ? 0 : issuer->claim_alias_count;
    return claims;
}

Chancery__V1__Issuer *issuer_message_write(struct call *c, const struct issuer_row *row,
                                           const char *tenant)
{
    const struct issuer *issuer = &row->issuer;
    Chancery__V1__Issuer *m = call_message(c, &chancery__v1__issuer__descriptor);
    if (m == NULL) {
        return NULL;
    }
    m->issuer_id = reply_text(reply_uuid(c, issuer->id.u));
    m->tenant = reply_text(tenant);
    m->boundary = reply_text(issuer->boundary);
    m->kind = (Chancery__V1__IssuerKind)issuer->kind;
    m->issuer = reply_text(issuer->iss);
    m->audiences = reply_texts(c, issuer->audiences, issuer->audience_count);
    m->n_audiences = m->audiences == NULL ? 0 : issuer->audience_count;
    m->algorithms = reply_texts(c, issuer->algorithms, issuer->algorithm_count);
    m->n_algorithms = m->algorithms == NULL ? 0 : issuer->algorithm_count;
    m->domains = reply_texts(c, issuer->domains, issuer->domain_count);
    m->n_domains = m->domains == NULL ? 0 : issuer->domain_count;
    if (issuer->jwks_url[0] != '\0') {
        m->keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_URL;
        m->jwks_url = reply_text(issuer->jwks_url);
    } else {
        m->keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_JSON;
        m->jwks_json = reply_text(issuer->jwks_json);
    }
    m->claims = write_claims(c, issuer);
    m->clock_skew_seconds = (uint32_t)issuer->clock_skew_s;
    m->disabled = row->disabled;
    m->etag = reply_text(etag_write(c, row->mark));
    m->proof = (Chancery__V1__IssuerProof)row->proof;
    return m;
}
