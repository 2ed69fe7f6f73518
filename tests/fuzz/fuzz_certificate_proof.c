/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of certificates' keys: whatever comes, nothing is read out of bounds, and nothing proves
 * anything for a component of no name. */
#include "fuzz.h"

#include "crypto/algs.h"
#include "identity/certificate_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const urls[] = {"https://rms.example.org"};
    static bool ready;
    struct err err = {0};
    uint8_t print[X5C_PRINT_BYTES];
    enum certificate_proof_flaw flaw;
    if (!ready) {
        CH_ASSERT(crypto_init(NULL, &err).ok);
        ready = true;
    }
    struct arena *arena = arena_new(1 << 20);
    struct certificate_proof_question question = {.proof = slice_of(data, size),
                                                  .urls = urls,
                                                  .url_count = 1,
                                                  .tenant = "contoso",
                                                  .component = "no-one",
                                                  .now = {1800000000}};
    CH_ASSERT(!certificate_proof_check(arena, &question, print, &flaw, &err).ok);
    arena_free(arena);
    return 0;
}
