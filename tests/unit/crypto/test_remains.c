/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a key in this process's memory after it was used: nothing but its owner's copy. Stacks are left out: what is
 * behind the end of one is overwritten by the next call. */
#include "chancery_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/algs.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"

enum { KEY = AEAD_KEY_BYTES, MASK = 0x5a };

static struct err err;
static uint8_t
    masked[KEY]; /* the key that is looked for, so that looking for it doesn't find itself */

/* How often it is in a part of the memory, which may change while it is read. */
static size_t count_in(const uint8_t *from, size_t len)
{
    size_t found = 0;
    for (size_t i = 0; i + KEY <= len; i++) {
        size_t same = 0;
        while (same < KEY && (from[i + same] ^ MASK) == masked[same]) {
            same++;
        }
        found += same == KEY;
    }
    return found;
}

/* What lies from `from` to `to`, window by window. Not the window itself, in which a copy is. */
static size_t count_between(int memory, uintptr_t from, uintptr_t to)
{
    enum { WINDOW = 64 << 10, STRIDE = WINDOW - KEY + 1 };
    static uint8_t window[WINDOW];
    uintptr_t own = (uintptr_t)window;
    size_t found = 0;
    for (uintptr_t at = from; at < to; at += STRIDE) {
        if (at < own + WINDOW && own < at + WINDOW) {
            continue;
        }
        ssize_t len = pread(memory, window, to - at < WINDOW ? to - at : WINDOW, (off_t)at);
        found += len > 0 ? count_in(window, (size_t)len) : 0;
        mem_wipe(window, sizeof window);
    }
    return found;
}

/* In all that may be written, but in stacks, and in what is too large to be looked through, as a sanitizer's shadow is. */
static size_t count_everywhere(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem",
                      O_RDONLY | O_CLOEXEC); /* not by stdio, whose buffer would hold a copy */
    enum { LINE = 512, LARGEST = 64 << 20 };
    char line[LINE];
    size_t found = 0;
    assert_true(maps != NULL && memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        char *end;
        uintptr_t from = strtoul(line, &end, 16), to = strtoul(end + 1, NULL, 16);
        if (strstr(line, " rw-p ") != NULL && strstr(line, "[stack") == NULL &&
            to - from <= LARGEST) {
            found += count_between(memory, from, to);
        }
    }
    assert_int_equal(fclose(maps), 0);
    assert_int_equal(close(memory), 0);
    return found;
}

static uint8_t *key;

static int set_up(void **state)
{
    (void)state;
    key = malloc(KEY);
    for (size_t i = 0; i < KEY; i++) {
        masked[i] = (uint8_t)(i * 37 + 11);
        key[i] = masked[i] ^ MASK;
    }
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    mem_wipe(key, KEY);
    free(key);
    return 0;
}

static struct slice the_key(void)
{
    return slice_of(key, KEY);
}

static void a_key_is_found_where_it_is(void **state)
{
    (void)state;
    assert_int_equal(count_everywhere(), 1);
}

static void encryption_keeps_no_key(void **state)
{
    static const uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t tag[AEAD_TAG_BYTES], out[4];
    (void)state;
    assert_ok(aead_seal(the_key(), nonce, SLICE_NONE, slice_str("text"), out, tag, &err), &err);
    assert_int_equal(count_everywhere(), 1);
    assert_ok(
        aead_open(the_key(), nonce, SLICE_NONE, slice_of(out, 4), tag, out, R_CRYPTO_FAILED, &err),
        &err);
    assert_int_equal(count_everywhere(), 1);
}

static void wrapping_keeps_no_key(void **state)
{
    static const uint8_t other[KEY] = {1, 2, 3};
    uint8_t wrapped[KEY + 8], out[KEY];
    (void)state;
    assert_ok(keywrap_wrap(the_key(), slice_of(other, KEY), wrapped, &err), &err);
    assert_int_equal(count_everywhere(), 1);
    assert_ok(
        keywrap_unwrap(the_key(), slice_of(wrapped, sizeof wrapped), out, R_CRYPTO_FAILED, &err),
        &err);
    assert_int_equal(count_everywhere(), 1);
}

static void deriving_keeps_no_key(void **state)
{
    uint8_t out[KEY];
    (void)state;
    assert_ok(hmac_sha256(the_key(), slice_str("text"), out, &err), &err);
    assert_int_equal(count_everywhere(), 1);
    assert_ok(kdf_hkdf_sha256(the_key(), SLICE_NONE, slice_str("info"), out, sizeof out, &err),
              &err);
    assert_int_equal(count_everywhere(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_found_where_it_is, set_up, take_down),
        cmocka_unit_test_setup_teardown(encryption_keeps_no_key, set_up, take_down),
        cmocka_unit_test_setup_teardown(wrapping_keeps_no_key, set_up, take_down),
        cmocka_unit_test_setup_teardown(deriving_keeps_no_key, set_up, take_down),
    };
    assert_ok(crypto_init(NULL, &err), &err);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_fini();
    return failed;
}
