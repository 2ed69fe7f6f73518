/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody who holds EDITRIGHTSDATA may change: docs/policy.md §3.6. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "domain/decide/decide_amendment.h"

enum { EDITOR = RIGHT_VIEW | RIGHT_EDIT | RIGHT_EDITRIGHTSDATA };

static const struct rights view = {.bits = RIGHT_VIEW}, edit = {.bits = RIGHT_EDIT},
                           print = {.bits = RIGHT_PRINT}, owner = {.bits = RIGHT_OWNER},
                           sign = {.bits = RIGHT_VIEW, .custom = {"SIGN"}, .custom_count = 1};
static const char *const BOB[] = {"bob@fabrikam.com", "rob@fabrikam.com"};
static const char *const CAROL[] = {"carol@fabrikam.com"};

/* A policy of grants, and one change of it by somebody with these rights. */
struct change {
    struct grant sealed[3];
    const char *recipients[2];
    struct amendment amendment;
    struct grant granted[1];
    struct principal removed[1];
    struct rights own;
};

static bool may(const struct change *change, const struct principal *who,
                const char *const *addresses, size_t count)
{
    struct policy policy = {.kind = POLICY_CUSTOM,
                            .owner = "alice@contoso.com",
                            .issuer = "alice@contoso.com",
                            .grants = change->sealed,
                            .recipients = change->recipients,
                            .referral_contact = ""};
    while (policy.grant_count < 3 && change->sealed[policy.grant_count].rights != NULL) {
        policy.grant_count++;
    }
    while (policy.recipient_count < 2 && change->recipients[policy.recipient_count] != NULL) {
        policy.recipient_count++;
    }
    struct effective_policy before = {.policy = &policy},
                            after = {.policy = &policy, .amendment = &change->amendment};
    return decide_amendment_name(
        &(struct amendment_question){.before = &before, .after = &after, .own = &change->own}, who,
        addresses, count);
}

static struct change change(uint32_t own)
{
    return (struct change){.amendment = {.version = 1, .is_valid = true}, .own = {.bits = own}};
}

static void grant_anew(struct change *c, struct principal who, const struct rights *rights)
{
    c->granted[0] = (struct grant){who, rights};
    c->amendment.grants = c->granted;
    c->amendment.grant_count = 1;
}

static void drop(struct change *c, struct principal who)
{
    c->removed[0] = who;
    c->amendment.removed = c->removed;
    c->amendment.removed_count = 1;
}

static void nobody_gives_what_they_do_not_have(void **state)
{
    (void)state;
    const struct principal bob = {PRINCIPAL_USER, BOB[0]}, legal = {PRINCIPAL_GROUP, "l@x.org"};
    struct change c = change(EDITOR);
    grant_anew(&c, bob, &edit);
    assert_true(may(&c, &bob, BOB, 2));
    grant_anew(&c, bob, &print);
    assert_false(may(&c, &bob, BOB, 2));
    grant_anew(&c, bob, &owner);
    assert_false(may(&c, &bob, BOB, 2));
    grant_anew(&c, legal, &view);
    assert_true(may(&c, &legal, NULL, 0));
    grant_anew(&c, legal, &print);
    assert_false(may(&c, &legal, NULL, 0));
    grant_anew(&c, legal, &sign);
    assert_false(may(&c, &legal, NULL, 0));
    c.own.custom[c.own.custom_count++] = "SIGN";
    assert_true(may(&c, &legal, NULL, 0));
}

/* Whatever they had stays theirs to keep: only what is added must be one's own to give. */
static void what_they_had_is_not_given(void **state)
{
    (void)state;
    const struct principal bob = {PRINCIPAL_USER, BOB[0]};
    const struct rights both = {.bits = RIGHT_PRINT | RIGHT_EDIT};
    struct change c = change(EDITOR);
    c.sealed[0] = (struct grant){bob, &print};
    grant_anew(&c, bob, &both);
    assert_true(may(&c, &bob, BOB, 2));
}

static void nobody_takes_from_whoever_has_more(void **state)
{
    (void)state;
    const struct principal bob = {PRINCIPAL_USER, BOB[0]}, rob = {PRINCIPAL_USER, BOB[1]},
                           recipients = {PRINCIPAL_RECIPIENTS, ""};
    struct change c = change(EDITOR);
    c.sealed[0] = (struct grant){rob, &owner};
    drop(&c, bob);
    assert_false(may(&c, &bob, BOB, 2)); /* whom the policy names by another address */
    assert_true(may(&c, &bob, BOB, 1));  /* nobody else */
    c.amendment.removed_count = 0;
    grant_anew(&c, bob, &edit);
    assert_false(may(&c, &bob, BOB, 2));
    c = change(EDITOR);
    c.sealed[0] = (struct grant){rob, &view};
    drop(&c, bob);
    assert_true(may(&c, &bob, BOB, 2));
    c = change(EDITOR);
    c.sealed[0] = (struct grant){recipients, &print};
    c.recipients[0] = CAROL[0];
    drop(&c, recipients);
    assert_false(may(&c, &recipients, NULL, 0));
    drop(&c, (struct principal){PRINCIPAL_USER, CAROL[0]});
    assert_false(may(&c, &c.removed[0], CAROL, 1)); /* who has it as a recipient */
    drop(&c, (struct principal){PRINCIPAL_GROUP, CAROL[0]});
    assert_false(may(&c, &c.removed[0], NULL, 0)); /* likewise: it may be a group's address */
    c.amendment.removed_count = 0;
    grant_anew(&c, (struct principal){PRINCIPAL_GROUP, CAROL[0]}, &view);
    assert_false(may(&c, &c.granted[0].principal, NULL, 0));
}

/* A group that becomes a recipient is no longer removed, so that it has again what it is granted. */
static void what_a_removed_group_had_is_not_given_back(void **state)
{
    (void)state;
    static const char *const joining[] = {"l@x.org"};
    const struct principal legal = {PRINCIPAL_GROUP, joining[0]},
                           named = {PRINCIPAL_USER, joining[0]};
    const struct grant all[] = {{{PRINCIPAL_RECIPIENTS, ""}, &view}, {legal, &owner}};
    const struct policy policy = {
        .kind = POLICY_CUSTOM, .owner = "", .grants = all, .grant_count = 2};
    const struct amendment
        none = {.version = 1, .is_valid = true},
        removed = {.version = 1, .is_valid = true, .removed = &legal, .removed_count = 1},
        joined = {.version = 2, .is_valid = true, .recipients = joining, .recipient_count = 1};
    const struct rights own = {.bits = EDITOR};
    struct effective_policy before = {.policy = &policy, .amendment = &removed},
                            after = {.policy = &policy, .amendment = &joined};
    const struct amendment_question q = {.before = &before, .after = &after, .own = &own};
    assert_false(decide_amendment_name(&q, &named, joining, 1));
    before.amendment = &none;
    assert_true(decide_amendment_name(&q, &named, joining, 1)); /* it had that */
}

/* Whoever becomes a recipient gets what the policy gives to recipients. */
static void nobody_makes_a_recipient_of_more_than_they_have(void **state)
{
    (void)state;
    const struct principal carol = {PRINCIPAL_USER, CAROL[0]};
    struct change c = change(EDITOR);
    c.amendment.recipients = CAROL;
    c.amendment.recipient_count = 1;
    c.sealed[0] = (struct grant){{PRINCIPAL_RECIPIENTS, ""}, &edit};
    assert_true(may(&c, &carol, CAROL, 1));
    c.sealed[0].rights = &print;
    assert_false(may(&c, &carol, CAROL, 1));
}

static bool ends(int64_t before, bool is_changed, int64_t after)
{
    struct policy policy = {.kind = POLICY_CUSTOM, .expires_at = {before}};
    struct amendment amendment = {
        .is_valid = true, .changes_expiry = is_changed, .expires_at = {after}};
    struct effective_policy then = {.policy = &policy},
                            now = {.policy = &policy, .amendment = &amendment};
    return decide_amendment_expiry(
        &(struct amendment_question){.before = &then, .after = &now, .own = &view});
}

static void an_expiry_comes_earlier_and_not_later(void **state)
{
    (void)state;
    assert_true(ends(1000, false, 0));
    assert_true(ends(1000, true, 999));
    assert_true(ends(1000, true, 1000));
    assert_false(ends(1000, true, 1001));
    assert_false(ends(1000, true, 0));
    assert_true(ends(0, true, 1000));
    assert_true(ends(0, true, 0));
}

/* What can't be read grants nothing, by a name as to people. */
static void what_cannot_be_read_names_nothing(void **state)
{
    (void)state;
    const struct grant all[] = {{{PRINCIPAL_GROUP, "l@x.org"}, &print}};
    const struct policy policy = {.kind = POLICY_CUSTOM, .grants = all, .grant_count = 1};
    const struct amendment sound = {.is_valid = true, .grants = all, .grant_count = 1},
                           broken = {.is_valid = false, .grants = all, .grant_count = 1};
    struct rights rights;
    effective_policy_named_rights(&(struct effective_policy){.policy = &policy}, &all[0].principal,
                                  &rights);
    assert_int_equal(rights.bits, RIGHT_VIEW | RIGHT_PRINT);
    effective_policy_named_rights(
        &(struct effective_policy){.policy = &policy, .amendment = &sound}, &all[0].principal,
        &rights);
    assert_int_equal(rights.bits, RIGHT_VIEW | RIGHT_PRINT);
    effective_policy_named_rights(
        &(struct effective_policy){.policy = &policy, .amendment = &broken}, &all[0].principal,
        &rights);
    assert_true(rights_are_none(&rights));
}

/* More custom rights than a policy may name can't be read; OWNER has all that it does name. */
static void custom_rights_belong_to_a_name(void **state)
{
    (void)state;
    static const struct principal legal = {PRINCIPAL_GROUP, "l@x.org"},
                                  other = {PRINCIPAL_GROUP, "o@x.org"};
    static char names[RIGHTS_CUSTOM_MAX][4];
    struct rights many = {.bits = RIGHT_OWNER}, rights;
    for (size_t i = 0; i < RIGHTS_CUSTOM_MAX; i++) {
        snprintf(names[i], sizeof names[i], "R%zu", i);
        many.custom[many.custom_count++] = names[i];
    }
    const struct grant grants[] = {{legal, &owner}, {other, &many}, {other, &sign}};
    struct policy policy = {.kind = POLICY_CUSTOM, .grants = grants, .grant_count = 2};
    const struct effective_policy now = {.policy = &policy};
    effective_policy_named_rights(&now, &legal, &rights);
    assert_int_equal(rights.bits, RIGHTS_ALL);
    assert_int_equal(rights.custom_count, RIGHTS_CUSTOM_MAX);
    policy.grant_count = 3;
    effective_policy_named_rights(&now, &legal, &rights);
    assert_true(rights_are_none(&rights));
}

/* Of more addresses than one person can have the first ones count. */
static void a_person_has_so_many_addresses(void **state)
{
    (void)state;
    static const char *many[SUBJECT_ADDRESSES_MAX + 1];
    const struct principal bob = {PRINCIPAL_USER, BOB[0]};
    struct change c = change(EDITOR);
    for (size_t i = 0; i < SUBJECT_ADDRESSES_MAX; i++) {
        many[i] = "else@fabrikam.com";
    }
    many[SUBJECT_ADDRESSES_MAX] = BOB[0];
    c.sealed[0] = (struct grant){bob, &owner};
    drop(&c, bob);
    assert_true(may(&c, &bob, many, SUBJECT_ADDRESSES_MAX + 1));
    assert_false(may(&c, &bob, many + 1, SUBJECT_ADDRESSES_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_gives_what_they_do_not_have),
        cmocka_unit_test(what_they_had_is_not_given),
        cmocka_unit_test(nobody_takes_from_whoever_has_more),
        cmocka_unit_test(what_a_removed_group_had_is_not_given_back),
        cmocka_unit_test(nobody_makes_a_recipient_of_more_than_they_have),
        cmocka_unit_test(an_expiry_comes_earlier_and_not_later),
        cmocka_unit_test(what_cannot_be_read_names_nothing),
        cmocka_unit_test(custom_rights_belong_to_a_name),
        cmocka_unit_test(a_person_has_so_many_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
