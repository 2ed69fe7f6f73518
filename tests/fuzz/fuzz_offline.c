/* SPDX-License-Identifier: Apache-2.0 */
/* What a publisher sends: a license, its certificate, its policy; each as the whole input, because nobody can sign for
 * the fuzzer. */
#include "crypto/algs.h"
#include "fuzz.h"
#include "wire/offline_license.h"
#include "wire/publisher_certificate.h"

static void read_all(struct arena *arena, struct slice input, struct err *err)
{
    struct license_header header;
    struct offline_license license;
    struct publisher_certificate certificate;
    struct policy policy;
    if (offline_license_parse(arena, input, &header, &license, err).ok) {
        ignore(publisher_certificate_read(arena, license.certificate, &certificate, err));
    }
    ignore(publisher_certificate_read(arena, input, &certificate, err));
    if (sealed_policy_decode(arena, input, &policy, err).ok) {
        ignore(sealed_policy_check(arena, &policy, err));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    struct err err = {0};
    if (!is_ready) {
        is_ready = crypto_init(NULL, &err).ok;
    }
    struct arena *arena = arena_new(FUZZ_BUDGET);
    read_all(arena, slice_of(data, size), &err);
    read_all(arena, slice_of(data, size), NULL);
    arena_free(arena);
    return 0;
}
