/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"
#include "client/mail.h"
#include "client/mail_facts.h"
#include "crypto/algs.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    static struct secret *key;
    struct mail_envelope envelope;
    Chancery__V1__MessageFacts facts;
    struct mail_parts parts;
    struct slice plain, text;
    if (key == NULL && crypto_init(NULL, &err).ok) {
        key = secret_new(32);
    }
    ignore(mail_read_envelope(arena, input, &envelope, &err));
    err_clear(&err);
    chancery__v1__message_facts__init(&facts);
    ignore(mail_facts_read(arena, input, &facts, &text, &err));
    err_clear(&err);
    if (mail_unwrap(arena, input, &parts, &err).ok) {
        ignore(mail_open(arena, parts.sealed, key, &plain, &err));
    }
    arena_free(arena);
    return 0;
}
