/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of one-time passcodes, and the tokens of those who have shown one: docs/formats.md §11. */
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>

#include "base/buf.h"
#include "crypto/jws.h"
#include "crypto/kdf.h"
#include "keys/keys_internal.h"

static const char CODE_INFO[] = "chancery passcode 1";
static const char TOKEN_TYPE[] = "passcode+jwt";

enum {
    DERIVED_BYTES = 8, /* 64 bits, so that no code is likelier than another by more than 2^-37 */
    CODES = 100000000, /* of PASSCODE_DIGITS */
};

/* Bound to all that its row says, so that who changes a row has no code for what it says then. */
static rc code_info(struct keys_op *op, struct slice *out)
{
    struct buf info;
    buf_init(&info, op->arena);
    buf_add(&info, slice_of(CODE_INFO, sizeof CODE_INFO)); /* with its NUL */
    buf_add(&info, slice_of(op->content.u.b, UUID_BYTES));
    buf_add_str(&info, op->address);
    return buf_finish(&info, out, &op->err);
}

static rc derive_code(struct keys_op *op, char out[PASSCODE_DIGITS + 1])
{
    const struct unwrapped *sealing;
    struct slice info;
    uint8_t derived[DERIVED_BYTES];
    uint64_t number = 0;
    TRY(code_info(op, &info));
    TRY(key_unwrap(op->keys, &op->sealing, &sealing, &op->err));
    TRY(kdf_hkdf_sha256(secret_use(sealing->raw), slice_of(op->passcode.b, UUID_BYTES), info,
                        derived, sizeof derived, &op->err));
    for (size_t i = 0; i < sizeof derived; i++) {
        number = number << 8 | derived[i];
    }
    snprintf(out, PASSCODE_DIGITS + 1, "%0*" PRIu64, PASSCODE_DIGITS, number % CODES);
    OPENSSL_cleanse(derived, sizeof derived);
    OPENSSL_cleanse(&number, sizeof number);
    return OK;
}

static rc check_code(struct keys_op *op)
{
    char code[PASSCODE_DIGITS + 1];
    TRY(derive_code(op, code));
    op->is_passcode = op->guess.len == PASSCODE_DIGITS &&
                      CRYPTO_memcmp(op->guess.ptr, code, PASSCODE_DIGITS) == 0;
    OPENSSL_cleanse(code, sizeof code);
    return OK;
}

static rc sign_token(struct keys_op *op)
{
    const struct unwrapped *signing;
    TRY(key_unwrap(op->keys, &op->signing, &signing, &op->err));
    return jws_sign(op->arena, signing->private, TOKEN_TYPE, op->claims, &op->passcode_token,
                    &op->err);
}

void keys_make_passcode(struct keys_op *op)
{
    keys_report(op, "make_passcode", derive_code(op, op->passcode_code));
}

void keys_check_passcode(struct keys_op *op)
{
    keys_report(op, "check_passcode", check_code(op));
}

void keys_sign_passcode(struct keys_op *op)
{
    keys_report(op, "sign_passcode", sign_token(op));
}
