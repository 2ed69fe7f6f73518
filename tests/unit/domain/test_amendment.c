/* SPDX-License-Identifier: Apache-2.0 */
/* Amendments: one change after the other gives one sum, and the sum decides. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "domain/relations/effective_policy.h"
#include "domain/values/amendment.h"

static const char *const sealed[] = {"bob@fabrikam.com", "carol@contoso.com"};
static const struct policy do_not_forward = {.kind = POLICY_DO_NOT_FORWARD,
                                             .owner = "alice@contoso.com",
                                             .issuer = "alice@contoso.com",
                                             .recipients = sealed,
                                             .recipient_count = 2,
                                             .expires_at = {1000},
                                             .referral_contact = ""};
static struct arena *arena;

static uint32_t rights_of(const char *address, const struct amendment *amendment)
{
    struct subject subject = {.user = {.addresses = {address}, .address_count = 1}};
    struct rights rights;
    effective_policy_rights(
        &(struct effective_policy){.policy = &do_not_forward, .amendment = amendment}, &subject,
        &rights);
    return rights.bits;
}

static struct amendment after(const struct amendment *before, const struct amendment *change)
{
    struct amendment out;
    struct err err = {0};
    assert_ok(amendment_merge(arena, before, change, &out, &err), &err);
    return out;
}

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

static void a_recipient_is_dropped_and_comes_back(void **state)
{
    (void)state;
    static const struct principal bob[] = {{PRINCIPAL_USER, "bob@fabrikam.com"}};
    struct amendment drop = {.is_valid = true, .removed = bob, .removed_count = 1};
    struct amendment one = after(NULL, &drop);
    assert_int_equal(one.version, 1);
    assert_int_equal(rights_of("bob@fabrikam.com", &one), 0);
    assert_int_equal(rights_of("carol@contoso.com", &one), RIGHTS_DO_NOT_FORWARD);
    struct amendment add = {.is_valid = true, .recipients = sealed, .recipient_count = 1};
    struct amendment two = after(&one, &add);
    assert_int_equal(two.version, 2);
    assert_int_equal(rights_of("bob@fabrikam.com", &two), RIGHTS_DO_NOT_FORWARD);
}

static void a_grant_replaces_what_its_principal_had(void **state)
{
    (void)state;
    static const struct rights may_view = {.bits = RIGHT_VIEW}, may_print = {.bits = RIGHT_PRINT};
    static const struct grant view[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &may_view}};
    static const struct grant print[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &may_print}};
    struct amendment less =
        after(NULL, &(struct amendment){.is_valid = true, .grants = view, .grant_count = 1});
    assert_int_equal(rights_of("bob@fabrikam.com", &less), RIGHT_VIEW);
    struct amendment other =
        after(&less, &(struct amendment){.is_valid = true, .grants = print, .grant_count = 1});
    assert_int_equal(other.grant_count, 1);
    assert_int_equal(rights_of("bob@fabrikam.com", &other), RIGHT_VIEW | RIGHT_PRINT);
}

static void somebody_new_gets_what_he_is_granted(void **state)
{
    (void)state;
    static const struct rights may_reply = {.bits = RIGHT_VIEW | RIGHT_REPLY};
    static const struct grant dora[] = {{{PRINCIPAL_DOMAIN, "agency.us"}, &may_reply}};
    struct amendment one =
        after(NULL, &(struct amendment){.is_valid = true, .grants = dora, .grant_count = 1});
    assert_int_equal(rights_of("dora@agency.us", &one), RIGHT_VIEW | RIGHT_REPLY);
    assert_int_equal(rights_of("bob@fabrikam.com", &one), RIGHTS_DO_NOT_FORWARD);
}

static void the_expiry_is_shortened_lengthened_and_lifted(void **state)
{
    (void)state;
    static const int64_t ends[] = {10, 5000, 0};
    struct amendment before = {.is_valid = true};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct amendment change = {
            .is_valid = true, .changes_expiry = true, .expires_at = {ends[i]}};
        before = after(&before, &change);
        struct effective_policy now = {.policy = &do_not_forward, .amendment = &before};
        assert_int_equal(effective_policy_expiry(&now).s, ends[i]);
    }
    struct amendment silent = after(&before, &(struct amendment){.is_valid = true});
    struct effective_policy now = {.policy = &do_not_forward, .amendment = &silent};
    assert_int_equal(effective_policy_expiry(&now).s, 0);
}

static void what_is_stored_and_not_understood_grants_nothing(void **state)
{
    (void)state;
    struct amendment broken = {.version = 1, .is_valid = false};
    assert_int_equal(rights_of("bob@fabrikam.com", &broken), 0);
}

/* Each kind of statement about each of many principals, given out of order: what was said of
 * them before is gone, and what was said of others stays. */
static void a_change_finds_its_names_among_many(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static const struct rights may_view = {.bits = RIGHT_VIEW}, may_print = {.bits = RIGHT_PRINT};
    static char names[MANY][32];
    static struct grant grants[MANY], changed[MANY];
    static struct principal removed[MANY];
    struct amendment before = {.is_valid = true, .grants = grants, .grant_count = MANY};
    struct amendment change = {.is_valid = true, .grants = changed, .removed = removed};
    for (size_t i = 0; i < MANY; i++) {
        size_t mixed = i * 7 % MANY;
        snprintf(names[mixed], sizeof names[mixed], "u%zu@contoso.com", mixed);
        struct principal who = {i % 2 == 0 ? PRINCIPAL_USER : PRINCIPAL_GROUP, names[mixed]};
        grants[i] = (struct grant){who, &may_view};
        if (i % 3 == 0) {
            changed[change.grant_count++] = (struct grant){who, &may_print};
        } else if (i % 3 == 1) {
            removed[change.removed_count++] = who;
        }
    }
    struct amendment one = after(&before, &change);
    assert_int_equal(one.grant_count, MANY / 3 + MANY / 3);
    assert_int_equal(one.removed_count, MANY / 3);
    for (size_t i = 0; i < MANY; i++) {
        const struct principal *who = &grants[i].principal;
        assert_int_equal(amendment_names(&one, who->kind, who->name), true);
        uint32_t bits = i % 3 == 0 ? RIGHT_VIEW | RIGHT_PRINT : i % 3 == 1 ? 0 : RIGHT_VIEW;
        assert_int_equal(who->kind == PRINCIPAL_USER ? rights_of(who->name, &one) : bits, bits);
    }
}

/* Recipients whom an earlier change added leave when a later one names them, and stay otherwise. */
static void added_recipients_stay_until_they_are_named(void **state)
{
    (void)state;
    static const char *const added[] = {"dan@contoso.com", "eve@contoso.com"};
    static const struct principal gone[] = {{PRINCIPAL_USER, "eve@contoso.com"},
                                            {PRINCIPAL_GROUP, "all@contoso.com"},
                                            {PRINCIPAL_USER, "fay@contoso.com"}};
    struct amendment one = after(
        NULL, &(struct amendment){.is_valid = true, .recipients = added, .recipient_count = 2});
    struct amendment two =
        after(&one, &(struct amendment){.is_valid = true, .removed = gone, .removed_count = 3});
    assert_int_equal(two.recipient_count, 1);
    assert_string_equal(two.recipients[0], "dan@contoso.com");
    struct amendment three = after(
        &two, &(struct amendment){.is_valid = true, .recipients = added, .recipient_count = 2});
    assert_int_equal(three.recipient_count, 2);
    assert_int_equal(three.removed_count, 3); /* one of them came back, and is no longer removed */
    assert_int_equal(rights_of("eve@contoso.com", &three), RIGHTS_DO_NOT_FORWARD);
    assert_true(amendment_names(&three, PRINCIPAL_GROUP, "all@contoso.com"));
    assert_false(amendment_names(&three, PRINCIPAL_USER, "all@contoso.com"));
    static const struct rights may_view = {.bits = RIGHT_VIEW};
    static const struct grant again[] = {{{PRINCIPAL_USER, "fay@contoso.com"}, &may_view}};
    struct amendment four =
        after(&three, &(struct amendment){.is_valid = true, .grants = again, .grant_count = 1});
    assert_int_equal(four.removed_count, 2);
}

/* --- one person by several addresses ---------------------------------------------------------- */

static const char *const ROB[] = {"bob@fabrikam.com", "rob@fabrikam.com", "b@fabrikam.example"};

/* Whoever proves all three addresses. */
static uint32_t rights_of_rob(const struct amendment *amendment)
{
    struct subject subject = {.user = {.addresses = {ROB[0], ROB[1], ROB[2]}, .address_count = 3}};
    struct rights rights;
    effective_policy_rights(
        &(struct effective_policy){.policy = &do_not_forward, .amendment = amendment}, &subject,
        &rights);
    return rights.bits;
}

enum word { GRANT, REMOVE, JOIN };
struct said {
    enum word word;
    size_t address; /* of ROB */
    uint32_t bits;  /* with GRANT */
};

/* A change that says one thing, or two. */
static struct amendment change_of(const struct said *said, size_t count)
{
    struct grant *grants = ARENA_ARRAY(arena, struct grant, count);
    struct principal *removed = ARENA_ARRAY(arena, struct principal, count);
    const char **recipients = ARENA_ARRAY(arena, const char *, count);
    struct amendment change = {
        .is_valid = true, .grants = grants, .removed = removed, .recipients = recipients};
    for (size_t i = 0; i < count; i++) {
        struct principal who = {PRINCIPAL_USER, ROB[said[i].address]};
        struct rights *rights = ARENA_NEW(arena, struct rights);
        rights->bits = said[i].bits;
        switch (said[i].word) {
        case GRANT:
            grants[change.grant_count++] = (struct grant){who, rights};
            break;
        case REMOVE:
            removed[change.removed_count++] = who;
            break;
        case JOIN:
            recipients[change.recipient_count++] = who.name;
            break;
        }
    }
    return change;
}

/* Each change names another of their addresses; what was said last is what holds. */
static void the_last_word_about_a_person_holds(void **state)
{
    (void)state;
    enum { DNF = RIGHTS_DO_NOT_FORWARD };
    static const struct {
        struct said said;
        uint32_t bits;
    } steps[] = {
        {{REMOVE, 1, 0}, 0},
        {{GRANT, 2, RIGHT_PRINT}, RIGHT_VIEW | RIGHT_PRINT},
        {{REMOVE, 0, 0}, 0},
        {{GRANT, 1, RIGHT_VIEW}, RIGHT_VIEW},
        {{GRANT, 2, RIGHT_EDIT}, RIGHT_VIEW | RIGHT_EDIT},
        {{REMOVE, 0, 0}, 0},
        {{JOIN, 1, 0}, DNF},
        {{GRANT, 0, RIGHT_PRINT}, RIGHT_VIEW | RIGHT_PRINT},
        {{JOIN, 2, 0}, DNF | RIGHT_PRINT},
        {{REMOVE, 1, 0}, 0},
        {{JOIN, 1, 0}, DNF},
    };
    struct amendment sum = {.is_valid = true};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct amendment change = change_of(&steps[i].said, 1);
        sum = after(&sum, &change);
        assert_int_equal(rights_of_rob(&sum), steps[i].bits);
        assert_int_equal(rights_of("carol@contoso.com", &sum), DNF);
    }
}

/* One change that names somebody by two addresses: grants add up, and a removal is the weakest. */
static void one_change_names_a_person_twice(void **state)
{
    (void)state;
    enum { DNF = RIGHTS_DO_NOT_FORWARD };
    static const struct {
        struct said said[2];
        uint32_t bits;
    } cases[] = {
        {{{GRANT, 0, RIGHT_PRINT}, {GRANT, 1, RIGHT_EDIT}}, RIGHT_VIEW | RIGHT_PRINT | RIGHT_EDIT},
        {{{GRANT, 0, RIGHT_PRINT}, {REMOVE, 1, 0}}, RIGHT_VIEW | RIGHT_PRINT},
        {{{GRANT, 0, RIGHT_PRINT}, {JOIN, 1, 0}}, DNF | RIGHT_PRINT},
        {{{REMOVE, 0, 0}, {JOIN, 1, 0}}, DNF},
        {{{REMOVE, 0, 0}, {REMOVE, 1, 0}}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct amendment change = change_of(cases[i].said, 2);
        struct amendment one = after(NULL, &change);
        assert_int_equal(rights_of_rob(&one), cases[i].bits);
    }
}

/* What was said of people before versions were told apart is of the latest. */
static void what_has_no_versions_is_of_the_latest(void **state)
{
    (void)state;
    struct amendment first = change_of(&(struct said){GRANT, 1, RIGHT_VIEW}, 1);
    first.version = 3;
    struct amendment next = change_of(&(struct said){REMOVE, 0, 0}, 1);
    struct amendment sum = after(&first, &next);
    assert_int_equal(sum.grant_versions[0], 3);
    assert_int_equal(sum.removed_versions[0], 4);
    assert_int_equal(rights_of_rob(&sum), 0);
}

/* Somebody in the group of sales. */
static uint32_t rights_of_member(const struct amendment *amendment)
{
    static const char *const groups[] = {"sales@contoso.com"};
    struct subject subject = {.user = {.addresses = {"sam@contoso.com"},
                                       .address_count = 1,
                                       .groups = groups,
                                       .group_count = 1}};
    struct rights rights;
    effective_policy_rights(
        &(struct effective_policy){.policy = &do_not_forward, .amendment = amendment}, &subject,
        &rights);
    return rights.bits;
}

/* A recipient may be a group: both forms of principal name it, and it comes back from both. */
static void a_group_that_is_a_recipient_goes_and_comes_back(void **state)
{
    (void)state;
    static const char *const sales[] = {"sales@contoso.com"};
    static const enum principal_kind forms[] = {PRINCIPAL_USER, PRINCIPAL_GROUP};
    for (size_t i = 0; i < 2; i++) {
        const struct principal gone[] = {{forms[i], "sales@contoso.com"},
                                         {PRINCIPAL_DOMAIN, "contoso.com"}};
        struct amendment one = after(
            NULL, &(struct amendment){.is_valid = true, .recipients = sales, .recipient_count = 1});
        struct amendment two =
            after(&one, &(struct amendment){.is_valid = true, .removed = gone, .removed_count = 2});
        assert_int_equal(two.recipient_count, 0);
        assert_int_equal(two.removed_count, 2);
        assert_int_equal(rights_of_member(&two), 0);
        struct amendment three = after(
            &two, &(struct amendment){.is_valid = true, .recipients = sales, .recipient_count = 1});
        assert_int_equal(three.recipient_count, 1);
        assert_int_equal(rights_of_member(&three), RIGHTS_DO_NOT_FORWARD);
    }
}

static void nobody_goes_and_comes_by_one_change(void **state)
{
    (void)state;
    static const char *const sales[] = {"sales@contoso.com"};
    struct principal gone = {PRINCIPAL_DOMAIN, "sales@contoso.com"};
    struct amendment out, change = {.is_valid = true,
                                    .recipients = sales,
                                    .recipient_count = 1,
                                    .removed = &gone,
                                    .removed_count = 1};
    struct err err = {0};
    assert_int_equal(after(NULL, &change).recipient_count, 1); /* somebody else */
    gone.kind = PRINCIPAL_GROUP;
    assert_false(amendment_merge(arena, NULL, &change, &out, &err).ok);
    assert_int_equal(err.reason, R_FIELD_INVALID);
    gone.name = "board@contoso.com";
    assert_int_equal(after(NULL, &change).removed_count, 1);
}

/* All changes of a content together name no more custom rights than a policy may. */
static void custom_rights_have_a_bound(void **state)
{
    (void)state;
    struct rights many = {.bits = RIGHT_VIEW}, one = {.custom_count = 1, .custom = {"R0"}};
    static char names[RIGHTS_CUSTOM_MAX][4];
    for (size_t i = 0; i < RIGHTS_CUSTOM_MAX; i++) {
        snprintf(names[i], sizeof names[i], "R%zu", i);
        many.custom[many.custom_count++] = names[i];
    }
    const struct grant all[] = {{{PRINCIPAL_USER, "bob@fabrikam.com"}, &many}};
    const struct grant more[] = {{{PRINCIPAL_USER, "eve@fabrikam.com"}, &one}};
    struct amendment change = {.is_valid = true, .grants = more, .grant_count = 1}, out;
    struct amendment before =
        after(NULL, &(struct amendment){.is_valid = true, .grants = all, .grant_count = 1});
    struct err err = {0};
    assert_int_equal(after(&before, &change).grant_count, 2);
    one.custom[0] = "R16";
    assert_false(amendment_merge(arena, &before, &change, &out, &err).ok);
    assert_int_equal(err.reason, R_LIMIT_EXCEEDED);
}

/* The sum of something that can't be read can't be read either. */
static void validity_is_the_validity_of_all(void **state)
{
    (void)state;
    struct amendment good = {.is_valid = true}, bad = {.is_valid = false, .problem = "user:?"};
    assert_true(after(&good, &good).is_valid);
    assert_false(after(&good, &bad).is_valid);
    assert_false(after(&bad, &good).is_valid);
    assert_string_equal(after(&bad, &good).problem, "user:?");
}

static void an_amendment_has_a_bound(void **state)
{
    (void)state;
    static const char *many[AMENDMENT_NAMES_MAX + 1];
    static char names[AMENDMENT_NAMES_MAX + 1][32];
    struct amendment out;
    struct err err = {0};
    for (size_t i = 0; i <= AMENDMENT_NAMES_MAX; i++) {
        snprintf(names[i], sizeof names[i], "u%zu@contoso.com", i);
        many[i] = names[i];
    }
    struct amendment change = {
        .is_valid = true, .recipients = many, .recipient_count = AMENDMENT_NAMES_MAX + 1};
    assert_false(amendment_merge(arena, NULL, &change, &out, &err).ok);
    assert_int_equal(err.reason, R_LIMIT_EXCEEDED);
    /* Each name counts once, also of those who were removed and came back. */
    static struct principal all[AMENDMENT_NAMES_MAX];
    for (size_t i = 0; i < AMENDMENT_NAMES_MAX; i++) {
        all[i] = (struct principal){PRINCIPAL_USER, names[i]};
    }
    struct amendment gone =
        after(NULL, &(struct amendment){
                        .is_valid = true, .removed = all, .removed_count = AMENDMENT_NAMES_MAX});
    change.recipient_count = AMENDMENT_NAMES_MAX;
    struct amendment back = after(&gone, &change);
    assert_int_equal(back.recipient_count + back.removed_count, 2 * AMENDMENT_NAMES_MAX);
}

/* Each allocation of a merge fails once: nothing but R_ARENA_EXHAUSTED comes of it, and it is
 * whole when none does. */
static void memory_runs_out_anywhere_in_a_merge(void **state)
{
    (void)state;
    static const struct rights may_view = {.bits = RIGHT_VIEW};
    static const struct grant grants[] = {{{PRINCIPAL_DOMAIN, "agency.us"}, &may_view}};
    static const struct principal removed[] = {{PRINCIPAL_USER, "dan@contoso.com"}};
    static const struct amendment before = {.version = 1,
                                            .is_valid = true,
                                            .grants = grants,
                                            .grant_count = 1,
                                            .removed = removed,
                                            .removed_count = 1};
    static const struct amendment change = {
        .is_valid = true, .recipients = sealed, .recipient_count = 2};
    bool ok = false;
    size_t fail_at;
    for (fail_at = 1; !ok; fail_at++) {
        struct amendment out;
        struct err err = {0};
        arena_fail_at(arena, fail_at);
        ok = amendment_merge(arena, &before, &change, &out, &err).ok;
        arena_fail_at(arena, 0);
        assert_int_equal(err.reason, ok ? R_NONE : R_ARENA_EXHAUSTED);
        if (ok) {
            assert_int_equal(out.grant_count + out.recipient_count + out.removed_count, 4);
        }
    }
    assert_int_equal(fail_at, 10); /* two indexes, three lists twice, and once without a failure */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_recipient_is_dropped_and_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_grant_replaces_what_its_principal_had, set_up, tear_down),
        cmocka_unit_test_setup_teardown(somebody_new_gets_what_he_is_granted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_expiry_is_shortened_lengthened_and_lifted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_stored_and_not_understood_grants_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_change_finds_its_names_among_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(added_recipients_stay_until_they_are_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_last_word_about_a_person_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_change_names_a_person_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_versions_is_of_the_latest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(validity_is_the_validity_of_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_amendment_has_a_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_goes_and_comes_by_one_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(custom_rights_have_a_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_group_that_is_a_recipient_goes_and_comes_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out_anywhere_in_a_merge, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
