/* SPDX-License-Identifier: Apache-2.0 */
/* The caller as the flows find them, the facts that they ask for, and the boundaries of this node. */
#include "auth_world.h"

#include "crypto/algs.h"

/* --- where the call comes from --------------------------------------------------------------------- */

static char agent[512], correlation[64];

static step reads_who(struct call *c)
{
    const struct caller *caller = caller_of(c);
    snprintf(agent, sizeof agent, "%s", caller->who.user_agent);
    snprintf(correlation, sizeof correlation, "%s", caller->who.correlation_id);
    assert_string_equal(caller->who.client_address, "192.0.2.1:4711");
    assert_string_equal(caller->who.component_name, "edge");
    assert_string_equal(caller->who.user, "");
    assert_string_equal(caller->who.addresses, "");
    if (strcmp(correlation, call_request_id(c)) == 0) {
        snprintf(correlation, sizeof correlation, "own");
    }
    return STEP_NEXT;
}

static void ask_as(const char *name, const char *value)
{
    with_certificate(GATEWAY_CERTIFICATE);
    if (value != NULL) {
        with_header(name, value);
    }
    assert_served(call_flow(&TOY_FLOW));
}

static void what_a_client_says_of_itself_is_printable(void **state)
{
    (void)state;
    static const char *const said[][2] = {
        {"grpc-c/1.51", "grpc-c/1.51"},     {"", ""},           {" ~", " ~"}, {"a\xff\xc3", "a??"},
        {"\x01\t\x7f\x1b[31m", "????[31m"}, {"\xc3\xa9", "??"},
    };
    char longest[400];
    toy.on[F1] = reads_who;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        ask_as("user-agent", said[i][0]);
        assert_string_equal(agent, said[i][1]);
    }
    memset(longest, 0xc3, sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ask_as("user-agent", longest);
    assert_int_equal(strlen(agent), AUDIT_TEXT_MAX);
    assert_int_equal(strspn(agent, "?"), AUDIT_TEXT_MAX);
    ask_as("user-agent", NULL);
    assert_string_equal(agent, "");
}

static void calls_are_correlated_by_their_trace(void **state)
{
    (void)state;
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
    static const char *const said[][2] = {
        {"00-" TRACE "-00f067aa0ba902b7-01", TRACE},
        {"00-" TRACE "-00f067aa0ba902b7-01-what-may-come", TRACE},
        {"00-" TRACE "-00f067aa0ba902b7-0", "own"}, /* too short */
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "own"},
        {"00-4bf92f3577b34da6'; DROP TABLE au-00f067aa0ba902b7-01", "own"},
        {"", "own"},
    };
    toy.on[F1] = reads_who;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        ask_as("traceparent", said[i][0]);
        assert_string_equal(correlation, said[i][1]);
    }
}

/* --- starting anew --------------------------------------------------------------------------------- */

static step spoils_and_resets(struct call *c)
{
    struct caller *caller = caller_of(c);
    struct caller_proofs *before = caller->proofs;
    memset(caller, 0xa5, sizeof *caller);
    memset(before, 0xa5, sizeof *before);
    caller->is_proof_used = true;
    caller->is_network_counted = true;
    caller->is_counted = true;
    assert_false(step_failed(caller_reset(c)));
    assert_ptr_not_equal(caller->proofs, before); /* whoever lends them is left alone */
    assert_true(caller->is_proof_used && caller->is_network_counted && caller->is_counted);
    assert_null(caller->proofs->constraint.check);
    assert_int_equal(caller->scope_count, 0);
    assert_false(subject_has_user(&caller->subject));
    assert_false(subject_has_component(&caller->subject));
    assert_string_equal(caller->subject.user.boundary, BOUNDARY_EXTERNAL);
    assert_string_equal(caller->subject.user.tenant_name, "");
    assert_string_equal(caller->subject.component.boundary, "");
    assert_string_equal(caller->subject.application, "");
    assert_string_equal(caller->subject.platform, "");
    assert_null(caller->proofs->credential.issuer);
    assert_null(caller->proofs->carried.issuer);
    assert_null(caller->user);
    assert_false(caller->has_unknown_certificate);
    assert_int_equal(caller->component_binding, BINDING_NONE);
    assert_int_equal(caller->component_subject.len, 0);
    assert_true(ID_IS_ZERO(caller->who.component));
    assert_true(ID_IS_ZERO(caller_tenant(caller)));
    assert_string_equal(caller_boundary(caller), "");
    assert_int_equal(caller->entry.scope_count, 0);
    caller->is_proof_used = false;
    assert_false(step_failed(caller_reset(c)));
    assert_false(caller->is_proof_used);
    return STEP_NEXT;
}

static void nothing_is_known_after_a_reset(void **state)
{
    (void)state;
    toy.on[F1] = spoils_and_resets;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
}

static step is_found_again(struct call *c)
{
    const struct caller *caller = caller_of(c);
    struct toy_state *own = call_state(c);
    assert_string_equal(caller->subject.component.name, "edge");
    assert_string_equal(caller->who.user, "alice@contoso.com");
    assert_int_equal(caller->scope_count,
                     4); /* contoso at three epochs, its directory: no more for the second time */
    return own->visits++ == 0 ? call_authenticate_again(c, NULL) : STEP_NEXT;
}

static void the_second_time_finds_the_same(void **state)
{
    (void)state;
    world.contoso_tenant.view.has_directory = true;
    toy.on[F1] = is_found_again;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_FLOW));
    assert_asked("component issuer tenant person:1+0 component issuer tenant person:1+0");
}

/* --- scopes ---------------------------------------------------------------------------------------- */

static step adds_scopes(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct uuid one = {{1}}, two = {{2}};
    caller->scope_count = 0;
    caller_add_scope(c, one, 7);
    caller_add_scope(c, two, 5);
    caller_add_scope(c, one, 9); /* one of the two is out of date, and it isn't known which */
    caller_add_scope(c, two, 5);
    assert_int_equal(caller->scope_count, 3);
    assert_int_equal(caller->scopes[0].epoch, 7);
    assert_int_equal(caller->scopes[1].epoch, 5);
    assert_int_equal(caller->scopes[2].epoch, 9);
    for (int i = 4; i <= GATE_SCOPES_MAX; i++) {
        caller_add_scope(c, (struct uuid){{(uint8_t)i}}, i);
    }
    assert_int_equal(caller->scope_count, GATE_SCOPES_MAX);
    caller_add_scope(c, one, 7);
    assert_int_equal(caller->scope_count, GATE_SCOPES_MAX);
    return STEP_NEXT;
}

static step adds_too_many(struct call *c)
{
    for (int i = 1; i <= GATE_SCOPES_MAX + 1; i++) {
        caller_add_scope(c, (struct uuid){{(uint8_t)i}}, i);
    }
    return STEP_NEXT;
}

static void add_too_many(void)
{
    toy.on[F1] = adds_too_many;
    with_certificate(GATEWAY_CERTIFICATE);
    (void)call_flow(&TOY_FLOW);
}

static void a_scope_at_two_epochs_is_asked_for_twice(void **state)
{
    (void)state;
    toy.on[F1] = adds_scopes;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
    assert_aborts(add_too_many);
}

/* --- facts ----------------------------------------------------------------------------------------- */

static step found(struct call *c)
{
    toy_tell(caller_of(c)->found_tenant == NULL ? "gone" : "found");
    return STEP_NEXT;
}

static step needs_fabrikam(struct call *c)
{
    return facts_need_tenant(c, (struct tenant_id){{{FABRIKAM}}}, found);
}

static step needs_nobody(struct call *c)
{
    return facts_need_tenant(c, (struct tenant_id){{{0x77}}}, found);
}

static step needs_platform(struct call *c)
{
    return facts_need_platform(c, toy_next);
}

static void a_flow_asks_for_what_it_needs(void **state)
{
    (void)state;
    toy.on[F1] = needs_fabrikam;
    toy.on[F2] = needs_nobody;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
    assert_story("f1 found f2 gone f3 f4");
    assert_asked("component tenant tenant");
    toy.on[F1] = needs_platform;
    toy.on[F2] = NULL;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
    assert_story("f1 then f2 f3 f4");
    assert_asked("component platform");
}

static void what_is_remembered_is_asked_for_by_who_trusts_it(void **state)
{
    (void)state;
    fake_store.is_remembered = true;
    toy.on[F1] = needs_fabrikam;
    toy.on[F2] = needs_platform;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_CACHED));
    assert_asked("");
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
    assert_asked("component tenant platform");
}

static void a_fact_that_fails_fails_the_call(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        step_fn needs;
    } cases[] = {{"tenant", needs_fabrikam}, {"platform", needs_platform}};
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    for (size_t i = 0; i < 2; i++) {
        fake_store.failing = cases[i].word;
        toy.on[F1] = cases[i].needs;
        with_certificate(GATEWAY_CERTIFICATE);
        assert_refused(call_flow(&TOY_FLOW), R_DATABASE_UNAVAILABLE);
    }
}

/* --- boundaries ------------------------------------------------------------------------------------ */

static const char *asked;

static step guards(struct call *c)
{
    return boundary_guard_then(c, asked, toy_next);
}

static struct net_stream *guard(const char *boundary)
{
    asked = boundary;
    toy.on[F1] = guards;
    with_certificate(GATEWAY_CERTIFICATE);
    return call_flow(&TOY_FLOW);
}

static void a_node_answers_for_its_boundaries(void **state)
{
    (void)state;
    assert_served(guard("commercial"));
    assert_story("f1 then f2 f3 f4");
    struct net_stream *s = guard("gcc-high");
    assert_refused(s, R_WRONG_BOUNDARY);
    assert_true(toy_details_have(s, "gcc-high"));
    assert_true(toy_details_have(s, "https://gcc.example.org"));
    s = guard("nowhere");
    assert_refused(s, R_WRONG_BOUNDARY);
    assert_true(toy_details_have(s, "nowhere"));
    assert_false(toy_details_have(s, "authority_url"));
    fake_store.served[0] = NULL; /* all of them, so none is named */
    assert_served(guard("gcc-high"));
    assert_served(guard("nowhere"));
}

/* Whoever has no address of its own is not named. */
static void an_authority_without_an_address_is_not_named(void **state)
{
    (void)state;
    fake_store.served[0] = "gcc-high";
    struct net_stream *s = guard("commercial");
    assert_refused(s, R_WRONG_BOUNDARY);
    assert_false(toy_details_have(s, "authority_url"));
}

static void a_boundary_may_insist_on_validated_cryptography(void **state)
{
    (void)state;
    struct net_stream *s = guard("fips");
    if (crypto_is_fips()) {
        assert_served(s);
    } else {
        assert_refused(s, R_FIPS_REQUIRED);
    }
}

static void a_guard_that_cannot_read_the_platform_lets_nobody_in(void **state)
{
    (void)state;
    fake_store.failing = "platform";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    assert_refused(guard("commercial"), R_DATABASE_UNAVAILABLE);
}

static step has_addresses(struct call *c)
{
    const struct platform_record *p = &world.platform;
    assert_string_equal(boundary_authority_url(c, p, "commercial"), AUTHORITY_URL);
    assert_string_equal(boundary_authority_url(c, p, "gcc-high"), "https://gcc.example.org");
    assert_string_equal(boundary_authority_url(c, p, "nowhere"), AUTHORITY_URL);
    return STEP_NEXT;
}

static void a_boundary_has_its_own_address_or_the_nodes(void **state)
{
    (void)state;
    toy.on[F1] = has_addresses;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, auth_set_up, auth_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_a_client_says_of_itself_is_printable),
        TEST(calls_are_correlated_by_their_trace),
        TEST(nothing_is_known_after_a_reset),
        TEST(the_second_time_finds_the_same),
        TEST(a_scope_at_two_epochs_is_asked_for_twice),
        TEST(a_flow_asks_for_what_it_needs),
        TEST(what_is_remembered_is_asked_for_by_who_trusts_it),
        TEST(a_fact_that_fails_fails_the_call),
        TEST(a_node_answers_for_its_boundaries),
        TEST(an_authority_without_an_address_is_not_named),
        TEST(a_boundary_may_insist_on_validated_cryptography),
        TEST(a_guard_that_cannot_read_the_platform_lets_nobody_in),
        TEST(a_boundary_has_its_own_address_or_the_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
