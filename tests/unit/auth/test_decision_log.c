/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded of decisions and refusals, and what the gate's verdicts lead to. */
#include "auth_world.h"

#include "obs/metrics.h"

static const struct fake_entry *last_entry(void)
{
    assert_true(fake_store.entry_count > 0);
    return &fake_store.entries[fake_store.entry_count - 1];
}

static void as_alice(void)
{
    with_header("authorization", bearer(CONTOSO_ISS, ALICE));
}

/* --- a flow that decides and records ------------------------------------------------------------------ */

static struct content_facts facts_seen;
static step settles(struct call *c);

static step records(struct call *c)
{
    struct gate_entry *entry = decision_log_begin(c, caller_tenant(caller_of(c)));
    facts_seen = entry->facts;
    return decision_log_submit(c, settles);
}

/* Again from the first row when it is stale; from the second when the facts are others. */
static step settles(struct call *c)
{
    return decision_log_settle(c, NULL, TOY_CACHED.steps[1].run);
}

static void a_decision_is_recorded_with_who_and_on_what(void **state)
{
    (void)state;
    toy.on[F3] = records;
    world.contoso_tenant.view.has_directory = true;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    with_header("user-agent", "outlook/1");
    with_header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    assert_served(call_flow(&TOY_CACHED));
    const struct fake_entry *e = last_entry();
    assert_int_equal(e->given.reason, R_NONE);
    assert_true(e->given.tenant.u.b[0] == CONTOSO);
    assert_string_equal(e->given.operation, "toy_cached");
    assert_string_equal(e->user, "alice@contoso.com");
    assert_string_equal(e->addresses, "alice@contoso.com");
    assert_string_equal(e->component, "edge");
    assert_string_equal(e->agent, "outlook/1");
    assert_string_equal(e->correlation, "4bf92f3577b34da6a3ce929d0e0e4736");
    /* contoso: by component, issuer and tenant, at three epochs; and its directory. */
    assert_int_equal(e->given.scope_count, 4);
    assert_int_equal(e->given.scopes[3].epoch, 6);
    for (int i = 0; i < 3; i++) {
        assert_true(uuid_eq(e->given.scopes[i].scope, e->given.tenant.u));
        assert_true(e->given.scopes[i].epoch != e->given.scopes[(i + 1) % 3].epoch);
    }
}

static void all_addresses_are_recorded(void **state)
{
    (void)state;
    static const char *aliases[] = {"upn", "proxyAddresses"};
    world.contoso.claim_aliases = aliases;
    world.contoso.claim_alias_count = 2;
    toy.on[F3] = records;
    with_header("authorization",
                bearer(CONTOSO_ISS, ALICE ",\"upn\":\"al@contoso.com\",\"proxyAddresses\":"
                                          "[\"a@contoso.com\"]"));
    assert_served(call_flow(&TOY_CACHED));
    assert_string_equal(last_entry()->user, "alice@contoso.com");
    assert_string_equal(last_entry()->addresses, "alice@contoso.com al@contoso.com a@contoso.com");
}

static void already_recorded_is_recorded(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.verdict = GATE_ALREADY;
    fake_store.verdict_times = 1;
    as_alice();
    assert_served(call_flow(&TOY_CACHED));
    assert_int_equal(fake_store.entry_count, 1);
}

static void what_cannot_be_recorded_is_not_told(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.failing = "gate";
    fake_store.failure = R_OUTCOME_UNKNOWN;
    as_alice();
    assert_refused(call_flow(&TOY_CACHED), R_OUTCOME_UNKNOWN);
}

/* --- stale ---------------------------------------------------------------------------------------------- */

/* The view is of another epoch than the issuer: one word of forgetting for each. */
static void stale_facts_are_forgotten_and_asked_for_again(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.verdict = GATE_STALE;
    fake_store.verdict_times = 1;
    fake_store.moved = world.contoso_tenant.view.id.u;
    as_alice();
    struct net_stream *s = call_flow(&TOY_CACHED);
    assert_served(s);
    assert_int_equal(s->reads, 1);
    assert_story("f1 f2 f3 f1 f2 f3 f4");
    assert_asked(
        "issuer tenant gate -view:c0 -directory -view:c0 -directory -issuer issuer tenant gate");
}

/* What moved is forgotten, and nothing beside it. */
static void what_has_not_moved_is_kept(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.verdict = GATE_STALE;
    fake_store.verdict_times = 1;
    fake_store.moved = (struct uuid){{0x77}};
    as_alice();
    assert_served(call_flow(&TOY_CACHED));
    assert_asked("issuer tenant gate issuer tenant gate");
}

static void mappings_go_with_the_platforms_epoch(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.verdict = GATE_STALE;
    fake_store.verdict_times = 1;
    fake_store.moved = TENANT_PLATFORM.u;
    with_header("authorization", bearer(MANY_ISS, BOB));
    assert_served(call_flow(&TOY_CACHED));
    assert_asked(
        "issuer mapping tenant gate -view:0 -directory -view:0 -directory -issuer -mapping -subject? "
        "-component? issuer mapping tenant gate");
}

static void components_go_with_their_tenants_epoch(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.verdict = GATE_STALE;
    fake_store.verdict_times = 1;
    fake_store.moved = world.contoso_tenant.view.id.u;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_CACHED));
    assert_asked(
        "component issuer tenant gate -view:c0 -directory -view:c0 -directory -view:c0 -directory "
        "-issuer -subject? -component component issuer tenant gate");
}

static void always_stale_is_told(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.verdict = GATE_STALE;
    fake_store.verdict_times = 100;
    as_alice();
    assert_refused(call_flow(&TOY_CACHED), R_STALE);
    assert_int_equal(fake_store.entry_count, CALL_AGAIN_MAX + 1);
}

static step forgets_all(struct call *c)
{
    fake_store.story[0] = '\0';
    decision_log_forget(c);
    return STEP_NEXT;
}

static void all_that_was_decided_on_may_be_forgotten(void **state)
{
    (void)state;
    toy.on[F1] = forgets_all;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_FLOW));
    assert_asked(
        "-view:c0 -directory -view:c0 -directory -view:c0 -directory -issuer -subject? -component");
}

/* --- facts that are others ------------------------------------------------------------------------------- */

static void other_facts_are_decided_on_and_kept(void **state)
{
    (void)state;
    toy.on[F3] = records;
    fake_store.verdict = GATE_FACTS_CHANGED;
    fake_store.verdict_times = 1;
    as_alice();
    assert_served(call_flow(&TOY_CACHED));
    assert_story("f1 f2 f3 f2 f3 f4");
    assert_asked("issuer tenant gate gate"); /* who calls is as it was */
}

static step begins_on_facts(struct call *c)
{
    struct gate_entry *entry = decision_log_begin(c, TENANT_PLATFORM);
    entry->facts.is_revoked = true; /* as the gate has told it */
    assert_true(decision_log_begin(c, TENANT_PLATFORM)->facts.is_revoked);
    return STEP_NEXT;
}

static void what_the_gate_told_is_known_to_the_next_entry(void **state)
{
    (void)state;
    toy.on[F1] = begins_on_facts;
    as_alice();
    assert_served(call_flow(&TOY_FLOW));
}

/* --- refusals --------------------------------------------------------------------------------------------- */

/* Nothing is written for somebody whom nobody knows, and nothing is waited for. */
static void a_stranger_is_counted(void **state)
{
    (void)state;
    int64_t before = metric_value(M_UNAUTHENTICATED, "TOKEN_MALFORMED", NULL);
    const struct flow *const flows[] = {&TOY_FLOW, &TOY_CACHED};
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        with_header("authorization", "Bearer garbage");
        assert_refused(call_flow(flows[i]), R_TOKEN_MALFORMED);
    }
    assert_asked("");
    assert_int_equal(fake_store.entry_count, 0);
    assert_int_equal(metric_value(M_UNAUTHENTICATED, "TOKEN_MALFORMED", NULL), before + 2);
}

/* What is remembered may be out of date: then a stranger is looked at again. */
static void a_strangers_refusal_on_caches_is_compared_and_not_recorded(void **state)
{
    (void)state;
    const char *expired = bearer(CONTOSO_ISS, ",\"nbf\":99999999999" ALICE);
    fake_store.verdict = GATE_STALE;
    fake_store.verdict_times = 1;
    fake_store.moved = world.contoso_tenant.view.id.u;
    with_header("authorization", expired);
    assert_refused(call_flow(&TOY_CACHED), R_TOKEN_NOT_YET_VALID);
    assert_int_equal(fake_store.entry_count, 2);
    assert_null(last_entry()->given.operation);
    assert_int_equal(last_entry()->given.scope_count, 1);
    fake_store.entry_count = 0;
    with_header("authorization", expired);
    assert_refused(call_flow(&TOY_FLOW),
                   R_TOKEN_NOT_YET_VALID); /* read anew: there is nothing to compare */
    assert_int_equal(fake_store.entry_count, 0);
}

/* The component answers for whom it carries, up to a bound. */
static void what_a_component_carries_is_recorded_some_times(void **state)
{
    (void)state;
    int64_t before = metric_value(M_UNAUTHENTICATED, "TOKEN_MALFORMED", NULL);
    for (size_t i = 0; i < TALLY_SINGLE_MAX + 5; i++) {
        fake_store.entry_count = 0;
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("x-chancery-user-token", "garbage");
        assert_refused(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
        assert_int_equal(fake_store.entry_count, i < TALLY_SINGLE_MAX ? 1 : 0);
    }
    assert_int_equal(metric_value(M_UNAUTHENTICATED, "TOKEN_MALFORMED", NULL), before + 5);
    fake_store.is_ready = true;
    toy_run_ms(1);
    assert_int_equal(fake_store.summary_count, 0); /* they are due with the minute */
}

static void a_member_is_recorded_in_their_tenants_log(void **state)
{
    (void)state;
    fake_store.components[0].row.component.role = ROLE_AUDITOR; /* may not call this */
    with_certificate(GATEWAY_CERTIFICATE);
    assert_refused(call_flow(&TOY_FLOW), R_COMPONENT_ROLE);
    assert_true(last_entry()->given.tenant.u.b[0] == CONTOSO);
    assert_string_equal(last_entry()->component, "edge");
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(MANY_ISS, BOB));
    assert_refused(call_flow(&TOY_FLOW), R_COMPONENT_TENANT);
    assert_true(last_entry()->given.tenant.u.b[0] == FABRIKAM); /* the user's, whose token it is */
    assert_string_equal(last_entry()->user, "bob@fabrikam.com");
    assert_string_equal(last_entry()->component, "edge");
}

/* A node writes the logs of its boundaries only. */
static void a_log_of_another_boundary_is_not_written(void **state)
{
    (void)state;
    fake_store.components[0].row.component.role = ROLE_AUDITOR;
    fake_store.served[0] = "gcc-high";
    with_certificate(GATEWAY_CERTIFICATE);
    assert_refused(call_flow(&TOY_FLOW), R_COMPONENT_ROLE);
    assert_true(ID_IS_ZERO(last_entry()->given.tenant));
}

/* What was read past the caches is true, and not compared again; what caches said is. */
static void a_refusal_on_caches_is_compared(void **state)
{
    (void)state;
    fake_store.components[0].row.component.role = ROLE_AUDITOR;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_refused(call_flow(&TOY_FLOW), R_COMPONENT_ROLE);
    assert_int_equal(last_entry()->given.scope_count, 0);
    with_certificate(GATEWAY_CERTIFICATE);
    assert_refused(call_flow(&TOY_CACHED), R_COMPONENT_ROLE);
    assert_int_equal(last_entry()->given.scope_count, 1);
}

static void a_stale_refusal_is_decided_again(void **state)
{
    (void)state;
    fake_store.components[0].row.component.role = ROLE_AUDITOR;
    fake_store.verdict = GATE_STALE;
    fake_store.verdict_times = 2;
    fake_store.moved = world.contoso_tenant.view.id.u;
    with_certificate(GATEWAY_CERTIFICATE);
    struct net_stream *s = call_flow(&TOY_CACHED);
    assert_refused(s, R_COMPONENT_ROLE);
    assert_int_equal(s->reads, 0);
    assert_int_equal(fake_store.entry_count, 3);
}

/* The gate compares contents' facts, and a refusal has no content: were it to say this all the same, nothing of a flow
 * would run for whoever was refused. */
static void other_facts_let_no_stranger_in(void **state)
{
    (void)state;
    fake_store.verdict = GATE_FACTS_CHANGED;
    fake_store.verdict_times = 1;
    with_header("authorization", bearer(CONTOSO_ISS, ",\"nbf\":99999999999" ALICE));
    struct net_stream *s = call_flow(&TOY_CACHED);
    assert_refused(s, R_INTERNAL);
    assert_story("");
    assert_int_equal(s->reads, 0);
}

static void a_refusal_that_cannot_be_recorded_is_not_told(void **state)
{
    (void)state;
    fake_store.failing = "gate";
    fake_store.failure = R_DATABASE_FULL;
    fake_store.components[0].row.component.role = ROLE_AUDITOR;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_refused(call_flow(&TOY_FLOW), R_DATABASE_FULL);
}

/* --- canceling -------------------------------------------------------------------------------------------- */

static void who_goes_while_a_decision_is_recorded_without_committing_cancels_it(void **state)
{
    (void)state;
    toy.on[F2] = records; /* not marked as a commit */
    as_alice();
    fake_store.is_held = true;
    struct net_stream *s = call_flow(&TOY_FLOW);
    while (strstr(fake_store.story, "gate") == NULL) {
        fake_store_release();
        fake_store.is_held = true;
        toy_settle();
    }
    fake_net_close(s);
    assert_int_equal(fake_store.canceled, 1);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void a_refusal_is_recorded_though_its_client_has_gone(void **state)
{
    (void)state;
    fake_store.components[0].row.component.role = ROLE_AUDITOR;
    fake_store.is_remembered = true;
    with_certificate(GATEWAY_CERTIFICATE);
    fake_store.is_held = true;
    struct net_stream *s = call_flow(&TOY_CACHED);
    assert_asked("gate");
    fake_net_close(s);
    assert_int_equal(fake_store.canceled, 0);
    fake_store_release();
    toy_settle();
    assert_logged(s, "\"reason\":\"COMPONENT_ROLE\"");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* --- memory ----------------------------------------------------------------------------------------------- */

struct arena *__real_arena_new(size_t budget);
struct arena *__wrap_arena_new(size_t budget);

static size_t fail_at;

/* In place of arena_new by the linker: calls' arenas fail at one allocation. */
struct arena *__wrap_arena_new(size_t budget)
{
    struct arena *arena = __real_arena_new(budget);
    arena_fail_at(arena, fail_at);
    return arena;
}

/* A component with a bound token asks for a user. Refused for its memory, or as if nothing had been missing. */
static void torture(const char *user)
{
    size_t refused = 0;
    const char *edge =
        token_of(COMPONENT_ISS, arena_printf(world.arena, EDGE "%s", bound_to_device()));
    struct net_stream *s = NULL;
    for (size_t n = 1; n <= 120; n++) {
        with_header("authorization", arena_printf(world.arena, "DPoP %s", edge));
        with_header("dpop", proof_for(edge, TOY_FLOW.method));
        with_header("x-chancery-user-token", user);
        with_header("user-agent", "outlook/1");
        with_header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        identity_free(world.services.identity); /* forgets verified tokens */
        world.services.identity = identity_new(toy.loop, &(const struct identity_config){0});
        fail_at = n;
        fake_store.entry_count = 0;
        s = call_flow(&TOY_FLOW);
        fail_at = 0;
        if (s->code == GRPC_OK) {
            assert_served(s);
        } else {
            assert_refused(s, R_ARENA_EXHAUSTED);
            refused++;
        }
    }
    assert_served(s);
    assert_in_range(refused, 40, 100);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const more[] = {"board@contoso.com"};
    world.contoso_tenant.view.has_directory = true;
    world.person.groups = more;
    world.person.group_count = 1;
    torture(token_of(CONTOSO_ISS, ALICE ",\"groups\":[\"all@contoso.com\"]"));
    world.components.tenant = TENANT_PLATFORM;
    fake_store.components[1].row.component.tenant = world.fabrikam_tenant.view.id;
    torture(token_of(MANY_ISS, BOB));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, auth_set_up, auth_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_decision_is_recorded_with_who_and_on_what),
        TEST(all_addresses_are_recorded),
        TEST(already_recorded_is_recorded),
        TEST(what_cannot_be_recorded_is_not_told),
        TEST(stale_facts_are_forgotten_and_asked_for_again),
        TEST(what_has_not_moved_is_kept),
        TEST(mappings_go_with_the_platforms_epoch),
        TEST(components_go_with_their_tenants_epoch),
        TEST(always_stale_is_told),
        TEST(all_that_was_decided_on_may_be_forgotten),
        TEST(other_facts_are_decided_on_and_kept),
        TEST(what_the_gate_told_is_known_to_the_next_entry),
        TEST(a_stranger_is_counted),
        TEST(a_strangers_refusal_on_caches_is_compared_and_not_recorded),
        TEST(what_a_component_carries_is_recorded_some_times),
        TEST(a_member_is_recorded_in_their_tenants_log),
        TEST(a_log_of_another_boundary_is_not_written),
        TEST(a_refusal_on_caches_is_compared),
        TEST(a_stale_refusal_is_decided_again),
        TEST(other_facts_let_no_stranger_in),
        TEST(a_refusal_that_cannot_be_recorded_is_not_told),
        TEST(who_goes_while_a_decision_is_recorded_without_committing_cancels_it),
        TEST(a_refusal_is_recorded_though_its_client_has_gone),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
