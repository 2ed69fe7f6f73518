/* SPDX-License-Identifier: Apache-2.0 */
/* Offline licenses and publisher certificates against golden files, which stock libraries have made
 * (tests/support/publisher.py), and against whoever changes them. docs/formats.md §6.2. */
#include "chancery_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/algs.h"
#include "wire/offline_license.h"
#include "wire/publisher_certificate.h"

#define GOLDEN CHANCERY_SOURCE_DIR "/tests/unit/wire/golden/"

enum { GOLDEN_AT = 1790000000 };
static const char GOLDEN_ID[] = "01a0c450-6c7b-8eb0-88a2-9a78c12fcbfa";
static const char GOLDEN_PUBLISHER[] = "DDAD0XHlh1X8M_KbW8zBRyvjQNZVLitee2sNC-luWps";

static struct arena *arena;
static struct err err;
static struct slice golden, exchange_pem, signing_jwk;

static struct slice file_of(const char *path)
{
    char *text = arena_zalloc(arena, LICENSE_BYTES_MAX);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, LICENSE_BYTES_MAX, file);
    fclose(file);
    return slice_of(text, len);
}

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(256 << 20);
    golden = file_of(GOLDEN "offline.license");
    exchange_pem = file_of(GOLDEN "exchange.pem");
    signing_jwk = file_of(GOLDEN "signing.json");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    crypto_fini();
    return 0;
}

static struct jwk_private *exchange_key(void)
{
    struct jwk_private *key;
    AUTO(secret_free_at) struct secret *pem = secret_copy(exchange_pem);
    assert_ok(jwk_private_from_pem(pem, &key, &err), &err);
    return key;
}

static struct jwk_public *public_of(struct slice json)
{
    struct jwk_public *key;
    assert_ok(jwk_public_parse(json, R_INTERNAL, &key, &err), &err);
    return key;
}

/* --- golden ----------------------------------------------------------------------------------- */

static struct publishing_license parsed(struct slice bytes)
{
    struct publishing_license license;
    assert_ok(publishing_license_parse(arena, bytes, &license, &err), &err);
    assert_non_null(license.offline);
    return license;
}

static void the_clear_part_is_read(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    const struct publishing_license license = parsed(golden);
    uuid_format(license.header.content.u, id);
    assert_string_equal(id, GOLDEN_ID);
    assert_string_equal(license.header.authority_url, "https://rms.example.org");
    assert_string_equal(license.header.boundary, "commercial");
    assert_string_equal(license.header.display_name, "Golden");
    assert_int_equal(license.offline->protected_ms, GOLDEN_AT * 1000LL + 123);
    assert_int_equal(uuid_v7_ms(license.header.content.u), GOLDEN_AT * 1000LL + 123);
}

static void the_certificate_is_read_and_verifies(void **state)
{
    (void)state;
    const struct publishing_license license = parsed(golden);
    struct publisher_certificate certificate;
    assert_ok(publisher_certificate_read(arena, license.offline->certificate, &certificate, &err),
              &err);
    const struct publisher *p = &certificate.publisher;
    struct jwk_public *signing = public_of(signing_jwk);
    struct jwk_public *own = public_of(certificate.keys.publisher_jwk);
    assert_ok(jws_verify(&certificate.jws, signing, R_LICENSE_FORGED, &err), &err);
    assert_ok(jws_verify(&license.offline->jws, own, R_LICENSE_FORGED, &err), &err);
    assert_fails(jws_verify(&license.offline->jws, signing, R_LICENSE_FORGED, &err), &err,
                 R_LICENSE_FORGED);
    assert_string_equal(base64url_dup(arena, jwk_thumbprint(own)), GOLDEN_PUBLISHER);
    assert_true(ID_EQ(p->tenant, license.header.tenant));
    assert_string_equal(p->name, "01980000-0000-7000-8000-0000000000bb");
    assert_int_equal(p->domain_count, 1);
    assert_string_equal(p->domains[0], "contoso.com");
    assert_int_equal(p->address_count, 0);
    assert_true(p->has_any_template);
    assert_int_equal(p->kinds, 1 << POLICY_TEMPLATE | 1 << POLICY_DO_NOT_FORWARD |
                                   1 << POLICY_ENCRYPT_ONLY | 1 << POLICY_CUSTOM);
    assert_int_equal(p->exchange_version, 3);
    assert_int_equal(p->expires_at.s - p->issued_at.s, PUBLISHER_DAYS * 86400);
    jwk_public_free(signing);
    jwk_public_free(own);
}

static void the_sealed_part_opens(void **state)
{
    (void)state;
    const struct publishing_license license = parsed(golden);
    struct jwk_private *exchange = exchange_key();
    AUTO(secret_free_at) struct secret *content = NULL, *policy_key = NULL;
    struct slice publisher, bytes;
    struct policy policy;
    assert_ok(base64url_decode(arena, slice_str(GOLDEN_PUBLISHER), &publisher, &err), &err);
    assert_ok(offline_unseal(exchange, publisher, license.offline->seal.sealed_key,
                             R_LICENSE_FORGED, &content, &policy_key, &err),
              &err);
    for (size_t i = 0; i < OFFLINE_KEY_BYTES; i++) {
        assert_int_equal(secret_use(content).ptr[i], i);
    }
    assert_ok(offline_unseal_policy(arena, policy_key, &license.offline->seal, R_LICENSE_FORGED,
                                    &bytes, &err),
              &err);
    assert_ok(sealed_policy_decode(arena, bytes, &policy, &err), &err);
    assert_ok(sealed_policy_check(arena, &policy, &err), &err);
    assert_string_equal(policy.owner, "alice@contoso.com");
    assert_int_equal(policy.recipient_count, 1);
    assert_int_equal(policy.protected_at.s, GOLDEN_AT);
    jwk_private_free(exchange);
}

/* --- what we make ----------------------------------------------------------------------------- */

static struct slice made(const struct jwk_private *key, const struct jwk_public *exchange,
                         const struct secret *content, struct offline_making *out)
{
    struct slice license;
    *out = (struct offline_making){
        .header = {.authority_url = "https://rms.example.org",
                   .boundary = "commercial",
                   .tenant = {{{7}}},
                   .display_name = "B\xc3\xbc"
                                   "cher"},
        .protected_ms = GOLDEN_AT * 1000LL,
        .certificate = parsed(golden).offline->certificate,
        .key = key,
    };
    assert_ok(offline_seal(arena, exchange, jwk_thumbprint(jwk_private_public(key)), content,
                           slice_str("the policy"), &out->seal, &err),
              &err);
    assert_ok(offline_license_make(arena, out, &license, &err), &err);
    return license;
}

static void what_is_made_is_read_again(void **state)
{
    (void)state;
    for (int kind = JWK_EC_P256; kind <= JWK_EC_P384; kind++) {
        struct jwk_private *key, *exchange;
        AUTO(secret_free_at) struct secret *content = secret_random(OFFLINE_KEY_BYTES);
        AUTO(secret_free_at) struct secret *opened = NULL, *policy_key = NULL, *none = NULL;
        struct offline_making making;
        struct slice policy;
        assert_ok(jwk_private_generate((enum jwk_kind)kind, &key, &err), &err);
        assert_ok(jwk_private_generate((enum jwk_kind)kind, &exchange, &err), &err);
        const struct publishing_license license =
            parsed(made(key, jwk_private_public(exchange), content, &making));
        struct slice publisher = jwk_thumbprint(jwk_private_public(key));
        assert_true(ID_EQ(license.header.content, making.header.content));
        assert_ok(jws_verify(&license.offline->jws, jwk_private_public(key), R_INTERNAL, &err),
                  &err);
        assert_ok(offline_unseal(exchange, publisher, license.offline->seal.sealed_key,
                                 R_LICENSE_FORGED, &opened, &policy_key, &err),
                  &err);
        assert_true(secret_eq(opened, content));
        assert_ok(offline_unseal_policy(arena, policy_key, &license.offline->seal, R_LICENSE_FORGED,
                                        &policy, &err),
                  &err);
        assert_true(slice_eq_str(policy, "the policy"));
        /* Another publisher's name, and another key. */
        assert_fails(offline_unseal(exchange, jwk_thumbprint(jwk_private_public(exchange)),
                                    license.offline->seal.sealed_key, R_LICENSE_FORGED, &none,
                                    &none, &err),
                     &err, R_LICENSE_FORGED);
        assert_fails(offline_unseal(key, publisher, license.offline->seal.sealed_key,
                                    R_LICENSE_FORGED, &none, &none, &err),
                     &err, R_LICENSE_FORGED);
        jwk_private_free(key);
        jwk_private_free(exchange);
    }
}

/* Of two licenses: the policy of one under the key of the other. */
static void a_policy_belongs_to_its_key(void **state)
{
    (void)state;
    struct jwk_private *key, *exchange;
    AUTO(secret_free_at) struct secret *content = secret_random(OFFLINE_KEY_BYTES);
    AUTO(secret_free_at) struct secret *opened = NULL, *policy_key = NULL;
    struct offline_making one, other;
    struct slice policy;
    assert_ok(jwk_private_generate(JWK_EC_P256, &key, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &exchange, &err), &err);
    (void)made(key, jwk_private_public(exchange), content, &one);
    (void)made(key, jwk_private_public(exchange), content, &other);
    assert_false(ID_EQ(one.header.content, other.header.content));
    assert_ok(offline_unseal(exchange, jwk_thumbprint(jwk_private_public(key)), one.seal.sealed_key,
                             R_LICENSE_FORGED, &opened, &policy_key, &err),
              &err);
    other.seal.sealed_key = one.seal.sealed_key;
    assert_fails(
        offline_unseal_policy(arena, policy_key, &other.seal, R_LICENSE_FORGED, &policy, &err),
        &err, R_LICENSE_FORGED);
    one.seal.policy_box.len = OFFLINE_BOX_OVERHEAD;
    assert_fails(
        offline_unseal_policy(arena, policy_key, &one.seal, R_LICENSE_FORGED, &policy, &err), &err,
        R_LICENSE_FORGED);
    jwk_private_free(key);
    jwk_private_free(exchange);
}

/* --- what is changed -------------------------------------------------------------------------- */

static bool still_holds(struct slice bytes, const struct jwk_public *publisher)
{
    struct publishing_license license;
    struct err why = {0};
    bool is_one = publishing_license_parse(arena, bytes, &license, &why).ok;
    return is_one && license.offline != NULL &&
           jws_verify(&license.offline->jws, publisher, R_LICENSE_FORGED, &why).ok;
}

/* Every bit of the whole license, its signature included. */
static void every_bit_is_signed(void **state)
{
    (void)state;
    const struct publishing_license license = parsed(golden);
    struct publisher_certificate certificate;
    assert_ok(publisher_certificate_read(arena, license.offline->certificate, &certificate, &err),
              &err);
    struct jwk_public *publisher = public_of(certificate.keys.publisher_jwk);
    struct arena *kept = arena;
    uint8_t *changed = (uint8_t *)arena_dup(arena, golden);
    assert_true(still_holds(slice_of(changed, golden.len), publisher));
    arena = arena_new(4 << 20);
    for (size_t bit = 0; bit < 8 * golden.len; bit++) {
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(still_holds(slice_of(changed, golden.len), publisher));
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        arena_reset(arena);
    }
    for (size_t len = 0; len < golden.len; len++) {
        assert_false(still_holds(slice_of(changed, len), publisher));
        arena_reset(arena);
    }
    arena_free(arena);
    arena = kept;
    jwk_public_free(publisher);
}

/* What stands in lists and logs is of one line. */
static void its_clear_texts_are_lines(void **state)
{
    (void)state;
    static const char *const wrong[] = {"a\nb", "x\x1b[2J", "\xe2\x80\xaetxt", "\x7f"};
    struct jwk_private *key;
    assert_ok(jwk_private_generate(JWK_EC_P256, &key, &err), &err);
    for (size_t i = 0; i < 2 * sizeof wrong / sizeof wrong[0]; i++) {
        struct slice license;
        struct offline_making making = {
            .header = {.authority_url = i % 2 == 0 ? wrong[i / 2] : "https://rms.example.org",
                       .boundary = "commercial",
                       .tenant = {{{7}}},
                       .display_name = i % 2 == 0 ? "" : wrong[i / 2]},
            .protected_ms = GOLDEN_AT * 1000LL,
            .certificate = parsed(golden).offline->certificate,
            .seal = parsed(golden).offline->seal,
            .key = key,
        };
        assert_fails(offline_license_make(arena, &making, &license, &err), &err,
                     R_LICENSE_MALFORMED);
        err_clear(&err);
    }
    jwk_private_free(key);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        struct publishing_license license;
        AUTO(arena_free_at) struct arena *small = arena_new(1 << 20);
        err_clear(&err);
        arena_fail_at(small, nth);
        if (publishing_license_parse(small, golden, &license, &err).ok) {
            assert_true(nth > 5);
            return;
        }
        assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
    }
}

/* --- certificates ----------------------------------------------------------------------------- */

static struct slice certificate_of(const char *typ, const char *claims)
{
    struct slice text;
    struct jwk_private *key;
    assert_ok(jwk_private_generate(JWK_EC_P256, &key, &err), &err);
    assert_ok(jws_sign(arena, key, typ, slice_str(claims), &text, &err), &err);
    jwk_private_free(key);
    return text;
}

#define CLAIMS_BEFORE                                                                      \
    "{\"jti\":\"01980000-0000-7000-8000-0000000000aa\",\"tid\":\"01980000-0000-7000-8000-" \
    "000000000001\",\"bnd\":\"commercial\",\"sub\":\"a@b.example\",\"iat\":1,\"exp\":2,"   \
    "\"iss\":\"x\",\"exk\":\"y\","
#define CLAIMS_AFTER "\"cnf\":{\"jwk\":{\"kty\":\"EC\"}}}"

static void what_is_no_certificate(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}",
        "[]",
        CLAIMS_BEFORE "\"exv\":1}",                                  /* no key */
        CLAIMS_BEFORE "\"exv\":0," CLAIMS_AFTER,                     /* no version */
        CLAIMS_BEFORE "\"exv\":1.0," CLAIMS_AFTER,                   /* no integer */
        CLAIMS_BEFORE "\"exv\":1,\"pol\":[\"other\"]," CLAIMS_AFTER, /* a kind that we don't know */
        CLAIMS_BEFORE "\"exv\":1,\"pol\":[1]," CLAIMS_AFTER,         /* … */
        CLAIMS_BEFORE "\"exv\":1,\"tpl\":[\"x\"]," CLAIMS_AFTER,     /* no UUID */
        CLAIMS_BEFORE "\"exv\":1,\"adr\":\"a@b.example\"," CLAIMS_AFTER, /* no list */
        CLAIMS_BEFORE "\"exv\":1,\"cmp\":\"x\"," CLAIMS_AFTER,
    };
    struct publisher_certificate certificate;
    assert_ok(publisher_certificate_read(
                  arena,
                  certificate_of(PUBLISHER_CERTIFICATE_TYP,
                                 CLAIMS_BEFORE "\"exv\":1,\"adr\":[\"a@b.example\"]," CLAIMS_AFTER),
                  &certificate, &err),
              &err);
    assert_fails(publisher_certificate_read(
                     arena,
                     certificate_of("use-license+jwt", CLAIMS_BEFORE "\"exv\":1," CLAIMS_AFTER),
                     &certificate, &err),
                 &err, R_LICENSE_MALFORMED);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_fails(publisher_certificate_read(arena,
                                                certificate_of(PUBLISHER_CERTIFICATE_TYP, wrong[i]),
                                                &certificate, &err),
                     &err, R_LICENSE_MALFORMED);
    }
}

static void certificates_have_an_end(void **state)
{
    (void)state;
    const char *domains[PUBLISHER_NAMES_MAX];
    struct slice claims;
    for (size_t i = 0; i < PUBLISHER_NAMES_MAX; i++) {
        domains[i] = arena_printf(arena, "%0200zu.example", i);
    }
    struct publisher publisher = {.boundary = "commercial",
                                  .name = "x",
                                  .domains = domains,
                                  .domain_count = PUBLISHER_NAMES_MAX,
                                  .issued_at = {1},
                                  .expires_at = {2}};
    const struct publisher_keys keys = {
        .issuer = "x", .publisher_jwk = signing_jwk, .exchange_kid = slice_str("y")};
    assert_fails(publisher_certificate_claims(arena, &publisher, &keys, &claims, &err), &err,
                 R_LIMIT_EXCEEDED);
    publisher.domain_count = 3;
    err_clear(&err);
    assert_ok(publisher_certificate_claims(arena, &publisher, &keys, &claims, &err), &err);
    assert_null(strstr(arena_dup(arena, claims), "\"oth\""));
    publisher.others = domains;
    publisher.other_count = 2;
    assert_ok(publisher_certificate_claims(arena, &publisher, &keys, &claims, &err), &err);
    assert_non_null(strstr(arena_dup(arena, claims), "\"oth\":[\"0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clear_part_is_read),
        cmocka_unit_test(the_certificate_is_read_and_verifies),
        cmocka_unit_test(the_sealed_part_opens),
        cmocka_unit_test(what_is_made_is_read_again),
        cmocka_unit_test(a_policy_belongs_to_its_key),
        cmocka_unit_test(every_bit_is_signed),
        cmocka_unit_test(its_clear_texts_are_lines),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(what_is_no_certificate),
        cmocka_unit_test(certificates_have_an_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
