/* SPDX-License-Identifier: Apache-2.0 */
#include "client/content_file.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

static const char MAGIC[] = "CHANCERY\x01\0\0\0"; /* MAGIC_BYTES, the version 1 included */
enum { MAGIC_BYTES = 12, SALT_BYTES = 16, FIXED_BYTES = MAGIC_BYTES + 8 + SALT_BYTES };
enum { TEXT_MAX = CONTENT_FILE_RECORD - AEAD_TAG_BYTES - 1, MORE = 1, LAST = 2 };

/* What encrypts the records of one file; derived from the content key. */
struct record_keys {
    struct secret *key;
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t aad[SHA256_BYTES];
};

static void record_keys_fini(struct record_keys *keys)
{
    secret_free(keys->key);
}

static rc derive(const struct secret *content_key, const uint8_t salt[SALT_BYTES],
                 struct slice header, struct record_keys *out, struct err *err)
{
    struct slice key = secret_use(content_key), salted = slice_of(salt, SALT_BYTES);
    out->key = secret_new(AEAD_KEY_BYTES);
    TRY(kdf_hkdf_sha256(key, salted, slice_str("chancery file 1 key"), secret_bytes(out->key),
                        AEAD_KEY_BYTES, err));
    TRY(kdf_hkdf_sha256(key, salted, slice_str("chancery file 1 nonce"), out->nonce,
                        AEAD_NONCE_BYTES, err));
    return hash_sha256(header, out->aad, err);
}

/* RFC 8188 §2.3: the nonce of a record is the file's XOR the record's number, big-endian. */
static void nonce_of(const struct record_keys *keys, uint64_t sequence,
                     uint8_t out[AEAD_NONCE_BYTES])
{
    memcpy(out, keys->nonce, AEAD_NONCE_BYTES);
    for (int i = 0; i < 8; i++) {
        out[AEAD_NONCE_BYTES - 1 - i] ^= (uint8_t)(sequence >> 8 * i);
    }
}

static rc read_failed(struct err *err)
{
    FAIL(err, R_FILE_UNREADABLE, "reading: %s", strerrordesc_np(errno));
}

static rc write_failed(struct err *err)
{
    FAIL(err, R_FILE_UNWRITABLE, "writing: %s", strerrordesc_np(errno));
}

/* --- writing ---------------------------------------------------------------------------------- */

static rc write_header(struct arena *arena, FILE *out, struct slice license,
                       uint8_t salt[SALT_BYTES], struct slice *header, struct err *err)
{
    struct buf buf;
    ENSURE(RAND_bytes(salt, SALT_BYTES) == 1, err, R_CRYPTO_FAILED);
    ENSURE(license.len <= CONTENT_FILE_LICENSE_MAX, err, R_AUTHORITY_UNREACHABLE);
    buf_init(&buf, arena);
    buf_add(&buf, slice_of(MAGIC, MAGIC_BYTES));
    buf_add_u32(&buf, CONTENT_FILE_RECORD);
    buf_add_u32(&buf, (uint32_t)license.len);
    buf_add(&buf, slice_of(salt, SALT_BYTES));
    buf_add(&buf, license);
    TRY(buf_finish(&buf, header, err));
    return fwrite(header->ptr, 1, header->len, out) == header->len ? OK : write_failed(err);
}

/* Reads one record ahead, to know whether the current one is the last. */
static rc write_records(FILE *in, FILE *out, const struct record_keys *keys, uint8_t *space,
                        struct err *err)
{
    uint8_t *text = space, *ahead = space + CONTENT_FILE_RECORD,
            *cipher = space + 2 * CONTENT_FILE_RECORD;
    uint8_t nonce[AEAD_NONCE_BYTES], tag[AEAD_TAG_BYTES];
    size_t len = fread(text, 1, TEXT_MAX, in);
    for (uint64_t sequence = 0;; sequence++) {
        size_t next = len == TEXT_MAX ? fread(ahead, 1, TEXT_MAX, in) : 0;
        if (ferror(in) != 0) {
            return read_failed(err);
        }
        text[len] = next > 0 ? MORE : LAST;
        nonce_of(keys, sequence, nonce);
        TRY(aead_seal(secret_use(keys->key), nonce, slice_of(keys->aad, sizeof keys->aad),
                      slice_of(text, len + 1), cipher, tag, err));
        if (fwrite(cipher, 1, len + 1, out) != len + 1 ||
            fwrite(tag, 1, sizeof tag, out) != sizeof tag) {
            return write_failed(err);
        }
        if (next == 0) {
            return fflush(out) == 0 ? OK : write_failed(err);
        }
        uint8_t *swap = text;
        text = ahead;
        ahead = swap;
        len = next;
    }
}

rc content_file_write(FILE *in, FILE *out, struct slice license, const struct secret *content_key,
                      struct err *err)
{
    AUTO(record_keys_fini) struct record_keys keys = {0};
    AUTO(arena_free_at) struct arena *arena = arena_new(2 * CONTENT_FILE_LICENSE_MAX + 4096);
    AUTO(secret_free_at) struct secret *space = secret_new(3 * CONTENT_FILE_RECORD);
    uint8_t salt[SALT_BYTES];
    struct slice header;
    TRY(write_header(arena, out, license, salt, &header, err));
    TRY(derive(content_key, salt, header, &keys, err));
    return write_records(in, out, &keys, secret_bytes(space), err);
}

/* --- reading ---------------------------------------------------------------------------------- */

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

rc content_file_open(struct arena *arena, FILE *in, struct content_file *out, struct err *err)
{
    uint8_t fixed[FIXED_BYTES];
    ENSURE(fread(fixed, 1, sizeof fixed, in) == sizeof fixed, err, R_INPUT_NOT_PROTECTED);
    ENSURE(memcmp(fixed, MAGIC, MAGIC_BYTES) == 0, err, R_INPUT_NOT_PROTECTED);
    ENSURE(u32(fixed + MAGIC_BYTES) == CONTENT_FILE_RECORD, err, R_INPUT_NOT_PROTECTED);
    size_t len = u32(fixed + MAGIC_BYTES + 4);
    ENSURE(len > 0 && len <= CONTENT_FILE_LICENSE_MAX, err, R_INPUT_NOT_PROTECTED);
    uint8_t *header = arena_alloc(arena, sizeof fixed + len);
    ARENA_ENSURE(header, err);
    memcpy(header, fixed, sizeof fixed);
    memcpy(out->salt, fixed + MAGIC_BYTES + 8, SALT_BYTES);
    ENSURE(fread(header + sizeof fixed, 1, len, in) == len, err, R_INPUT_NOT_PROTECTED);
    out->header = slice_of(header, sizeof fixed + len);
    out->license = slice_of(header + sizeof fixed, len);
    return OK;
}

static rc read_records(FILE *in, FILE *out, const struct record_keys *keys, uint8_t *space,
                       struct err *err)
{
    uint8_t *cipher = space, *text = space + CONTENT_FILE_RECORD;
    uint8_t nonce[AEAD_NONCE_BYTES];
    for (uint64_t sequence = 0;; sequence++) {
        size_t len = fread(cipher, 1, CONTENT_FILE_RECORD, in);
        if (ferror(in) != 0) {
            return read_failed(err);
        }
        ENSURE(len > AEAD_TAG_BYTES, err, R_INPUT_DAMAGED); /* the last record is missing */
        size_t body = len - AEAD_TAG_BYTES;
        nonce_of(keys, sequence, nonce);
        TRY(aead_open(secret_use(keys->key), nonce, slice_of(keys->aad, sizeof keys->aad),
                      slice_of(cipher, body), cipher + body, text, R_INPUT_DAMAGED, err));
        bool is_last = text[body - 1] == LAST;
        ENSURE(is_last || (text[body - 1] == MORE && len == CONTENT_FILE_RECORD), err,
               R_INPUT_DAMAGED);
        if (fwrite(text, 1, body - 1, out) != body - 1) {
            return write_failed(err);
        }
        if (is_last) {
            ENSURE(fgetc(in) == EOF, err, R_INPUT_DAMAGED); /* something follows the end */
            return fflush(out) == 0 ? OK : write_failed(err);
        }
    }
}

rc content_file_read(const struct content_file *file, FILE *in, FILE *out,
                     const struct secret *content_key, struct err *err)
{
    AUTO(record_keys_fini) struct record_keys keys = {0};
    AUTO(secret_free_at) struct secret *space = secret_new(2 * CONTENT_FILE_RECORD);
    TRY(derive(content_key, file->salt, file->header, &keys, err));
    return read_records(in, out, &keys, secret_bytes(space), err);
}
