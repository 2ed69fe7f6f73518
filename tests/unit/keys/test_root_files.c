/* SPDX-License-Identifier: Apache-2.0 */
/* Root keys from files, plain and wrapped. Tokens are in tests/e2e/test_root_key_wraps.py. */
#include "chancery_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "crypto/algs.h"
#include "crypto/root_wraps.h"
#include "keys/root_files.h"

#define ROOT "0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct err err;
static struct secret *root;
static struct jwk_private *first, *second;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    assert_ok(crypto_init(NULL, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &first, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P384, &second, &err), &err);
    root = secret_copy(slice_str(ROOT));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jwk_private_free(first);
    jwk_private_free(second);
    secret_free(root);
    arena_free(arena);
    crypto_fini();
    return 0;
}

/* A file of this mode; lent by the arena, and removed by `forget`. */
static const char *written(struct slice bytes, mode_t mode)
{
    char path[256];
    temporary_path(path, sizeof path, "chancery-root-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return arena_strdup(arena, path);
}

static const char *pem_of(const struct jwk_private *key)
{
    AUTO(secret_free_at) struct secret *pem = NULL;
    assert_ok(jwk_private_to_pem(key, &pem, &err), &err);
    return written(secret_use(pem), 0600);
}

/* Of the root key, to the first key. */
static const char *wrapped(void)
{
    struct root_wraps wraps = {0};
    struct slice text;
    assert_ok(root_wraps_add(arena, &wraps, "drawer", jwk_private_public(first), root, &err), &err);
    assert_ok(root_wraps_print(arena, &wraps, &text, &err), &err);
    return written(text, 0600);
}

static struct root_opener by(const char *key_file)
{
    return (struct root_opener){.key_file = key_file, .module = "", .uri = "", .pin_file = ""};
}

struct seen {
    size_t opened, failed;
    enum reason reason;
};

static void see(void *ctx, const struct root_told *told)
{
    struct seen *seen = ctx;
    assert_int_equal(told->wrap[0] == '\0', told->err != NULL);
    assert_int_equal(told->kid[0] == '\0', told->err != NULL);
    seen->opened += told->err == NULL;
    seen->failed += told->err != NULL;
    seen->reason = told->err == NULL ? seen->reason : told->err->reason;
}

static void plain_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
        enum reason reason;
    } rows[] = {
        {"0123456789abcdef0123456789abcdef", 0600, R_NONE},
        {"{123456789abcdef0123456789abcdef", 0600, R_NONE}, /* by chance like JSON */
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0400, R_NONE},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0640,
         R_ROOT_KEY_MODE},
        {"0102", 0600, R_ROOT_KEY_INVALID},
        {"zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600,
         R_ROOT_KEY_INVALID},
        {"", 0600, R_ROOT_KEY_INVALID},
        {"{}", 0600, R_ROOT_KEY_INVALID},
        {"{\"format\": \"chancery root key 2\"}", 0600, R_ROOT_KEY_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *path = written(slice_str(rows[i].text), rows[i].mode);
        const struct root_files files = {.file = path};
        err_clear(&err);
        assert_int_equal(root_files_check(&files, &err).ok, rows[i].reason == R_NONE);
        assert_int_equal(err.reason, rows[i].reason);
        unlink(path);
        assert_fails(root_files_check(&files, &err), &err, R_ROOT_KEY_UNREADABLE);
    }
}

static void a_wrapped_one_opens_by_any_opener(void **state)
{
    (void)state;
    struct secret *roots[KEYS_ROOTS_MAX];
    struct seen seen = {0};
    const char *file = wrapped(), *right = pem_of(first), *wrong = pem_of(second);
    struct root_files files = {.file = file, .tell = see, .ctx = &seen};
    char *others[] = {(char *)(uintptr_t)file};
    assert_fails(root_files_read(&files, roots, &err), &err, R_ROOT_KEY_UNOPENED);
    files.openers[files.opener_count++] = by(wrong);
    assert_fails(root_files_read(&files, roots, &err), &err, R_ROOT_KEY_UNOPENED);
    files.openers[files.opener_count++] = by("/nowhere.pem");
    assert_fails(root_files_read(&files, roots, &err), &err, R_ROOT_KEY_UNOPENED);
    assert_non_null(strstr(err.detail, "ROOT_KEY_UNOPENED, FILE_UNREADABLE"));
    files.openers[files.opener_count++] = by(right);
    files.others = others;
    files.other_count = 1;
    seen = (struct seen){0};
    err_clear(&err);
    assert_ok(root_files_read(&files, roots, &err), &err);
    assert_true(secret_eq(roots[0], root) && secret_eq(roots[1], root));
    assert_int_equal(seen.opened, 2);
    assert_int_equal(seen.failed, 4);
    assert_int_equal(seen.reason, R_FILE_UNREADABLE);
    secret_free(roots[0]);
    secret_free(roots[1]);
    unlink(file);
    unlink(right);
    unlink(wrong);
}

/* Of one opener what it fails with. */
static void a_single_opener_speaks_for_itself(void **state)
{
    (void)state;
    const char *file = wrapped(), *open = pem_of(first);
    struct root_files files = {.file = file, .openers = {by("/nowhere.pem")}, .opener_count = 1};
    assert_fails(root_files_check(&files, &err), &err, R_FILE_UNREADABLE);
    chmod(open, 0644);
    files.openers[0] = by(open);
    assert_fails(root_files_check(&files, &err), &err, R_FILE_MODE);
    unlink(file);
    unlink(open);
}

/* The keys of a shelf are those of the files, also when these have gone. */
static void a_shelf_keeps_what_was_read(void **state)
{
    (void)state;
    const char *path = written(slice_str(ROOT), 0600);
    const char *other = written(slice_str("fedcba9876543210fedcba9876543210"), 0600);
    char *others[] = {(char *)(uintptr_t)other};
    const struct root_files files = {.file = path, .others = others, .other_count = 1};
    struct root_shelf *shelf = NULL;
    struct loop *loop = loop_new();
    int64_t expected[KEYS_ROOTS_MAX], versions[KEYS_ROOTS_MAX];
    struct secret *roots[KEYS_ROOTS_MAX];
    assert_ok(root_files_read(&files, roots, &err), &err);
    struct keys *from_files = root_files_keys(loop, roots, 0);
    assert_ok(root_shelf_open(&files, NULL, &shelf, &err), &err);
    unlink(path);
    unlink(other);
    struct keys *from_shelf = root_shelf_keys(loop, shelf, 0);
    root_shelf_close(shelf);
    assert_int_equal(keys_root_versions(from_files, expected), 2);
    assert_int_equal(keys_root_versions(from_shelf, versions), 2);
    assert_memory_equal(versions, expected, 2 * sizeof versions[0]);
    keys_free(from_files);
    keys_free(from_shelf);
    loop_free(loop);
}

/* And by which wraps they were opened, each by itself; whoever listens is told as well. */
static void a_shelf_says_by_which_wraps(void **state)
{
    (void)state;
    const char *plain = written(slice_str(ROOT), 0600), *file = wrapped(), *right = pem_of(first);
    char *others[] = {(char *)(uintptr_t)file};
    struct seen seen = {0};
    const struct root_files files = {.file = plain,
                                     .others = others,
                                     .other_count = 1,
                                     .openers = {by("/nowhere.pem"), by(right)},
                                     .opener_count = 2,
                                     .tell = see,
                                     .ctx = &seen};
    struct root_shelf *shelf = NULL;
    struct loop *loop = loop_new();
    char kid[JWK_THUMBPRINT_TEXT] = "";
    base64url_encode(jwk_thumbprint(jwk_private_public(first)), kid);
    err_clear(&err);
    assert_ok(root_shelf_open(&files, NULL, &shelf, &err), &err);
    struct keys *keys = root_shelf_keys(loop, shelf, 0);
    root_shelf_close(shelf);
    assert_string_equal(keys_root_wrap(keys, 0)->name, "");
    assert_string_equal(keys_root_wrap(keys, 0)->kid, "");
    assert_string_equal(keys_root_wrap(keys, 1)->name, "drawer");
    assert_string_equal(keys_root_wrap(keys, 1)->kid, kid);
    assert_int_equal(seen.opened, 1);
    assert_int_equal(seen.failed, 1);
    keys_free(keys);
    loop_free(loop);
    unlink(plain);
    unlink(file);
    unlink(right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files),
        cmocka_unit_test(a_wrapped_one_opens_by_any_opener),
        cmocka_unit_test(a_single_opener_speaks_for_itself),
        cmocka_unit_test(a_shelf_says_by_which_wraps),
        cmocka_unit_test(a_shelf_keeps_what_was_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
