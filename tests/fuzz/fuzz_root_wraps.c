/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "crypto/algs.h"
#include "crypto/root_wraps.h"
#include "fuzz.h"

/* A token whose answers are always the same. */
static rc agree(void *ctx, struct slice point, uint8_t out[JWE_SHARED_MAX], size_t *len_out,
                struct err *err)
{
    (void)ctx;
    (void)err;
    CH_ASSERT(point.len == 65 || point.len == 97);
    *len_out = (point.len - 1) / 2;
    memset(out, 7, *len_out);
    return OK;
}

static void reads_the_same(struct arena *arena, const struct root_wraps *wraps, struct slice text)
{
    struct root_wraps again;
    CH_ASSERT(root_wraps_parse(arena, text, R_ROOT_KEY_INVALID, &again, NULL).ok);
    CH_ASSERT(strcmp(again.thumbprint, wraps->thumbprint) == 0 && again.count == wraps->count);
    for (size_t i = 0; i < wraps->count; i++) {
        const struct root_wrap *one = &wraps->wraps[i], *other = &again.wraps[i];
        CH_ASSERT(strcmp(one->name, other->name) == 0 && strcmp(one->kid, other->kid) == 0 &&
                  slice_eq(one->jwe, other->jwe));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct root_wraps wraps;
    struct slice text;
    struct err err = {0};
    static bool is_ready;
    if (!is_ready) {
        is_ready = crypto_init(NULL, &err).ok;
    }
    if (root_wraps_parse(arena, slice_of(data, size), R_ROOT_KEY_INVALID, &wraps, &err).ok) {
        CH_ASSERT(wraps.count > 0 && wraps.count <= ROOT_WRAPS_MAX);
        for (size_t i = 0; i < wraps.count; i++) {
            struct secret *root = NULL;
            enum jwk_kind kind;
            ignore(root_wrap_kind(arena, &wraps.wraps[i], R_ROOT_KEY_INVALID, &kind, &err));
            CH_ASSERT(root_wraps_name_is_valid(wraps.wraps[i].name));
            if (root_wrap_open_by(&wraps, i, agree, NULL, R_ROOT_KEY_INVALID, &root, &err).ok) {
                secret_free(root);
            }
        }
        err_clear(&err);
        if (root_wraps_print(arena, &wraps, &text, &err).ok && text.len <= ROOT_WRAPS_BYTES_MAX) {
            reads_the_same(arena, &wraps, text);
        }
    }
    arena_free(arena);
    return 0;
}
