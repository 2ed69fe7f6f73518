/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in for PostgreSQL, and how to use it: what a resource sends, and what it makes of
 * answers. */
#include "fake_pg.h"

#include "store/resource/super_user_store.h"
#include "store/resource/tenant_store.h"

static const struct tenant_id CONTOSO = {{{1}}}, FABRIKAM = {{{2}}};

static struct loop *loop;
static struct fake_pg *fake;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    arena = arena_new(1 << 20);
    fake = fake_pg_new(loop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_pg_free(fake);
    arena_free(arena);
    loop_free(loop);
    return 0;
}

static void stop(struct store_op *op)
{
    (void)op;
    loop_stop(loop);
}

static struct change_op *change(void)
{
    struct change_op *op = ARENA_NEW(arena, struct change_op);
    store_op_init(&op->op, fake_pg_store(fake), arena, stop, NULL);
    op->scope = CONTOSO;
    op->who = (struct audit_who){.addresses = "",
                                 .user = "",
                                 .component = {{{7}}},
                                 .component_name = "two",
                                 .client_address = "127.0.0.1:1",
                                 .user_agent = "test",
                                 .correlation_id = "c1"};
    return op;
}

static void a_list_is_asked_for_and_read(void **state)
{
    (void)state;
    struct change_op *op = change();
    FAKE_PG_ROWS(fake, list_tenants,
                 {.tenant = {.tenant = CONTOSO, .name = "contoso", .state = 1, .mark = 7}},
                 {.tenant = {.tenant = FABRIKAM,
                             .name = "fabrikam",
                             .created_at = 1700000000000000,
                             .needs_bound_users = true}});
    tenant_store_list(op, "", 50);
    loop_run(loop);
    assert_int_equal(op->op.err.reason, R_NONE);
    assert_string_equal(fake_pg_sent(fake), "list_tenants |");
    assert_int_equal(fake_pg_param_int(fake, "list_tenants", "limit"), 50);
    assert_int_equal(fake_pg_param(fake, "list_tenants", "after").len, 0); /* from the first */
    assert_int_equal(op->tenant_count, 2);
    assert_string_equal(op->tenants[0].name, "contoso");
    assert_int_equal(op->tenants[0].mark, 7);
    assert_string_equal(op->tenants[0].boundary, ""); /* NULL */
    assert_true(ID_EQ(op->tenants[1].id, FABRIKAM) && op->tenants[1].needs_bound_users);
    assert_true(op->tenants[1].created_at == 1700000000000000);
}

static void arrays_are_read_as_well(void **state)
{
    (void)state;
    static const char *const domains[] = {"contoso.com", "contoso.org"}, *const yes[] = {"t", "f"};
    static const int64_t quotas[] = {0, 7, 0};
    struct change_op *op = change();
    FAKE_PG_ROWS(fake, get_tenant,
                 {.tenant = {.name = "contoso"},
                  .domains = {domains, 2},
                  .verified = {yes, 2},
                  .proofs = {domains, 2},
                  .quotas_used = {quotas, 3},
                  .quotas_end = {quotas, 3}});
    tenant_store_get(op, "contoso");
    loop_run(loop);
    assert_int_equal(op->op.err.reason, R_NONE);
    assert_true(slice_eq_str(fake_pg_param(fake, "get_tenant", "name"), "contoso"));
    assert_int_equal(op->tenant->domain_count, 2);
    assert_string_equal(op->tenant->domains[1], "contoso.org");
    assert_int_equal(op->tenant->quotas_used[1], 7);
    assert_int_equal(op->tenant->onboarding_count, 0);
}

static void an_act_and_its_approval_are_one_segment(void **state)
{
    (void)state;
    struct change_op *op = change();
    op->approval.request = (struct approval_id){{{9}}};
    fake_pg_matched(fake, "approval_not_needed", 1);
    fake_pg_matched(fake, "approval_take", 1);
    fake_pg_matched(fake, "revoke_super_user", 1);
    fake_pg_matched(fake, "approval_performed", 1);
    super_user_store_revoke(op, "user:eve@contoso.com");
    loop_run(loop);
    assert_int_equal(op->op.err.reason, R_NONE);
    assert_string_equal(fake_pg_sent(fake),
                        "approval_not_needed approval_take revoke_super_user approval_performed |");
    assert_true(slice_eq(fake_pg_param(fake, "approval_performed", "event"),
                         fake_pg_param(fake, "revoke_super_user", "act.event")));
    assert_false(slice_eq(fake_pg_param(fake, "approval_take", "act.event"),
                          fake_pg_param(fake, "revoke_super_user", "act.event")));
    assert_true(slice_eq_str(fake_pg_param(fake, "revoke_super_user", "act.operation"),
                             "revoke_super_user"));
    assert_null(fake_pg_param(fake, "revoke_super_user", "act.user_address").ptr);
}

static enum reason revoke(struct change_op *op)
{
    super_user_store_revoke(op, "user:eve@contoso.com");
    loop_run(loop);
    return op->op.err.reason;
}

static void failures_have_their_reasons(void **state)
{
    (void)state;
    fake_pg_matched(fake, "revoke_super_user", 0);
    assert_int_equal(revoke(change()), R_NOT_FOUND);
    fake_pg_fail(fake, "revoke_super_user", "40001");
    assert_int_equal(revoke(change()), R_DATABASE_CONFLICT);
    fake_pg_fail(fake, "revoke_super_user", "lost");
    assert_int_equal(revoke(change()), R_OUTCOME_UNKNOWN);
    struct change_op *op = change();
    op->approval.unless = 1;
    fake_pg_fail(fake, "approval_not_needed", "RM002"); /* and what follows is not carried out */
    assert_int_equal(revoke(op), R_STALE);
    assert_int_equal(fake_pg_param_int(fake, "approval_not_needed", "operations"), 1);
}

static void what_does_not_fit_the_arena_is_not_sent(void **state)
{
    (void)state;
    struct change_op *op = change();
    arena_fail_at(arena, 1);
    super_user_store_revoke(op, "user:eve@contoso.com");
    loop_run(loop);
    assert_int_equal(op->op.err.reason, R_ARENA_EXHAUSTED);
    assert_string_equal(fake_pg_sent(fake), "");
}

static void fail_the_test(struct store_op *op)
{
    (void)op;
    fail();
}

static void a_canceled_operation_is_silent(void **state)
{
    (void)state;
    struct change_op *canceled = change(), *other = change();
    canceled->op.done = fail_the_test;
    fake_pg_matched(fake, "revoke_super_user", 1);
    fake_pg_matched(fake, "revoke_super_user", 1);
    super_user_store_revoke(canceled, "user:eve@contoso.com");
    store_op_cancel(&canceled->op);
    assert_int_equal(revoke(other), R_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_is_asked_for_and_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arrays_are_read_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_act_and_its_approval_are_one_segment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_have_their_reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_the_arena_is_not_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_canceled_operation_is_silent, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
