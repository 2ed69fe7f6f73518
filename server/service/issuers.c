/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService: CreateIssuer. */
#include <string.h>

#include "chancery/v1/issuer.pb-c.h"
#include "crypto/jws.h"
#include "domain/address.h"
#include "service/admin.h"
#include "service/flows.h"
#include "service/reply.h"

enum {
    ISS_MAX = 512,
    AUDIENCES_MAX = 16,
    AUDIENCE_MAX = 256,
    CLAIM_MAX = 128,
    ALIASES_MAX = 8,
    DOMAINS_MAX = 1000,
    URL_MAX = 1024
};

struct issuers {
    struct admin admin; /* first */
    struct issuer issuer;
};

static struct issuer *issuer_of(struct call *c)
{
    return &((struct issuers *)call_state(c))->issuer;
}

static step parse_lists(struct call *c, const Chancery__V1__Issuer *from)
{
    struct issuer *issuer = issuer_of(c);
    if (from->n_audiences < 1 || from->n_audiences > AUDIENCES_MAX) {
        return call_bad_field(c, "issuer.audiences", "There must be 1 to 16.");
    }
    for (size_t i = 0; i < from->n_audiences; i++) {
        if (from->audiences[i][0] == '\0' || strlen(from->audiences[i]) > AUDIENCE_MAX) {
            return call_bad_field(c, "issuer.audiences", "Each must have 1 to 256 bytes.");
        }
    }
    for (size_t i = 0; i < from->n_algorithms; i++) {
        if (jws_alg_parse(slice_str(from->algorithms[i])) == JWS_NONE) {
            return call_bad_field(c, "issuer.algorithms",
                                  "Only RS256, PS256, ES256, ES384 and EdDSA.");
        }
    }
    if (from->n_algorithms == 0) {
        return call_bad_field(c, "issuer.algorithms", "At least one is required.");
    }
    issuer->audiences = (const char *const *)from->audiences;
    issuer->audience_count = from->n_audiences;
    issuer->algorithms = (const char *const *)from->algorithms;
    issuer->algorithm_count = from->n_algorithms;
    return STEP_NEXT;
}

static step parse_keys(struct call *c, const Chancery__V1__Issuer *from)
{
    struct issuer *issuer = issuer_of(c);
    struct jwks *keys = NULL;
    issuer->jwks_url = issuer->jwks_json = "";
    if (from->keys_case == CHANCERY__V1__ISSUER__KEYS_JWKS_URL) {
        issuer->jwks_url = from->jwks_url;
        return slice_starts_with(slice_str(from->jwks_url), "https://") &&
                       strlen(from->jwks_url) <= URL_MAX
                   ? STEP_NEXT
                   : call_bad_field(c, "issuer.jwks_url",
                                    "It must be an https:// address of at most 1,024 bytes.");
    }
    if (from->keys_case != CHANCERY__V1__ISSUER__KEYS_JWKS_JSON) {
        return call_bad_field(c, "issuer.keys", "One of jwks_url and jwks_json is required.");
    }
    issuer->jwks_json = from->jwks_json;
    if (!jwks_parse(slice_str(from->jwks_json), R_FIELD_INVALID, &keys, NULL).ok ||
        keys->count == 0) {
        jwks_free(keys);
        return call_bad_field(c, "issuer.jwks_json",
                              "It must be a JWK set (RFC 7517) with a usable public key.");
    }
    jwks_free(keys);
    return STEP_NEXT;
}

static step parse_claims(struct call *c, const Chancery__V1__ClaimMapping *claims)
{
    struct issuer *issuer = issuer_of(c);
    issuer->claim_address = issuer->claim_groups = issuer->claim_tenant = "";
    if (claims == NULL) {
        return STEP_NEXT;
    }
    issuer->claim_address = claims->address;
    issuer->claim_groups = claims->groups;
    issuer->claim_tenant = claims->tenant;
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
                   step_failed(request_text(c, "issuer.claims.groups", claims->groups, CLAIM_MAX))
               ? STEP_FAILED
               : request_text(c, "issuer.claims.tenant", claims->tenant, CLAIM_MAX);
}

static step parse_domains(struct call *c, const Chancery__V1__Issuer *from)
{
    const char **list = ARENA_ARRAY(call_arena(c), const char *, from->n_domains + 1);
    if (list == NULL || from->n_domains > DOMAINS_MAX) {
        return call_bad_field(c, "issuer.domains", "At most 1,000.");
    }
    for (size_t i = 0; i < from->n_domains; i++) {
        if (!domain_normalize(call_arena(c), slice_str(from->domains[i]), &list[i], NULL).ok) {
            return call_bad_field(c, "issuer.domains",
                                  "Each must be a domain such as outlook.com.");
        }
    }
    issuer_of(c)->domains = list;
    issuer_of(c)->domain_count = from->n_domains;
    return STEP_NEXT;
}

static step parse(struct call *c)
{
    const Chancery__V1__CreateIssuerRequest *request = call_request(c);
    const Chancery__V1__Issuer *from = request->issuer;
    struct issuer *issuer = issuer_of(c);
    if (from == NULL) {
        return call_bad_field(c, "issuer", "It is required.");
    }
    admin_of(c)->tenant_name = from->tenant;
    if (from->issuer[0] == '\0' || strlen(from->issuer) > ISS_MAX) {
        return call_bad_field(c, "issuer.issuer",
                              "It must be exactly the tokens' iss: 1 to 512 bytes.");
    }
    if (from->clock_skew_seconds > ISSUER_CLOCK_SKEW_MAX_S) {
        return call_bad_field(c, "issuer.clock_skew_seconds", "It may be at most 300.");
    }
    if ((int)from->kind < ISSUER_TENANT || (int)from->kind > ISSUER_CONSUMER) {
        return call_bad_field(c, "issuer.kind", "It must be TENANT, MULTI_TENANT or CONSUMER.");
    }
    issuer->kind = (enum issuer_kind)from->kind;
    issuer->iss = from->issuer;
    issuer->boundary = from->boundary;
    issuer->clock_skew_s = from->clock_skew_seconds;
    return step_failed(parse_lists(c, from)) || step_failed(parse_keys(c, from)) ||
                   step_failed(parse_claims(c, from->claims))
               ? STEP_FAILED
               : parse_domains(c, from);
}

static step check_boundary(struct call *c)
{
    struct issuer *issuer = issuer_of(c);
    if (boundary_find(&caller_of(c)->found_platform->view, issuer->boundary) == NULL) {
        return call_bad_field(c, "issuer.boundary", "There is no such boundary.");
    }
    return STEP_NEXT;
}

/* A tenant's issuer speaks for that tenant and lives in its boundary; the others are the platform's. */
static step check(struct call *c)
{
    const struct admin *admin = admin_of(c);
    struct issuer *issuer = issuer_of(c);
    bool is_tenants = issuer->kind == ISSUER_TENANT;
    if (is_tenants != (admin->tenant != NULL)) {
        return call_bad_field(
            c, "issuer.kind",
            "Issuers of a tenant are of kind TENANT; all others belong to the platform.");
    }
    if (admin->tenant != NULL) {
        if (issuer->boundary[0] != '\0' &&
            strcmp(issuer->boundary, admin->tenant->view.boundary) != 0) {
            return call_bad_field(c, "issuer.boundary",
                                  "It must be the tenant's boundary, or empty.");
        }
        issuer->boundary = admin->tenant->view.boundary;
    }
    issuer->id.u = uuid_v7(call_unix_us(c));
    return caller_need_platform(c, check_boundary);
}

static step create(struct call *c)
{
    admin_create_issuer(admin_begin(c), issuer_of(c));
    return admin_wait(c);
}

static step reply(struct call *c)
{
    const Chancery__V1__CreateIssuerRequest *request = call_request(c);
    const struct admin *admin = admin_of(c);
    Chancery__V1__CreateIssuerResponse *r =
        ARENA_NEW(call_arena(c), Chancery__V1__CreateIssuerResponse);
    Chancery__V1__Issuer *issuer = ARENA_NEW(call_arena(c), Chancery__V1__Issuer);
    if (r == NULL || issuer == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__create_issuer_response__init(r);
    *issuer = *request->issuer;
    issuer->issuer_id = reply_text(reply_uuid(c, issuer_of(c)->id.u));
    issuer->tenant = reply_text(admin->tenant == NULL ? "" : admin->tenant->view.name);
    issuer->boundary = reply_text(issuer_of(c)->boundary);
    issuer->etag = reply_text("1");
    r->issuer = issuer;
    return call_reply(c, &r->base);
}

const struct flow create_issuer_flow = {
    .method = "/chancery.v1.IssuerService/CreateIssuer",
    .name = "create_issuer",
    .state_size = sizeof(struct issuers),
    .steps = {{"parse", parse, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"check", check, 0},
              {"create", create, STEP_COMMIT},
              {"reply", reply, 0}},
    .on_refusal = caller_refused,
};
