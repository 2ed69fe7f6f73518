/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <string.h>

#include "wire/publishing_license.h"

static struct err err;

static const struct license_header header = {
    .authority_url = "https://rms.contoso.com",
    .boundary = "gcc-high",
    .tenant = {{{1, 2, 3}}},
    .content = {{{4, 5, 6}}},
    .key_version = 7,
    .display_name = "Budget",
};

static struct slice sample(struct arena *arena)
{
    static const uint8_t sealed[100] = {9};
    struct slice head, out;
    assert_ok(license_header_encode(arena, &header, &head, &err), &err);
    assert_ok(publishing_license_encode(arena, head, slice_of(sealed, 100), &out, &err), &err);
    return out;
}

static void a_license_round_trips(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    struct publishing_license license;
    struct slice head;
    assert_ok(publishing_license_parse(arena, sample(arena), &license, &err), &err);
    assert_string_equal(license.header.boundary, "gcc-high");
    assert_string_equal(license.header.display_name, "Budget");
    assert_true(ID_EQ(license.header.tenant, header.tenant));
    assert_true(ID_EQ(license.header.content, header.content));
    assert_int_equal(license.header.key_version, 7);
    assert_ok(license_header_encode(arena, &header, &head, &err), &err);
    assert_true(slice_eq(head, license.header_bytes));
    assert_int_equal(license.sealed.len, 100);
}

static void every_cut_is_malformed(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
    struct slice whole = sample(arena);
    for (size_t len = 0; len < whole.len; len++) {
        struct publishing_license license;
        assert_fails(publishing_license_parse(arena, slice_cut(whole, 0, len), &license, &err),
                     &err, R_LICENSE_MALFORMED);
        assert_false(publishing_license_parse(arena, slice_cut(whole, 0, len), &license, NULL).ok);
    }
}

/* Every part of a mail is tried, and whoever tries lends no error. A token, which is no license of ours, begins as one. */
static void a_token_is_no_license(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        "eyJx", "eyJ", "eyJ.", "eyJ..", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "eyJ\xff.\xff.\xff"};
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct publishing_license license;
        assert_false(publishing_license_parse(arena, slice_str(tokens[i]), &license, NULL).ok);
        assert_fails(publishing_license_parse(arena, slice_str(tokens[i]), &license, &err), &err,
                     R_LICENSE_MALFORMED);
    }
}

/* A flipped bit is found here, or changes what is authenticated: the header's or the sealed
 * bytes. */
static void every_flip_is_seen(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4 << 20);
    struct slice whole = sample(arena);
    struct publishing_license before, after;
    assert_ok(publishing_license_parse(arena, whole, &before, &err), &err);
    uint8_t *copy = (uint8_t *)arena_dup(arena, whole);
    for (size_t bit = 0; bit < whole.len * 8; bit++) {
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
        err_clear(&err);
        if (publishing_license_parse(arena, slice_of(copy, whole.len), &after, &err).ok) {
            assert_false(slice_eq(before.header_bytes, after.header_bytes) &&
                         slice_eq(before.sealed, after.sealed));
        } else {
            assert_int_equal(err.reason, R_LICENSE_MALFORMED);
        }
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
    }
}

static const char *const recipients[] = {"ann@x.com", "bob@y.com"};

static const struct rights print = {.bits = RIGHT_VIEW | RIGHT_PRINT};
static const struct rights sign = {.bits = RIGHT_EDIT, .custom_count = 1, .custom = {"SIGN"}};

static void policies_round_trip(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
    static const struct grant grants[] = {
        {{PRINCIPAL_DOMAIN, "fabrikam.com"}, &print},
        {{PRINCIPAL_RECIPIENTS, ""}, &sign},
    };
    struct policy in = {.kind = POLICY_CUSTOM,
                        .grants = grants,
                        .grant_count = 2,
                        .owner = "alice@contoso.com",
                        .issuer = "edge",
                        .recipients = recipients,
                        .recipient_count = 2,
                        .protected_at = {1800000000},
                        .expires_at = {1900000000},
                        .offline_days = OFFLINE_DAYS_CAP,
                        .referral_contact = "help@contoso.com"};
    struct policy out;
    struct slice bytes;
    assert_ok(sealed_policy_encode(arena, &in, &bytes, &err), &err);
    assert_ok(sealed_policy_decode(arena, bytes, &out, &err), &err);
    assert_int_equal(out.grant_count, 2);
    assert_int_equal(out.grants[0].rights->bits, RIGHT_VIEW | RIGHT_PRINT);
    assert_string_equal(out.grants[0].principal.name, "fabrikam.com");
    assert_string_equal(out.grants[1].rights->custom[0], "SIGN");
    assert_string_equal(out.recipients[1], "bob@y.com");
    assert_string_equal(out.owner, in.owner);
    assert_string_equal(out.referral_contact, in.referral_contact);
    assert_int_equal(out.expires_at.s, 1900000000);
    assert_int_equal(out.offline_days, -1);
}

/* A thousand people with the same rights, and one with others: two messages, in the order of the
 * grants. */
static void many_grants_round_trip(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4 << 20);
    enum { COUNT = POLICY_GRANTS_MAX };
    static struct grant grants[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        grants[i].principal =
            (struct principal){PRINCIPAL_USER, arena_printf(arena, "u%zu@x.com", i)};
        grants[i].rights = i < COUNT - 1 ? &sign : &print;
    }
    struct policy out, in = {.kind = POLICY_CUSTOM,
                             .grants = grants,
                             .grant_count = COUNT,
                             .owner = "alice@contoso.com",
                             .issuer = "alice@contoso.com",
                             .referral_contact = ""};
    struct slice bytes;
    assert_ok(sealed_policy_encode(arena, &in, &bytes, &err), &err);
    assert_ok(sealed_policy_decode(arena, bytes, &out, &err), &err);
    assert_int_equal(out.grant_count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(out.grants[i].principal.kind, PRINCIPAL_USER);
        assert_string_equal(out.grants[i].principal.name, grants[i].principal.name);
        assert_int_equal(out.grants[i].rights->bits, grants[i].rights->bits);
    }
    assert_int_equal(out.recipient_count, 0);
}

/* Each allocation fails once: nothing but R_ARENA_EXHAUSTED comes of it. */
static void memory_runs_out_anywhere(void **state)
{
    (void)state;
    static const struct grant grants[] = {{{PRINCIPAL_OWNER, ""}, &sign}};
    const struct policy in = {.kind = POLICY_CUSTOM,
                              .grants = grants,
                              .grant_count = 1,
                              .owner = "a@x.com",
                              .issuer = "a@x.com",
                              .recipients = recipients,
                              .recipient_count = 2,
                              .referral_contact = ""};
    bool ok = false;
    size_t fail_at;
    for (fail_at = 1; !ok; fail_at++) {
        AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
        struct slice bytes;
        struct policy out;
        arena_fail_at(arena, fail_at);
        err_clear(&err);
        ok = sealed_policy_encode(arena, &in, &bytes, &err).ok &&
             sealed_policy_decode(arena, bytes, &out, &err).ok;
        assert_int_equal(err.reason, ok ? R_NONE : R_ARENA_EXHAUSTED);
    }
    assert_true(fail_at > 10);
}

static void a_template_is_small_and_recipients_cost_linearly(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
    struct policy p = {.kind = POLICY_TEMPLATE,
                       .template_id = {{{7}}},
                       .owner = "alice@contoso.com",
                       .issuer = "alice@contoso.com",
                       .referral_contact = "",
                       .offline_days = -1};
    struct slice bytes;
    struct policy out;
    assert_ok(sealed_policy_encode(arena, &p, &bytes, &err), &err);
    assert_true(bytes.len < 200);
    assert_ok(sealed_policy_decode(arena, bytes, &out, &err), &err);
    assert_true(ID_EQ(out.template_id, p.template_id));
}

static void what_is_not_understood_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"", 0},         /* no kind */
        {"\x18\x09", 2}, /* kind 9 */
        {"\x18\x01", 2}, /* a template without id */
        {"\x18\x04", 2}, /* custom without grants */
        {"\x18\x02", 2}, /* Do Not Forward without recipients */
        {"\x18\x02\x32\x06"
         "a@b.c\0\x58\x01\x7a\x00",
         14}, /* an unknown field */
        {"\x18\x02\x32\x06"
         "a@b.c\0\x48\x03\x58\x01",
         14}, /* offline days −2 */
        {"\x18\x02\x32\x05"
         "a@b.c\x58\x01",
         11}, /* a recipient without its NUL */
        {"\x18\x02\x32\x06"
         "a@b.c\0\x58\x02",
         12}, /* one recipient, not two */
        {"\x18\x02\x32\x06"
         "a@b.c\0\x58\x01",
         12}, /* one recipient: allowed, see below */
        {"\x18\x04\x2a\x0a\x08\x07\x12\x01\x00\x22\x03"
         "EAT\x60\x01",
         16}, /* a custom right for the owner: allowed */
        {"\x18\x04\x2a\x0a\x08\x07\x12\x01\x00\x22\x03"
         "eat\x60\x01",
         16},                                                                 /* no right */
        {"\x18\x04\x2a\x09\x08\x07\x12\x01\x00\x18\x80\x80\x01\x60\x01", 15}, /* right 15 */
        {"\x18\x04\x2a\x0c\x08\x07\x12\x06thief\x00\x18\x01\x60\x01", 18},    /* an owner by name */
        {"\x18\x04\x2a\x07\x08\x01\x12\x01\x00\x18\x01\x60\x01", 13},     /* a user without one */
        {"\x18\x04\x2a\x07\x08\x08\x12\x01\x00\x18\x01\x60\x01", 13},     /* kind 8 */
        {"\x18\x04\x2a\x05\x12\x01\x00\x18\x01\x60\x01", 11},             /* no kind */
        {"\x18\x04\x2a\x04\x08\x07\x18\x01\x60\x00", 10},                 /* rights for nobody */
        {"\x18\x04\x2a\x07\x08\x07\x12\x01\x00\x18\x01\x60\x02", 13},     /* one, not two */
        {"\x18\x04\x2a\x08\x08\x07\x12\x02\x00\x00\x18\x01\x60\x01", 14}, /* two, not one */
        {"\x18\x04\x2a\x0b\x08\x01\x12\x05"
         "a@b.c\x18\x01\x60\x01",
         17},                                                             /* no NUL behind it */
        {"\x18\x04\x2a\x07\x08\x07\x12\x01\x00\x18\x01\x60\xe9\x07", 14}, /* 1,001 principals */
        {"\x18\x02\x58\xe9\x07", 5},                                      /* 1,001 recipients */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(arena_free_at) struct arena *arena = arena_new(65536);
        struct policy out;
        err_clear(&err);
        bool ok = sealed_policy_decode(arena, slice_of(rows[i].bytes, rows[i].len), &out, &err).ok;
        bool is_sound = i == 9 || i == 10;
        assert_int_equal(ok, is_sound);
        assert_int_equal(err.reason, is_sound ? R_NONE : R_POLICY_INVALID);
        const char *named = i == 11 ? ": eat" : i == 13 ? ": thief" : "";
        assert_non_null(strstr(err.detail, named)); /* the log says what it was */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_license_round_trips),
        cmocka_unit_test(every_cut_is_malformed),
        cmocka_unit_test(a_token_is_no_license),
        cmocka_unit_test(every_flip_is_seen),
        cmocka_unit_test(policies_round_trip),
        cmocka_unit_test(many_grants_round_trip),
        cmocka_unit_test(memory_runs_out_anywhere),
        cmocka_unit_test(a_template_is_small_and_recipients_cost_linearly),
        cmocka_unit_test(what_is_not_understood_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
