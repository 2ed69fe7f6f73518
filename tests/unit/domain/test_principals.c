/* SPDX-License-Identifier: Apache-2.0 */
/* Principals: the forms of docs/policy.md §2.1, each with whom it means and whom it only nearly
 * means. */
#include "access_world.h"
#include "domain/relations/membership.h"

static struct err err;

static void there_are_seven_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum principal_kind kind;
        const char *written;
    } rows[] = {
        {"user:Bob@Fabrikam.com", PRINCIPAL_USER, "user:bob@fabrikam.com"},
        {"group:legal@contoso.com", PRINCIPAL_GROUP, "group:legal@contoso.com"},
        {"domain:FABRIKAM.com", PRINCIPAL_DOMAIN, "domain:fabrikam.com"},
        {"tenant:contoso", PRINCIPAL_TENANT, "tenant:contoso"},
        {"recipients", PRINCIPAL_RECIPIENTS, "recipients"},
        {"authenticated", PRINCIPAL_AUTHENTICATED, "authenticated"},
        {"owner", PRINCIPAL_OWNER, "owner"},
    };
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct principal p;
        assert_ok(principal_parse(arena, slice_str(rows[i].text), &p, &err), &err);
        assert_int_equal(p.kind, rows[i].kind);
        assert_string_equal(principal_format(arena, &p), rows[i].written);
        assert_true(principal_is_whole(&p));
    }
}

static void what_is_no_form(void **state)
{
    (void)state;
    static const char *const rows[] = {"",         "user:",       "user:bob", "User:bob@c.com",
                                       "everyone", "recipients:", "owner ",   "tenant:Contoso",
                                       "tenant:",  "domain:x",    "group",    "authenticated:a"};
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct principal p;
        assert_fails(principal_parse(arena, slice_str(rows[i]), &p, &err), &err, R_FIELD_INVALID);
    }
    static const struct principal broken[] = {
        {PRINCIPAL_USER, ""},   {PRINCIPAL_TENANT, ""},   {PRINCIPAL_RECIPIENTS, "bob@c.com"},
        {PRINCIPAL_OWNER, "x"}, {PRINCIPAL_UNKNOWN, "x"}, {(enum principal_kind)99, ""}};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_false(principal_is_whole(&broken[i]));
    }
}

/* Bob, who was robert@fabrikam.de, in the groups legal (which is in all) of Fabrikam. */
static void bob(struct world *w)
{
    static const char *const groups[] = {"all@fabrikam.com", "legal@fabrikam.com"};
    make(w);
    w->subject.user.addresses[1] = "robert@fabrikam.de";
    w->subject.user.address_count = 2;
    w->subject.user.groups = groups;
    w->subject.user.group_count = 2;
    w->policy.kind = POLICY_CUSTOM;
    w->policy.grants = w->grants;
    w->policy.grant_count = 1;
}

/* Whether a grant to this principal, as an admin writes it, reaches the subject. */
static bool reaches(struct world *w, const char *principal)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    w->grants[0].rights = &view_print;
    assert_ok(principal_parse(arena, slice_str(principal), &w->grants[0].principal, &err), &err);
    enum reason reason = decide(w).reason;
    assert_true(reason == R_NONE || reason == R_NO_RIGHTS);
    return reason == R_NONE;
}

struct row {
    const char *principal;
    bool is_bob;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct world w;
        bob(&w);
        if (reaches(&w, rows[i].principal) != rows[i].is_bob) {
            fail_msg("%s: expected %d", rows[i].principal, rows[i].is_bob);
        }
    }
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows)[0])

static void a_user_is_one_address_primary_or_alias(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"user:bob@fabrikam.com", true},
        {"user:BOB@Fabrikam.COM", true},
        {"user:bob@fabrikam.com.", true}, /* the root's dot */
        {"user:robert@fabrikam.de", true},
        {"user:robert@fabrikam.com", false}, /* the alias' name in another domain */
        {"user:bob@mail.fabrikam.com", false},
        {"user:bob@fabrikam.co", false},
        {"user:bo@fabrikam.com", false},
        {"user:bobb@fabrikam.com", false},
        {"user:bob+x@fabrikam.com", false},
        {"user:legal@fabrikam.com", false}, /* a group is no user */
        {"user:alice@contoso.com", false},
    };
    CHECK(rows);
}

static void a_group_is_its_members_nested_ones_too(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"group:legal@fabrikam.com", true},
        {"group:all@fabrikam.com", true}, /* legal is in it */
        {"group:Legal@FABRIKAM.com", true},
        {"group:legal@fabrikam.de", false},
        {"group:legal@contoso.com", false}, /* another tenant's */
        {"group:lega@fabrikam.com", false},
        {"group:bob@fabrikam.com", false}, /* a user is no group */
    };
    CHECK(rows);
}

static void a_domain_is_exactly_that_domain(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"domain:fabrikam.com", true},       {"domain:FABRIKAM.COM", true},
        {"domain:fabrikam.de", true}, /* an alias' */
        {"domain:mail.fabrikam.com", false}, {"domain:ikam.com", false},
        {"domain:fabrikam.org", false}, /* the tenant's other domains are not meant */
        {"domain:contoso.com", false},
    };
    struct world w;
    CHECK(rows);
    bob(&w);
    be(&w, "bob@mail.fabrikam.com"); /* nor is a domain its subdomains */
    w.subject.user.address_count = 1;
    assert_false(reaches(&w, "domain:fabrikam.com"));
    assert_true(reaches(&w, "domain:mail.fabrikam.com"));
}

static void a_tenant_is_its_members_without_guests(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"tenant:fabrikam", true},
        {"tenant:fabrikam-2", false},
        {"tenant:fab", false},
        {"tenant:contoso", false}, /* the content's own, of which he is not a member */
    };
    struct world w;
    CHECK(rows);
    bob(&w);
    w.subject.user.is_guest = true;
    assert_false(reaches(&w, "tenant:fabrikam"));
    assert_true(reaches(&w, "group:legal@fabrikam.com")); /* a guest may be in groups */
    bob(&w);
    w.subject.user.tenant = TENANT_PLATFORM; /* of no known tenant, whatever name stands there */
    assert_false(reaches(&w, "tenant:fabrikam"));
}

static void recipients_are_those_of_the_envelope(void **state)
{
    (void)state;
    struct world w;
    bob(&w);
    assert_true(reaches(&w, "recipients"));
    be(&w, "carol@contoso.com");
    assert_true(reaches(&w, "recipients"));
    be(&w, "dan@contoso.com");
    assert_false(reaches(&w, "recipients"));
    w.subject.user.addresses[1] = "bob@fabrikam.com"; /* sent to what is now an alias */
    assert_true(reaches(&w, "recipients"));
    w.policy.recipient_count = 0;
    assert_false(reaches(&w, "recipients"));
}

static void authenticated_is_anybody_who_is_known(void **state)
{
    (void)state;
    struct world w;
    bob(&w);
    be(&w, "zoe@nowhere.example");
    w.subject.user.address_count = 1;
    w.subject.user.tenant = TENANT_PLATFORM;
    w.subject.user.tenant_name = "";
    assert_true(reaches(&w, "authenticated"));
    w.subject.user.is_guest = true;
    assert_true(reaches(&w, "authenticated"));
}

static void owner_is_the_owner_alone(void **state)
{
    (void)state;
    struct world w;
    bob(&w);
    assert_false(reaches(&w, "owner"));
    w.policy.owner = "robert@fabrikam.de"; /* whose address has gone to another tenant */
    assert_false(reaches(&w, "owner"));
    w.subject.user.tenant = CONTOSO;
    assert_true(reaches(&w, "owner"));
    const struct principal owner = {PRINCIPAL_OWNER, ""}; /* of which content? */
    assert_false(membership_matches(&owner, &w.subject));
}

/* A component alone is nobody's principal, in whatever tenant and role. */
static void a_component_alone_is_nobody(void **state)
{
    (void)state;
    static const char *const rows[] = {"user:bob@fabrikam.com",
                                       "group:legal@fabrikam.com",
                                       "domain:fabrikam.com",
                                       "tenant:fabrikam",
                                       "recipients",
                                       "authenticated",
                                       "owner"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        bob(&w);
        w.subject.user.address_count = 0;
        w.subject.component = (struct subject_component){
            .name = "reader", .role = ROLE_CLIENT, .tenant = FABRIKAM, .boundary = "commercial"};
        assert_false(reaches(&w, rows[i]));
    }
    struct world w;
    bob(&w);
    w.subject.user.address_count = 0;
    const struct principal anybody = {PRINCIPAL_AUTHENTICATED, ""};
    assert_false(membership_matches(&anybody, &w.subject));
}

static void what_is_stored_and_unknown_means_nobody(void **state)
{
    (void)state;
    struct world w;
    bob(&w);
    struct principal unknown = {PRINCIPAL_UNKNOWN, "bob@fabrikam.com"};
    assert_false(membership_matches(&unknown, &w.subject));
}

static void rights_are_the_union_of_all_that_match(void **state)
{
    (void)state;
    static const struct rights reply = {.bits = RIGHT_REPLY};
    static const struct rights print_sign = {
        .bits = RIGHT_PRINT, .custom_count = 1, .custom = {"SIGN"}};
    struct world w;
    bob(&w);
    w.grants[0] = (struct grant){{PRINCIPAL_AUTHENTICATED, ""}, &reply};
    w.grants[1] = (struct grant){{PRINCIPAL_RECIPIENTS, ""}, &print_sign};
    w.policy.grant_count = 2;
    struct access_decision d = decide(&w);
    assert_int_equal(d.rights.bits, RIGHT_VIEW | RIGHT_REPLY | RIGHT_PRINT);
    assert_int_equal(d.rights.custom_count, 1);
    w.policy.recipient_count = 0;
    assert_int_equal(decide(&w).rights.bits, RIGHT_VIEW | RIGHT_REPLY);
}

/* Nobody's, and of a kind that this version does not know. */
static void an_unknown_kind_has_no_text_and_matches_nobody(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    struct world w;
    bob(&w);
    const struct principal unknown[] = {{PRINCIPAL_UNKNOWN, "x"}, {(enum principal_kind)99, "x"}};
    for (size_t i = 0; i < 2; i++) {
        assert_null(principal_format(arena, &unknown[i]));
        assert_false(membership_matches(&unknown[i], &w.subject));
    }
}

static void memory_runs_out_while_a_principal_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"user:bob@c.com", "domain:c.com", "tenant:contoso"};
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct principal p;
        arena_fail_at(arena, 1);
        assert_fails(principal_parse(arena, slice_str(texts[i]), &p, &err), &err,
                     R_ARENA_EXHAUSTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_seven_forms),
        cmocka_unit_test(what_is_no_form),
        cmocka_unit_test(a_user_is_one_address_primary_or_alias),
        cmocka_unit_test(a_group_is_its_members_nested_ones_too),
        cmocka_unit_test(a_domain_is_exactly_that_domain),
        cmocka_unit_test(a_tenant_is_its_members_without_guests),
        cmocka_unit_test(recipients_are_those_of_the_envelope),
        cmocka_unit_test(authenticated_is_anybody_who_is_known),
        cmocka_unit_test(owner_is_the_owner_alone),
        cmocka_unit_test(a_component_alone_is_nobody),
        cmocka_unit_test(what_is_stored_and_unknown_means_nobody),
        cmocka_unit_test(rights_are_the_union_of_all_that_match),
        cmocka_unit_test(an_unknown_kind_has_no_text_and_matches_nobody),
        cmocka_unit_test(memory_runs_out_while_a_principal_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
