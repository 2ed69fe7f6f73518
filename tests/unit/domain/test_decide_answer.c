/* SPDX-License-Identifier: Apache-2.0 */
/* Whose an answer is, and who may give it (docs/policy.md §5.3). */
#include "access_world.h"

#include "domain/decide/decide_answer.h"

static struct answer_question question_of(const struct world *w,
                                          const struct access_decision *access,
                                          enum answer_kind kind)
{
    return (struct answer_question){.kind = kind,
                                    .tenant = &w->tenant,
                                    .policy = &w->policy,
                                    .facts = w->q.facts,
                                    .now = w->q.now,
                                    .access = access};
}

static enum reason answer(const struct world *w, enum answer_kind kind)
{
    const struct access_decision access = decide(w);
    const struct answer_question question = question_of(w, &access, kind);
    return access.reason == R_NONE ? decide_answer(&question) : access.reason;
}

static void each_kind_needs_its_right(void **state)
{
    static const struct {
        uint32_t right;
        enum answer_kind kind;
    } kinds[] = {{RIGHT_REPLY, ANSWER_REPLY},
                 {RIGHT_REPLYALL, ANSWER_REPLY_ALL},
                 {RIGHT_FORWARD, ANSWER_FORWARD}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            struct world w;
            const struct rights held = {.bits = RIGHT_VIEW | kinds[i].right};
            make(&w);
            w.policy.kind = POLICY_CUSTOM;
            w.grants[0].rights = &held;
            w.policy.grants = w.grants;
            w.policy.grant_count = 1;
            assert_int_equal(answer(&w, kinds[j].kind), i == j ? R_NONE : R_RIGHT_MISSING);
        }
    }
}

static void do_not_forward_is_answered_and_not_forwarded(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    assert_int_equal(answer(&w, ANSWER_REPLY), R_NONE);
    assert_int_equal(answer(&w, ANSWER_REPLY_ALL), R_NONE);
    assert_int_equal(answer(&w, ANSWER_FORWARD), R_RIGHT_MISSING);
    be(&w, "eve@fabrikam.com");
    assert_int_equal(answer(&w, ANSWER_REPLY), R_NO_RIGHTS);
}

/* The owner still opens it, and makes nothing new of it. */
static void nothing_new_of_what_was_taken_back(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    be(&w, "alice@contoso.com");
    w.subject.user.tenant = CONTOSO;
    assert_int_equal(answer(&w, ANSWER_FORWARD), R_NONE);
    w.q.facts.is_revoked = true;
    assert_int_equal(decide(&w).reason, R_NONE);
    assert_int_equal(answer(&w, ANSWER_REPLY), R_REVOKED);
    w.q.facts.is_revoked = false;
    w.q.facts.user_is_revoked = true;
    assert_int_equal(answer(&w, ANSWER_REPLY), R_REVOKED);
    w.q.facts.user_is_revoked = false;
    w.policy.expires_at.s = NOW;
    assert_int_equal(answer(&w, ANSWER_REPLY), R_EXPIRED);
    w.policy.expires_at.s = NOW + 1;
    assert_int_equal(answer(&w, ANSWER_REPLY), R_NONE);
}

static void nothing_that_nobody_could_open(void **state)
{
    (void)state;
    struct world w;
    const struct amendment unreadable = {.version = 1, .problem = "planet:mars"};
    make(&w);
    be(&w, "alice@contoso.com");
    w.subject.user.tenant = CONTOSO;
    w.q.facts.amendment = &unreadable;
    assert_int_equal(answer(&w, ANSWER_REPLY), R_POLICY_INVALID);
    w.q.facts.amendment = NULL;
    w.policy.kind = POLICY_TEMPLATE;
    assert_int_equal(answer(&w, ANSWER_REPLY), R_NONE);
    w.tenant.template_count = 0;
    assert_int_equal(answer(&w, ANSWER_REPLY), R_TEMPLATE_MISSING);
}

static void check_people(const struct world *w, enum answer_kind kind, const char *expected)
{
    static const char *const named[] = {"zoe@x.example", "bob@fabrikam.com", "amy@x.example"};
    const struct access_decision access = decide(w);
    const struct answer_question question = question_of(w, &access, kind);
    const char *people[8];
    char text[256] = "";
    size_t count = answer_recipients(&question, "bob@fabrikam.com", named, 3, people);
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(text, people[i]), " ");
    }
    assert_string_equal(text, expected);
}

/* Who holds less than recipients, by another grant, gives nobody what recipients have, themselves included. */
static void nobody_gives_what_they_do_not_hold(void **state)
{
    (void)state;
    struct world w;
    struct rights given = {.bits = RIGHT_VIEW | RIGHT_EXPORT};
    const struct rights held = {.bits = RIGHT_VIEW | RIGHT_REPLY | RIGHT_FORWARD};
    make(&w);
    be(&w, "eve@fabrikam.com");
    w.policy.kind = POLICY_CUSTOM;
    w.grants[0] = (struct grant){{PRINCIPAL_RECIPIENTS, ""}, &given};
    w.grants[1] = (struct grant){{PRINCIPAL_USER, "eve@fabrikam.com"}, &held};
    w.policy.grants = w.grants;
    w.policy.grant_count = 2;
    assert_int_equal(answer(&w, ANSWER_REPLY), R_NONE);
    assert_int_equal(answer(&w, ANSWER_FORWARD), R_RIGHTS_EXCEEDED);
    check_people(&w, ANSWER_REPLY, "");
    given = (struct rights){.bits = RIGHT_VIEW, .custom_count = 1, .custom = {"SIGN"}};
    assert_int_equal(answer(&w, ANSWER_FORWARD), R_RIGHTS_EXCEEDED);
    given.custom_count = 0;
    assert_int_equal(answer(&w, ANSWER_FORWARD), R_NONE);
    check_people(&w, ANSWER_REPLY, "bob@fabrikam.com ");
}

static void whose_it_is(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    check_people(&w, ANSWER_REPLY, "bob@fabrikam.com ");
    check_people(&w, ANSWER_REPLY_ALL, "bob@fabrikam.com carol@contoso.com ");
    check_people(&w, ANSWER_FORWARD, "amy@x.example bob@fabrikam.com zoe@x.example ");
    w.recipients[0] = "ann@fabrikam.com"; /* the reader has come by a grant to their domain */
    w.grants[1] = (struct grant){{PRINCIPAL_RECIPIENTS, ""}, &view_print};
    w.policy.kind = POLICY_CUSTOM;
    w.policy.grants = w.grants;
    w.policy.grant_count = 2;
    check_people(&w, ANSWER_REPLY_ALL, "ann@fabrikam.com bob@fabrikam.com carol@contoso.com ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_needs_its_right),
        cmocka_unit_test(do_not_forward_is_answered_and_not_forwarded),
        cmocka_unit_test(nothing_new_of_what_was_taken_back),
        cmocka_unit_test(nothing_that_nobody_could_open),
        cmocka_unit_test(nobody_gives_what_they_do_not_hold),
        cmocka_unit_test(whose_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
