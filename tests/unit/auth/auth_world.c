/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_world.h"

#include "auth/quota_leases.h"
#include "auth/rate_limits.h"
#include "base/encode.h"
#include "crypto/algs.h"
#include "crypto/hash.h"

struct auth_world world;

const uint8_t GATEWAY_CERTIFICATE[32] = {1, 2, 3}, OTHER_CERTIFICATE[32] = {9, 9, 9};

static const char *audiences[] = {"chancery"};
static const char *algorithms[] = {"ES256"};
static const char *contoso_domains[] = {"contoso.com"};
static const char *fabrikam_domains[] = {"fabrikam.com"};
static const char *consumer_domains[] = {"example.com"};
static const struct boundary boundaries[] = {
    {.name = "commercial",
     .suite = SUITE_P256,
     .authority_url = "",
     .portal_url = "",
     .is_served = true},
    {.name = "gcc-high",
     .suite = SUITE_P256,
     .authority_url = "https://gcc.example.org",
     .portal_url = ""},
    {.name = "fips",
     .suite = SUITE_P256,
     .needs_fips = true,
     .authority_url = "https://fips.example.org",
     .portal_url = "",
     .is_served = true},
};

/* --- what there is ------------------------------------------------------------------------------- */

static struct issuer issuer_of(const char *iss, enum issuer_kind kind, uint8_t tenant, uint8_t id)
{
    const char *key = jwk_public_json(world.arena, jwk_private_public(world.signer), "sig", NULL);
    return (struct issuer){
        .tenant = {{{tenant}}},
        .id = {{{id}}},
        .boundary = "commercial",
        .kind = kind,
        .iss = iss,
        .audiences = audiences,
        .audience_count = 1,
        .algorithms = algorithms,
        .algorithm_count = 1,
        .jwks_url = "",
        .jwks_json = arena_printf(world.arena, "{\"keys\":[%s]}", key),
        .claim_address = "",
        .claim_verified = "",
        .claim_groups = "groups",
        .claim_tenant = "",
        .claim_guest = "acct",
        .domains = consumer_domains,
        .domain_count = 1,
        .clock_skew_s = 60,
        .epoch = 7,
    };
}

static struct tenant_record tenant_of(uint8_t id, const char *name, const char *const *domains)
{
    return (struct tenant_record){
        .view = {.id = {{{id}}},
                 .name = name,
                 .boundary = "commercial",
                 .state = TENANT_ACTIVE,
                 .domains = domains,
                 .domain_count = 1},
        .epoch = 8,
    };
}

static struct fake_component component_of(enum lookup_kind kind, struct slice key, enum role role,
                                          uint8_t tenant, const char *name)
{
    return (struct fake_component){
        .kind = kind,
        .key = key,
        .row = {.component = {.id = {{{role == ROLE_GATEWAY ? GATEWAY : ADMIN}}},
                              .name = name,
                              .role = role,
                              .tenant = {{{tenant}}},
                              .boundary = tenant == 0 ? "" : "commercial"},
                .is_of_active_tenant = true,
                .epoch = 9},
    };
}

static void make_issuers(void)
{
    world.contoso = issuer_of(CONTOSO_ISS, ISSUER_TENANT, CONTOSO, 1);
    world.many = issuer_of(MANY_ISS, ISSUER_MULTI_TENANT, 0, 2);
    world.consumer = issuer_of(CONSUMER_ISS, ISSUER_CONSUMER, 0, 3);
    world.passcode = issuer_of(PASSCODE_ISS, ISSUER_PASSCODE, 0, 4);
    world.components = issuer_of(COMPONENT_ISS, ISSUER_COMPONENT, CONTOSO, 5);
    const struct issuer *all[] = {&world.contoso, &world.many, &world.consumer, &world.passcode,
                                  &world.components};
    memcpy(fake_store.issuers, all, sizeof all);
}

static void make_components(void)
{
    struct slice certificate = slice_of(GATEWAY_CERTIFICATE, sizeof GATEWAY_CERTIFICATE);
    fake_store.components[0] =
        component_of(LOOKUP_COMPONENT, certificate, ROLE_GATEWAY, CONTOSO, "edge");
    fake_store.components[1] = component_of(LOOKUP_COMPONENT_BY_SUBJECT, slice_str("05/edge"),
                                            ROLE_GATEWAY, CONTOSO, "edge");
    fake_store.components[2] = component_of(LOOKUP_COMPONENT_BY_SUBJECT, slice_str("05/boss"),
                                            ROLE_TENANT_ADMIN, CONTOSO, "boss");
    fake_store.components[3] = component_of(LOOKUP_COMPONENT_BY_SUBJECT, slice_str("05/other"),
                                            ROLE_AUDITOR, CONTOSO, "other");
    fake_store.answers[0] = (struct fake_answer){
        .kind = LOOKUP_TENANT_BY_MAPPING,
        .key = slice_str("02/t-fabrikam"),
        .answer = {.is_found = true, .tenant = {{{FABRIKAM}}}, .epoch = 3},
    };
    fake_store.answers[1] = (struct fake_answer){
        .kind = LOOKUP_TAKEN_DOMAIN,
        .key = slice_str("contoso.com"),
        .answer = {.is_found = true, .epoch = 3},
    };
}

int auth_set_up(void **state)
{
    struct err err = {0};
    (void)toy_set_up(state);
    fake_store_reset(toy.loop);
    world = (struct auth_world){.arena = arena_new(8 << 20)};
    assert_ok(crypto_init(NULL, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &world.signer, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &world.device, &err), &err);
    make_issuers();
    make_components();
    world.contoso_tenant = tenant_of(CONTOSO, "contoso", contoso_domains);
    world.fabrikam_tenant = tenant_of(FABRIKAM, "fabrikam", fabrikam_domains);
    fake_store.tenants[0] = &world.contoso_tenant;
    fake_store.tenants[1] = &world.fabrikam_tenant;
    world.platform = (struct platform_record){
        .view = {.boundaries = boundaries,
                 .boundary_count = sizeof boundaries / sizeof boundaries[0]},
        .epoch = 3,
    };
    fake_store.platform = &world.platform;
    world.person = (struct directory_person){.is_visible = true, .epoch = 6};
    fake_store.person = &world.person;
    fake_store.served[0] = "commercial";
    fake_store.served[1] = "fips";
    world.services = (struct services){
        .loop = toy.loop,
        .identity = identity_new(toy.loop, &(const struct identity_config){0}),
        .authority_url = AUTHORITY_URL,
    };
    world.services.refusals =
        refusals_new(toy.loop, NULL, &(const struct refusals_config){.failures_per_second = 1000});
    world.services.quota_leases = quota_leases_new(toy.loop, NULL);
    world.services.rate_limits =
        rate_limits_new(toy.loop, NULL, &(const struct rate_limits_config){0});
    toy.services = &world.services;
    toy_engine(&(const struct rpc_limits){0}, &AUTHENTICATOR);
    toy_serve(&TOY_FLOW);
    toy_serve(&TOY_CACHED);
    toy.on[F3] = toy_verifies;
    world.request = fake_net_request("");
    return 0;
}

int auth_tear_down(void **state)
{
    fake_store_release();
    toy_end_calls();
    quota_leases_free(world.services.quota_leases);
    rate_limits_free(world.services.rate_limits);
    refusals_free(world.services.refusals);
    assert_int_equal(fake_store.in_flight, 0);
    identity_free(world.services.identity); /* needs the loop */
    (void)toy_tear_down(state);
    jwk_private_free(world.signer);
    jwk_private_free(world.device);
    arena_free(world.arena);
    crypto_fini();
    return 0;
}

/* --- tokens -------------------------------------------------------------------------------------- */

const char *token_of(const char *iss, const char *members)
{
    struct err err = {0};
    struct slice token;
    long long now = clock_unix().s;
    /* RFC 9068 §2.2: what an access token has. */
    const char *payload =
        arena_printf(world.arena,
                     "{\"iss\":\"%s\",\"aud\":\"chancery\",\"iat\":%lld,\"exp\":%lld,"
                     "\"jti\":\"1\",\"client_id\":\"c\"%s}",
                     iss, now, now + 600, members);
    assert_ok(jws_sign(world.arena, world.signer, "at+jwt", slice_str(payload), &token, &err),
              &err);
    return arena_dup(world.arena, token);
}

const char *bearer(const char *iss, const char *members)
{
    return arena_printf(world.arena, "Bearer %s", token_of(iss, members));
}

const char *bound_to_device(void)
{
    struct slice thumbprint = jwk_thumbprint(jwk_private_public(world.device));
    return arena_printf(world.arena, ",\"cnf\":{\"jkt\":\"%s\"}",
                        base64url_dup(world.arena, thumbprint));
}

const char *bound_to_certificate(const uint8_t fingerprint[32])
{
    return arena_printf(world.arena, ",\"cnf\":{\"x5t#S256\":\"%s\"}",
                        base64url_dup(world.arena, slice_of(fingerprint, 32)));
}

const char *proof_for(const char *token, const char *path)
{
    static unsigned jti;
    struct err err = {0};
    struct slice proof;
    uint8_t hash[32];
    assert_ok(hash_sha256(slice_str(token), hash, &err), &err);
    const char *payload = arena_printf(world.arena,
                                       "{\"jti\":\"%u\",\"htm\":\"POST\",\"htu\":\"" AUTHORITY_URL
                                       "%s\",\"iat\":%lld,\"ath\":\"%s\"}",
                                       jti++, path, (long long)clock_unix().s,
                                       base64url_dup(world.arena, slice_of(hash, 32)));
    assert_ok(
        jws_sign_with_jwk(world.arena, world.device, "dpop+jwt", slice_str(payload), &proof, &err),
        &err);
    return arena_dup(world.arena, proof);
}

/* --- calls --------------------------------------------------------------------------------------- */

void with_header(const char *name, const char *value)
{
    fake_net_header(&world.request, name, value);
}

void with_certificate(const uint8_t fingerprint[32])
{
    world.request.has_certificate = true;
    memcpy(world.request.fingerprint, fingerprint, sizeof world.request.fingerprint);
}

struct net_stream *call_flow(const struct flow *flow)
{
    world.request.path = flow->method;
    struct net_stream *s = toy_open_with(&world.request);
    world.request = fake_net_request("");
    toy_body(s);
    toy_settle();
    return s;
}
