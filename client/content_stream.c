/* SPDX-License-Identifier: Apache-2.0 */
#include "client/content_stream.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

static const char MAGIC[] = "CHANCERY\x01\0\0\0"; /* MAGIC_BYTES, the version 1 included */
enum { MAGIC_BYTES = 12, SALT_BYTES = 16, SALT_AT = CONTENT_FILE_FIXED - SALT_BYTES };
enum { TEXT_MAX = CONTENT_FILE_RECORD - AEAD_TAG_BYTES - 1, MORE = 1, LAST = 2 };

/* What encrypts the records of one file; derived from the content key. */
struct record_keys {
    struct secret *key;
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t aad[SHA256_BYTES];
    uint64_t sequence; /* of the next record */
};

static rc derive(const struct secret *content_key, struct slice header, struct record_keys *out,
                 struct err *err)
{
    struct slice key = secret_use(content_key),
                 salt = slice_cut(header, SALT_AT, CONTENT_FILE_FIXED);
    out->key = secret_new(AEAD_KEY_BYTES);
    TRY(kdf_hkdf_sha256(key, salt, slice_str("chancery file 1 key"), secret_bytes(out->key),
                        AEAD_KEY_BYTES, err));
    TRY(kdf_hkdf_sha256(key, salt, slice_str("chancery file 1 nonce"), out->nonce, AEAD_NONCE_BYTES,
                        err));
    return hash_sha256(header, out->aad, err);
}

/* RFC 8188 §2.3: the nonce of a record is the file's XOR the record's number, big-endian. */
static void next_nonce(struct record_keys *keys, uint8_t out[AEAD_NONCE_BYTES])
{
    memcpy(out, keys->nonce, AEAD_NONCE_BYTES);
    for (int i = 0; i < 8; i++) {
        out[AEAD_NONCE_BYTES - 1 - i] ^= (uint8_t)(keys->sequence >> 8 * i);
    }
    keys->sequence++;
}

static void put_u32(uint8_t *out, size_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> 8 * (3 - i));
    }
}

static size_t get_u32(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

rc content_header_read(const uint8_t fixed[CONTENT_FILE_FIXED], size_t *license_len,
                       struct err *err)
{
    ENSURE(slice_eq(slice_of(fixed, MAGIC_BYTES), slice_of(MAGIC, MAGIC_BYTES)), err,
           R_INPUT_NOT_PROTECTED);
    ENSURE(get_u32(fixed + MAGIC_BYTES) == CONTENT_FILE_RECORD, err, R_INPUT_NOT_PROTECTED);
    *license_len = get_u32(fixed + MAGIC_BYTES + 4);
    ENSURE(*license_len > 0 && *license_len <= CONTENT_FILE_LICENSE_MAX, err,
           R_INPUT_NOT_PROTECTED);
    return OK;
}

/* --- sealing ---------------------------------------------------------------------------------- */

struct content_sealer {
    content_sink sink;
    void *arg;
    struct record_keys keys;
    struct secret *text; /* TEXT_MAX and the delimiter */
    size_t len;
    uint8_t cipher[CONTENT_FILE_RECORD];
};

static rc begin(struct content_sealer *s, struct slice license, const struct secret *content_key,
                struct err *err)
{
    ENSURE(license.len > 0 && license.len <= CONTENT_FILE_LICENSE_MAX, err, R_INPUT_INVALID);
    AUTO(secret_free_at) struct secret *header = secret_new(CONTENT_FILE_FIXED + license.len);
    uint8_t *bytes = secret_bytes(header);
    memcpy(bytes, MAGIC, MAGIC_BYTES);
    put_u32(bytes + MAGIC_BYTES, CONTENT_FILE_RECORD);
    put_u32(bytes + MAGIC_BYTES + 4, license.len);
    ENSURE(RAND_bytes(bytes + SALT_AT, SALT_BYTES) == 1, err, R_CRYPTO_FAILED);
    memcpy(bytes + CONTENT_FILE_FIXED, license.ptr, license.len);
    TRY(derive(content_key, secret_use(header), &s->keys, err));
    return s->sink(s->arg, secret_use(header), err);
}

rc content_sealer_new(struct slice license, const struct secret *content_key, content_sink sink,
                      void *arg, struct content_sealer **out, struct err *err)
{
    struct content_sealer *s = xcalloc(1, sizeof *s);
    s->sink = sink;
    s->arg = arg;
    s->text = secret_new(TEXT_MAX + 1);
    rc result = begin(s, license, content_key, err);
    if (!result.ok) {
        content_sealer_free(s);
        return result;
    }
    *out = s;
    return OK;
}

static rc seal_record(struct content_sealer *s, uint8_t delimiter, struct err *err)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    size_t len = s->len + 1;
    secret_bytes(s->text)[s->len] = delimiter;
    next_nonce(&s->keys, nonce);
    TRY(aead_seal(secret_use(s->keys.key), nonce, slice_of(s->keys.aad, sizeof s->keys.aad),
                  slice_cut(secret_use(s->text), 0, len), s->cipher, s->cipher + len, err));
    s->len = 0;
    return s->sink(s->arg, slice_of(s->cipher, len + AEAD_TAG_BYTES), err);
}

/* A full record waits for what follows, because the last one says that it is the last. */
rc content_sealer_add(struct content_sealer *s, struct slice text, struct err *err)
{
    while (text.len > 0) {
        if (s->len == TEXT_MAX) {
            TRY(seal_record(s, MORE, err));
        }
        size_t room = TEXT_MAX - s->len, len = text.len < room ? text.len : room;
        memcpy(secret_bytes(s->text) + s->len, text.ptr, len);
        s->len += len;
        text = slice_cut(text, len, text.len);
    }
    return OK;
}

rc content_sealer_finish(struct content_sealer *s, struct err *err)
{
    return seal_record(s, LAST, err);
}

void content_sealer_free(struct content_sealer *s)
{
    if (s != NULL) {
        secret_free(s->keys.key);
        secret_free(s->text);
        xfree(s);
    }
}

/* --- opening ---------------------------------------------------------------------------------- */

struct content_opener {
    content_sink sink;
    void *arg;
    uint8_t *header; /* fixed part and license */
    size_t header_len, license_len;
    struct record_keys keys; /* no key: not started */
    struct secret *text;
    size_t len; /* of `cipher` */
    bool has_ended;
    uint8_t cipher[CONTENT_FILE_RECORD];
};

struct content_opener *content_opener_new(content_sink sink, void *arg)
{
    struct content_opener *o = xcalloc(1, sizeof *o);
    o->sink = sink;
    o->arg = arg;
    o->header = xcalloc(1, CONTENT_FILE_FIXED);
    o->text = secret_new(CONTENT_FILE_RECORD);
    return o;
}

/* How long the header is, as far as that is known. */
static size_t header_wanted(const struct content_opener *o)
{
    return CONTENT_FILE_FIXED + o->license_len;
}

static bool has_header(const struct content_opener *o)
{
    return o->license_len > 0 && o->header_len == header_wanted(o);
}

static rc take_header(struct content_opener *o, struct slice bytes, size_t *taken, struct err *err)
{
    while (*taken < bytes.len && !has_header(o)) {
        size_t room = header_wanted(o) - o->header_len, left = bytes.len - *taken;
        size_t len = left < room ? left : room;
        memcpy(o->header + o->header_len, bytes.ptr + *taken, len);
        o->header_len += len;
        *taken += len;
        if (o->license_len == 0 && o->header_len == CONTENT_FILE_FIXED) {
            TRY(content_header_read(o->header, &o->license_len, err));
            o->header = xreallocarray(o->header, 1, header_wanted(o));
        }
    }
    return OK;
}

static rc open_record(struct content_opener *o, struct err *err)
{
    uint8_t nonce[AEAD_NONCE_BYTES], *text = secret_bytes(o->text);
    ENSURE(o->len > AEAD_TAG_BYTES, err, R_INPUT_DAMAGED); /* the last record is missing */
    size_t body = o->len - AEAD_TAG_BYTES;
    next_nonce(&o->keys, nonce);
    TRY(aead_open(secret_use(o->keys.key), nonce, slice_of(o->keys.aad, sizeof o->keys.aad),
                  slice_of(o->cipher, body), o->cipher + body, text, R_INPUT_DAMAGED, err));
    o->has_ended = text[body - 1] == LAST;
    ENSURE(o->has_ended || (text[body - 1] == MORE && o->len == CONTENT_FILE_RECORD), err,
           R_INPUT_DAMAGED);
    o->len = 0;
    return body == 1 ? OK : o->sink(o->arg, slice_of(text, body - 1), err);
}

static rc take_records(struct content_opener *o, struct slice bytes, size_t *taken, struct err *err)
{
    while (*taken < bytes.len) {
        ENSURE(!o->has_ended, err, R_INPUT_DAMAGED); /* something follows the end */
        size_t room = CONTENT_FILE_RECORD - o->len, left = bytes.len - *taken;
        size_t len = left < room ? left : room;
        memcpy(o->cipher + o->len, bytes.ptr + *taken, len);
        o->len += len;
        *taken += len;
        if (o->len == CONTENT_FILE_RECORD) {
            TRY(open_record(o, err));
        }
    }
    return OK;
}

rc content_opener_add(struct content_opener *o, struct slice bytes, size_t *taken, struct err *err)
{
    *taken = 0;
    TRY(take_header(o, bytes, taken, err));
    return o->keys.key == NULL ? OK : take_records(o, bytes, taken, err);
}

struct slice content_opener_license(const struct content_opener *o)
{
    return has_header(o) ? slice_of(o->header + CONTENT_FILE_FIXED, o->license_len) : SLICE_NONE;
}

rc content_opener_start(struct content_opener *o, const struct secret *content_key, struct err *err)
{
    ENSURE(has_header(o) && o->keys.key == NULL, err, R_INPUT_INVALID);
    return derive(content_key, slice_of(o->header, o->header_len), &o->keys, err);
}

rc content_opener_finish(struct content_opener *o, struct err *err)
{
    ENSURE(has_header(o), err, R_INPUT_NOT_PROTECTED);
    ENSURE(o->keys.key != NULL, err, R_INPUT_INVALID);
    return o->has_ended ? OK : open_record(o, err).ok && o->has_ended ? OK : (rc){false};
}

void content_opener_free(struct content_opener *o)
{
    if (o != NULL) {
        secret_free(o->keys.key);
        secret_free(o->text);
        xfree(o->header);
        xfree(o);
    }
}
