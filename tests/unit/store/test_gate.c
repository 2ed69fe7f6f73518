/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: what still holds is recorded, once; what does not is told with what is true. */
#include "store_fixture.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/cache/views.h"
#include "store/resource/content_store.h"
#include "store/resource/tenant_store.h"

static const struct content_id CONTENT = {{{42}}};
static int64_t epoch; /* of CONTOSO's scope, as far as we know */

static void read_epoch(void)
{
    static const char *const served[] = {NULL};
    struct views *views = views_new(f.store, served, 0);
    struct view_load *load = ARENA_NEW(f.arena, struct view_load); /* the arena refers to it */
    prepare(&load->op);
    views_load_tenant(views, load, CONTOSO);
    assert_int_equal(wait_for(&load->op), R_NONE);
    epoch = load->found_tenant->epoch;
    views_free(views);
}

static struct gate_entry entry_for(struct content_id content)
{
    return (struct gate_entry){.tenant = CONTOSO,
                               .operation = "acquire_license",
                               .who = WHO,
                               .content = content,
                               .rights = "VIEW",
                               .channel = CHANNEL_NATIVE,
                               .scopes = {{.scope = CONTOSO.u, .epoch = epoch}},
                               .scope_count = 1,
                               .arena = f.arena,
                               .done = entry_done};
}

static void submit_one(struct gate_entry *entry)
{
    gate_submit(f.gate, entry);
    wait_all(1);
    assert_int_equal(entry->err.reason, R_NONE);
}

static const struct gate_content new_content = {.owner = "alice@contoso.com",
                                                .issuer = "alice@contoso.com",
                                                .display_name = "Budget",
                                                .request_id = {{5}},
                                                .request_hash = {1, 2, 3},
                                                .key_version = 7};

static void new_content_is_made_once_per_request_id(void **state)
{
    (void)state;
    read_epoch();
    struct gate_entry entry = entry_for(CONTENT);
    entry.operation = "protect";
    entry.new_content = &new_content;
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
    struct gate_entry again = entry_for((struct content_id){{{43}}});
    again.new_content = &new_content;
    submit_one(&again);
    assert_int_equal(again.verdict, GATE_ALREADY);
    assert_true(ID_EQ(again.made.content, CONTENT));
    assert_memory_equal(again.made.request_hash, new_content.request_hash, 32);
    assert_int_equal(again.made.key_version, 7);
}

/* A transaction of somebody else's that takes request ids of CONTOSO. */
static bool takes(PGconn *other, const char *request)
{
    char sql[512];
    snprintf(
        sql, sizeof sql,
        "INSERT INTO content (tenant, content, owner, issuer, display_name, request_id, request_hash, "
        "key_version) VALUES ('0197b7c0-7e5c-7c3e-8f4e-010203040506', gen_random_uuid(), 'a@contoso.com', "
        "'a@contoso.com', '', '%s', sha256('x'), 1)",
        request);
    PGresult *result = PQexec(other, sql);
    bool is_taken = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return is_taken;
}

/* Somebody has the lowest id of a batch and wants the highest: they would wait for each other if the batch had that
 * already, as it comes first in it. */
static void batches_take_request_ids_in_one_order(void **state)
{
    (void)state;
    struct gate_content contents[2] = {new_content, new_content};
    struct gate_entry entries[2];
    PGconn *other = PQconnectdb(f.conninfo);
    read_epoch();
    PQclear(PQexec(other, "SET lock_timeout = '50ms'; BEGIN"));
    assert_true(takes(other, "aa000000-0000-0000-0000-000000000000"));
    for (int i = 0; i < 2; i++) {
        contents[i].request_id = (struct uuid){{i == 0 ? 0xbb : 0xaa}};
        entries[i] = entry_for((struct content_id){{{(uint8_t)(60 + i)}}});
        entries[i].new_content = &contents[i];
        gate_submit(f.gate, &entries[i]);
    }
    f.pending = 2;
    run_for(80);
    assert_true(takes(other, "bb000000-0000-0000-0000-000000000000"));
    PQclear(PQexec(other, "ROLLBACK"));
    PQfinish(other);
    while (f.pending > 0) {
        loop_run(f.loop);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(entries[i].err.reason, R_NONE);
        assert_int_equal(entries[i].verdict, GATE_RECORDED);
    }
}

static void decisions_are_recorded_in_one_batch(void **state)
{
    (void)state;
    struct gate_entry entries[200];
    size_t before = count_audit(NULL, "NO_RIGHTS");
    for (int i = 0; i < 200; i++) {
        entries[i] = entry_for(CONTENT);
        entries[i].reason = R_NO_RIGHTS;
        entries[i].rights = "";
        gate_submit(f.gate, &entries[i]);
    }
    wait_all(200);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(entries[i].err.reason, R_NONE);
        assert_int_equal(entries[i].verdict, GATE_RECORDED);
    }
    assert_int_equal(count_audit(NULL, "NO_RIGHTS"), before + 200);
}

static void a_change_of_the_tenant_makes_the_gate_say_stale(void **state)
{
    (void)state;
    struct exclusion exclusion = {EXCLUDED_USER, "eve@contoso.com"};
    struct gate_entry entry = entry_for(CONTENT);
    entry.scopes[1] = (struct gate_scope){.scope = TENANT_PLATFORM.u, .epoch = 0};
    entry.scope_count = 2;
    struct change_op *op = change(CONTOSO);
    tenant_store_exclude(op, &exclusion);
    assert_int_equal(wait_for(&op->op), R_NONE);
    size_t before = count_audit(NULL, "OK");
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_STALE);
    assert_true(entry.scopes[0].is_stale);
    assert_false(entry.scopes[1].is_stale);
    assert_int_equal(count_audit(NULL, "OK"), before); /* nothing of what did not hold */
    read_epoch();
    entry = entry_for(CONTENT);
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
}

static void revoke(const char *user, bool restore)
{
    struct content_revoke r = {.tenant = CONTOSO,
                               .content = CONTENT,
                               .user = user,
                               .reason = "test",
                               .restore = restore,
                               .who = WHO};
    prepare(&r.op);
    content_store_revoke(&r);
    assert_int_equal(wait_for(&r.op), R_NONE);
    assert_true(r.at > 0);
}

static void a_revocation_is_a_changed_fact(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        bool everybody, user_revoked;
    } rows[] = {
        {NULL, true, false}, {"b@fabrikam.com", false, true}, {"eve@fabrikam.com", false, false}};
    for (size_t i = 0; i < 3; i++) {
        struct gate_entry entry = entry_for(CONTENT);
        revoke(rows[i].user, false);
        submit_one(&entry);
        bool changed = rows[i].everybody || rows[i].user_revoked;
        assert_int_equal(entry.verdict, changed ? GATE_FACTS_CHANGED : GATE_RECORDED);
        if (changed) {
            assert_int_equal(entry.facts.is_revoked, rows[i].everybody);
            assert_int_equal(entry.facts.user_is_revoked, rows[i].user_revoked);
            entry.reason = R_REVOKED; /* decided again on what is true: now it is recorded */
            submit_one(&entry);
            assert_int_equal(entry.verdict, GATE_RECORDED);
        }
        revoke(rows[i].user, true);
    }
    struct content_find find;
    prepare(&find.op);
    content_store_find(&find, CONTOSO, CONTENT);
    wait_all(1);
    assert_string_equal(find.row.owner, "alice@contoso.com");
    assert_int_equal(find.row.revoked_at, 0);
    assert_int_equal(find.row.revoked_user_count, 0);
}

static struct content_row find(struct content_id id)
{
    struct content_find *found = ARENA_NEW(f.arena, struct content_find);
    prepare(&found->op);
    content_store_find(found, CONTOSO, id);
    return wait_for(&found->op) == R_NONE ? found->row : (struct content_row){.owner = NULL};
}

/* The database went back: there is a license, and no row. Whoever opened it tells what its seal says. */
static void content_that_was_lost_is_recorded_with_the_decision(void **state)
{
    (void)state;
    static const struct content_id lost = {{{43}}};
    static const struct gate_content sealed = {.owner = "alice@contoso.com",
                                               .issuer = "edge",
                                               .display_name = "Lost",
                                               .protected_at = 1700000000LL * 1000000};
    read_epoch();
    size_t before = count_audit(NULL, NULL);
    struct gate_entry entries[3] = {entry_for(lost), entry_for(lost), entry_for(CONTENT)};
    for (int i = 0; i < 3; i++) {
        entries[i].sealed = &sealed;
        gate_submit(f.gate, &entries[i]);
    }
    wait_all(3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(entries[i].err.reason, R_NONE);
        assert_int_equal(entries[i].verdict, GATE_RECORDED);
    }
    assert_int_equal(count_audit(NULL, NULL), before + 3);
    struct content_row row = find(lost);
    assert_string_equal(row.owner, "alice@contoso.com");
    assert_string_equal(row.issuer, "edge");
    assert_string_equal(row.display_name, "Lost");
    assert_true(row.created_at == sealed.protected_at);
    assert_string_equal(find(CONTENT).display_name, "Budget"); /* what is known stays */
}

/* Known by a row that is gone by now: to be looked for again. */
static void without_a_seal_lost_content_is_stale(void **state)
{
    (void)state;
    static const struct content_id lost = {{{44}}};
    size_t before = count_audit(NULL, NULL);
    struct gate_entry entry = entry_for(lost);
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_STALE);
    assert_int_equal(count_audit(NULL, NULL), before);
    assert_null(find(lost).owner);
    entry.tenant = TENANT_PLATFORM; /* nothing is known of the content that was claimed */
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
}

/* A row that PostgreSQL refuses does not take the others of its batch with it. */
static void one_bad_row_fails_alone(void **state)
{
    (void)state;
    struct gate_entry entries[3];
    for (int i = 0; i < 3; i++) {
        entries[i] = entry_for(CONTENT);
    }
    entries[1].who.user_agent = "\xff\xfe"; /* not UTF-8 */
    for (int i = 0; i < 3; i++) {
        gate_submit(f.gate, &entries[i]);
    }
    wait_all(3);
    assert_int_equal(entries[0].verdict, GATE_RECORDED);
    assert_int_equal(entries[0].err.reason, R_NONE);
    assert_int_equal(entries[2].err.reason, R_NONE);
    assert_int_equal(entries[1].err.reason, R_DATABASE_ERROR);
}

static void canceled_entries_and_operations_stay_silent(void **state)
{
    (void)state;
    struct gate_entry first = entry_for(CONTENT), second = entry_for(CONTENT);
    f.pending = 2;
    gate_submit(f.gate, &first);
    gate_cancel(f.gate, &first); /* before it was sent */
    gate_submit(f.gate, &second);
    run_for(0);
    /* About to be sent, sent, or on a slow machine answered already. */
    gate_cancel(f.gate, &second);
    int before = f.pending;
    struct change_op *op = change(CONTOSO);
    tenant_store_get(op, "contoso");
    store_op_cancel(&op->op);
    run_for(200);
    assert_int_equal(f.pending, before);
}

/* --- what owners are told --------------------------------------------------------------------- */

static int64_t count_rows(const char *from)
{
    PGconn *owner = PQconnectdb(f.conninfo);
    PGresult *result = PQexec(owner, arena_printf(f.arena, "SELECT count(*) FROM %s", from));
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    int64_t count = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(owner);
    return count;
}

static void make_content(struct content_id content, bool notify_owner)
{
    const struct gate_content made = {.owner = "alice@contoso.com",
                                      .issuer = "alice@contoso.com",
                                      .display_name = "",
                                      .notify_owner = notify_owner};
    struct gate_entry entry = entry_for(content);
    entry.operation = "protect";
    entry.new_content = &made;
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
}

/* Several at once, and several after each other: one row for what becomes of a content within a period. */
static void owners_are_told_once_in_a_period(void **state)
{
    static const struct content_id told = {{{80}}}, silent = {{{81}}};
    struct gate_entry entries[4];
    (void)state;
    read_epoch();
    make_content(told, true);
    make_content(silent, false);
    run_sql(
        "CREATE OR REPLACE FUNCTION owner_notice_period(at timestamptz, OUT begins_at timestamptz, "
        "OUT ends_at timestamptz) LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01T00:00:00Z'::timestamptz, "
        "'2100-01-01T00:00:00Z'::timestamptz $$"); /* none ends here */
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++) {
            entries[i] = entry_for(i < 2 ? told : silent);
            entries[i].reason = i % 2 == 0 ? R_NONE : R_NO_RIGHTS;
            entries[i].tracking = TRACKING_TOLD;
            gate_submit(f.gate, &entries[i]);
        }
        wait_all(4);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(entries[i].err.reason, R_NONE);
        }
    }
    assert_int_equal(count_rows("owner_notice"), 1);
    assert_int_equal(
        count_rows("owner_notice WHERE owner = 'alice@contoso.com' AND mail_state = 1 AND "
                   "mail_at = ends_at + interval '10 seconds'"),
        1);
}

/* What is not shown has its record all the same, and is not told; nor is what isn't recorded. */
static void what_is_hidden_is_recorded_and_not_told(void **state)
{
    static const struct content_id content = {{{82}}};
    (void)state;
    make_content(content, true);
    const int64_t before = count_rows("audit");
    for (int tracking = TRACKING_SHOWN; tracking <= TRACKING_HIDDEN; tracking++) {
        struct gate_entry entry = entry_for(content);
        entry.tracking = (enum gate_tracking)tracking;
        submit_one(&entry);
    }
    struct gate_entry stale = entry_for(content);
    stale.tracking = TRACKING_TOLD;
    stale.scopes[0].epoch = epoch + 1;
    submit_one(&stale);
    assert_int_equal(stale.verdict, GATE_STALE);
    assert_int_equal(count_rows("audit"), before + 2);
    assert_int_equal(count_rows("audit WHERE untracked"), 1);
    assert_int_equal(count_rows("owner_notice"), 1); /* the one of the test before */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_content_is_made_once_per_request_id),
        cmocka_unit_test(batches_take_request_ids_in_one_order),
        cmocka_unit_test(decisions_are_recorded_in_one_batch),
        cmocka_unit_test(a_change_of_the_tenant_makes_the_gate_say_stale),
        cmocka_unit_test(a_revocation_is_a_changed_fact),
        cmocka_unit_test(content_that_was_lost_is_recorded_with_the_decision),
        cmocka_unit_test(without_a_seal_lost_content_is_stale),
        cmocka_unit_test(one_bad_row_fails_alone),
        cmocka_unit_test(canceled_entries_and_operations_stay_silent),
        cmocka_unit_test(owners_are_told_once_in_a_period),
        cmocka_unit_test(what_is_hidden_is_recorded_and_not_told),
    };
    return cmocka_run_group_tests(tests, store_set_up_gate, store_tear_down);
}
