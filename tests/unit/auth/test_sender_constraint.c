/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are bound to a key (RFC 9449) or to a certificate (RFC 8705), and what is read of `authorization`. */
#include "auth_world.h"

/* --- the header ----------------------------------------------------------------------------------- */

/* What is read when a call has just come, before anybody looks at it. */
static struct credential read_header(const char *value, char text[64])
{
    world.request.path = TOY_FLOW.method;
    if (value != NULL) {
        with_header("authorization", value);
    }
    struct net_stream *s = toy_open_with(&world.request);
    struct credential credential = credential_read(toy_call(s));
    snprintf(text, 64, "%.*s", (int)credential.token.len, (const char *)credential.token.ptr);
    world.request = fake_net_request("");
    toy_body(s);
    toy_settle();
    return credential;
}

static void schemes_count_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum credential_scheme scheme;
        const char *token;
    } cases[] = {
        {"Bearer abc", SCHEME_BEARER, "abc"},
        {"bearer abc", SCHEME_BEARER, "abc"},
        {"BEARER abc", SCHEME_BEARER, "abc"},
        {"Bearer  abc", SCHEME_BEARER, " abc"}, /* no token of ours begins with a space */
        {"Bearer a, Bearer b", SCHEME_BEARER, "a, Bearer b"},
        {"DPoP abc", SCHEME_DPOP, "abc"},
        {"dpop abc", SCHEME_DPOP, "abc"},
        {"Bearer", SCHEME_NONE, ""},
        {"Bearer ", SCHEME_NONE, ""},
        {"DPoP ", SCHEME_NONE, ""},
        {" Bearer abc", SCHEME_NONE, ""},
        {"Bearer\tabc", SCHEME_NONE, ""},
        {"Basic abc", SCHEME_NONE, ""},
        {"", SCHEME_NONE, ""},
    };
    char token[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(read_header(cases[i].value, token).scheme, cases[i].scheme);
        assert_string_equal(token, cases[i].token);
    }
    assert_int_equal(read_header(NULL, token).scheme, SCHEME_NONE);
}

/* --- bound to a key --------------------------------------------------------------------------------- */

static const char *alices(void)
{
    return token_of(CONTOSO_ISS, arena_printf(world.arena, ALICE "%s", bound_to_device()));
}

static void with_dpop(const char *token, const char *proof)
{
    with_header("authorization", arena_printf(world.arena, "DPoP %s", token));
    if (proof != NULL) {
        with_header("dpop", proof);
    }
}

static void a_bound_token_comes_with_a_proof(void **state)
{
    (void)state;
    const char *token = alices();
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_served(call_flow(&TOY_FLOW));
    assert_asked("issuer tenant platform proof");
    world.contoso_tenant.view.needs_bound_users = true; /* and is bound */
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_served(call_flow(&TOY_FLOW));
}

static void without_a_good_proof_it_is_nobodys(void **state)
{
    (void)state;
    const char *token = alices(), *other = alices();
    const char *proof = proof_for(token, TOY_FLOW.method);
    with_dpop(token, NULL);
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_MISSING);
    with_header("authorization", arena_printf(world.arena, "Bearer %s", token));
    with_header("dpop", proof);
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_MISSING); /* sent under the wrong scheme */
    with_dpop(token, proof);
    with_header("dpop", proof);
    assert_refused(call_flow(&TOY_FLOW),
                   R_TOKEN_PROOF_INVALID); /* RFC 9449 §4.3: not more than one */
    with_dpop(token, proof_for(token, TOY_CACHED.method));
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_INVALID);
    with_dpop(token, "garbage");
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_INVALID);
    struct jwk_private *device = world.device;
    world.device = world.signer; /* holds another key */
    with_dpop(other, proof_for(other, TOY_FLOW.method));
    world.device = device;
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_INVALID);
    with_dpop(token_of(CONTOSO_ISS, ALICE), proof);
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_UNBOUND);
    assert_null(strstr(fake_store.story, "proof")); /* none of these is kept as used */
}

static void a_proof_is_used_once(void **state)
{
    (void)state;
    const char *token = alices();
    fake_store.proof_was_seen = true;
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_REPLAYED);
    fake_store.failing = "proof";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_refused(call_flow(&TOY_FLOW), R_DATABASE_UNAVAILABLE);
}

static step decides_again_once(struct call *c)
{
    struct toy_state *own = call_state(c);
    return own->visits++ == 0 ? call_authenticate_again(c, NULL) : STEP_NEXT;
}

/* The same call decides again with the same proof, which it has used itself. */
static void deciding_again_is_not_a_second_use(void **state)
{
    (void)state;
    const char *token = alices();
    toy.on[F1] = decides_again_once;
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_served(call_flow(&TOY_FLOW));
    assert_asked("issuer tenant platform proof issuer tenant");
}

/* A proof may name any address under which this node is reached. */
static void proofs_name_an_address_of_this_node(void **state)
{
    (void)state;
    static struct boundary boundaries[] = {
        {.name = "commercial", .authority_url = "https://other.example.org", .is_served = true},
        {.name = "gcc-high", .authority_url = "https://gcc.example.org"},
        {.name = "bare", .authority_url = "", .is_served = true},
    };
    const char *token = alices();
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    world.platform.view.boundaries = boundaries;
    world.platform.view.boundary_count = 3;
    assert_served(call_flow(&TOY_FLOW));
    world.services.authority_url = "https://gcc.example.org";
    boundaries[0].authority_url = AUTHORITY_URL;
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_served(call_flow(&TOY_FLOW));
    boundaries[0].is_served = false;
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_INVALID);
}

static void a_components_token_may_be_bound_too(void **state)
{
    (void)state;
    world.contoso_tenant.view.needs_bound_components = true;
    const char *token =
        token_of(COMPONENT_ISS, arena_printf(world.arena, EDGE "%s", bound_to_device()));
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    /* Its tenant insists on certificates (docs/policy.md §3.4), and a key is none. */
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_UNBOUND);
    world.contoso_tenant.view.needs_bound_components = false;
    with_dpop(token, proof_for(token, TOY_FLOW.method));
    assert_served(call_flow(&TOY_FLOW));
}

/* --- bound to a certificate -------------------------------------------------------------------------- */

static const char *alices_by(const uint8_t certificate[32])
{
    return token_of(CONTOSO_ISS,
                    arena_printf(world.arena, ALICE "%s", bound_to_certificate(certificate)));
}

static void bearing(const char *token)
{
    with_header("authorization", arena_printf(world.arena, "Bearer %s", token));
}

static void a_token_of_a_certificate_comes_over_it(void **state)
{
    (void)state;
    bearing(alices_by(OTHER_CERTIFICATE));
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_MISSING);
    bearing(alices_by(OTHER_CERTIFICATE));
    with_certificate(OTHER_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
    bearing(alices_by(GATEWAY_CERTIFICATE));
    with_certificate(OTHER_CERTIFICATE);
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_INVALID);
    with_dpop(alices_by(OTHER_CERTIFICATE), NULL);
    with_certificate(OTHER_CERTIFICATE);
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_UNBOUND);
}

/* --- carried by a component --------------------------------------------------------------------------- */

static void carry(const char *token)
{
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token);
}

static void a_component_cannot_prove_a_users_key(void **state)
{
    (void)state;
    const char *token = alices();
    carry(token);
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_TYPE);
    carry(token);
    with_header("dpop", proof_for(token, TOY_FLOW.method));
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_TYPE);
    with_certificate(
        GATEWAY_CERTIFICATE); /* as its own: it is still one that the component carries */
    bearing(token);
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_TYPE);
}

static void a_carried_token_may_be_bound_to_the_components_certificate(void **state)
{
    (void)state;
    carry(alices_by(GATEWAY_CERTIFICATE));
    assert_served(call_flow(&TOY_FLOW));
    carry(alices_by(OTHER_CERTIFICATE));
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_INVALID);
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    with_header("x-chancery-user-token", alices_by(OTHER_CERTIFICATE));
    assert_refused(call_flow(&TOY_FLOW), R_TOKEN_PROOF_MISSING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, auth_set_up, auth_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(schemes_count_in_any_case),
        TEST(a_bound_token_comes_with_a_proof),
        TEST(without_a_good_proof_it_is_nobodys),
        TEST(a_proof_is_used_once),
        TEST(deciding_again_is_not_a_second_use),
        TEST(proofs_name_an_address_of_this_node),
        TEST(a_components_token_may_be_bound_too),
        TEST(a_token_of_a_certificate_comes_over_it),
        TEST(a_component_cannot_prove_a_users_key),
        TEST(a_carried_token_may_be_bound_to_the_components_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
