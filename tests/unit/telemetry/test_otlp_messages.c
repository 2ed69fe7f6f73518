/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent, byte for byte: by field numbers of the specification that stand here once more. */
#include "chancery_test.h"

#include <string.h>

#include "obs/metrics.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/otlp_spans.h"

enum { BUDGET = 4 * 1024 * 1024, STEPS = 4 };

static struct arena *arena;
static const struct otlp_sender SENDER = {
    .service = "chanceryd", .version = "1.2.3", .instance = "host:1"};

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(BUDGET);
    metrics_reset();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* --- a reader of its own ---------------------------------------------------------------------------- */

struct field {
    unsigned number, wire;
    uint64_t value;     /* of a varint or a fixed one */
    struct slice bytes; /* of a length-delimited one */
};

static uint64_t take_varint(struct slice *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(in->len > 0 && shift < 64);
        uint8_t byte = in->ptr[0];
        *in = slice_cut(*in, 1, in->len);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
}

static uint64_t take_fixed(struct slice *in, size_t len)
{
    uint64_t value = 0;
    assert_true(in->len >= len);
    memcpy(&value, in->ptr, len);
    *in = slice_cut(*in, len, in->len);
    return value;
}

static struct field take_field(struct slice *in)
{
    uint64_t key = take_varint(in);
    struct field field = {.number = (unsigned)(key >> 3), .wire = (unsigned)(key & 7)};
    if (field.wire == 2) {
        size_t len = (size_t)take_varint(in);
        assert_true(in->len >= len);
        field.bytes = slice_cut(*in, 0, len);
        *in = slice_cut(*in, len, in->len);
    } else {
        field.value = field.wire == 0 ? take_varint(in) : take_fixed(in, field.wire == 1 ? 8 : 4);
    }
    return field;
}

/* The n-th field of this number. False: there are fewer. */
static bool find(struct slice message, unsigned number, size_t nth, struct field *out)
{
    while (message.len > 0) {
        *out = take_field(&message);
        if (out->number == number && nth-- == 0) {
            return true;
        }
    }
    return false;
}

static struct field field_of(struct slice message, unsigned number)
{
    struct field field;
    if (!find(message, number, 0, &field)) {
        fail_msg("there is no field %u", number);
    }
    return field;
}

/* Along a path of fields, the first of each, which ends with 0. */
static struct slice at(struct slice message, const unsigned *path)
{
    for (; *path != 0; path++) {
        message = field_of(message, *path).bytes;
    }
    return message;
}
#define AT(message, ...) at((message), (const unsigned[]){__VA_ARGS__, 0})

static size_t count(struct slice message, unsigned number)
{
    struct field field;
    size_t n = 0;
    while (find(message, number, n, &field)) {
        n++;
    }
    return n;
}

static void assert_text(struct slice bytes, const char *expected)
{
    assert_int_equal(bytes.len, strlen(expected));
    assert_memory_equal(bytes.ptr, expected, bytes.len);
}

/* The AnyValue of an attribute; the repeated KeyValue has `number`. Empty: there is none of this name. */
static struct slice attribute(struct slice message, unsigned number, const char *key)
{
    struct field pair;
    for (size_t i = 0; find(message, number, i, &pair); i++) {
        if (slice_eq_str(AT(pair.bytes, 1), key)) {
            return AT(pair.bytes, 2);
        }
    }
    return SLICE_NONE;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* --- spans -------------------------------------------------------------------------------------------- */

enum {
    SPAN_TRACE = 1,
    SPAN_ID,
    SPAN_PARENT = 4,
    SPAN_NAME,
    SPAN_KIND,
    SPAN_START,
    SPAN_END,
    SPAN_ATTRIBUTES,
    SPAN_STATUS = 15,
    SPAN_FLAGS
};

/* A call with steps: "lookup" and "verify" within "open", which is within nothing, and "gate", which failed. */
static struct trace *trace_of_steps(void)
{
    static const struct trace_step steps[STEPS] = {
        {.table = "identify", .row = "lookup", .start_ns = 1000, .end_ns = 2000, .depth = 2},
        {.table = "identify", .row = "verify", .start_ns = 2000, .end_ns = 3000, .depth = 1},
        {.table = "toy", .row = "open", .start_ns = 500, .end_ns = 3000},
        {.table = "toy", .row = "gate", .start_ns = 3000, .end_ns = 9000, .has_failed = true},
    };
    struct trace *trace = arena_zalloc(arena, sizeof *trace + sizeof steps);
    *trace = (struct trace){.has_parent = true,
                            .start_unix_ns = 1700000000000000000,
                            .end_unix_ns = 1700000000000010000,
                            .path = "/chancery.v1.LicensingService/AcquireLicense",
                            .protocol = "grpc-web",
                            .reason = "DATABASE_UNAVAILABLE",
                            .status = 14,
                            .is_error = true,
                            .request_id = "01890a5d-ac96-774b-bcce-b302099a8057",
                            .steps_left_out = 7,
                            .step_count = STEPS};
    memset(trace->parent.trace, 0xab, TRACE_ID_BYTES);
    memset(trace->parent.span, 0xcd, SPAN_ID_BYTES);
    memset(trace->span, 0xef, SPAN_ID_BYTES);
    memset(trace->tenant.b, 0x11, UUID_BYTES);
    memcpy(trace->steps, steps, sizeof steps);
    return trace;
}

static struct slice pack_spans(struct trace *trace)
{
    struct list traces;
    struct slice out;
    struct err err = {0};
    list_init(&traces);
    list_append(&traces, &trace->link);
    assert_ok(otlp_pack_spans(arena, &SENDER, &traces, &out, &err), &err);
    list_remove(&trace->link);
    return out;
}

static struct slice span_of(struct slice request, size_t index)
{
    struct field span;
    assert_true(find(AT(request, 1, 2), 2, index, &span));
    return span.bytes;
}

static void a_request_says_who_sends(void **state)
{
    (void)state;
    struct slice request = pack_spans(trace_of_steps());
    struct slice resource = AT(request, 1, 1);
    assert_text(AT(attribute(resource, 1, "service.name"), 1), "chanceryd");
    assert_text(AT(attribute(resource, 1, "service.version"), 1), "1.2.3");
    assert_text(AT(attribute(resource, 1, "service.instance.id"), 1), "host:1");
    assert_text(AT(request, 1, 2, 1, 1), "chancery");
    assert_text(AT(request, 1, 2, 1, 2), "1.2.3");
    assert_int_equal(count(AT(request, 1, 2), 2), 1 + STEPS);
}

static void a_call_is_a_span(void **state)
{
    (void)state;
    struct slice span = span_of(pack_spans(trace_of_steps()), 0);
    static const uint8_t trace[] = {[0 ... 15] = 0xab}, parent[] = {[0 ... 7] = 0xcd},
                         own[] = {[0 ... 7] = 0xef};
    assert_true(slice_eq(AT(span, SPAN_TRACE), slice_of(trace, sizeof trace)));
    assert_true(slice_eq(AT(span, SPAN_ID), slice_of(own, sizeof own)));
    assert_true(slice_eq(AT(span, SPAN_PARENT), slice_of(parent, sizeof parent)));
    assert_text(AT(span, SPAN_NAME), "chancery.v1.LicensingService/AcquireLicense");
    assert_int_equal(field_of(span, SPAN_KIND).value, 2);
    assert_int_equal(field_of(span, SPAN_START).wire, 1);
    assert_int_equal(field_of(span, SPAN_START).value, 1700000000000000000);
    assert_int_equal(field_of(span, SPAN_END).value, 1700000000000010000);
    assert_int_equal(field_of(AT(span, SPAN_STATUS), 3).value, 2);
    assert_int_equal(field_of(span, SPAN_FLAGS).wire, 5);
    assert_int_equal(field_of(span, SPAN_FLAGS).value, 0x301);
}

static void a_call_has_attributes(void **state)
{
    (void)state;
    struct slice span = span_of(pack_spans(trace_of_steps()), 0);
    static const char *const texts[][2] = {
        {"rpc.system", "grpc"},
        {"rpc.service", "chancery.v1.LicensingService"},
        {"rpc.method", "AcquireLicense"},
        {"chancery.protocol", "grpc-web"},
        {"chancery.reason", "DATABASE_UNAVAILABLE"},
        {"chancery.request_id", "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"chancery.tenant_id", "11111111-1111-1111-1111-111111111111"},
        {"error.type", "DATABASE_UNAVAILABLE"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_text(AT(attribute(span, SPAN_ATTRIBUTES, texts[i][0]), 1), texts[i][1]);
    }
    assert_int_equal(field_of(attribute(span, SPAN_ATTRIBUTES, "rpc.grpc.status_code"), 3).value,
                     14);
    assert_int_equal(field_of(attribute(span, SPAN_ATTRIBUTES, "chancery.steps_left_out"), 3).value,
                     7);
    assert_int_equal(count(span, SPAN_ATTRIBUTES), 10);
}

static void a_call_that_went_well_says_less(void **state)
{
    struct trace *trace = trace_of_steps();
    (void)state;
    trace->has_parent = false;
    trace->is_error = false;
    trace->reason = "OK";
    trace->status = 0;
    trace->protocol = "connect";
    trace->tenant = (struct uuid){{0}};
    trace->step_count = trace->steps_left_out = 0;
    struct slice request = pack_spans(trace), span = span_of(request, 0);
    assert_int_equal(count(AT(request, 1, 2), 2), 1);
    assert_int_equal(count(span, SPAN_PARENT), 0);
    assert_int_equal(count(span, SPAN_STATUS), 0);
    assert_int_equal(field_of(span, SPAN_FLAGS).value, 0x101);
    assert_text(AT(attribute(span, SPAN_ATTRIBUTES, "rpc.system"), 1), "connect_rpc");
    assert_int_equal(attribute(span, SPAN_ATTRIBUTES, "error.type").len, 0);
    assert_int_equal(attribute(span, SPAN_ATTRIBUTES, "chancery.tenant_id").len, 0);
    assert_int_equal(attribute(span, SPAN_ATTRIBUTES, "chancery.steps_left_out").len, 0);
}

static void steps_are_within_what_they_were_in(void **state)
{
    (void)state;
    struct slice request = pack_spans(trace_of_steps());
    struct slice call = span_of(request, 0), lookup = span_of(request, 1),
                 verify = span_of(request, 2), open = span_of(request, 3),
                 gate = span_of(request, 4);
    assert_text(AT(lookup, SPAN_NAME), "identify.lookup");
    assert_text(AT(gate, SPAN_NAME), "toy.gate");
    assert_int_equal(field_of(lookup, SPAN_KIND).value, 1);
    assert_int_equal(field_of(lookup, SPAN_START).value, 1700000000000001000);
    assert_int_equal(field_of(lookup, SPAN_END).value, 1700000000000002000);
    /* "verify" began when "lookup" had ended, so that was within "open", whose row stood around both. */
    assert_true(slice_eq(AT(lookup, SPAN_PARENT), AT(open, SPAN_ID)));
    assert_true(slice_eq(AT(verify, SPAN_PARENT), AT(open, SPAN_ID)));
    assert_true(slice_eq(AT(open, SPAN_PARENT), AT(call, SPAN_ID)));
    assert_true(slice_eq(AT(gate, SPAN_PARENT), AT(call, SPAN_ID)));
    assert_true(slice_eq(AT(gate, SPAN_TRACE), AT(call, SPAN_TRACE)));
    assert_int_equal(count(open, SPAN_STATUS), 0);
    assert_int_equal(field_of(AT(gate, SPAN_STATUS), 3).value, 2);
    assert_int_equal(count(gate, SPAN_ATTRIBUTES), 0);
}

static void a_full_arena_is_told(void **state)
{
    struct trace *trace = trace_of_steps();
    struct list traces;
    struct slice out;
    struct err err = {0};
    (void)state;
    list_init(&traces);
    list_append(&traces, &trace->link);
    rc packed = {false};
    size_t failing = 1;
    for (; failing < 1000 && !packed.ok; failing++) {
        struct arena *own = arena_new(BUDGET);
        arena_fail_at(own, failing);
        err_clear(&err);
        packed = otlp_pack_spans(own, &SENDER, &traces, &out, &err);
        assert_true(packed.ok || err.reason == R_ARENA_EXHAUSTED);
        arena_free(own);
    }
    assert_true(packed.ok);
    assert_in_range(failing, 20, 999);
}

/* --- what a collector answers ---------------------------------------------------------------------------- */

static void what_a_collector_refuses_is_read(void **state)
{
    static const uint8_t some[] = {0x0a, 0x07, 0x08, 0x05, 0x12, 0x03, 'w', 'h', 'y'};
    static const uint8_t broken[] = {0x0a, 0x07, 0x08};
    const char *why;
    (void)state;
    assert_int_equal(otlp_rejected_spans(arena, slice_of(some, sizeof some), &why), 5);
    assert_string_equal(why, "why");
    assert_int_equal(otlp_rejected_values(arena, slice_of(some, sizeof some), &why), 5);
    assert_string_equal(why, "why");
    assert_int_equal(otlp_rejected_spans(arena, SLICE_NONE, &why), 0);
    assert_int_equal(otlp_rejected_values(arena, SLICE_NONE, &why), 0);
    assert_int_equal(otlp_rejected_spans(arena, slice_of(broken, sizeof broken), &why), 0);
    assert_int_equal(otlp_rejected_values(arena, slice_str("<html>"), &why), 0);
    assert_string_equal(why, "");
}

/* --- metrics ---------------------------------------------------------------------------------------------- */

enum { NOW_NS = 1700 };

static struct slice pack_metrics(size_t *values)
{
    struct slice out;
    struct err err = {0};
    assert_ok(otlp_pack_metrics(arena, &SENDER, NOW_NS, &out, values, &err), &err);
    return out;
}

static struct slice metric_named(struct slice request, const char *name)
{
    struct field metric;
    for (size_t i = 0; find(AT(request, 1, 2), 2, i, &metric); i++) {
        if (slice_eq_str(AT(metric.bytes, 1), name)) {
            return metric.bytes;
        }
    }
    fail_msg("there is no metric %s", name);
    return SLICE_NONE;
}

static void a_counter_is_a_sum(void **state)
{
    size_t values;
    (void)state;
    metric_set(M_START_SECONDS, NULL, NULL, 1600);
    metric_add(M_CALLS, "protect", "OK", 3);
    metric_add(M_CALLS, "protect", "NOT_FOUND", 4);
    struct slice metric = metric_named(pack_metrics(&values), "chancery_calls_total");
    struct slice sum = AT(metric, 7);
    assert_int_equal(values, 3);
    assert_text(AT(metric, 3), "1");
    assert_int_equal(field_of(sum, 2).value, 2);
    assert_int_equal(field_of(sum, 3).value, 1);
    assert_int_equal(count(sum, 1), 2);
    struct slice point = AT(sum, 1); /* in the order of labels */
    assert_int_equal(field_of(point, 2).value, 1600);
    assert_int_equal(field_of(point, 3).value, NOW_NS);
    assert_int_equal(field_of(point, 6).wire, 1);
    assert_int_equal(field_of(point, 6).value, 4);
    assert_text(AT(attribute(point, 7, "flow"), 1), "protect");
    assert_text(AT(attribute(point, 7, "reason"), 1), "NOT_FOUND");
}

static void a_gauge_has_no_start(void **state)
{
    size_t values;
    (void)state;
    metric_set(M_START_SECONDS, NULL, NULL, 1600);
    metric_set(M_NET_BODY_BYTES, NULL, NULL, -5);
    metric_set(M_DB_CLOCK_OFFSET, NULL, NULL, 2500000000);
    struct slice request = pack_metrics(&values);
    struct slice bytes = metric_named(request, "chancery_net_body_bytes");
    struct slice offset = metric_named(request, "chancery_db_clock_offset_seconds");
    assert_text(AT(bytes, 3), "By");
    assert_int_equal(count(AT(bytes, 5, 1), 2), 0);
    assert_int_equal((int64_t)field_of(AT(bytes, 5, 1), 6).value, -5);
    assert_text(AT(offset, 3), "s");
    assert_true(double_of(field_of(AT(offset, 5, 1), 4).value) == 2.5);
}

static void a_histogram_has_its_bounds(void **state)
{
    size_t values;
    (void)state;
    metric_observe(M_CALL_SECONDS, "protect", NULL, 33000);
    metric_observe(M_CALL_SECONDS, "protect", NULL, INT64_C(60000000000));
    struct slice metric = metric_named(pack_metrics(&values), "chancery_call_seconds");
    struct slice histogram = AT(metric, 9), point = AT(histogram, 1);
    struct slice counts = AT(point, 6), bounds = AT(point, 7);
    assert_int_equal(field_of(histogram, 2).value, 2);
    assert_int_equal(field_of(point, 4).value, 2);
    assert_true(double_of(field_of(point, 5).value) == 60000033000 * 1e-9);
    assert_int_equal(counts.len, 21 * 8);
    assert_int_equal(bounds.len, 20 * 8);
    assert_true(double_of(take_fixed(&bounds, 8)) == 32000 * 1e-9);
    assert_int_equal(take_fixed(&counts, 8), 0);
    assert_int_equal(take_fixed(&counts, 8), 1);
    assert_int_equal(counts.ptr[counts.len - 8], 1);
    assert_text(AT(attribute(point, 9, "flow"), 1), "protect");
    assert_int_equal(attribute(point, 9, "reason").len, 0);
}

static void a_sum_of_nothing_is_there(void **state)
{
    size_t values;
    (void)state;
    metric_observe(M_CALL_SECONDS, "protect", NULL, 0);
    struct slice point = AT(metric_named(pack_metrics(&values), "chancery_call_seconds"), 9, 1);
    assert_int_equal(count(point, 5), 1);
    assert_true(double_of(field_of(point, 5).value) == 0);
}

static void metrics_that_have_no_room_are_told(void **state)
{
    struct arena *small = arena_new(2000);
    struct slice out;
    size_t values;
    struct err err = {0};
    (void)state;
    metric_observe(M_CALL_SECONDS, "protect", NULL, 1);
    metric_observe(M_CALL_SECONDS, "other", NULL, 1);
    assert_fails(otlp_pack_metrics(small, &SENDER, NOW_NS, &out, &values, &err), &err,
                 R_ARENA_EXHAUSTED);
    assert_int_equal(values, 2);
    arena_free(small);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_says_who_sends),
        TEST(a_call_is_a_span),
        TEST(a_call_has_attributes),
        TEST(a_call_that_went_well_says_less),
        TEST(steps_are_within_what_they_were_in),
        TEST(a_full_arena_is_told),
        TEST(what_a_collector_refuses_is_read),
        TEST(a_counter_is_a_sum),
        TEST(a_gauge_has_no_start),
        TEST(a_histogram_has_its_bounds),
        TEST(a_sum_of_nothing_is_there),
        TEST(metrics_that_have_no_room_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
