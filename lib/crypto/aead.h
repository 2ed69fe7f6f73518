/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM (NIST SP 800-38D): the only caller of EVP's decryption. The tag is always 16
 * bytes, and no plaintext is released before it has verified. Any thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { AEAD_KEY_BYTES = 32, AEAD_NONCE_BYTES = 12, AEAD_TAG_BYTES = 16 };

/* Encrypt into out (plain.len bytes) and tag. R_CRYPTO_FAILED. Never use a nonce twice with a
 * key. */
rc aead_seal(struct slice key, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice aad,
             struct slice plain, uint8_t *out, uint8_t tag[AEAD_TAG_BYTES], struct err *err);
/* Decrypt into out (cipher.len bytes); out is wiped when the tag is wrong. `mismatch` is the reason
 * that is raised then, because only the caller knows what a forgery means. */
rc aead_open(struct slice key, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice aad,
             struct slice cipher, const uint8_t tag[AEAD_TAG_BYTES], uint8_t *out,
             enum reason mismatch, struct err *err);
