/* SPDX-License-Identifier: Apache-2.0 */
/* Protected files against themselves: sizes, every cut, every changed byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/content_file.h"
#include "sealing.h"

static struct slice seal(struct slice plain, const char *license)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *in = plain.len == 0 ? fopen("/dev/null", "r")
                              : fmemopen((void *)(uintptr_t)plain.ptr, plain.len, "r");
    FILE *out = open_memstream(&bytes, &len);
    assert_ok(content_file_write(in, out, slice_str(license), key, &err), &err);
    fclose(in);
    fclose(out);
    struct slice sealed;
    assert_ok(arena_dup_slice(arena, slice_of(bytes, len), &sealed, &err), &err);
    free(bytes);
    return sealed;
}

static rc unseal(struct slice sealed, const struct secret *with, struct slice *out)
{
    char *bytes = NULL;
    size_t len = 0;
    struct content_file file;
    FILE *in = fmemopen((void *)(uintptr_t)sealed.ptr, sealed.len, "r");
    FILE *to = open_memstream(&bytes, &len);
    err_clear(&err);
    rc result = content_file_open(arena, in, &file, &err);
    if (result.ok) {
        result = content_file_read(&file, in, to, with, &err);
    }
    fclose(in);
    fclose(to);
    if (result.ok) {
        result = arena_dup_slice(arena, slice_of(bytes, len), out, &err);
    }
    free(bytes);
    return result;
}

static void sizes_around_a_record_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 65518, 65519, 65520, 131038, 131039, 200000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *plain = arena_alloc(arena, sizes[i] + 1);
        struct slice back;
        memset(plain, (int)i, sizes[i]);
        assert_ok(unseal(seal(slice_of(plain, sizes[i]), "license"), key, &back), &err);
        assert_true(slice_eq(back, slice_of(plain, sizes[i])));
    }
}

static void every_cut_and_every_changed_byte_is_refused(void **state)
{
    (void)state;
    struct slice sealed = seal(slice_str("twelve bytes"), "license"), back;
    for (size_t i = 1; i < sealed.len; i++) {
        assert_false(unseal(slice_cut(sealed, 0, i), key, &back).ok);
    }
    for (size_t i = 0; i < sealed.len; i++) {
        uint8_t *changed = (uint8_t *)arena_dup(arena, sealed);
        changed[i] ^= 1;
        assert_false(unseal(slice_of(changed, sealed.len), key, &back).ok);
    }
    assert_fails(unseal(sealed, other_key, &back), &err, R_INPUT_DAMAGED);
}

static void the_same_text_never_seals_the_same(void **state)
{
    (void)state;
    struct slice one = seal(slice_str("text"), "license"), two = seal(slice_str("text"), "license");
    assert_false(slice_eq(one, two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_around_a_record_come_back),
        cmocka_unit_test(every_cut_and_every_changed_byte_is_refused),
        cmocka_unit_test(the_same_text_never_seals_the_same),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
