/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/algs.h"
#include "crypto/jwk.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    static bool is_ready;
    struct jwk_public *key = NULL;
    struct jwks *set = NULL;
    if (!is_ready) {
        is_ready = crypto_init(NULL, &err).ok;
    }
    if (jwk_public_parse(input, R_CLIENT_KEY_INVALID, &key, &err).ok) {
        jwk_public_free(key);
    }
    err_clear(&err);
    if (jwks_parse(input, R_ISSUER_KEYS_INVALID, &set, &err).ok) {
        size_t at = 0;
        CH_ASSERT(set->count > 0 && set->count <= JWKS_KEYS_MAX);
        while (jwks_next(set, SLICE_NONE, JWS_ES256, &at) != NULL) {
            CH_ASSERT(at <= set->count);
        }
        jwks_free(set);
    }
    arena_free(arena);
    return 0;
}
