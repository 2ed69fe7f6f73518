/* SPDX-License-Identifier: Apache-2.0 */
/* A refusal is a decision: it is recorded before it is told, by the flow's recorder or the authenticator's. */
#include "toy.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

/* --- who records ------------------------------------------------------------------------------- */

static void a_flow_records_its_refusals_before_they_are_told(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = toy_refuses;
    toy.on[FLOW_RECORDER] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 f2 recorder");
    assert_unanswered(s);
    toy_complete();
    assert_story("then");
    assert_refused(s, TOY_REFUSAL);
    assert_logged(s, "\"step\":\"f2\"");
}

static void the_authenticators_recorder_is_for_flows_without(void **state)
{
    (void)state;
    toy_serve(&TOY_PLAIN);
    toy.on[F1] = toy_refuses;
    toy.on[CALLER_RECORDER] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_PLAIN);
    assert_story("a1 a2 a3 f1 RECORDER");
    assert_unanswered(s);
    toy_complete();
    assert_refused(s, TOY_REFUSAL);
}

/* A flow's own recorder would look at a caller who is not known and at a state that is not there. */
static void the_authenticator_records_whom_it_refuses_itself(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A3] = toy_refuses;
    toy.on[CALLER_RECORDER] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 RECORDER");
    assert_unanswered(s);
    toy_complete();
    assert_refused(s, TOY_REFUSAL);
    assert_logged(s, "\"step\":\"knock.a3\"");
}

static void what_is_no_decision_is_not_recorded(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = toy_fails;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 f2");
    assert_refused(s, TOY_FAILURE);
}

/* The gate has recorded what was decided already. */
static void what_fails_after_the_commit_is_not_recorded(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F4] = toy_refuses;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 f2 f3 f4");
    assert_refused(s, TOY_REFUSAL);
}

static void nobody_records_for_everybody(void **state)
{
    (void)state;
    toy_serve(&TOY_PUBLIC);
    toy.on[F1] = toy_refuses;
    assert_refused(toy_ask(&TOY_PUBLIC), TOY_REFUSAL);
    assert_story("f1");
}

/* --- what recorders may do --------------------------------------------------------------------- */

static step cannot_record(struct call *c)
{
    return call_fail(c, R_DATABASE_UNAVAILABLE, "no database");
}

static step waits_and_cannot(struct call *c)
{
    return toy_wait(c, cannot_record);
}

static step enters_and_cannot(struct call *c)
{
    call_then(c, cannot_record);
    return call_enter(c, &TOY_SIDE);
}

static void what_cannot_be_recorded_is_not_told(void **state)
{
    (void)state;
    static const step_fn ways[] = {cannot_record, waits_and_cannot, enters_and_cannot};
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_refuses;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        toy.on[FLOW_RECORDER] = ways[i];
        struct net_stream *s = toy_ask(&TOY_FLOW);
        toy_complete();
        assert_refused(s, R_DATABASE_UNAVAILABLE);
    }
}

/* Its own failure is not recorded in turn, though that one would be marked. */
static void a_recorder_is_not_recorded(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_refuses;
    toy.on[FLOW_RECORDER] = toy_refuses;
    assert_refused(toy_ask(&TOY_FLOW), TOY_REFUSAL);
    assert_story("a1 a2 a3 f1 recorder");
}

static void a_recorder_may_take_several_steps(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_refuses;
    toy.on[FLOW_RECORDER] = toy_enters;
    toy.on[S2] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_unanswered(s);
    toy_complete();
    assert_story("a1 a2 a3 f1 recorder s1 s2 then s3");
    assert_refused(s, TOY_REFUSAL);
}

/* The step that is named is the one that refused, and none of those that recorded it. */
static void the_log_names_the_row_that_refused(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = toy_enters;
    toy.on[S2] = toy_refuses;
    toy.on[FLOW_RECORDER] = toy_enters;
    struct net_stream *s = toy_open(&TOY_FLOW);
    toy_body(s);
    toy_settle();
    assert_logged(s, "\"step\":\"side.s2\"");
}

static step decides_again(struct call *c)
{
    struct toy_state *own = call_state(c);
    assert_int_equal(call_err(c)->reason, TOY_REFUSAL);
    own->visits++;
    return call_again_from(c, TOY_FLOW.steps[1].run);
}

static step refuses_once(struct call *c)
{
    const struct toy_state *own = call_state(c);
    if (own->visits > 0) {
        assert_int_equal(call_err(c)->reason, R_NONE);
        assert_int_equal(c->metadata_count, 0);
        return STEP_NEXT;
    }
    call_error_metadata(c, "boundary", "stale");
    return toy_refuses(c);
}

static void a_recorder_may_decide_again(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = refuses_once;
    toy.on[FLOW_RECORDER] = decides_again;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 f2 recorder f2 f3 f4");
    assert_served(s);
}

static step asks_again(struct call *c)
{
    struct toy_state *own = call_state(c);
    own->visits++;
    return call_authenticate_again(c, TOY_FLOW.steps[1].run);
}

static void a_recorder_may_ask_again_who_calls(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = refuses_once;
    toy.on[FLOW_RECORDER] = asks_again;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 f2 recorder a1 a2 a3 f2 f3 f4");
    assert_int_equal(s->reads, 1); /* the request is there already */
    assert_served(s);
}

/* --- what the client is told ------------------------------------------------------------------- */

static step refuses_with_all_there_is(struct call *c)
{
    for (int i = 0; i < ERROR_METADATA_MAX + 1; i++) {
        call_error_metadata(c, "boundary", "gcc-high");
    }
    for (int i = 0; i < VIOLATIONS_MAX; i++) {
        call_note_bad_field(c, "license", "It is cut.");
    }
    return call_bad_field(c, "one.too.many", "It finds no room.");
}

static Google__Rpc__Status *status_of(const struct net_stream *s)
{
    Google__Rpc__Status *status = google__rpc__status__unpack(NULL, s->details_len, s->details);
    assert_non_null(status);
    return status;
}

/* The detail of this type; NULL without. */
static const ProtobufCBinaryData *detail(const Google__Rpc__Status *status, const char *name)
{
    for (size_t i = 0; i < status->n_details; i++) {
        if (strstr(status->details[i]->type_url, name) != NULL) {
            return &status->details[i]->value;
        }
    }
    return NULL;
}

static void details_name_the_reason_and_the_fields(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = refuses_with_all_there_is;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_refused(s, R_FIELD_INVALID);
    Google__Rpc__Status *status = status_of(s);
    assert_int_equal(status->code, GRPC_INVALID_ARGUMENT);
    assert_string_equal(status->message,
                        "A field of the request has a value that is not allowed: license, "
                        "license, license, license and 12 more.");
    assert_string_equal(status->message, s->text);
    const ProtobufCBinaryData *bytes = detail(status, "google.rpc.ErrorInfo");
    Google__Rpc__ErrorInfo *info = google__rpc__error_info__unpack(NULL, bytes->len, bytes->data);
    assert_string_equal(info->reason, "FIELD_INVALID");
    assert_string_equal(info->domain, REASON_DOMAIN);
    assert_int_equal(info->n_metadata, ERROR_METADATA_MAX + 1);
    assert_string_equal(info->metadata[0]->value, "gcc-high");
    assert_string_equal(info->metadata[ERROR_METADATA_MAX]->key, "request_id");
    assert_string_equal(info->metadata[ERROR_METADATA_MAX]->value, toy_id(s));
    bytes = detail(status, "google.rpc.BadRequest");
    Google__Rpc__BadRequest *bad = google__rpc__bad_request__unpack(NULL, bytes->len, bytes->data);
    assert_int_equal(bad->n_field_violations, VIOLATIONS_MAX);
    assert_string_equal(bad->field_violations[0]->field, "license");
    assert_null(detail(status, "google.rpc.RetryInfo"));
    assert_non_null(detail(status, "google.rpc.LocalizedMessage"));
    google__rpc__bad_request__free_unpacked(bad, NULL);
    google__rpc__error_info__free_unpacked(info, NULL);
    google__rpc__status__free_unpacked(status, NULL);
}

static void what_may_be_tried_again_says_when(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = cannot_record;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    Google__Rpc__Status *status = status_of(s);
    const ProtobufCBinaryData *bytes = detail(status, "google.rpc.RetryInfo");
    Google__Rpc__RetryInfo *retry = google__rpc__retry_info__unpack(NULL, bytes->len, bytes->data);
    assert_int_equal(retry->retry_delay->seconds, 1);
    assert_null(detail(status, "google.rpc.BadRequest"));
    google__rpc__retry_info__free_unpacked(retry, NULL);
    google__rpc__status__free_unpacked(status, NULL);
}

/* What the engine says of itself goes to the log as an error, and is not told. */
static step breaks(struct call *c)
{
    return call_fail(c, R_INTERNAL, "secret detail %d", 42);
}

static void details_for_the_log_stay_there(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = breaks;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_refused(s, R_INTERNAL);
    assert_logged(s, "\"detail\":\"secret detail 42\"");
    assert_logged(s, "\"level\":\"error\"");
    assert_false(toy_details_have(s, "secret"));
    assert_null(strstr(s->text, "secret"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_flow_records_its_refusals_before_they_are_told),
        TEST(the_authenticators_recorder_is_for_flows_without),
        TEST(the_authenticator_records_whom_it_refuses_itself),
        TEST(what_is_no_decision_is_not_recorded),
        TEST(what_fails_after_the_commit_is_not_recorded),
        TEST(nobody_records_for_everybody),
        TEST(what_cannot_be_recorded_is_not_told),
        TEST(a_recorder_is_not_recorded),
        TEST(a_recorder_may_take_several_steps),
        TEST(the_log_names_the_row_that_refused),
        TEST(a_recorder_may_decide_again),
        TEST(a_recorder_may_ask_again_who_calls),
        TEST(details_name_the_reason_and_the_fields),
        TEST(what_may_be_tried_again_says_when),
        TEST(details_for_the_log_stay_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
