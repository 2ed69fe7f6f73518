/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of possession: whatever comes, nothing is read out of bounds, and nobody proves a key
 * of zeros. */
#include "fuzz.h"

#include "crypto/algs.h"
#include "identity/dpop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[32];
    static const char *const urls[] = {"https://server.example.com"};
    static bool ready;
    struct err err = {0};
    struct dpop_proof proof;
    if (!ready) {
        CH_ASSERT(crypto_init(NULL, &err).ok);
        ready = true;
    }
    struct arena *arena = arena_new(1 << 20);
    struct dpop_question question = {.proof = slice_of(data, size),
                                     .method = "POST",
                                     .urls = urls,
                                     .url_count = 1,
                                     .path = "/token",
                                     .token_hash = nothing,
                                     .thumbprint = nothing,
                                     .now = {1562262616}};
    CH_ASSERT(!dpop_check(arena, &question, &proof, &err).ok);
    arena_free(arena);
    return 0;
}
