/* SPDX-License-Identifier: Apache-2.0 */
/* DPoP proofs (RFC 9449): the standard's own example, and every single check broken. */
#include "chancery_test.h"

#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "base/encode.h"
#include "crypto/algs.h"
#include "crypto/crypto_internal.h"
#include "crypto/hash.h"
#include "identity/dpop.h"

/* RFC 9449 §7.1, figures 13 and 14, and the thumbprint of §6.1, figure 9. */
static const char RFC_PROOF[] =
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR"
    "1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCw"
    "iYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-E"
    "y71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
static const char RFC_TOKEN[] = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
static const char RFC_THUMBPRINT[] = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
enum { RFC_IAT = 1562262618, NOW = 1800000000 };

static struct arena *arena;
static struct err err;
static struct jwk_private *key, *stranger;
static uint8_t token_hash[32];
static const char *ath;

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(16 << 20);
    assert_ok(jwk_private_generate(JWK_EC_P256, &key, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &stranger, &err), &err);
    assert_ok(hash_sha256(slice_str("the token"), token_hash, &err), &err);
    ath = base64url_dup(arena, slice_of(token_hash, sizeof token_hash));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jwk_private_free(key);
    jwk_private_free(stranger);
    arena_free(arena);
    crypto_fini();
    return 0;
}

/* --- making proofs, with any header ------------------------------------------------------------- */

static struct slice raw_signature(struct slice der)
{
    const uint8_t *at = der.ptr;
    uint8_t *raw = arena_zalloc(arena, 64);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
    ECDSA_SIG_free(sig);
    return slice_of(raw, 64);
}

static const char *sign(const char *header, const char *payload, const struct jwk_private *with)
{
    const char *text = arena_printf(arena, "%s.%s", base64url_dup(arena, slice_str(header)),
                                    base64url_dup(arena, slice_str(payload)));
    uint8_t der[80];
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, algs()->sha256, NULL, with->pub.pkey), 1);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, (const uint8_t *)text, strlen(text)), 1);
    EVP_MD_CTX_free(ctx);
    return arena_printf(arena, "%s.%s", text,
                        base64url_dup(arena, raw_signature(slice_of(der, len))));
}

static const char *jwk_of(const struct jwk_private *of)
{
    return jwk_public_json(arena, jwk_private_public(of), NULL, NULL);
}

static const char *header_of(const char *typ, const char *alg, const char *jwk, const char *more)
{
    return arena_printf(arena, "{\"typ\":\"%s\",\"alg\":\"%s\",\"jwk\":%s%s}", typ, alg, jwk, more);
}

static const char *good_header(void)
{
    return header_of("dpop+jwt", "ES256", jwk_of(key), "");
}

#define PATH "/chancery.v1.LicensingService/AcquireLicense"
#define URL "https://rms.example.org"
#define JTI "\"jti\":\"1\""
#define HTM ",\"htm\":\"POST\""
#define HTU ",\"htu\":\"" URL PATH "\""
#define IAT ",\"iat\":1800000000"

static const char *good_payload(void)
{
    return arena_printf(arena, "{" JTI HTM HTU IAT ",\"ath\":\"%s\"}", ath);
}

static rc check_under(const char *url, const char *proof, struct dpop_proof *out)
{
    const char *urls[] = {"https://other.example.org", url};
    struct dpop_question question = {
        .proof = slice_str(proof),
        .method = "POST",
        .urls = urls,
        .url_count = 2,
        .path = PATH,
        .token_hash = token_hash,
        .thumbprint = jwk_thumbprint(jwk_private_public(key)).ptr,
        .now = {NOW},
    };
    err_clear(&err);
    return dpop_check(arena, &question, out, &err);
}

static rc check(const char *proof)
{
    struct dpop_proof out;
    return check_under(URL, proof, &out);
}

/* --- tests -------------------------------------------------------------------------------------- */

static rc check_rfc(const char *method, const char *url, const char *token, int64_t now)
{
    uint8_t hash[32], thumbprint[32];
    size_t len;
    struct dpop_proof out;
    assert_ok(hash_sha256(slice_str(token), hash, &err), &err);
    assert_ok(base64url_decode_to(slice_str(RFC_THUMBPRINT), thumbprint, 32, &len, &err), &err);
    struct dpop_question question = {.proof = slice_str(RFC_PROOF),
                                     .method = method,
                                     .urls = &url,
                                     .url_count = 1,
                                     .path = "/protectedresource",
                                     .token_hash = hash,
                                     .thumbprint = thumbprint,
                                     .now = {now}};
    TRY(dpop_check(arena, &question, &out, &err));
    assert_int_equal(out.issued_at.s, RFC_IAT);
    return OK;
}

static void the_standard_s_example(void **state)
{
    (void)state;
    static const char url[] = "https://resource.example.org";
    assert_ok(check_rfc("GET", url, RFC_TOKEN, RFC_IAT), &err);
    assert_ok(check_rfc("GET", url, RFC_TOKEN, RFC_IAT + DPOP_AGE_MAX_S), &err);
    assert_ok(check_rfc("GET", url, RFC_TOKEN, RFC_IAT - DPOP_AGE_MAX_S), &err);
    static const struct {
        const char *method, *url, *token;
        int64_t now;
    } bad[] = {
        {"POST", url, RFC_TOKEN, RFC_IAT},
        {"GET", "https://server.example.com", RFC_TOKEN, RFC_IAT},
        {"GET", url, "another token", RFC_IAT},
        {"GET", url, RFC_TOKEN, RFC_IAT + DPOP_AGE_MAX_S + 1},
        {"GET", url, RFC_TOKEN, RFC_IAT - DPOP_AGE_MAX_S - 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(check_rfc(bad[i].method, bad[i].url, bad[i].token, bad[i].now), &err,
                     R_TOKEN_PROOF_INVALID);
    }
}

static void a_proof_has_one_id(void **state)
{
    (void)state;
    struct dpop_proof one, again, other;
    const char *payload = arena_printf(arena, "{\"jti\":\"2\"" HTM HTU IAT ",\"ath\":\"%s\"}", ath);
    assert_ok(check_under(URL, sign(good_header(), good_payload(), key), &one), &err);
    assert_ok(check_under(URL, sign(good_header(), good_payload(), key), &again), &err);
    assert_ok(check_under(URL, sign(good_header(), payload, key), &other), &err);
    assert_memory_equal(one.id, again.id, sizeof one.id); /* another signature over the same jti */
    assert_memory_not_equal(one.id, other.id, sizeof one.id);
    assert_int_equal(one.issued_at.s, NOW);
}

static void bad_payloads(void **state)
{
    (void)state;
#define ATH ",\"ath\":\"%s\"}"
    static const char *const payloads[] = {
        "{" HTM HTU IAT ATH,
        "{\"jti\":\"\"" HTM HTU IAT ATH,
        "{\"jti\":1" HTM HTU IAT ATH,
        "{" JTI HTU IAT ATH,
        "{" JTI ",\"htm\":\"GET\"" HTU IAT ATH,
        "{" JTI ",\"htm\":\"post\"" HTU IAT ATH,
        "{" JTI ",\"htm\":[\"POST\"]" HTU IAT ATH,
        "{" JTI HTM IAT ATH,
        "{" JTI HTM ",\"htu\":1" IAT ATH,
        "{" JTI HTM HTU ATH,
        "{" JTI HTM HTU ",\"iat\":\"1800000000\"" ATH,
        "{" JTI HTM HTU ",\"iat\":1800000000.0" ATH,
        "{" JTI HTM HTU ",\"iat\":1799999939" ATH,
        "{" JTI HTM HTU ",\"iat\":1800000061" ATH,
        "{" JTI HTM HTU ",\"iat\":-9223372036854775808" ATH,
        "{" JTI HTM HTU ",\"iat\":9223372036854775807" ATH,
        "{" JTI HTM HTU IAT "}",
        "{" JTI HTM HTU IAT ",\"ath\":\"\"}",
        "{" JTI HTM HTU IAT ",\"ath\":\"%s=\"}",
        "{" JTI HTM HTU IAT ",\"ath\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{" JTI "," JTI HTM HTU IAT ATH, /* a member twice */
        "[]",
        "",
    };
#undef ATH
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        /* Each has at most one %s, which is the token's hash. */
        const char *mark = strstr(payloads[i], "%s");
        const char *payload = mark == NULL
                                  ? payloads[i]
                                  : arena_printf(arena, "%.*s%s%s", (int)(mark - payloads[i]),
                                                 payloads[i], ath, mark + 2);
        rc result = check(sign(good_header(), payload, key));
        if (result.ok || err.reason != R_TOKEN_PROOF_INVALID) {
            fail_msg("%s: %s", payload, result.ok ? "accepted" : reason_info(err.reason)->name);
        }
    }
    char jti[DPOP_JTI_MAX + 2];
    memset(jti, 'j', sizeof jti);
    jti[DPOP_JTI_MAX + 1] = '\0';
    static const char format[] = "{\"jti\":\"%s\"" HTM HTU IAT ",\"ath\":\"%s\"}";
    assert_fails(check(sign(good_header(), arena_printf(arena, format, jti, ath), key)), &err,
                 R_TOKEN_PROOF_INVALID);
    jti[DPOP_JTI_MAX] = '\0';
    assert_ok(check(sign(good_header(), arena_printf(arena, format, jti, ath), key)), &err);
}

static void bad_headers(void **state)
{
    (void)state;
    const char *own = jwk_of(key), *other = jwk_of(stranger);
    const char *private_ = arena_printf(arena, "{\"d\":\"AAAA\",%s", own + 1);
    const char *for_wrapping = arena_printf(arena, "{\"use\":\"enc\",%s", own + 1);
    const char *headers[] = {
        header_of("JWT", "ES256", own, ""),
        header_of("", "ES256", own, ""),
        arena_printf(arena, "{\"alg\":\"ES256\",\"jwk\":%s}", own),
        header_of("dpop+jwt", "none", own, ""),
        header_of("dpop+jwt", "HS256", own, ""),
        header_of("dpop+jwt", "ES384", own, ""),
        header_of("dpop+jwt", "RS256", own, ""),
        header_of("dpop+jwt", "ES256", own, ",\"crit\":[\"x\"],\"x\":1"),
        header_of("dpop+jwt", "ES256", own, ",\"alg\":\"ES256\""),
        header_of("dpop+jwt", "ES256", private_, ""),
        header_of("dpop+jwt", "ES256", for_wrapping, ""),
        header_of("dpop+jwt", "ES256", other, ""), /* signed by another key than it says */
        header_of("dpop+jwt", "ES256", "{}", ""),
        header_of("dpop+jwt", "ES256", "\"x\"", ""),
        header_of("dpop+jwt", "ES256", "null", ""),
        header_of("dpop+jwt", "ES256", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", ""),
        "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        rc result = check(sign(headers[i], good_payload(), key));
        if (result.ok || err.reason != R_TOKEN_PROOF_INVALID) {
            fail_msg("%s: %s", headers[i], result.ok ? "accepted" : reason_info(err.reason)->name);
        }
    }
    assert_ok(check(sign(header_of("DPOP+JWT", "ES256", own, ""), good_payload(), key)), &err);
    /* Sound in itself, but by another key than the token's. */
    const char *theirs = header_of("dpop+jwt", "ES256", other, "");
    assert_fails(check(sign(theirs, good_payload(), stranger)), &err, R_TOKEN_PROOF_INVALID);
}

static void what_is_no_proof(void **state)
{
    (void)state;
    static const char *const texts[] = {"", ".", "..", "a.b.c", "a.b", "a.b.c.d"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_fails(check(texts[i]), &err, R_TOKEN_PROOF_INVALID);
    }
    const char *good = sign(good_header(), good_payload(), key);
    for (size_t i = 0; i < strlen(good); i++) { /* any character changed */
        char *bad = arena_strdup(arena, good);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_false(check(bad).ok);
        assert_int_equal(err.reason, R_TOKEN_PROOF_INVALID);
    }
    char *big = arena_alloc(arena, DPOP_PROOF_MAX + 2);
    memset(big, 'a', DPOP_PROOF_MAX + 1);
    big[DPOP_PROOF_MAX + 1] = '\0';
    assert_fails(check(big), &err, R_TOKEN_PROOF_INVALID);
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url, *htu;
        bool ok;
    } cases[] = {
        {URL, "HTTPS://RMS.EXAMPLE.ORG:443" PATH, true},
        {URL "/", URL PATH, true},
        {URL ":443", URL PATH, true},
        {URL ":8443", URL ":8443" PATH, true},
        {URL "/rms/", URL "/rms" PATH, true},
        {URL "/rms", URL "/rms" PATH, true},
        {"https://[::1]:8443", "https://[::1]:8443" PATH, true},
        {"https://[::1]", "https://[::1]:443" PATH, true},
        {URL, "http://rms.example.org" PATH, false},
        {URL, URL ":8443" PATH, false},
        {URL ":8443", URL PATH, false},
        {URL, URL PATH "?a", false},
        {URL, URL PATH "#a", false},
        {URL, URL PATH "/", false},
        {URL, URL "/" PATH, false},
        {URL, URL, false},
        {URL, PATH, false},
        {URL, "https://" PATH, false},
        {URL, "https://x@rms.example.org" PATH, false},
        {URL, "https://rms.example.org@evil.example" PATH, false},
        {URL, "https://evil.example/rms.example.org" PATH, false},
        {URL, "https://rms.example.org.evil.example" PATH, false},
        {URL "/rms", URL PATH, false},
        {URL "/rms", URL "/RMS" PATH, false},
        {"https://[::1]", "https://[::2]" PATH, false},
        {"", URL PATH, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dpop_proof out;
        const char *payload = arena_printf(
            arena, "{" JTI HTM ",\"htu\":\"%s\"" IAT ",\"ath\":\"%s\"}", cases[i].htu, ath);
        rc result = check_under(cases[i].url, sign(good_header(), payload, key), &out);
        if (result.ok != cases[i].ok) {
            fail_msg("%s under %s", cases[i].htu, cases[i].url);
        }
    }
}

/* The arena may end anywhere: refused, never accepted, and nothing leaks (seen by ASan). */
static void memory_ends(void **state)
{
    (void)state;
    const char *proof = sign(good_header(), good_payload(), key);
    for (size_t n = 1; n < 100; n++) {
        arena_fail_at(arena, n);
        rc result = check(proof);
        arena_fail_at(arena, 0);
        if (result.ok) {
            return;
        }
        assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
    }
    fail_msg("it never ends");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standard_s_example),
        cmocka_unit_test(a_proof_has_one_id),
        cmocka_unit_test(bad_payloads),
        cmocka_unit_test(bad_headers),
        cmocka_unit_test(what_is_no_proof),
        cmocka_unit_test(addresses),
        cmocka_unit_test(memory_ends),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
