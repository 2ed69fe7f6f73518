/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses a token names, and what it says of them: each claim for itself. */
#include "token_fixture.h"

#include <stdio.h>
#include <string.h>

#define KELVIN "\\u212a"

static int64_t epoch = 100;

/* The addresses of a token with these members, as "al@contoso.com:verified:primary;…", once verified and once from the
 * cache; or the reason for which it is refused. */
static const char *read(const struct issuer *issuer, const char *members)
{
    static const char *const words[] = {
        [ADDRESS_UNSAID] = "", [ADDRESS_VERIFIED] = ":verified", [ADDRESS_DENIED] = ":denied"};
    const struct token_claims *claims = NULL;
    struct issuer row = *issuer;
    struct slice token =
        sign(arena_printf(f.arena, "{" ISS ",\"aud\":\"chancery\",\"exp\":1800000600%s}", members));
    const char *text = "";
    row.epoch = ++epoch;
    for (int i = 0; i < 2; i++) {
        err_clear(&f.err);
        if (!check_token(token, &row, NOW, &claims).ok) {
            return reason_info(f.err.reason)->name;
        }
    }
    for (size_t i = 0; i < claims->address_count; i++) {
        const struct claimed_address *address = &claims->addresses[i];
        text = arena_printf(f.arena, "%s%s%s%s%s", text, i == 0 ? "" : ";", address->text,
                            words[address->word], address->is_primary ? ":primary" : "");
    }
    return text;
}

static struct issuer issuer_with(const char *address, const char *verified,
                                 const char *const *aliases, size_t alias_count)
{
    struct issuer issuer = f.issuer;
    issuer.claim_address = address;
    issuer.claim_verified = verified;
    issuer.claim_aliases = aliases;
    issuer.claim_alias_count = alias_count;
    return issuer;
}

struct example {
    const char *members, *addresses;
};

static void check(const struct issuer *issuer, const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = read(issuer, examples[i].members);
        if (strcmp(found, examples[i].addresses) != 0) {
            fail_msg("%s: %s, not %s", examples[i].members, found, examples[i].addresses);
        }
    }
}

#define CHECK(issuer, ...)                                                \
    do {                                                                  \
        const struct example examples[] = {__VA_ARGS__};                  \
        check(&(issuer), examples, sizeof examples / sizeof examples[0]); \
    } while (0)

#define EMAIL ",\"email\":\"al@contoso.com\""
#define USER ",\"user\":\"al@contoso.com\""

/* OpenID Connect Core §5.1 defines a boolean. What could be read as a yes proves nothing and denies nothing. */
static void email_verified_speaks_for_email(void **state)
{
    (void)state;
    struct issuer issuer = issuer_with("", "", NULL, 0);
    CHECK(issuer, {EMAIL, "al@contoso.com:primary"},
          {EMAIL ",\"email_verified\":true", "al@contoso.com:verified:primary"},
          {EMAIL ",\"email_verified\":\"true\"", "al@contoso.com:primary"},
          {EMAIL ",\"email_verified\":\"True\"", "al@contoso.com:primary"},
          {EMAIL ",\"email_verified\":1", "al@contoso.com:primary"},
          {EMAIL ",\"email_verified\":\"1\"", "al@contoso.com:primary"},
          {EMAIL ",\"Email_Verified\":true", "al@contoso.com:primary"},
          {EMAIL ",\"Email_Verified\":false", "al@contoso.com:primary"},
          {",\"email_verified\":true", ""}, {",\"email_verified\":false", ""},
          {EMAIL ",\"email_verified\":true,\"email_verified\":false", "TOKEN_MALFORMED"});
    static const char *const noes[] = {"false", "\"false\"", "0",   "\"0\"",    "null",
                                       "\"\"",  "2",         "1.0", "[true]",   "[]",
                                       "{}",    "\"yes\"",   "-1",  "\"true \""};
    for (size_t i = 0; i < sizeof noes / sizeof noes[0]; i++) {
        CHECK(issuer, {arena_printf(f.arena, EMAIL ",\"email_verified\":%s", noes[i]),
                       "al@contoso.com:denied:primary"});
    }
}

/* It says nothing of a name that people type themselves. */
static void email_verified_speaks_for_no_other_claim(void **state)
{
    (void)state;
    static const char *const aliases[] = {"email", "upn"};
    struct issuer by_name = issuer_with("user", "", NULL, 0);
    CHECK(
        by_name, {USER ",\"email_verified\":true", "al@contoso.com:primary"},
        {USER EMAIL ",\"email_verified\":true", "al@contoso.com:primary"},
        {USER ",\"email_verified\":false", "al@contoso.com:primary"},
        {USER ",\"email\":\"bo@contoso.com\",\"email_verified\":false", "al@contoso.com:primary"});
    struct issuer issuer = issuer_with("user", "", aliases, 2);
    CHECK(issuer,
          {USER ",\"email\":\"bo@contoso.com\",\"email_verified\":true",
           "al@contoso.com:primary;bo@contoso.com:verified"},
          {USER ",\"email\":\"bo@contoso.com\",\"email_verified\":false,\"upn\":\"cy@contoso.com\"",
           "al@contoso.com:primary;bo@contoso.com:denied;cy@contoso.com"},
          {",\"email\":\"bo@contoso.com\",\"email_verified\":true", "bo@contoso.com:verified"},
          {",\"user\":\"no address\"" EMAIL, "al@contoso.com"},
          {",\"user\":\"" KELVIN "en@contoso.com\",\"upn\":\"ken@contoso.com\"", "ken@contoso.com"},
          {",\"email\":[\"bo@contoso.com\",\"cy@contoso.com\"],\"email_verified\":\"no\"",
           "bo@contoso.com:denied;cy@contoso.com:denied"});
}

/* The token says of the address, and not only of a claim, that it is not verified. */
static void what_is_denied_is_denied_under_every_name(void **state)
{
    (void)state;
    static const char *const aliases[] = {"upn"};
    struct issuer issuer = issuer_with("user", "", aliases, 1);
    CHECK(
        issuer, {USER EMAIL ",\"email_verified\":false", "al@contoso.com:denied:primary"},
        {USER ",\"email\":\"AL@Contoso.com\",\"email_verified\":0",
         "al@contoso.com:denied:primary"},
        {USER ",\"email\":[7,\"al@contoso.com\"],\"email_verified\":null",
         "al@contoso.com:denied:primary"},
        {USER ",\"upn\":\"bo@contoso.com\",\"email\":\"bo@contoso.com\",\"email_verified\":false",
         "al@contoso.com:primary;bo@contoso.com:denied"},
        {",\"upn\":\"al@contoso.com\"" EMAIL ",\"email_verified\":false", "al@contoso.com:denied"},
        {USER ",\"email\":{\"value\":\"al@contoso.com\"},\"email_verified\":false",
         "al@contoso.com:primary"});
    struct issuer named = issuer_with("user", "user_ok", aliases, 1);
    CHECK(named,
          {USER ",\"upn\":\"al@contoso.com\",\"user_ok\":false", "al@contoso.com:denied:primary"});
    static const char *const email[] = {"email"};
    struct issuer both = issuer_with("user", "user_ok", email, 1);
    CHECK(both, {USER EMAIL ",\"user_ok\":true,\"email_verified\":false",
                 "al@contoso.com:denied:primary"});
}

/* What the registration names vouches for the address claim alone, in the words that providers use. */
static void a_registration_names_what_vouches(void **state)
{
    (void)state;
    static const char *const aliases[] = {"upn"};
    struct issuer issuer = issuer_with("", "xms_edov", aliases, 1);
    CHECK(issuer, {EMAIL, "al@contoso.com:primary"},
          {EMAIL ",\"xms_edov\":true", "al@contoso.com:verified:primary"},
          {EMAIL ",\"xms_edov\":1", "al@contoso.com:verified:primary"},
          {EMAIL ",\"xms_edov\":\"1\"", "al@contoso.com:verified:primary"},
          {EMAIL ",\"xms_edov\":\"true\"", "al@contoso.com:verified:primary"},
          {EMAIL ",\"xms_edov\":false", "al@contoso.com:denied:primary"},
          {EMAIL ",\"xms_edov\":\"0\"", "al@contoso.com:denied:primary"},
          {EMAIL ",\"xms_edov\":null", "al@contoso.com:denied:primary"},
          {EMAIL ",\"xms_edov\":[true]", "al@contoso.com:denied:primary"},
          {EMAIL ",\"email_verified\":true", "al@contoso.com:primary"},
          {EMAIL ",\"xms_edov\":true,\"email_verified\":false", "al@contoso.com:denied:primary"},
          {EMAIL ",\"xms_edov\":false,\"email_verified\":true", "al@contoso.com:denied:primary"},
          {",\"upn\":\"bo@contoso.com\",\"xms_edov\":true", "bo@contoso.com"},
          {EMAIL ",\"upn\":\"bo@contoso.com\",\"xms_edov\":true",
           "al@contoso.com:verified:primary;bo@contoso.com"});
    struct issuer other = issuer_with("user", "email_verified", NULL, 0);
    CHECK(other, {USER ",\"email_verified\":true", "al@contoso.com:verified:primary"},
          {USER ",\"email_verified\":\"true\"", "al@contoso.com:verified:primary"},
          {USER ",\"email_verified\":\"no\"", "al@contoso.com:denied:primary"});
}

static void the_address_claim_is_one_text(void **state)
{
    (void)state;
    static const char *const aliases[] = {"upn"};
    static const char *const values[] = {"7", "null", "true", "[\"al@contoso.com\"]", "{}"};
    struct issuer issuer = issuer_with("", "", aliases, 1);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        CHECK(issuer, {arena_printf(f.arena, ",\"email\":%s,\"upn\":\"al@contoso.com\"", values[i]),
                       "TOKEN_CLAIM_INVALID"});
    }
    CHECK(issuer, {EMAIL EMAIL, "TOKEN_MALFORMED"});
}

static const char *read_many(int count)
{
    static const char *const aliases[] = {"many", "email"};
    struct issuer issuer = issuer_with("user", "", aliases, 2);
    char members[1024] = USER ",\"many\":[\"a0@contoso.com\",\"A0@contoso.com\"";
    for (int i = 1; i < count; i++) {
        char one[32];
        snprintf(one, sizeof one, ",\"a%d@contoso.com\"", i);
        strncat(members, one, sizeof members - strlen(members) - 1);
    }
    strncat(members, "]" EMAIL ",\"email_verified\":false", sizeof members - strlen(members) - 1);
    return read(&issuer, members);
}

/* None is left out: it may be the one by which somebody is excluded. Each counts once. */
static void addresses_are_bounded(void **state)
{
    (void)state;
    const char *found = read_many(TOKEN_ADDRESSES_MAX - 1);
    assert_true(strncmp(found, "al@contoso.com:denied:primary;a0@", 33) == 0);
    assert_non_null(strstr(found, ";a14@contoso.com"));
    assert_string_equal(read_many(TOKEN_ADDRESSES_MAX), "TOKEN_CLAIM_INVALID");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(email_verified_speaks_for_email),
        cmocka_unit_test(email_verified_speaks_for_no_other_claim),
        cmocka_unit_test(what_is_denied_is_denied_under_every_name),
        cmocka_unit_test(a_registration_names_what_vouches),
        cmocka_unit_test(the_address_claim_is_one_text),
        cmocka_unit_test(addresses_are_bounded),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
