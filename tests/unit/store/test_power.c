/* SPDX-License-Identifier: Apache-2.0 */
/* Super users, approvals and amendments against a real PostgreSQL: an act and its approval are one transaction. The tests
 * share one database and run in order. */
#include "chancery_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/gate/gate.h"
#include "store/migrate/migrate.h"
#include "store/resource/amendment_store.h"
#include "store/resource/approval_store.h"
#include "store/resource/audit_store.h"
#include "store/resource/super_user_store.h"
#include "store/resource/tenant_store.h"

static struct loop *loop;
static struct store *store;
static struct arena *arena;
static struct err err;
static int pending;

static const struct tenant_id CONTOSO = {{{1}}};
static const struct component_id ONE = {{{11}}}, TWO = {{{12}}};
static const struct content_id CONTENT = {{{21}}};
static const int64_t DAY_US = 86400LL * 1000000;

static void op_done(struct store_op *op)
{
    (void)op;
    if (--pending == 0) {
        loop_stop(loop);
    }
}

static void entry_done(struct gate_entry *entry)
{
    (void)entry;
    loop_stop(loop);
}

static void stop_timer(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static void run_for(int64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer, loop, stop_timer);
    loop_timer_arm(&timer, ms);
    loop_run(loop);
    loop_timer_fini(&timer);
}

static enum reason wait_for(struct store_op *op)
{
    pending = 1;
    loop_run(loop);
    return op->err.reason;
}

static void ignore_report(void *ctx, int version, const char *name)
{
    (void)ctx;
    (void)version;
    (void)name;
}

static struct audit_who who_is(struct component_id component, const char *name)
{
    return (struct audit_who){.addresses = "",
                              .user = "",
                              .component = component,
                              .component_name = name,
                              .client_address = "127.0.0.1:1",
                              .user_agent = "test",
                              .correlation_id = "c1"};
}

static struct change_op *act(struct component_id component, const char *name)
{
    struct change_op *op = ARENA_NEW(arena, struct change_op);
    store_op_init(&op->op, store, arena, op_done, NULL);
    op->scope = CONTOSO;
    op->who = who_is(component, name);
    return op;
}

static int set_up(void **state)
{
    (void)state;
    const char *conninfo = getenv("CHANCERY_TEST_DB");
    if (conninfo == NULL) {
        fprintf(stderr, "CHANCERY_TEST_DB is not set: run me by tests/support/postgres.py\n");
        return -1;
    }
    assert_ok(migrate_apply(conninfo, ignore_report, NULL, &err), &err);
    loop = loop_new();
    store = store_new(loop, &(struct store_config){.conninfo = conninfo});
    arena = arena_new(64 << 20);
    for (int i = 0; i < 100 && !store_is_ready(store); i++) {
        run_for(50);
    }
    assert_true(store_is_ready(store));
    struct tenant_row tenant = {.id = CONTOSO,
                                .name = "contoso",
                                .display_name = "Contoso",
                                .boundary = "commercial",
                                .license_cap_days = 30};
    struct change_op *op = act(ONE, "one");
    op->scope = TENANT_PLATFORM;
    tenant_store_create(op, &tenant, SUITE_P256, NULL, 0);
    assert_int_equal(wait_for(&op->op), R_NONE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_free(store);
    arena_free(arena);
    loop_free(loop);
    return 0;
}

static size_t count_audit(const char *operation)
{
    struct audit_query *query = ARENA_NEW(arena, struct audit_query);
    store_op_init(&query->op, store, arena, op_done, NULL);
    query->tenant = CONTOSO;
    query->operation = operation;
    query->limit = AUDIT_PAGE_MAX;
    audit_store_query(query);
    assert_int_equal(wait_for(&query->op), R_NONE);
    return query->count;
}

/* --- super users -------------------------------------------------------------------------------- */

static struct super_user_row power(const char *principal, int64_t from_now_us)
{
    return (struct super_user_row){.principal = principal,
                                   .reason = "hold",
                                   .granted_by = "one",
                                   .expires_at = clock_unix_us() + from_now_us};
}

static struct super_user_list *list_super_users(void)
{
    struct super_user_list *list = ARENA_NEW(arena, struct super_user_list);
    store_op_init(&list->op, store, arena, op_done, NULL);
    super_user_store_list(list, CONTOSO);
    assert_int_equal(wait_for(&list->op), R_NONE);
    return list;
}

static enum reason grant(const char *principal, int64_t from_now_us)
{
    struct super_user_row row = power(principal, from_now_us);
    struct change_op *op = act(ONE, "one");
    super_user_store_grant(op, &row, principal);
    return wait_for(&op->op);
}

static enum reason revoke(const char *principal)
{
    struct change_op *op = act(ONE, "one");
    super_user_store_revoke(op, principal);
    return wait_for(&op->op);
}

static void power_is_granted_moved_and_revoked(void **state)
{
    (void)state;
    assert_int_equal(grant("user:eve@contoso.com", DAY_US), R_NONE);
    assert_int_equal(grant("user:eve@contoso.com", 2 * DAY_US), R_NONE);
    struct super_user_list *list = list_super_users();
    assert_int_equal(list->count, 1);
    assert_string_equal(list->rows[0].principal, "user:eve@contoso.com");
    assert_string_equal(list->rows[0].reason, "hold");
    assert_true(list->rows[0].expires_at > clock_unix_us() + DAY_US);
    assert_int_equal(count_audit("grant_super_user"), 2);
    assert_int_equal(revoke("user:eve@contoso.com"), R_NONE);
    assert_int_equal(revoke("user:eve@contoso.com"), R_NOT_FOUND);
    assert_int_equal(count_audit("revoke_super_user"), 1);
    assert_int_equal(list_super_users()->count, 0);
}

static void power_that_has_ended_is_not_listed(void **state)
{
    (void)state;
    assert_int_equal(grant("user:past@contoso.com", -1000000), R_NONE);
    assert_int_equal(list_super_users()->count, 0);
}

static void a_tenant_has_a_bounded_number_of_super_users(void **state)
{
    (void)state;
    for (int i = 0; i < SUPER_USERS_MAX; i++) {
        char principal[64];
        snprintf(principal, sizeof principal, "user:u%d@contoso.com", i);
        assert_int_equal(grant(principal, DAY_US), R_NONE);
    }
    assert_int_equal(grant("user:more@contoso.com", DAY_US), R_LIMIT_EXCEEDED);
    assert_int_equal(grant("user:u1@contoso.com", 2 * DAY_US), R_NONE); /* who is there already */
    assert_int_equal(list_super_users()->count, SUPER_USERS_MAX);
    for (int i = 0; i < SUPER_USERS_MAX; i++) {
        char principal[64];
        snprintf(principal, sizeof principal, "user:u%d@contoso.com", i);
        assert_int_equal(revoke(principal), R_NONE);
    }
}

/* --- approvals ---------------------------------------------------------------------------------- */

static struct approval_id ask(void)
{
    struct approval_row row = {.id.u = uuid_v7(clock_unix_us()),
                               .act = "grant_super_user",
                               .operation = APPROVAL_GRANT_SUPER_USER,
                               .request = slice_str("packed"),
                               .summary = "give power",
                               .asker.fingerprint = slice_str("print")};
    struct change_op *op = act(ONE, "one");
    approval_store_ask(op, &row);
    assert_int_equal(wait_for(&op->op), R_NONE);
    return row.id;
}

static struct approval_list *find(struct approval_id only)
{
    struct approval_list *list = ARENA_NEW(arena, struct approval_list);
    store_op_init(&list->op, store, arena, op_done, NULL);
    list->tenant = CONTOSO;
    list->only = only;
    list->limit = APPROVAL_PAGE_MAX;
    approval_store_list(list);
    assert_int_equal(wait_for(&list->op), R_NONE);
    return list;
}

static enum reason approve(struct approval_id request, struct component_id by,
                           const char *principal)
{
    struct super_user_row row = power(principal, DAY_US);
    struct change_op *op = act(by, "two");
    op->approval = (struct act_approval){.request = request, .asked_by = "one"};
    super_user_store_grant(op, &row, principal);
    return wait_for(&op->op);
}

static void a_request_is_kept_as_it_was_asked(void **state)
{
    (void)state;
    struct approval_id id = ask();
    struct approval_list *list = find(id);
    assert_int_equal(list->count, 1);
    const struct approval_row *row = &list->rows[0];
    assert_string_equal(row->act, "grant_super_user");
    assert_int_equal(row->operation, APPROVAL_GRANT_SUPER_USER);
    assert_true(slice_eq_str(row->request, "packed"));
    assert_true(slice_eq_str(row->asker.fingerprint, "print"));
    assert_true(ID_EQ(row->asker.component, ONE));
    assert_string_equal(row->asker_name, "one");
    assert_int_equal(row->state, APPROVAL_PENDING);
    assert_int_equal(row->expires_at - row->requested_at, APPROVAL_DAYS * DAY_US);
    assert_int_equal(count_audit("request_approval"), 1);
}

static void performing_and_approving_are_one(void **state)
{
    (void)state;
    struct approval_id id = ask();
    assert_int_equal(approve(id, ONE, "user:a@contoso.com"), R_PRECONDITION_FAILED);
    assert_int_equal(list_super_users()->count, 0);
    assert_int_equal(approve(id, TWO, "user:a@contoso.com"), R_NONE);
    assert_int_equal(list_super_users()->count, 1);
    assert_int_equal(find(id)->rows[0].state, APPROVAL_APPROVED);
    assert_string_equal(find(id)->rows[0].decider_name, "two");
    assert_int_equal(approve(id, TWO, "user:b@contoso.com"), R_PRECONDITION_FAILED);
    assert_int_equal(list_super_users()->count, 1);
    assert_int_equal(count_audit("approve_request"), 1);
}

/* Nothing matched, so it is not approved either. */
static void an_act_that_changes_nothing_is_not_approved(void **state)
{
    (void)state;
    struct approval_id id = ask();
    struct change_op *op = act(TWO, "two");
    op->approval = (struct act_approval){.request = id, .asked_by = "one"};
    super_user_store_revoke(op, "user:nobody@contoso.com");
    assert_int_equal(wait_for(&op->op), R_NOT_FOUND);
    assert_int_equal(find(id)->rows[0].state, APPROVAL_PENDING);
    assert_int_equal(count_audit("approve_request"), 1); /* the one before */
}

static void a_closed_request_is_not_performed(void **state)
{
    (void)state;
    struct approval_id id = ask();
    struct change_op *op = act(TWO, "two");
    approval_store_close(op, id, APPROVAL_REJECTED);
    assert_int_equal(wait_for(&op->op), R_NONE);
    assert_int_equal(approve(id, TWO, "user:c@contoso.com"), R_PRECONDITION_FAILED);
    op = act(ONE, "one");
    approval_store_close(op, id, APPROVAL_WITHDRAWN);
    assert_int_equal(wait_for(&op->op), R_NOT_FOUND);
    assert_int_equal(find(id)->rows[0].state, APPROVAL_REJECTED);
}

static void two_at_once_perform_once(void **state)
{
    (void)state;
    struct approval_id id = ask();
    struct super_user_row row = power("user:once@contoso.com", DAY_US);
    struct change_op *ops[2] = {act(TWO, "two"), act(TWO, "two")};
    size_t before = count_audit("grant_super_user");
    pending = 2;
    for (int i = 0; i < 2; i++) {
        ops[i]->approval = (struct act_approval){.request = id, .asked_by = "one"};
        super_user_store_grant(ops[i], &row, row.principal);
    }
    loop_run(loop);
    assert_int_equal(ops[0]->op.err.reason, R_NONE);
    assert_int_equal(ops[1]->op.err.reason, R_PRECONDITION_FAILED);
    assert_int_equal(count_audit("grant_super_user"), before + 1);
}

static void requests_come_newest_first_and_by_state(void **state)
{
    (void)state;
    struct approval_list *all = find((struct approval_id){{{0}}});
    assert_true(all->count >= 4);
    for (size_t i = 1; i < all->count; i++) {
        assert_true(uuid_compare(all->rows[i].id.u, all->rows[i - 1].id.u) < 0);
    }
    struct approval_list *list = ARENA_NEW(arena, struct approval_list);
    store_op_init(&list->op, store, arena, op_done, NULL);
    list->tenant = CONTOSO;
    list->states[0] = APPROVAL_REJECTED;
    list->state_count = 1;
    list->limit = 1;
    approval_store_list(list);
    assert_int_equal(wait_for(&list->op), R_NONE);
    assert_int_equal(list->count, 1);
    assert_int_equal(list->rows[0].state, APPROVAL_REJECTED);
}

static void an_act_of_one_fails_when_approval_is_required_by_now(void **state)
{
    (void)state;
    struct change_op *op = act(ONE, "one");
    tenant_store_get(op, "contoso");
    assert_int_equal(wait_for(&op->op), R_NONE);
    struct tenant_row tenant = *op->tenant;
    tenant.approvals = approval_requirement(1U << APPROVAL_GRANT_SUPER_USER);
    op = act(ONE, "one");
    tenant_store_update(op, &tenant);
    assert_int_equal(wait_for(&op->op), R_NONE);
    struct super_user_row row = power("user:late@contoso.com", DAY_US);
    size_t before = list_super_users()->count;
    for (int i = 0; i < 2; i++) {
        op = act(ONE, "one");
        op->approval.unless = i == 0 ? 1U << APPROVAL_GRANT_SUPER_USER : 1U << APPROVAL_EXPORT_KEYS;
        super_user_store_grant(op, &row, row.principal);
        assert_int_equal(wait_for(&op->op), i == 0 ? R_STALE : R_NONE);
        assert_int_equal(list_super_users()->count, before + (size_t)i);
    }
}

/* --- amendments --------------------------------------------------------------------------------- */

static struct amendment fetch(void)
{
    struct amendment_fetch *f = ARENA_NEW(arena, struct amendment_fetch);
    store_op_init(&f->op, store, arena, op_done, NULL);
    amendment_store_fetch(f, CONTOSO, CONTENT);
    assert_int_equal(wait_for(&f->op), R_NONE);
    return f->amendment;
}

static enum reason keep(const struct amendment *amendment)
{
    struct amendment_put *s = ARENA_NEW(arena, struct amendment_put);
    store_op_init(&s->op, store, arena, op_done, NULL);
    s->tenant = CONTOSO;
    s->content = CONTENT;
    s->amendment = amendment;
    s->target = "set";
    s->who = who_is(ONE, "one");
    amendment_store_put(s);
    return wait_for(&s->op);
}

static void make_content(void)
{
    struct amendments *amendments = amendments_new(10);
    struct gate *gate = gate_new(loop, store, amendments);
    struct gate_content content = {.owner = "alice@contoso.com", .issuer = "", .display_name = ""};
    struct gate_entry entry = {.tenant = CONTOSO,
                               .operation = "protect",
                               .who = who_is(ONE, "one"),
                               .content = CONTENT,
                               .rights = "",
                               .arena = arena,
                               .new_content = &content,
                               .done = entry_done};
    gate_submit(gate, &entry);
    loop_run(loop);
    assert_int_equal(entry.verdict, GATE_RECORDED);
    gate_free(gate);
    amendments_free(amendments);
}

static void amendments_are_kept_one_after_the_other(void **state)
{
    (void)state;
    static const struct rights rights = {.bits = RIGHT_VIEW | RIGHT_PRINT};
    static const struct grant grants[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &rights}};
    static const char *const recipients[] = {"carol@fabrikam.com"};
    static const struct principal removed[] = {{PRINCIPAL_RECIPIENTS, ""}};
    struct amendment first = {.version = 1,
                              .is_valid = true,
                              .grants = grants,
                              .grant_count = 1,
                              .recipients = recipients,
                              .recipient_count = 1,
                              .removed = removed,
                              .removed_count = 1,
                              .changes_expiry = true,
                              .expires_at = {1893456000}};
    assert_int_equal(keep(&first), R_DATABASE_CONFLICT); /* no such content */
    make_content();
    assert_int_equal(fetch().version, 0);
    assert_int_equal(keep(&first), R_NONE);
    assert_int_equal(keep(&first), R_DATABASE_CONFLICT);
    struct amendment got = fetch();
    assert_int_equal(got.version, 1);
    assert_true(got.is_valid && got.changes_expiry);
    assert_int_equal(got.expires_at.s, 1893456000);
    assert_int_equal(got.grants[0].rights->bits, RIGHT_VIEW | RIGHT_PRINT);
    assert_string_equal(got.grants[0].principal.name, "bob@fabrikam.com");
    assert_string_equal(got.recipients[0], "carol@fabrikam.com");
    assert_int_equal(got.removed[0].kind, PRINCIPAL_RECIPIENTS);
    struct amendment second = {.version = 2, .is_valid = true, .changes_expiry = true};
    assert_int_equal(keep(&second), R_NONE);
    got = fetch();
    assert_int_equal(got.version, 2);
    assert_int_equal(got.grant_count + got.recipient_count + got.removed_count, 0);
    assert_true(got.changes_expiry);
    assert_int_equal(got.expires_at.s, 0); /* never */
    assert_int_equal(count_audit("amend_policy"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_is_granted_moved_and_revoked),
        cmocka_unit_test(power_that_has_ended_is_not_listed),
        cmocka_unit_test(a_tenant_has_a_bounded_number_of_super_users),
        cmocka_unit_test(a_request_is_kept_as_it_was_asked),
        cmocka_unit_test(performing_and_approving_are_one),
        cmocka_unit_test(an_act_that_changes_nothing_is_not_approved),
        cmocka_unit_test(a_closed_request_is_not_performed),
        cmocka_unit_test(two_at_once_perform_once),
        cmocka_unit_test(requests_come_newest_first_and_by_state),
        cmocka_unit_test(an_act_of_one_fails_when_approval_is_required_by_now),
        cmocka_unit_test(amendments_are_kept_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
