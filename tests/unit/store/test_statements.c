/* SPDX-License-Identifier: Apache-2.0 */
/* Every statement as PostgreSQL sees it, against the table that was generated from
 * server/store/sql/; and values of every type on their way there and back. */
#include "store_fixture.h"

#include <libpq-fe.h>
#include <stdio.h>

#include "store/pg/pg_params.h"
#include "store/pg/pg_result.h"

static PGconn *conn;

static int set_up(void **state)
{
    int failed = store_set_up(state);
    conn = PQconnectdb(f.conninfo);
    return failed;
}

static int tear_down(void **state)
{
    PQfinish(conn);
    return store_tear_down(state);
}

/* Prepare it under a name, and say what it is; the caller clears the result. */
static PGresult *describe(const struct pg_statement *statement, const char *name)
{
    Oid types[PG_PARAMS_MAX];
    for (size_t i = 0; i < statement->param_count; i++) {
        types[i] = pg_statement_oid(&statement->params[i]);
    }
    PGresult *made = PQprepare(conn, name, statement->sql, (int)statement->param_count, types);
    if (PQresultStatus(made) != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", statement->name, PQresultErrorMessage(made));
    }
    PQclear(made);
    return PQdescribePrepared(conn, name);
}

static void every_statement_is_what_postgresql_makes_of_it(void **state)
{
    (void)state;
    char problem[PG_PROBLEM_MAX];
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        PGresult *described = describe(&STATEMENTS[i], STATEMENTS[i].name);
        if (!pg_statement_matches(&STATEMENTS[i], described, problem)) {
            fail_msg("%s: %s", STATEMENTS[i].name, problem);
        }
        PQclear(described);
    }
    assert_ptr_equal(pg_statement_find(STATEMENTS[3].name), &STATEMENTS[3]);
    assert_null(pg_statement_find("no_such_statement"));
}

static void expect_problem(const struct pg_statement *statement, const PGresult *described,
                           const char *expected)
{
    char problem[PG_PROBLEM_MAX];
    assert_false(pg_statement_matches(statement, described, problem));
    assert_string_equal(problem, expected);
}

static void every_difference_is_told(void **state)
{
    (void)state;
    static const struct pg_field params[] = {{.name = "a", .type = PG_INT4}};
    static const struct pg_field longer[] = {{.name = "a", .type = PG_INT8}};
    static const struct pg_field array[] = {{.name = "a", .type = PG_INT4, .stride = 4}};
    static const struct pg_field columns[] = {{.name = "b", .type = PG_TEXT}, {.name = "_"}};
    static const struct pg_field renamed[] = {{.name = "c", .type = PG_TEXT}, {.name = "_"}};
    static const struct pg_field retyped[] = {{.name = "b", .type = PG_BYTEA}, {.name = "_"}};
    const struct pg_statement right = {.name = "right",
                                       .sql = "SELECT $1::text AS b, now() AS _",
                                       .params = params,
                                       .columns = columns,
                                       .param_count = 1,
                                       .column_count = 2};
    struct pg_statement wrong = right;
    char problem[PG_PROBLEM_MAX];
    PGresult *described = describe(&right, "right");
    assert_true(pg_statement_matches(&right, described, problem));
    wrong.params = longer;
    expect_problem(&wrong, described, "parameter a has another type");
    wrong.params = array;
    expect_problem(&wrong, described, "parameter a has another type");
    wrong = right;
    wrong.columns = renamed;
    expect_problem(&wrong, described, "column 1 (c) has another name");
    wrong.columns = retyped;
    expect_problem(&wrong, described, "column 1 (b) has another type");
    wrong = right;
    wrong.column_count = 1;
    expect_problem(&wrong, described, "1 parameters and 2 columns, not 1 and 1");
    wrong = right;
    wrong.param_count = 0;
    expect_problem(&wrong, described, "1 parameters and 2 columns, not 0 and 2");
    PQclear(described);
}

/* --- values ----------------------------------------------------------------------------------- */

struct values {
    struct uuid id, no_id;
    const char *text, *empty, *no_text;
    struct slice bytes, no_bytes;
    bool yes;
    int16_t small;
    int32_t middle;
    int64_t big, time, no_time;
    const int32_t *maybe, *not ;
    struct pg_texts texts, none;
    struct pg_int8s numbers;
};

#define PARAM(field, kind, ...)                                                               \
    {                                                                                         \
        .name = #field, .type = (kind), .offset = offsetof(struct values, field), __VA_ARGS__ \
    }
#define TEXTS(field)                                                             \
    {                                                                            \
        .name = #field, .type = PG_TEXT, .list = offsetof(struct values, field), \
        .stride = sizeof(const char *)                                           \
    }

static const struct pg_field VALUES[] = {
    PARAM(id, PG_UUID, .is_nullable = false),
    PARAM(no_id, PG_UUID, .is_nullable = true),
    PARAM(text, PG_TEXT, .is_nullable = false),
    PARAM(empty, PG_TEXT, .is_nullable = true),
    PARAM(no_text, PG_TEXT, .is_nullable = true),
    PARAM(bytes, PG_BYTEA, .is_nullable = true),
    PARAM(no_bytes, PG_BYTEA, .is_nullable = true),
    PARAM(yes, PG_BOOL, .is_nullable = false),
    PARAM(small, PG_INT2, .is_nullable = false),
    PARAM(middle, PG_INT4, .is_nullable = false),
    PARAM(big, PG_INT8, .is_nullable = false),
    PARAM(time, PG_TIMESTAMPTZ, .is_nullable = true),
    PARAM(no_time, PG_TIMESTAMPTZ, .is_nullable = true),
    TEXTS(texts),
    TEXTS(none),
    {.name = "numbers",
     .type = PG_INT8,
     .list = offsetof(struct values, numbers),
     .stride = sizeof(int64_t)},
};
enum { VALUE_COUNT = sizeof VALUES / sizeof VALUES[0] };

/* What goes in comes back. */
static const struct pg_statement ECHO = {
    .name = "echo",
    .sql = "SELECT $1 AS id, $2 AS no_id, $3 AS text, $4 AS empty, $5 AS no_text, $6 AS bytes,"
           " $7 AS no_bytes, $8 AS yes, $9 AS small, $10 AS middle, $11 AS big, $12 AS time,"
           " $13 AS no_time, $14 AS texts, $15 AS none, $16 AS numbers",
    .params = VALUES,
    .columns = VALUES,
    .param_count = VALUE_COUNT,
    .column_count = VALUE_COUNT};

static const char *const TWO[] = {"one", ""};
static const int64_t FAR[] = {INT64_MAX, 0, -7};
static const struct values SAMPLE = {.id = {{1, 2, 3}},
                                     .text = "h\303\244",
                                     .empty = "",
                                     .bytes = {(const uint8_t *)"\0\1", 2},
                                     .yes = true,
                                     .small = -2,
                                     .middle = -70000,
                                     .big = INT64_MIN,
                                     .time = -1,
                                     .texts = {TWO, 2},
                                     .numbers = {FAR, 3}};

static PGresult *run(const struct pg_params *p)
{
    static const int binary[PG_PARAMS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    PGresult *r = PQexecPrepared(conn, p->statement->name, (int)p->statement->param_count,
                                 p->values, p->lengths, binary, 1);
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        fail_msg("%s", PQresultErrorMessage(r));
    }
    return r;
}

static void values_come_back_as_they_went(void **state)
{
    (void)state;
    struct values got = {.yes = false};
    PQclear(describe(&ECHO, ECHO.name));
    struct pg_params p = pg_params_bind(f.arena, &ECHO, &SAMPLE);
    assert_false(p.failed);
    PGresult *r = run(&p);
    assert_ok(pg_result_read(f.arena, &ECHO, r, 0, &got, &f.err), &f.err);
    assert_true(uuid_eq(got.id, SAMPLE.id) && uuid_is_zero(got.no_id));
    assert_string_equal(got.text, "h\303\244");
    assert_string_equal(got.empty, "");
    assert_null(got.no_text);
    assert_int_equal(got.bytes.len, 2);
    assert_memory_equal(got.bytes.ptr, "\0\1", 2);
    assert_int_equal(got.no_bytes.len, 0);
    assert_true(got.yes);
    assert_int_equal(got.small, -2);
    assert_int_equal(got.middle, -70000);
    assert_true(got.big == INT64_MIN && got.time == -1 && got.no_time == 0);
    assert_int_equal(got.texts.count, 2);
    assert_string_equal(got.texts.items[0], "one");
    assert_string_equal(got.texts.items[1], "");
    assert_int_equal(got.none.count, 0);
    assert_int_equal(got.numbers.count, 3);
    assert_memory_equal(got.numbers.items, FAR, sizeof FAR);
    PQclear(r);
}

static void numbers_may_be_null_by_pointer(void **state)
{
    (void)state;
    static const struct pg_field params[] = {PARAM(maybe, PG_INT4, .is_nullable = true),
                                             PARAM(not, PG_INT4, .is_nullable = true)};
    static const struct pg_statement maybe = {.name = "maybe",
                                              .sql = "SELECT $1 AS maybe, $2 AS none",
                                              .params = params,
                                              .columns = params,
                                              .param_count = 2,
                                              .column_count = 2};
    int32_t seven = 7;
    struct pg_params p = pg_params_bind(f.arena, &maybe, &(struct values){.maybe = &seven});
    PQclear(describe(&maybe, maybe.name));
    PGresult *r = run(&p);
    assert_int_equal(pg_result_int(r, 0, 0), 7);
    assert_true(PQgetisnull(r, 0, 1));
    PQclear(r);
}

/* What must be there and is not did not fit the arena. */
static void a_missing_value_fails_the_parameters(void **state)
{
    (void)state;
    static const char *const hole[] = {"one", NULL};
    struct values values = SAMPLE;
    values.text = NULL;
    assert_true(pg_params_bind(f.arena, &ECHO, &values).failed);
    values = SAMPLE;
    values.texts = (struct pg_texts){hole, 2};
    assert_true(pg_params_bind(f.arena, &ECHO, &values).failed);
    values.texts = (struct pg_texts){NULL, 2};
    assert_true(pg_params_bind(f.arena, &ECHO, &values).failed);
}

/* Whichever allocation fails: said, and nothing else happens. */
static void a_full_arena_fails_both_ways(void **state)
{
    (void)state;
    struct pg_params p = pg_params_bind(f.arena, &ECHO, &SAMPLE);
    PGresult *r = run(&p);
    size_t failures = 0;
    bool is_over = false;
    for (size_t n = 1; !is_over; n++) {
        struct arena *arena = arena_new(1 << 20);
        arena_fail_at(arena, n);
        is_over = !pg_params_bind(arena, &ECHO, &SAMPLE).failed;
        failures += !is_over;
        arena_free(arena);
    }
    assert_in_range(failures, 11, 20); /* one for each value that is not NULL */
    is_over = false;
    for (size_t n = 1; !is_over; n++) {
        struct values got = {.yes = false};
        struct arena *arena = arena_new(1 << 20);
        err_clear(&f.err);
        arena_fail_at(arena, n);
        is_over = pg_result_read(arena, &ECHO, r, 0, &got, &f.err).ok;
        assert_int_equal(f.err.reason, is_over ? R_NONE : R_ARENA_EXHAUSTED);
        arena_free(arena);
    }
    PQclear(r);
}

/* Elements of a list may be NULL, texts that are read may not. */
static void arrays_with_null_are_written_and_not_read(void **state)
{
    (void)state;
    static const char *const hole[] = {"one", NULL, "three"};
    static const struct pg_field texts[] = {{.name = "texts",
                                             .type = PG_TEXT,
                                             .list = offsetof(struct values, texts),
                                             .stride = sizeof(const char *),
                                             .is_nullable = true}};
    static const struct pg_field count[] = {
        {.name = "big", .type = PG_INT8, .offset = offsetof(struct values, big)}};
    static const struct pg_statement nulls = {
        .name = "nulls",
        .sql = "SELECT count(*) FILTER (WHERE t IS NULL) AS big FROM unnest($1) AS t",
        .params = texts,
        .columns = count,
        .param_count = 1,
        .column_count = 1};
    static const struct pg_statement echo_texts = {.name = "echo_texts",
                                                   .sql = "SELECT $1 AS texts",
                                                   .params = texts,
                                                   .columns = texts,
                                                   .param_count = 1,
                                                   .column_count = 1};
    struct values values = {.texts = {hole, 3}}, got = {.yes = false};
    struct pg_params p = pg_params_bind(f.arena, &nulls, &values);
    PQclear(describe(&nulls, nulls.name));
    PGresult *r = run(&p);
    assert_ok(pg_result_read(f.arena, &nulls, r, 0, &got, &f.err), &f.err);
    assert_int_equal(got.big, 1);
    PQclear(r);
    p = pg_params_bind(f.arena, &echo_texts, &values);
    PQclear(describe(&echo_texts, echo_texts.name));
    r = run(&p);
    assert_fails(pg_result_read(f.arena, &echo_texts, r, 0, &got, &f.err), &f.err,
                 R_DATABASE_ERROR);
    PQclear(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_is_what_postgresql_makes_of_it),
        cmocka_unit_test(every_difference_is_told),
        cmocka_unit_test(values_come_back_as_they_went),
        cmocka_unit_test(numbers_may_be_null_by_pointer),
        cmocka_unit_test(a_missing_value_fails_the_parameters),
        cmocka_unit_test(a_full_arena_fails_both_ways),
        cmocka_unit_test(arrays_with_null_are_written_and_not_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
