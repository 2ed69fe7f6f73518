/* SPDX-License-Identifier: Apache-2.0 */
/* Amendments: one after the other, and what the gate tells of them. */
#include "store_fixture.h"

#include "store/resource/amendment_store.h"

static const struct content_id CONTENT = {{{21}}};

static struct amendment fetch(void)
{
    struct amendment_fetch *fetch = ARENA_NEW(f.arena, struct amendment_fetch);
    prepare(&fetch->op);
    amendment_store_fetch(fetch, CONTOSO, CONTENT);
    assert_int_equal(wait_for(&fetch->op), R_NONE);
    return fetch->amendment;
}

static enum reason keep(int64_t before, const struct amendment *amendment)
{
    struct change_op *op = ARENA_NEW(f.arena, struct change_op);
    prepare(&op->op);
    op->scope = CONTOSO;
    op->who = WHO;
    amendment_store_put(
        op, &(struct amendment_put){
                .content = CONTENT, .before = before, .amendment = amendment, .target = "set"});
    return wait_for(&op->op);
}

static struct gate_entry entry_for(const char *operation)
{
    return (struct gate_entry){.tenant = CONTOSO,
                               .operation = operation,
                               .who = WHO,
                               .content = CONTENT,
                               .rights = "",
                               .arena = f.arena,
                               .done = entry_done};
}

static void submit(struct gate_entry *entry)
{
    gate_submit(f.gate, entry);
    wait_all(1);
    assert_int_equal(entry->err.reason, R_NONE);
}

static void make_content(void)
{
    struct gate_content content = {.owner = "alice@contoso.com", .issuer = "", .display_name = ""};
    struct gate_entry entry = entry_for("protect");
    entry.new_content = &content;
    submit(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
}

static void amendments_are_kept_one_after_the_other(void **state)
{
    (void)state;
    static const struct rights rights = {.bits = RIGHT_VIEW | RIGHT_PRINT};
    static const struct grant grants[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &rights}};
    static const char *const recipients[] = {"carol@fabrikam.com"};
    static const struct principal removed[] = {{PRINCIPAL_RECIPIENTS, ""}};
    static const int64_t versions[] = {5, 6, 7};
    struct amendment first = {.version = 1,
                              .is_valid = true,
                              .grants = grants,
                              .grant_count = 1,
                              .recipients = recipients,
                              .recipient_count = 1,
                              .removed = removed,
                              .removed_count = 1,
                              .grant_versions = &versions[0],
                              .recipient_versions = &versions[1],
                              .removed_versions = &versions[2],
                              .changes_expiry = true,
                              .expires_at = {1893456000}};
    assert_int_equal(keep(0, &first), R_DATABASE_CONFLICT); /* no such content */
    make_content();
    assert_int_equal(fetch().version, 0);
    assert_int_equal(fetch().mark, 0);
    assert_int_equal(keep(0, &first), R_NONE);
    assert_int_equal(keep(0, &first), R_DATABASE_CONFLICT);
    struct amendment got = fetch();
    assert_true(got.mark > 0);
    assert_int_equal(got.version, 1);
    assert_true(got.is_valid && got.changes_expiry);
    assert_int_equal(got.expires_at.s, 1893456000);
    assert_int_equal(got.grants[0].rights->bits, RIGHT_VIEW | RIGHT_PRINT);
    assert_string_equal(got.grants[0].principal.name, "bob@fabrikam.com");
    assert_string_equal(got.recipients[0], "carol@fabrikam.com");
    assert_int_equal(got.removed[0].kind, PRINCIPAL_RECIPIENTS);
    assert_int_equal(got.grant_versions[0], 5);
    assert_int_equal(got.recipient_versions[0], 6);
    assert_int_equal(got.removed_versions[0], 7);
    struct amendment second = {.version = 2, .is_valid = true, .changes_expiry = true};
    assert_int_equal(keep(got.mark + 2, &second), R_DATABASE_CONFLICT);
    assert_int_equal(keep(got.mark, &second), R_NONE);
    int64_t first_mark = got.mark;
    got = fetch();
    assert_int_not_equal(got.mark, first_mark);
    assert_int_equal(got.version, 2);
    assert_int_equal(got.grant_count + got.recipient_count + got.removed_count, 0);
    assert_true(got.changes_expiry);
    assert_int_equal(got.expires_at.s, 0); /* never */
    assert_int_equal(count_audit("amend_policy", NULL), 2);
}

/* Whoever decided without it decides again with it; then it is remembered. */
static void the_gate_tells_the_amendment_that_holds(void **state)
{
    (void)state;
    struct gate_entry entry = entry_for("acquire_license");
    submit(&entry);
    assert_int_equal(entry.verdict, GATE_FACTS_CHANGED);
    assert_non_null(entry.facts.amendment);
    assert_int_equal(entry.facts.amendment->version, 2);
    assert_true(entry.facts.amendment->changes_expiry);
    assert_ptr_equal(amendments_get(f.amendments, CONTENT, f.arena), entry.facts.amendment);
    submit(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
}

/* After the database went back, another amendment has the number of the one that is remembered. */
static void another_amendment_of_the_same_number_is_another_one(void **state)
{
    (void)state;
    struct gate_entry entry = entry_for("acquire_license");
    entry.facts.amendment = amendments_get(f.amendments, CONTENT, f.arena);
    submit(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
    run_sql("UPDATE content_amendment SET expires_at = '2030-01-01', version = 2;"
            "UPDATE content SET amendment = 2");
    submit(&entry);
    assert_int_equal(entry.verdict, GATE_FACTS_CHANGED);
    assert_int_equal(entry.facts.amendment->version, 2);
    assert_true(entry.facts.amendment->expires_at.s > 0);
    submit(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amendments_are_kept_one_after_the_other),
        cmocka_unit_test(the_gate_tells_the_amendment_that_holds),
        cmocka_unit_test(another_amendment_of_the_same_number_is_another_one),
    };
    return cmocka_run_group_tests(tests, store_set_up_gate, store_tear_down);
}
