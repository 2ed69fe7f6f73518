/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked when a flow is registered, and what aborts because it can only be a fault of ours. */
#include "toy.h"

#include "chancery/v1/licensing.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "rpc/typed.h"

/* Register it in a child process, which must abort. */
static const struct flow *wrong;

static void register_wrong(void)
{
    toy_serve(wrong);
}

static void assert_not_registered(const struct flow *flow)
{
    wrong = flow;
    assert_aborts(register_wrong);
}

/* --- flows ------------------------------------------------------------------------------------- */

static void a_flow_answers_a_method_of_the_schema(void **state)
{
    (void)state;
    struct flow flow = TOY_FLOW;
    flow.method = "/chancery.v1.LicensingService/AcquireLicence";
    assert_not_registered(&flow);
    toy_serve(&TOY_FLOW);
    assert_not_registered(&TOY_FLOW); /* and alone */
}

static void somebody_must_authenticate(void **state)
{
    (void)state;
    toy_engine(&(const struct rpc_limits){0}, NULL);
    toy_serve(&TOY_PUBLIC);
    assert_not_registered(&TOY_FLOW);
    assert_served(toy_ask(&TOY_PUBLIC));
}

/* Nobody could tell whose refusal it is. */
static void what_is_for_everybody_records_no_refusals(void **state)
{
    (void)state;
    struct flow flow = TOY_PUBLIC;
    flow.on_refusal = TOY_FLOW.on_refusal;
    assert_not_registered(&flow);
}

static void trust_and_verifying_go_together(void **state)
{
    (void)state;
    struct flow flow = TOY_CACHED;
    flow.trust = TRUST_NOTHING;
    assert_not_registered(&flow);
    flow = TOY_FLOW;
    flow.trust = TRUST_CACHES;
    assert_not_registered(&flow);
}

static void rows_find_their_values(void **state)
{
    (void)state;
    struct flow flow = TOY_FLOW;
    flow.steps[1].needs = 2;
    assert_not_registered(&flow);
    flow.state.bases = 5;
    assert_not_registered(&flow);
    flow.state.bases = 3;
    toy_serve(&flow);
}

static void a_table_has_rows_and_an_end(void **state)
{
    (void)state;
    struct flow flow = TOY_FLOW;
    flow.steps[2].run = NULL;
    assert_not_registered(&flow);
    flow = TOY_FLOW;
    flow.steps[0].name = NULL;
    assert_not_registered(&flow);
    for (size_t i = 0; i <= FLOW_STEPS_MAX; i++) {
        flow.steps[i] = TOY_FLOW.steps[0];
    }
    assert_not_registered(&flow);
}

/* --- authenticators ---------------------------------------------------------------------------- */

static const struct authenticator *wrong_authenticator;

static void make_wrong(void)
{
    toy_engine(&(const struct rpc_limits){0}, wrong_authenticator);
}

static const struct subflow committing = {
    .name = "committing",
    .steps = {STEP("knock", toy_next), COMMIT("commit", toy_next)},
};
static const struct subflow needing = {
    .name = "needing",
    .steps = {{.name = "need", .run = toy_next, .needs = 1}},
};

/* After a commit neither cancellation nor the deadline stops a call: a stranger could keep it for ever. And a flow's
 * state is not there yet. */
static void nothing_is_committed_before_the_caller_is_known(void **state)
{
    (void)state;
    const struct subflow *const lists[][3] = {{&committing, NULL}, {&needing, NULL}};
    for (size_t i = 0; i < 2; i++) {
        struct authenticator authenticator = TOY_AUTHENTICATOR;
        authenticator.subflows = lists[i];
        wrong_authenticator = &authenticator;
        assert_aborts(make_wrong);
    }
    struct authenticator mute = TOY_AUTHENTICATOR;
    mute.on_refusal = NULL;
    wrong_authenticator = &mute;
    assert_aborts(make_wrong);
}

/* What a flow enters by itself is held to the same. */
static void a_flows_own_subflow_commits_nothing(void **state)
{
    (void)state;
    static const struct subflow good = {.name = "own", .steps = {STEP("o1", toy_next)}};
    struct flow flow = TOY_FLOW;
    flow.subflow = &committing;
    assert_not_registered(&flow);
    flow.subflow = &needing;
    assert_not_registered(&flow);
    flow.subflow = &good;
    toy_serve(&flow);
}

/* --- the table of all rows --------------------------------------------------------------------- */

static void note_row(const struct flow *flow, const char *sub, const struct step_row *row,
                     void *ctx)
{
    char text[96];
    snprintf(text, sizeof text, "%s:%s%s%s", flow->name, sub == NULL ? "" : sub,
             sub == NULL ? "" : ".", row->name);
    toy_tell(text);
    *(size_t *)ctx += (row->flags & STEP_COMMIT) != 0;
}

static void all_rows_are_told(void **state)
{
    (void)state;
    size_t commits = 0;
    toy_serve(&TOY_PUBLIC);
    toy_serve(&TOY_FLOW);
    rpc_each_step(toy.rpc, note_row, &commits);
    assert_story("toy:knock.a1 toy:knock.a2 toy:knock.a3 toy:side.s1 toy:side.s2 toy:side.s3 "
                 "toy:f1 toy:f2 toy:f3 toy:f4 toy_public:f1 toy_public:f4");
    assert_int_equal(commits, 1);
    toy_engine(&(const struct rpc_limits){0}, &TOY_AUTHENTICATOR);
    static const struct subflow own = {.name = "own", .steps = {STEP("o1", toy_next)}};
    struct flow with_own = TOY_FLOW;
    with_own.subflow = &own;
    toy_serve(&with_own);
    rpc_each_step(toy.rpc, note_row, &commits);
    assert_story("toy:knock.a1 toy:knock.a2 toy:knock.a3 toy:side.s1 toy:side.s2 toy:side.s3 "
                 "toy:own.o1 toy:f1 toy:f2 toy:f3 toy:f4");
    toy_engine(&(const struct rpc_limits){0}, NULL);
    toy_serve(&TOY_PUBLIC);
    rpc_each_step(toy.rpc, note_row, &commits);
    assert_story("toy_public:f1 toy_public:f4");
}

static void methods_are_found_by_their_paths(void **state)
{
    (void)state;
    size_t index = 0;
    const struct method *method = rpc_find_method(TOY_FLOW.method, &index);
    assert_ptr_equal(method, &METHODS[index]);
    assert_ptr_equal(rpc_find_method(TOY_FLOW.method, NULL), method);
    index = 4711;
    assert_null(rpc_find_method("", &index));
    assert_int_equal(index, 4711);
}

/* --- faults of a step -------------------------------------------------------------------------- */

static void ask(void)
{
    (void)toy_ask(&TOY_FLOW);
    toy_complete();
}

static step reads_another_request(struct call *c)
{
    (void)get_template_request(c);
    return STEP_NEXT;
}

static step makes_another_response(struct call *c)
{
    (void)get_template_response(c);
    return STEP_NEXT;
}

static step replies_as_another(struct call *c)
{
    return get_template_reply(c, call_message(c, &chancery__v1__get_template_response__descriptor));
}

static step replies_another_type(struct call *c)
{
    return call_reply(c, call_message(c, &chancery__v1__get_template_response__descriptor));
}

static void forget(void *op)
{
    (void)op;
}

static step waits_twice(struct call *c)
{
    (void)call_wait(c, toy_next, forget, NULL);
    return call_wait(c, toy_next, forget, NULL);
}

static step waits_for_ever(struct call *c)
{
    return call_wait(c, toy_next, NULL, NULL); /* nothing could end it */
}

static step resumes_itself(struct call *c)
{
    call_resume(c);
    return STEP_NEXT;
}

static void faults_abort(void **state)
{
    (void)state;
    static const step_fn faults[] = {
        reads_another_request, makes_another_response, replies_as_another, replies_another_type,
        waits_twice,           waits_for_ever,         resumes_itself,
    };
    toy_serve(&TOY_FLOW);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        toy.on[F1] = faults[i];
        assert_aborts(ask);
    }
}

static step uses_its_own_types(struct call *c)
{
    assert_non_null(acquire_license_request(c));
    return acquire_license_reply(c, acquire_license_response(c));
}

static void a_flow_uses_its_methods_types(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F4] = uses_its_own_types;
    assert_served(toy_ask(&TOY_FLOW));
}

static void free_too_early(void)
{
    (void)toy_open(&TOY_FLOW);
    rpc_free(toy.rpc);
}

static void net_goes_before_the_engine(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    assert_aborts(free_too_early);
    rpc_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_flow_answers_a_method_of_the_schema),
        TEST(somebody_must_authenticate),
        TEST(what_is_for_everybody_records_no_refusals),
        TEST(trust_and_verifying_go_together),
        TEST(rows_find_their_values),
        TEST(a_table_has_rows_and_an_end),
        TEST(nothing_is_committed_before_the_caller_is_known),
        TEST(a_flows_own_subflow_commits_nothing),
        TEST(all_rows_are_told),
        TEST(methods_are_found_by_their_paths),
        TEST(faults_abort),
        TEST(a_flow_uses_its_methods_types),
        TEST(net_goes_before_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
