/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals: an act and its approval are one transaction. */
#include "store_fixture.h"

#include "store/resource/approval_store.h"
#include "store/resource/tenant_store.h"

static const int64_t DAY_US = 86400LL * 1000000;
static const struct component_id ONE = {{{11}}}, TWO = {{{12}}};

static struct change_op *act(struct component_id component, const char *name)
{
    struct change_op *op = change(CONTOSO);
    op->who.component = component;
    op->who.component_name = name;
    return op;
}

static struct approval_id ask(void)
{
    struct approval_row row = {.id.u = uuid_v7(clock_unix_us()),
                               .act = "grant_super_user",
                               .operation = APPROVAL_CONTENT_ACCESS,
                               .request = slice_str("packed"),
                               .secret = slice_str(" and secret"),
                               .summary = "give power",
                               .asker.fingerprint = slice_str("print"),
                               .asker_role = ROLE_TENANT_ADMIN};
    struct change_op *op = act(ONE, "one");
    approval_store_ask(op, &row);
    assert_int_equal(wait_for(&op->op), R_NONE);
    return row.id;
}

static struct approval_list *find(struct approval_id only)
{
    struct approval_list *list = ARENA_NEW(f.arena, struct approval_list);
    prepare(&list->op);
    list->tenant = CONTOSO;
    list->only = only;
    list->limit = APPROVAL_PAGE_MAX;
    list->request_max = APPROVAL_REQUEST_MAX;
    list->changes_max = APPROVAL_CHANGES_MAX;
    approval_store_list(list);
    assert_int_equal(wait_for(&list->op), R_NONE);
    return list;
}

static enum reason approve(struct approval_id request, struct component_id by,
                           const char *principal)
{
    struct super_user_row row = super_user(principal, DAY_US);
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
    assert_int_equal(row->operation, APPROVAL_CONTENT_ACCESS);
    assert_true(slice_eq_str(row->request, "packed"));
    assert_true(slice_eq_str(row->asker.fingerprint, "print"));
    assert_true(ID_EQ(row->asker.component, ONE));
    assert_string_equal(row->asker_name, "one");
    assert_int_equal(row->state, APPROVAL_PENDING);
    assert_int_equal(row->expires_at - row->requested_at, APPROVAL_DAYS * DAY_US);
    assert_int_equal(count_audit("request_approval", NULL), 1);
}

static const char *secret_of(struct approval_id id)
{
    struct approval_list *list = ARENA_NEW(f.arena, struct approval_list);
    prepare(&list->op);
    list->tenant = CONTOSO;
    list->only = id;
    list->limit = 1;
    list->request_max = APPROVAL_REQUEST_MAX;
    list->with_secret = true;
    approval_store_list(list);
    assert_int_equal(wait_for(&list->op), R_NONE);
    assert_int_equal(list->count, 1);
    return arena_dup(f.arena, list->rows[0].request);
}

static int64_t sweep(void)
{
    struct approval_sweep *s = ARENA_NEW(f.arena, struct approval_sweep);
    prepare(&s->op);
    approval_store_sweep(s);
    assert_int_equal(wait_for(&s->op), R_NONE);
    return s->count;
}

/* However it ends. */
static void what_is_secret_is_there_while_it_waits(void **state)
{
    (void)state;
    static const enum approval_state closed[] = {APPROVAL_REJECTED, APPROVAL_WITHDRAWN};
    struct approval_id id;
    for (size_t i = 0; i < 2; i++) {
        id = ask();
        assert_string_equal(secret_of(id), "packed and secret");
        struct change_op *op = act(TWO, "two");
        approval_store_close(op, id, closed[i]);
        assert_int_equal(wait_for(&op->op), R_NONE);
        assert_string_equal(secret_of(id), "packed");
    }
    id = ask();
    assert_int_equal(approve(id, TWO, "user:secret@contoso.com"), R_NONE);
    assert_string_equal(secret_of(id), "packed");
    run_sql("DELETE FROM super_user WHERE principal = 'user:secret@contoso.com'");
    id = ask();
    assert_int_equal(sweep(), 0);
    run_sql("UPDATE approval SET expires_at = now() WHERE state = 1");
    assert_string_equal(secret_of(id), "packed and secret");
    assert_true(sweep() >= 1);
    assert_string_equal(secret_of(id), "packed");
    assert_int_equal(sweep(), 0);
}

/* A list leaves out what is long; who reads one request gets all that is kept. */
static void changes_are_kept_and_counted_in_lists(void **state)
{
    (void)state;
    static const struct approval_change changes[] = {
        {"a", "1", "2"}, {"b[x, {y}]", "", "\"quoted\""}, {"c", "gone", ""}};
    struct approval_row row = {.id.u = uuid_v7(clock_unix_us()),
                               .act = "grant_super_user",
                               .operation = APPROVAL_CONTENT_ACCESS,
                               .request = slice_str("packed"),
                               .summary = "three changes",
                               .changes = changes,
                               .change_count = 3,
                               .changes_left_out = 5,
                               .digest = slice_str("digest"),
                               .asker.fingerprint = slice_str("print"),
                               .asker_role = ROLE_PLATFORM_ADMIN};
    struct change_op *op = act(ONE, "one");
    approval_store_ask(op, &row);
    assert_int_equal(wait_for(&op->op), R_NONE);
    const struct approval_row *all = &find(row.id)->rows[0];
    assert_int_equal(all->change_count, 3);
    assert_int_equal(all->changes_left_out, 5);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(all->changes[i].field, changes[i].field);
        assert_string_equal(all->changes[i].before, changes[i].before);
        assert_string_equal(all->changes[i].after, changes[i].after);
    }
    assert_true(slice_eq_str(all->digest, "digest"));
    assert_int_equal(all->asker_role, ROLE_PLATFORM_ADMIN);
    struct approval_list *list = ARENA_NEW(f.arena, struct approval_list);
    prepare(&list->op);
    list->tenant = CONTOSO;
    list->only = row.id;
    list->limit = 1;
    list->request_max = 5;
    list->changes_max = 2;
    approval_store_list(list);
    assert_int_equal(wait_for(&list->op), R_NONE);
    assert_int_equal(list->rows[0].request.len, 0);
    assert_int_equal(list->rows[0].change_count, 2);
    assert_int_equal(list->rows[0].changes_left_out, 6);
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
    assert_int_equal(count_audit("approve_request", NULL), 1);
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
    assert_int_equal(count_audit("approve_request", NULL), 1); /* the one before */
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
    struct super_user_row row = super_user("user:once@contoso.com", DAY_US);
    struct change_op *ops[2] = {act(TWO, "two"), act(TWO, "two")};
    size_t before = count_audit("grant_super_user", NULL);
    for (int i = 0; i < 2; i++) {
        ops[i]->approval = (struct act_approval){.request = id, .asked_by = "one"};
        super_user_store_grant(ops[i], &row, row.principal);
    }
    wait_all(2);
    assert_int_equal(ops[0]->op.err.reason, R_NONE);
    assert_int_equal(ops[1]->op.err.reason, R_PRECONDITION_FAILED);
    assert_int_equal(count_audit("grant_super_user", NULL), before + 1);
}

/* Two admins are two who are admins when it is done. */
static void whoever_asked_is_an_admin_still(void **state)
{
    (void)state;
    struct approval_id id = ask();
    run_sql("UPDATE component SET disabled = true WHERE name = 'one'");
    assert_int_equal(approve(id, TWO, "user:late@contoso.com"), R_PRECONDITION_FAILED);
    run_sql("UPDATE component SET disabled = false, role = 7 WHERE name = 'one'");
    assert_int_equal(approve(id, TWO, "user:late@contoso.com"), R_PRECONDITION_FAILED);
    assert_int_equal(find(id)->rows[0].state, APPROVAL_PENDING);
    run_sql("UPDATE component SET role = 5 WHERE name = 'one'");
    assert_int_equal(approve(id, TWO, "user:late@contoso.com"), R_NONE);
    run_sql("DELETE FROM super_user WHERE principal = 'user:late@contoso.com'");
}

static void requests_come_newest_first_and_by_state(void **state)
{
    (void)state;
    struct approval_list *all = find((struct approval_id){{{0}}});
    assert_true(all->count >= 4);
    for (size_t i = 1; i < all->count; i++) {
        assert_true(uuid_compare(all->rows[i].id.u, all->rows[i - 1].id.u) < 0);
    }
    struct approval_list *list = ARENA_NEW(f.arena, struct approval_list);
    prepare(&list->op);
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
    tenant.approvals = approval_requirement(1U << APPROVAL_CONTENT_ACCESS);
    op = act(ONE, "one");
    tenant_store_update(op, &tenant);
    assert_int_equal(wait_for(&op->op), R_NONE);
    struct super_user_row row = super_user("user:late@contoso.com", DAY_US);
    size_t before = list_super_users()->count;
    for (int i = 0; i < 2; i++) {
        op = act(ONE, "one");
        op->approval.unless = i == 0 ? 1U << APPROVAL_CONTENT_ACCESS : 1U << APPROVAL_EXPORT_KEYS;
        super_user_store_grant(op, &row, row.principal);
        assert_int_equal(wait_for(&op->op), i == 0 ? R_STALE : R_NONE);
        assert_int_equal(list_super_users()->count, before + (size_t)i);
    }
}

static enum reason grant_knowing(struct act_approval approval, const char *principal)
{
    struct super_user_row row = super_user(principal, DAY_US);
    struct change_op *op = act(TWO, "two");
    op->approval = approval;
    super_user_store_grant(op, &row, principal);
    return wait_for(&op->op);
}

/* The tenant requires approval of something by now. */
static void an_act_fails_when_what_it_rests_on_has_moved(void **state)
{
    (void)state;
    struct gate_scope known[] = {{.scope = CONTOSO.u, .epoch = 1000},
                                 {.scope = {{77}}, .epoch = 0}}; /* never raised yet */
    struct act_approval alone = {.known = known, .known_count = 2};
    run_sql("UPDATE epoch SET epoch = 1000 WHERE scope <> "
            "'00000000-0000-0000-0000-000000000000'");
    assert_int_equal(grant_knowing(alone, "user:known@contoso.com"), R_NONE);
    assert_int_equal(grant_knowing(alone, "user:known@contoso.com"), R_STALE); /* by that act */
    struct act_approval second = {
        .request = ask(), .asked_by = "one", .known = known, .known_count = 2};
    assert_int_equal(grant_knowing(second, "user:known@contoso.com"), R_STALE);
    assert_int_equal(find(second.request)->rows[0].state, APPROVAL_PENDING);
    known[0].epoch = 1001;
    run_sql("UPDATE epoch SET epoch = 1001 WHERE epoch > 1000");
    assert_int_equal(grant_knowing(second, "user:known@contoso.com"), R_NONE);
    assert_int_equal(find(second.request)->rows[0].state, APPROVAL_APPROVED);
}

/* What is approved means what it meant, whatever the tenant requires; what one may do alone is not
 * looked at twice where nothing is required. */
static void where_nothing_is_required_only_approving_looks_again(void **state)
{
    (void)state;
    run_sql("UPDATE tenant SET approvals = 0");
    struct gate_scope known[] = {{.scope = CONTOSO.u, .epoch = 1}};
    struct act_approval alone = {.known = known, .known_count = 1};
    struct act_approval second = {
        .request = ask(), .asked_by = "one", .known = known, .known_count = 1};
    assert_int_equal(grant_knowing(alone, "user:free@contoso.com"), R_NONE);
    assert_int_equal(grant_knowing(second, "user:free@contoso.com"), R_STALE);
}

static int set_up(void **state)
{
    int result = store_set_up_tenant(state);
    run_sql("INSERT INTO component (tenant, component, name, role, boundary) SELECT tenant, "
            "'0b000000-0000-0000-0000-000000000000', 'one', 5, boundary FROM tenant "
            "WHERE name = 'contoso'");
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_kept_as_it_was_asked),
        cmocka_unit_test(changes_are_kept_and_counted_in_lists),
        cmocka_unit_test(performing_and_approving_are_one),
        cmocka_unit_test(an_act_that_changes_nothing_is_not_approved),
        cmocka_unit_test(a_closed_request_is_not_performed),
        cmocka_unit_test(two_at_once_perform_once),
        cmocka_unit_test(whoever_asked_is_an_admin_still),
        cmocka_unit_test(requests_come_newest_first_and_by_state),
        cmocka_unit_test(what_is_secret_is_there_while_it_waits),
        cmocka_unit_test(an_act_of_one_fails_when_approval_is_required_by_now),
        cmocka_unit_test(an_act_fails_when_what_it_rests_on_has_moved),
        cmocka_unit_test(where_nothing_is_required_only_approving_looks_again),
    };
    return cmocka_run_group_tests(tests, set_up, store_tear_down);
}
