/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"
#include "client/content_file.h"
#include "crypto/algs.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    static struct secret *key;
    struct content_file file;
    FILE *in = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");
    FILE *out = fopen("/dev/null", "w");
    if (key == NULL && crypto_init(NULL, &err).ok) {
        key = secret_new(32);
    }
    if (in != NULL && out != NULL && content_file_open(arena, in, &file, &err).ok) {
        ignore(content_file_read(&file, in, out, key, &err));
    }
    if (in != NULL) {
        fclose(in);
    }
    if (out != NULL) {
        fclose(out);
    }
    (void)input;
    arena_free(arena);
    return 0;
}
