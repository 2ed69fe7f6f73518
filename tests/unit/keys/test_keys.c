/* SPDX-License-Identifier: Apache-2.0 */
#include "key_samples.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/jwe.h"
#include "crypto/jws.h"

static void a_license_carries_the_content_key(void **state)
{
    (void)state;
    for (int suite = KEYS_P256; suite <= KEYS_P384; suite++) {
        struct sample s;
        struct keys_op op;
        make(&s, (enum keys_suite)suite);
        opening(&s, &op);
        run(&op, keys_open_policy);
        assert_int_equal(op.err.reason, R_NONE);
        assert_true(slice_eq_str(op.policy, "the policy"));
        opening(&s, &op);
        run(&op, keys_issue);
        assert_int_equal(op.err.reason, R_NONE);

        struct jws jws;
        struct jwk_public *signer;
        AUTO(secret_free_at) struct secret *first = NULL;
        AUTO(secret_free_at) struct secret *second = NULL;
        assert_ok(jws_parse(arena, op.use_license, R_TOKEN_MALFORMED, &jws, &err), &err);
        assert_ok(jwk_public_parse(slice_str(s.set.set[2].public_jwk), R_INTERNAL, &signer, &err),
                  &err);
        assert_ok(jws_verify(&jws, signer, R_TOKEN_SIGNATURE, &err), &err);
        jwk_public_free(signer);
        assert_true(slice_eq_str(jws.typ, "use-license+jwt"));
        char *payload = arena_dup(arena, jws.payload);
        assert_non_null(strstr(payload, "{\"iss\":\"x\",\"cid\":\"2a000000-"));
        const char *key = strstr(payload, "\"key\":\"") + 7;
        struct slice jwe = slice_of(key, strcspn(key, "\""));
        assert_ok(jwe_decrypt(client, jwe, R_LICENSE_FORGED, &first, &err), &err);
        assert_ok(jwe_decrypt(client, s.seal.wrapped_content_key, R_LICENSE_FORGED, &second, &err),
                  &err);
        assert_int_equal(secret_len(first), CONTENT_KEY_BYTES);
        assert_true(secret_eq(first, second));
    }
}

/* The same content key under another policy, header and sealing key; what was no license before is none after. */
static void a_license_is_sealed_anew(void **state)
{
    (void)state;
    struct sample s, after;
    struct keys_op op, open;
    AUTO(secret_free_at) struct secret *first = NULL;
    AUTO(secret_free_at) struct secret *second = NULL;
    make(&s, KEYS_P256);
    make(&after, KEYS_P384); /* another sealing key */
    opening(&s, &op);
    op.resealing = after.sealing;
    op.new_header = slice_str("another header");
    op.policy = slice_str("another policy");
    run(&op, keys_reseal);
    assert_int_equal(op.err.reason, R_NONE);
    assert_ok(jwe_decrypt(client, s.seal.wrapped_content_key, R_LICENSE_FORGED, &first, &err),
              &err);
    assert_ok(jwe_decrypt(client, op.wrapped_content_key, R_LICENSE_FORGED, &second, &err), &err);
    assert_true(secret_eq(first, second));
    opening(&after, &open);
    open.sealed = op.sealed;
    run(&open, keys_open_policy);
    assert_int_equal(open.err.reason, R_LICENSE_FORGED); /* by the former header */
    opening(&after, &open);
    open.sealed = op.sealed;
    open.header = slice_str("another header");
    run(&open, keys_open_policy);
    assert_int_equal(open.err.reason, R_NONE);
    assert_true(slice_eq_str(open.policy, "another policy"));
    opening(&s, &op);
    op.resealing = after.sealing;
    op.sealed = slice_cut(op.sealed, 0, op.sealed.len - 1);
    op.policy = slice_str("another policy");
    run(&op, keys_reseal);
    assert_int_equal(op.err.reason, R_LICENSE_FORGED);
}

static void every_flip_of_the_sealed_bytes_is_forged(void **state)
{
    (void)state;
    struct sample s;
    struct keys_op op;
    make(&s, KEYS_P256);
    uint8_t *copy = (uint8_t *)arena_dup(arena, s.seal.sealed);
    for (size_t bit = 0; bit < s.seal.sealed.len * 8; bit += 3) {
        opening(&s, &op);
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
        op.sealed = slice_of(copy, s.seal.sealed.len);
        run(&op, keys_open_policy);
        assert_int_equal(op.err.reason, R_LICENSE_FORGED);
        assert_null(op.policy.ptr);
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
    }
    opening(&s, &op);
    op.sealed = slice_cut(s.seal.sealed, 0, 40);
    run(&op, keys_issue);
    assert_int_equal(op.err.reason, R_LICENSE_FORGED);
}

/* To issue, only the content key's box is opened: it is bound to the policy's tag. */
static void the_two_boxes_stay_together(void **state)
{
    (void)state;
    enum { KEY_BOX_BYTES = 12 + CONTENT_KEY_BYTES + 16, TAG_BYTES = 16 };
    struct sample s;
    struct keys_op op;
    make(&s, KEYS_P256);
    uint8_t *mixed = (uint8_t *)arena_dup(arena, s.seal.sealed);
    size_t len = s.seal.sealed.len;
    run(&s.seal, keys_seal); /* the same content, header and policy again, with another key */
    assert_int_equal(s.seal.sealed.len, len);
    memcpy(mixed, s.seal.sealed.ptr, KEY_BOX_BYTES);
    static void (*const operations[])(struct keys_op *) = {keys_open_policy, keys_issue};
    for (size_t i = 0; i < 2; i++) {
        opening(&s, &op);
        run(&op, operations[i]);
        assert_int_equal(op.err.reason, R_NONE);
        op.sealed = slice_of(mixed, len);
        run(&op, operations[i]);
        assert_int_equal(op.err.reason, R_LICENSE_FORGED);
    }
    uint8_t *copy = (uint8_t *)arena_dup(arena, s.seal.sealed);
    for (size_t byte = 0; byte < len; byte++) {
        opening(&s, &op);
        copy[byte] ^= 1;
        op.sealed = slice_of(copy, len);
        run(&op, keys_issue);
        bool is_seen = byte < KEY_BOX_BYTES || byte >= len - TAG_BYTES;
        assert_int_equal(op.err.reason, is_seen ? R_LICENSE_FORGED : R_NONE);
        copy[byte] ^= 1;
    }
}

/* Of many licenses the content key is opened once; and what was opened of another license is not taken. */
static void what_was_opened_is_of_that_license_alone(void **state)
{
    (void)state;
    struct sample s, another;
    struct keys_op op, forged;
    make(&s, KEYS_P256);
    make(&another, KEYS_P256);
    opening(&s, &op);
    run(&op, keys_open_content);
    assert_int_equal(op.err.reason, R_NONE);
    assert_non_null(op.content_opened);
    op.opened = op.content_opened;
    op.sealing.wrapped = SLICE_NONE; /* so it can't be opened again */
    for (size_t i = 0; i < 2; i++) {
        run(&op, keys_issue);
        assert_int_equal(op.err.reason, R_NONE);
    }
    const struct slice wrong[][2] = {
        {another.seal.sealed, op.header},
        {slice_cut(op.sealed, 0, op.sealed.len - 1), op.header},
        {op.sealed, slice_str("another header")},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        opening(&s, &forged);
        forged.opened = op.content_opened;
        forged.sealed = wrong[i][0];
        forged.header = wrong[i][1];
        run(&forged, keys_issue);
        assert_int_equal(forged.err.reason, R_LICENSE_FORGED);
    }
    opening(&s, &forged);
    forged.header = slice_str("another header");
    run(&forged, keys_open_content);
    assert_int_equal(forged.err.reason, R_LICENSE_FORGED);
}

/* The content key that a seal with this hash gives, derived by that sealing key. */
static struct secret *sealed_key(const struct sample *s, const struct keys_ref *deriving,
                                 struct content_id content, const char *hash)
{
    struct keys_op op;
    struct secret *key = NULL;
    keys_op_init(&op, keys, arena, done, NULL);
    op.sealing = s->sealing;
    op.deriving = *deriving;
    op.content = content;
    op.request_hash = slice_str(hash);
    op.header = slice_str("header");
    op.policy = slice_str("the policy");
    op.client = client_key;
    run(&op, keys_seal);
    assert_int_equal(op.err.reason, R_NONE);
    assert_ok(jwe_decrypt(client, op.wrapped_content_key, R_LICENSE_FORGED, &key, &err), &err);
    return key;
}

static void the_same_request_gets_the_same_key(void **state)
{
    (void)state;
    static const struct content_id other = {{{43}}};
    struct sample s, before;
    make(&s, KEYS_P256);
    make(&before, KEYS_P256); /* an older key, as it were */
    AUTO(secret_free_at) struct secret *first = sealed_key(&s, &before.sealing, CONTENT, "hash");
    AUTO(secret_free_at) struct secret *again = sealed_key(&s, &before.sealing, CONTENT, "hash");
    AUTO(secret_free_at)
    struct secret *rotated = sealed_key(&before, &before.sealing, CONTENT, "hash");
    assert_int_equal(secret_len(first), CONTENT_KEY_BYTES);
    assert_true(secret_eq(first, again));
    assert_true(secret_eq(first, rotated)); /* whatever seals the license */
    const struct {
        const struct keys_ref *deriving;
        struct content_id content;
        const char *hash;
    } others[] = {{&s.sealing, CONTENT, "hash"},
                  {&before.sealing, other, "hash"},
                  {&before.sealing, CONTENT, "hasi"},
                  {&before.sealing, CONTENT, ""},
                  {&before.sealing, CONTENT, ""}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        AUTO(secret_free_at)
        struct secret *key = sealed_key(&s, others[i].deriving, others[i].content, others[i].hash);
        assert_false(secret_eq(first, key));
    }
}

/* HKDF-SHA256 of the sealing key, the content id and the text with its NUL and the hash
 * (docs/formats.md §5), by another implementation (Python's cryptography). */
static void the_key_is_what_the_format_says(void **state)
{
    (void)state;
    static const uint8_t expected[CONTENT_KEY_BYTES] = {
        0x0d, 0x4b, 0x25, 0x54, 0x18, 0x5a, 0x27, 0x7e, 0xe4, 0xfc, 0x78,
        0x89, 0xf5, 0x8e, 0x60, 0x9e, 0x25, 0xfe, 0x37, 0xe7, 0x8a, 0x2b,
        0x90, 0x39, 0xea, 0x74, 0xd7, 0xce, 0x46, 0x4f, 0xf1, 0xd5};
    struct sample s;
    struct slice wrapped;
    uint8_t hash[33] = "";
    make(&s, KEYS_P256);
    memset(hash, 0x5a, 32);
    AUTO(secret_free_at)
    struct secret *raw = secret_copy(slice_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"));
    struct keys_ref known = s.sealing;
    known.version = 2;
    assert_ok(key_wrap_by(&keys->roots[0], arena, &known, raw, &wrapped, &err), &err);
    known.wrapped = wrapped;
    AUTO(secret_free_at) struct secret *key = sealed_key(&s, &known, CONTENT, (const char *)hash);
    assert_memory_equal(secret_use(key).ptr, expected, sizeof expected);
}

static void another_header_or_content_is_forged(void **state)
{
    (void)state;
    struct sample s;
    struct keys_op op;
    make(&s, KEYS_P256);
    opening(&s, &op);
    op.header = slice_str("Header");
    run(&op, keys_open_policy);
    assert_int_equal(op.err.reason, R_LICENSE_FORGED);
    opening(&s, &op);
    op.content.u.b[15] ^= 1;
    run(&op, keys_open_policy);
    assert_int_equal(op.err.reason, R_LICENSE_FORGED);
}

/* A wrapped row that is taken for another tenant, boundary, purpose or version does not open. */
static void rows_can_not_be_moved(void **state)
{
    (void)state;
    struct sample s;
    make(&s, KEYS_P256);
    for (int i = 0; i < 4; i++) {
        struct keys_op op;
        opening(&s, &op);
        op.sealing.version = i == 0 ? 2 : 1;
        op.sealing.tenant.u.b[9] = i == 1;
        op.sealing.wrapped = i == 2 ? s.signing.wrapped : op.sealing.wrapped;
        op.sealing.boundary = i == 3 ? "gcc-high" : "commercial";
        struct secret *root = secret_copy(slice_str("0123456789abcdef0123456789abcdef"));
        op.keys = keys_new(loop, root, 0); /* nothing is cached there */
        run(&op, keys_open_policy);
        assert_int_equal(op.err.reason, R_KEYS_UNAVAILABLE);
        keys_free(op.keys);
    }
}

/* After the database went back, the next key of this version is another one. What is remembered of the
 * lost one must not seal, and must not open, in its place. */
static void a_row_that_was_made_again_is_another_key(void **state)
{
    (void)state;
    struct sample lost, now;
    struct keys_op op;
    make(&lost, KEYS_P256);
    keys_op_init(&now.set, keys, arena, done, NULL);
    now.set.tenant = lost.sealing.tenant;
    now.set.boundary = "commercial";
    now.set.suite = KEYS_P256;
    run(&now.set, keys_create_set);
    opening(&lost, &op);
    op.sealing.wrapped = now.set.set[0].wrapped;
    run(&op, keys_open_policy);
    assert_int_equal(op.err.reason, R_LICENSE_FORGED);
    opening(&lost, &op);
    run(&op, keys_open_policy);
    assert_int_equal(op.err.reason, R_NONE);
    opening(&lost, &op);
    op.signing.wrapped = now.set.set[2].wrapped;
    run(&op, keys_issue);
    assert_int_equal(op.err.reason, R_NONE);
    struct jws jws;
    struct jwk_public *signer;
    assert_ok(jws_parse(arena, op.use_license, R_TOKEN_MALFORMED, &jws, &err), &err);
    assert_ok(jwk_public_parse(slice_str(now.set.set[2].public_jwk), R_INTERNAL, &signer, &err),
              &err);
    assert_ok(jws_verify(&jws, signer, R_TOKEN_SIGNATURE, &err), &err);
    jwk_public_free(signer);
}

/* A worker reads that a version is destroyed: what it has unwrapped of it goes, and of other versions it stays. */
static void what_is_destroyed_is_forgotten(void **state)
{
    (void)state;
    struct sample s;
    struct keys_op op;
    make(&s, KEYS_P256);
    opening(&s, &op);
    run(&op, keys_issue);
    size_t before = hashmap_count(keys->cache);
    struct keys_ref other = s.sealing, destroyed = s.sealing;
    other.version++;
    destroyed.wrapped = SLICE_NONE;
    keys_forget(keys, &other);
    assert_int_equal(hashmap_count(keys->cache), before);
    keys_forget(keys, &destroyed);
    assert_int_equal(hashmap_count(keys->cache), before - 1);
    opening(&s, &op);
    op.sealing = destroyed;
    run(&op, keys_open_policy);
    assert_int_equal(op.err.reason, R_KEYS_UNAVAILABLE);
}

/* What was remembered of a row doesn't open it in another boundary. */
static void a_remembered_key_stays_in_its_boundary(void **state)
{
    (void)state;
    struct sample s;
    struct keys_op op;
    make(&s, KEYS_P256);
    opening(&s, &op);
    op.sealing.boundary = "gcc-high";
    run(&op, keys_open_policy);
    assert_int_equal(op.err.reason, R_KEYS_UNAVAILABLE);
}

static void bad_client_keys_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1Wl"
        "UzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BT"
        "YuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynV\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct client_key *key = NULL;
        assert_fails(keys_read_client(keys, arena, slice_str(bad[i]), &key, &err), &err,
                     R_CLIENT_KEY_INVALID);
        assert_null(key);
    }
}

/* A key of a client that comes with anybody's token; lives as long as the arena. */
static const struct client_key *read_new(struct arena *held, size_t index)
{
    const struct client_key *key = NULL;
    const char *jwk =
        arena_printf(held, "%.*s,\"n%zu\":0}", (int)strlen(client_jwk) - 1, client_jwk, index);
    assert_ok(keys_read_client(keys, held, slice_str(jwk), &key, &err), &err);
    return key;
}

/* Whoever had a token could fill the cache with keys and push out everybody's. */
static void client_keys_are_remembered_when_something_was_wrapped_to_them(void **state)
{
    (void)state;
    struct sample s;
    struct keys_op op;
    make(&s, KEYS_P256);
    size_t before = hashmap_count(keys->clients);
    struct arena *call = arena_new(1 << 20);
    const struct client_key *key = NULL;
    for (size_t i = 0; i < 100; i++) {
        key = read_new(call, i);
    }
    assert_int_equal(hashmap_count(keys->clients), before);
    opening(&s, &op);
    op.client = key;
    op.header = slice_str("another header"); /* refused */
    run(&op, keys_issue);
    assert_int_equal(hashmap_count(keys->clients), before);
    opening(&s, &op);
    op.client = key;
    run(&op, keys_issue);
    assert_int_equal(op.err.reason, R_NONE);
    assert_int_equal(hashmap_count(keys->clients), before + 1);
    assert_ptr_equal(read_new(call, 99), key); /* parsed once */
    arena_free(call);
    assert_ptr_equal(read_new(arena, 99), key);
}

static struct secret *root_of(const char *text)
{
    return secret_copy(slice_str(text));
}

static void another_root_key_is_noticed(void **state)
{
    (void)state;
    struct slice check;
    assert_ok(keys_make_check(keys, arena, &check, &err), &err);
    struct keys *other = keys_new(loop, root_of("fedcba9876543210fedcba9876543210"), 0);
    assert_false(keys_meet_root(other, 1, check));
    keys_free(other);
    assert_true(keys_meet_root(keys, 1, check));
    assert_false(keys_meet_root(keys, 1, slice_cut(check, 0, check.len - 1)));
    assert_false(keys_meet_root(keys, 1, SLICE_NONE));
}

/* HKDF-SHA256 of the root key, without salt, and the text (docs/formats.md §4.2), by another implementation (Python's cryptography). */
static void a_root_key_has_its_version_everywhere(void **state)
{
    (void)state;
    int64_t versions[KEYS_ROOTS_MAX];
    struct keys *own = keys_new(loop, root_of("fedcba9876543210fedcba9876543210"), 0);
    keys_add_root(own, root_of("0123456789abcdef0123456789abcdef"));
    assert_int_equal(keys_root_versions(own, versions), 2);
    assert_int_equal(versions[0], 0x4c5e8985);
    assert_int_equal(versions[1], 0x41a17857);
    assert_int_equal(keys_wraps_by(own), versions[0]);
    assert_false(keys_wrap_by(own, 1));
    assert_int_equal(keys_wraps_by(own), versions[0]);
    assert_true(keys_wrap_by(own, (uint32_t)versions[1]));
    assert_int_equal(keys_wraps_by(own), versions[1]);
    keys_free(own);
}

/* A key goes from one root key to another, stays the same, and opens without the former one. */
static void keys_go_under_another_root_key(void **state)
{
    (void)state;
    static const char former[] = "0123456789abcdef0123456789abcdef";
    static const char next[] = "fedcba9876543210fedcba9876543210";
    struct keys *old = keys_new(loop, root_of(former), 0);
    struct keys *both = keys_new(loop, root_of(next), 0);
    struct keys *new = keys_new(loop, root_of(next), 0);
    AUTO(secret_free_at) struct secret *raw = secret_random(32);
    AUTO(secret_free_at) struct secret *again = NULL;
    struct keys_ref refs[2] = {{CONTOSO, "commercial", KEY_SEALING, 3, SLICE_NONE},
                               {CONTOSO, "commercial", KEY_SEALING, 4, SLICE_NONE}};
    struct slice rewrapped[2];
    struct keys_op op;
    keys_add_root(both, root_of(former));
    assert_ok(key_wrap_by(&old->roots[0], arena, &refs[0], raw, &refs[0].wrapped, &err), &err);
    refs[1].wrapped = refs[0].wrapped; /* of another version: it opens nowhere */
    keys_op_init(&op, both, arena, done, NULL);
    op.rewrapping = refs;
    op.rewrapped = rewrapped;
    op.rewrapping_count = 2;
    run(&op, keys_rewrap);
    assert_int_equal(op.err.reason, R_NONE);
    assert_int_equal(op.root_version, keys_wraps_by(both));
    assert_int_equal(rewrapped[1].len, 0);
    assert_fails(key_decrypt(new, arena, &refs[0], &again, &err), &err, R_KEYS_UNAVAILABLE);
    err_clear(&err);
    refs[0].wrapped = rewrapped[0];
    assert_ok(key_decrypt(new, arena, &refs[0], &again, &err), &err);
    assert_true(secret_eq(raw, again));
    assert_fails(key_decrypt(old, arena, &refs[0], &again, &err), &err, R_KEYS_UNAVAILABLE);
    err_clear(&err);
    keys_free(old);
    keys_free(both);
    keys_free(new);
}

/* One more key is like those of a set, and is bound to its version. */
static void a_version_is_bound_to_its_number(void **state)
{
    (void)state;
    for (int suite = KEYS_P256; suite <= KEYS_P384; suite++) {
        for (int purpose = KEY_SEALING; purpose <= KEY_SIGNING; purpose++) {
            struct keys_op op;
            const struct unwrapped *key;
            keys_op_init(&op, keys, arena, done, NULL);
            op.tenant = CONTOSO;
            op.boundary = "commercial";
            op.suite = (enum keys_suite)suite;
            op.version = 7;
            op.set[0].purpose = (enum key_purpose)purpose;
            run(&op, keys_create_version);
            assert_int_equal(op.err.reason, R_NONE);
            struct keys_ref ref = {CONTOSO, "commercial", (enum key_purpose)purpose, 7,
                                   op.set[0].wrapped};
            assert_ok(key_unwrap(keys, &ref, &key, &err), &err);
            assert_int_equal(key->private == NULL, purpose == KEY_SEALING);
            assert_int_equal(op.set[0].public_jwk[0] == '\0', purpose == KEY_SEALING);
            assert_true(
                purpose == KEY_SEALING ||
                (strstr(op.set[0].public_jwk, suite == KEYS_P384 ? "P-384" : "P-256") != NULL &&
                 strstr(op.set[0].public_jwk, "\"d\"") == NULL));
            ref.version = 6;
            assert_fails(key_unwrap(keys, &ref, &key, &err), &err, R_KEYS_UNAVAILABLE);
            err_clear(&err);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_opened_is_of_that_license_alone),
        cmocka_unit_test(a_license_carries_the_content_key),
        cmocka_unit_test(a_license_is_sealed_anew),
        cmocka_unit_test(a_version_is_bound_to_its_number),
        cmocka_unit_test(every_flip_of_the_sealed_bytes_is_forged),
        cmocka_unit_test(the_two_boxes_stay_together),
        cmocka_unit_test(the_same_request_gets_the_same_key),
        cmocka_unit_test(the_key_is_what_the_format_says),
        cmocka_unit_test(another_header_or_content_is_forged),
        cmocka_unit_test(rows_can_not_be_moved),
        cmocka_unit_test(a_row_that_was_made_again_is_another_key),
        cmocka_unit_test(what_is_destroyed_is_forgotten),
        cmocka_unit_test(a_remembered_key_stays_in_its_boundary),
        cmocka_unit_test(bad_client_keys_are_refused),
        cmocka_unit_test(client_keys_are_remembered_when_something_was_wrapped_to_them),
        cmocka_unit_test(another_root_key_is_noticed),
        cmocka_unit_test(a_root_key_has_its_version_everywhere),
        cmocka_unit_test(keys_go_under_another_root_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
