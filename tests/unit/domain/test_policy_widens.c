/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a change of a policy lets somebody in. */
#include "chancery_test.h"

#include "domain/relations/policy_widens.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* "user:bob@fabrikam.com=VIEW,EDIT;recipients=VIEW" */
static size_t grants_of(const char *text, struct grant out[4])
{
    size_t count = 0;
    struct slice rest = slice_str(text);
    while (rest.len > 0) {
        ptrdiff_t end = slice_find(rest, ';');
        struct slice one = slice_cut(rest, 0, end < 0 ? rest.len : (size_t)end);
        size_t at = (size_t)slice_find(one, '=');
        struct rights *rights = ARENA_NEW(arena, struct rights);
        struct err err = {0};
        assert_ok(principal_parse(arena, slice_cut(one, 0, at), &out[count].principal, &err), &err);
        assert_ok(rights_parse(arena, slice_cut(one, at + 1, one.len), rights, &err), &err);
        out[count++].rights = rights;
        rest = slice_cut(rest, one.len + (end < 0 ? 0 : 1), rest.len);
    }
    return count;
}

static bool grants_widen(const char *before, const char *after)
{
    struct grant one[4], other[4];
    struct policy_terms was = {.grants = one, .grant_count = grants_of(before, one)};
    struct policy_terms is = {.grants = other, .grant_count = grants_of(after, other)};
    struct err err = {0};
    bool out = false;
    assert_ok(policy_widens(arena, &was, &is, &out, &err), &err);
    return out;
}

static void somebody_new_or_a_new_right_lets_in(void **state)
{
    (void)state;
    assert_true(grants_widen("user:a@x.org=VIEW", "user:a@x.org=VIEW;user:b@x.org=VIEW"));
    assert_true(grants_widen("user:a@x.org=VIEW", "user:a@x.org=PRINT"));
    assert_true(grants_widen("user:a@x.org=VIEW", "user:a@x.org=VIEW,SIGN"));
    assert_true(grants_widen("user:a@x.org=VIEW,SIGN", "user:a@x.org=VIEW,STAMP"));
    assert_true(grants_widen("user:a@x.org=VIEW", "user:a@x.org=OWNER"));
    assert_true(grants_widen("user:a@x.org=VIEW", "domain:x.org=VIEW"));
    assert_true(grants_widen("recipients=VIEW", "tenant:contoso=VIEW"));
    assert_true(grants_widen("group:g@x.org=VIEW", "user:g@x.org=VIEW"));
    assert_true(grants_widen("owner=VIEW", "authenticated=VIEW"));
    assert_true(grants_widen("", "owner=VIEW"));
}

static void less_or_the_same_lets_nobody_in(void **state)
{
    (void)state;
    assert_false(grants_widen("user:a@x.org=VIEW,PRINT", "user:a@x.org=PRINT"));
    assert_false(grants_widen("user:a@x.org=VIEW;user:b@x.org=EDIT", "user:b@x.org=EDIT"));
    assert_false(grants_widen("user:a@x.org=PRINT", "user:a@x.org=VIEW"));
    assert_false(grants_widen("user:a@x.org=OWNER", "user:a@x.org=EXPORT,FORWARD"));
    assert_false(grants_widen("user:a@x.org=VIEW;user:a@x.org=EDIT", "user:a@x.org=VIEW,EDIT"));
    assert_false(grants_widen("user:a@x.org=VIEW,EDIT", "user:a@x.org=VIEW;user:a@x.org=EDIT"));
    assert_false(grants_widen("user:a@x.org=VIEW", ""));
    assert_false(grants_widen("user:a@x.org=EDIT,SIGN", "user:a@x.org=SIGN"));
}

/* What reached them by another name already is nothing new. */
static void a_person_had_what_the_domain_or_everybody_had(void **state)
{
    (void)state;
    assert_false(grants_widen("domain:x.org=VIEW", "user:a@x.org=VIEW"));
    assert_true(grants_widen("domain:x.org=VIEW", "user:a@y.org=VIEW"));
    assert_true(grants_widen("domain:x.org=VIEW", "group:g@x.org=VIEW"));
    assert_false(grants_widen("authenticated=VIEW,PRINT",
                              "user:a@x.org=VIEW;recipients=PRINT;group:g@x.org=VIEW"));
    assert_false(grants_widen("authenticated=VIEW;domain:x.org=PRINT", "user:a@x.org=VIEW,PRINT"));
    assert_true(grants_widen("tenant:contoso=VIEW", "user:a@x.org=VIEW")); /* may be a guest */
}

/* OWNER is all rights that the policy speaks of, and no custom right that is new in it. */
static void an_owner_had_the_custom_rights_of_the_policy(void **state)
{
    (void)state;
    assert_false(grants_widen("user:a@x.org=OWNER;user:b@x.org=SIGN", "user:a@x.org=OWNER,SIGN"));
    assert_true(grants_widen("user:a@x.org=OWNER", "user:a@x.org=OWNER,SIGN"));
}

static bool terms_widen(struct policy_terms before, struct policy_terms after)
{
    struct grant grants[4];
    struct err err = {0};
    bool out = false;
    before.grant_count = after.grant_count = grants_of("authenticated=VIEW", grants);
    before.grants = after.grants = grants;
    assert_ok(policy_widens(arena, &before, &after, &out, &err), &err);
    return out;
}

static bool is_later(struct policy_expiry before, struct policy_expiry after)
{
    bool out = terms_widen((struct policy_terms){.expiry = before},
                           (struct policy_terms){.expiry = after});
    assert_int_equal(out, policy_expiry_is_later(&before, &after));
    return out;
}

static void a_later_expiry_lets_in(void **state)
{
    (void)state;
    static const struct policy_expiry never = {{0}, 0}, day = {{1000}, 0}, next = {{1001}, 0},
                                      week = {{0}, 7}, month = {{0}, 30};
    assert_true(is_later(day, next));
    assert_true(is_later(week, month));
    assert_true(is_later(day, never));
    assert_true(is_later(week, never));
    assert_true(is_later(day, week)); /* counted from days that we don't know */
    assert_true(is_later(week, day));
    assert_false(is_later(next, day));
    assert_false(is_later(month, week));
    assert_false(is_later(day, day));
    assert_false(is_later(week, week));
    assert_false(is_later(never, day));
    assert_false(is_later(never, month));
    assert_false(is_later(never, never));
}

static bool is_longer(int before, int after)
{
    return terms_widen((struct policy_terms){.offline_days = before},
                       (struct policy_terms){.offline_days = after});
}

static void more_days_offline_let_in(void **state)
{
    (void)state;
    assert_true(is_longer(OFFLINE_DAYS_NONE, 1));
    assert_true(is_longer(1, 2));
    assert_true(is_longer(OFFLINE_DAYS_MAX, OFFLINE_DAYS_CAP));
    assert_false(is_longer(OFFLINE_DAYS_CAP, OFFLINE_DAYS_MAX));
    assert_false(is_longer(2, OFFLINE_DAYS_NONE));
    assert_false(is_longer(OFFLINE_DAYS_CAP, OFFLINE_DAYS_CAP));
}

static void a_template_that_can_be_read_again_lets_in(void **state)
{
    (void)state;
    struct grant grants[4];
    struct template_policy sound = {.is_valid = true, .grants = grants};
    sound.grant_count = grants_of("authenticated=VIEW", grants);
    struct template_policy broken = sound;
    broken.is_valid = false;
    struct policy_terms one = policy_terms_of_template(&broken);
    struct policy_terms other = policy_terms_of_template(&sound);
    struct err err = {0};
    bool out = false;
    assert_ok(policy_widens(arena, &one, &other, &out, &err), &err);
    assert_true(out);
    other.expiry.after_days = 1;
    assert_ok(policy_widens(arena, &other, &one, &out, &err), &err);
    assert_false(out); /* it lasts for ever, and grants nothing */
}

/* --- amendments ------------------------------------------------------------------------------- */

static struct amendment amendment(const char *grants)
{
    struct grant *list = ARENA_ARRAY(arena, struct grant, 4);
    struct amendment out = {.is_valid = true, .grants = list};
    out.grant_count = grants_of(grants, list);
    return out;
}

static bool amends_widely(const struct amendment *before, struct amendment after)
{
    static const struct policy_expiry sealed = {{1000}, 0};
    struct err err = {0};
    bool out = false;
    assert_ok(amendment_widens(arena, before, &after, &sealed, &out, &err), &err);
    return out;
}

static void whoever_is_granted_anew_is_let_in(void **state)
{
    (void)state;
    struct amendment before = amendment("user:a@x.org=VIEW,EDIT;domain:y.org=VIEW");
    assert_true(amends_widely(NULL, amendment("user:a@x.org=VIEW")));
    assert_false(amends_widely(&before, before));
    assert_false(amends_widely(&before, amendment("user:a@x.org=VIEW;domain:y.org=VIEW")));
    assert_true(amends_widely(&before, amendment("user:a@x.org=PRINT;domain:y.org=VIEW")));
    assert_false(
        amends_widely(&before, amendment("user:a@x.org=VIEW;domain:y.org=VIEW;user:b@y.org=VIEW")));
}

static void whoever_is_named_no_longer_has_what_is_sealed(void **state)
{
    (void)state;
    static const struct principal eve[] = {{PRINCIPAL_USER, "eve@x.org"}};
    struct amendment removed = amendment("");
    removed.removed = eve;
    removed.removed_count = 1;
    struct amendment less = amendment("user:eve@x.org=VIEW");
    assert_false(amends_widely(NULL, removed));
    assert_false(amends_widely(&removed, removed));
    assert_true(amends_widely(&removed, amendment("")));
    assert_true(amends_widely(&less, amendment("")));
    assert_false(amends_widely(&less, removed));
    assert_true(amends_widely(&removed, less));
    struct amendment two = amendment("user:ann@x.org=VIEW;user:eve@x.org=VIEW");
    assert_true(amends_widely(&two, less));
}

static void a_new_recipient_is_let_in(void **state)
{
    (void)state;
    static const char *const both[] = {"a@x.org", "b@x.org"};
    struct amendment one = amendment(""), two = amendment("");
    one.recipients = two.recipients = both;
    one.recipient_count = 1;
    two.recipient_count = 2;
    assert_true(amends_widely(NULL, one));
    assert_true(amends_widely(&one, two));
    assert_false(amends_widely(&two, one));
    assert_false(amends_widely(&two, two));
}

/* Whether two addresses are one person's nobody knows here: who was removed by one of them may be the
 * one who is granted the same again by another. */
static void what_a_later_word_may_have_taken_is_let_in_again(void **state)
{
    (void)state;
    static const struct principal bob[] = {{PRINCIPAL_USER, "bob@x.org"}};
    static const char *const rob[] = {"rob@x.org"};
    static const int64_t first[] = {1}, second[] = {2}, third[] = {3};
    struct amendment before = amendment("user:rob@x.org=VIEW"), after = before;
    before.version = 2;
    after.version = 3;
    before.grant_versions = first;
    after.grant_versions = third;
    assert_false(amends_widely(&before, after)); /* nothing came between */
    before.removed = after.removed = bob;
    before.removed_count = after.removed_count = 1;
    before.removed_versions = after.removed_versions = second;
    assert_true(amends_widely(&before, after));
    after.grant_versions = first;
    assert_false(amends_widely(&before, after)); /* it is not granted again */
    before.grant_count = after.grant_count = 0;
    before.recipients = after.recipients = rob;
    before.recipient_count = after.recipient_count = 1;
    before.recipient_versions = first;
    after.recipient_versions = third;
    assert_true(amends_widely(&before, after));
    before.recipient_versions = second;
    assert_false(amends_widely(&before, after));
}

static struct amendment ending(int64_t at)
{
    struct amendment out = amendment("");
    out.changes_expiry = true;
    out.expires_at.s = at;
    return out;
}

static void an_expiry_is_compared_with_what_held(void **state)
{
    (void)state;
    struct amendment early = ending(500), late = ending(2000), never = ending(0);
    struct err err = {0};
    bool out = false;
    assert_false(amends_widely(NULL, early)); /* 1000 is sealed */
    assert_true(amends_widely(NULL, late));
    assert_true(amends_widely(NULL, never));
    assert_true(amends_widely(&early, late));
    assert_true(amends_widely(&early, amendment("")));
    assert_false(amends_widely(&late, early));
    assert_false(amends_widely(&never, late));
    assert_ok(amendment_widens(arena, NULL, &early, NULL, &out, &err), &err);
    assert_true(out); /* nobody knows what is sealed */
}

static void what_cannot_be_read_lets_nobody_in(void **state)
{
    (void)state;
    struct amendment sound = amendment("user:a@x.org=VIEW"), broken = sound;
    broken.is_valid = false;
    assert_false(amends_widely(&sound, broken));
    assert_true(amends_widely(&broken, sound));
}

static void memory_runs_out_anywhere_in_a_comparison(void **state)
{
    (void)state;
    struct amendment change = amendment("owner=VIEW;recipients=VIEW");
    size_t fail_at = 0;
    bool ok = false, out = false;
    while (!ok && fail_at < 10) {
        struct err err = {0};
        arena_fail_at(arena, ++fail_at);
        ok = amendment_widens(arena, &change, &change, NULL, &out, &err).ok;
        arena_fail_at(arena, 0);
        assert_int_equal(err.reason, ok ? R_NONE : R_ARENA_EXHAUSTED);
    }
    assert_int_equal(fail_at, 7); /* four indexes, two lists, and once without a failure */
    struct policy_terms terms = {.grants = change.grants, .grant_count = change.grant_count};
    struct err err = {0};
    arena_fail_at(arena, 1);
    assert_fails(policy_widens(arena, &terms, &terms, &out, &err), &err, R_ARENA_EXHAUSTED);
    arena_fail_at(arena, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_new_or_a_new_right_lets_in),
        cmocka_unit_test(less_or_the_same_lets_nobody_in),
        cmocka_unit_test(a_person_had_what_the_domain_or_everybody_had),
        cmocka_unit_test(an_owner_had_the_custom_rights_of_the_policy),
        cmocka_unit_test(a_later_expiry_lets_in),
        cmocka_unit_test(more_days_offline_let_in),
        cmocka_unit_test(a_template_that_can_be_read_again_lets_in),
        cmocka_unit_test(whoever_is_granted_anew_is_let_in),
        cmocka_unit_test(whoever_is_named_no_longer_has_what_is_sealed),
        cmocka_unit_test(a_new_recipient_is_let_in),
        cmocka_unit_test(what_a_later_word_may_have_taken_is_let_in_again),
        cmocka_unit_test(an_expiry_is_compared_with_what_held),
        cmocka_unit_test(what_cannot_be_read_lets_nobody_in),
        cmocka_unit_test(memory_runs_out_anywhere_in_a_comparison),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
