/* SPDX-License-Identifier: Apache-2.0 */
/* Use licenses on the client's side: the one that was asked for opens, and no other. */
#include "chancery_test.h"

#include <string.h>

#include "base/encode.h"
#include "client/license_open.h"
#include "crypto/algs.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"
#include "wire/publishing_license.h"

#define TENANT "01020000-0000-0000-0000-000000000000"
#define CONTENT "03040000-0000-0000-0000-000000000000"
#define ISSUER "https://rms.example.org/tenants/"
enum { NOW = 1800000000 };

static struct arena *arena;
static struct err err;
static struct jwk_private *signing, *other, *reader;

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(64 << 20);
    assert_ok(jwk_private_generate(JWK_EC_P256, &signing, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &other, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &reader, &err), &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jwk_private_free(signing);
    jwk_private_free(other);
    jwk_private_free(reader);
    arena_free(arena);
    crypto_fini();
    return 0;
}

static struct slice published(void)
{
    static const struct license_header header = {
        .authority_url = "https://rms.example.org",
        .boundary = "commercial",
        .tenant = {{{1, 2}}},
        .content = {{{3, 4}}},
        .key_version = 1,
        .display_name = "x",
    };
    static const uint8_t sealed[100] = {9};
    struct slice head, out;
    assert_ok(license_header_encode(arena, &header, &head, &err), &err);
    assert_ok(publishing_license_encode(arena, head, slice_of(sealed, 100), &out, &err), &err);
    return out;
}

static struct slice key_set(const struct jwk_private *key)
{
    const char *json = jwk_public_json(arena, jwk_private_public(key), "sig", "ES256");
    return slice_str(arena_printf(arena, "{\"keys\":[%s]}", json));
}

static const char *thumbprint(const struct jwk_private *key)
{
    return base64url_dup(arena, jwk_thumbprint(jwk_private_public(key)));
}

/* What a license of the test says; NULL: what it should. */
struct claims {
    const char *iss, *tid, *cid, *jkt, *typ, *times;
    const struct jwk_private *to;
};

static const char *otherwise(const char *given, const char *usual)
{
    return given != NULL ? given : usual;
}

static struct slice license(const struct claims *c)
{
    struct slice wrapped, out;
    uint8_t key[32] = {7};
    const struct jwk_private *to = c->to != NULL ? c->to : reader;
    assert_ok(jwe_encrypt(arena, jwk_private_public(to), slice_of(key, sizeof key), &wrapped, &err),
              &err);
    const char *json = arena_printf(
        arena,
        "{\"iss\":\"%s\",\"tid\":\"%s\",\"cid\":\"%s\",%s\"cnf\":{\"jkt\":\"%s\"},\"key\":\"%.*s\"}",
        otherwise(c->iss, ISSUER TENANT), otherwise(c->tid, TENANT), otherwise(c->cid, CONTENT),
        otherwise(c->times, "\"nbf\":1799999940,\"exp\":1800000001,"),
        otherwise(c->jkt, thumbprint(reader)), SLICE_FMT(wrapped));
    assert_ok(
        jws_sign(arena, signing, otherwise(c->typ, "use-license+jwt"), slice_str(json), &out, &err),
        &err);
    return out;
}

static const char *for_whom;

static rc unwrap(struct slice text, const struct jwk_private *signer, struct secret **key)
{
    const struct license_wanted wanted = {.text = text,
                                          .publishing_license = published(),
                                          .key = reader,
                                          .issuer = ISSUER TENANT,
                                          .now = {NOW}};
    return license_open_with(arena, &wanted, key_set(signer), key, &for_whom, &err);
}

static void the_license_that_was_asked_for(void **state)
{
    (void)state;
    struct secret *key = NULL;
    assert_ok(unwrap(license(&(struct claims){0}), signing, &key), &err);
    assert_int_equal(secret_use(key).len, 32);
    assert_string_equal(for_whom, "");
    secret_free(key);
    assert_ok(unwrap(license(&(struct claims){.times = "\"nbf\":1800000240,\"exp\":1800000999,"}),
                     signing, &key),
              &err); /* this clock is behind */
    secret_free(key);
}

static void for_whom_it_is(void **state)
{
    (void)state;
    struct secret *key = NULL;
    struct claims said = {.times = "\"sub\":\"kim@mail.example\",\"exp\":1800000001,"};
    assert_ok(unwrap(license(&said), signing, &key), &err);
    assert_string_equal(for_whom, "kim@mail.example");
    secret_free(key);
    key = NULL;
    said.times = "\"sub\":7,\"exp\":1800000001,";
    assert_fails(unwrap(license(&said), signing, &key), &err, R_USE_LICENSE_INVALID);
    assert_null(key);
}

static void every_other(void **state)
{
    (void)state;
    static const char another[] = "01020000-0000-0000-0000-000000000001";
    const struct {
        struct claims claims;
        enum reason reason;
    } rows[] = {
        {{.iss = "https://rms.example.org"}, R_USE_LICENSE_INVALID},
        {{.iss = "https://evil.example/tenants/" TENANT}, R_USE_LICENSE_INVALID},
        {{.iss = "http://rms.example.org/tenants/" TENANT}, R_USE_LICENSE_INVALID},
        {{.iss = "https://RMS.example.org/tenants/" TENANT}, R_USE_LICENSE_INVALID},
        {{.times = "\"exp\":1800000000,"}, R_USE_LICENSE_EXPIRED},
        {{.times = "\"exp\":1700000000,"}, R_USE_LICENSE_EXPIRED},
        {{.times = "\"exp\":-1,"}, R_USE_LICENSE_EXPIRED},
        {{.times = "\"nbf\":1800000241,\"exp\":1800000999,"}, R_USE_LICENSE_EXPIRED},
        {{.times = ""}, R_USE_LICENSE_INVALID},
        {{.times = "\"exp\":\"1800000999\","}, R_USE_LICENSE_INVALID},
        {{.times = "\"exp\":1800000999.5,"}, R_USE_LICENSE_INVALID},
        {{.times = "\"nbf\":null,\"exp\":1800000999,"}, R_USE_LICENSE_INVALID},
        {{.iss = "/tenants/" TENANT}, R_USE_LICENSE_INVALID},
        {{.iss = ISSUER "01020000-0000-0000-0000-000000000001"}, R_USE_LICENSE_INVALID},
        {{.iss = ISSUER TENANT "/"}, R_USE_LICENSE_INVALID},
        {{.iss = ""}, R_USE_LICENSE_INVALID},
        {{.tid = another}, R_USE_LICENSE_INVALID},
        {{.cid = another}, R_USE_LICENSE_INVALID},
        {{.jkt = thumbprint(other)}, R_USE_LICENSE_INVALID},
        {{.jkt = ""}, R_USE_LICENSE_INVALID},
        {{.typ = "JWT"}, R_USE_LICENSE_INVALID},
        {{.to = other}, R_USE_LICENSE_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secret *key = NULL;
        assert_fails(unwrap(license(&rows[i].claims), signing, &key), &err, rows[i].reason);
        assert_null(key);
    }
}

static void a_signature_of_somebody_else(void **state)
{
    (void)state;
    struct secret *key = NULL;
    struct slice text = license(&(struct claims){0});
    assert_fails(unwrap(text, other, &key), &err, R_USE_LICENSE_INVALID);
    const struct license_wanted wanted = {
        .text = text, .publishing_license = published(), .key = reader};
    assert_fails(
        license_open_with(arena, &wanted, slice_str("{\"keys\":[]}"), &key, &for_whom, &err), &err,
        R_AUTHORITY_UNREACHABLE);
    char *bent = arena_dup(arena, text);
    size_t last = strlen(bent) - 10;
    bent[last] = bent[last] == 'A' ? 'B' : 'A';
    assert_fails(unwrap(slice_str(bent), signing, &key), &err, R_USE_LICENSE_INVALID);
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_license_that_was_asked_for),
        cmocka_unit_test(for_whom_it_is),
        cmocka_unit_test(every_other),
        cmocka_unit_test(a_signature_of_somebody_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
