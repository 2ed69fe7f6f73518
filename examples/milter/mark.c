/* SPDX-License-Identifier: Apache-2.0 */
#include "mark.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAC_BYTES = 32,
    /* Kind, time, whose it is, sizes; numbers big-endian. */
    MAIL_AT = 1 + 8,
    SIZES_AT = MAIL_AT + 1 + 2 * MARK_DIGEST_BYTES,
    HEAD_BYTES = SIZES_AT + 3 * 4,
    LINE_CHARS = 72,
    DAYS_S = 6 * 24 * 60 * 60, /* longer than mail waits in a queue */
    KEY_FILE_MAX = 64 * 1024,
};
static const char SALT[] = "chancery-milter transit 2";

/* --- the key ---------------------------------------------------------------------------------- */

/* HKDF-Extract (RFC 5869 §2.2) of the file's bytes. */
bool mark_key(const char *key_file, unsigned char out[MARK_KEY_BYTES])
{
    unsigned len = 0;
    FILE *file = fopen(key_file, "re");
    unsigned char *bytes = file == NULL ? NULL : malloc(KEY_FILE_MAX);
    bool is_open = bytes != NULL && setvbuf(file, NULL, _IONBF, 0) == 0; /* no copy is left */
    size_t size = is_open ? fread(bytes, 1, KEY_FILE_MAX, file) : 0;
    bool ok = size > 0 && size < KEY_FILE_MAX && ferror(file) == 0 &&
              HMAC(EVP_sha256(), SALT, sizeof SALT - 1, bytes, size, out, &len) != NULL;
    if (bytes != NULL) {
        explicit_bzero(bytes, KEY_FILE_MAX);
    }
    free(bytes);
    if (file != NULL) {
        fclose(file);
    }
    return ok && len == MARK_KEY_BYTES;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void put(unsigned char *to, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = (unsigned char)(number >> (8 * (size - 1 - i)));
    }
}

static uint64_t get(const unsigned char *from, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | from[i];
    }
    return number;
}

static bool mac_of(const unsigned char key[MARK_KEY_BYTES], const unsigned char *bytes, size_t size,
                   unsigned char out[MAC_BYTES])
{
    unsigned len = 0;
    return HMAC(EVP_sha256(), key, MARK_KEY_BYTES, bytes, size, out, &len) != NULL &&
           len == MAC_BYTES;
}

static void put_mail(unsigned char *to, const struct mark_mail *mail)
{
    *to = mail->has_sender ? 1 : 0;
    memcpy(to + 1, mail->message_id, MARK_DIGEST_BYTES);
    memcpy(to + 1 + MARK_DIGEST_BYTES, mail->date, MARK_DIGEST_BYTES);
}

static struct mark_mail get_mail(const unsigned char *from)
{
    struct mark_mail mail = {.has_sender = *from != 0};
    memcpy(mail.message_id, from + 1, MARK_DIGEST_BYTES);
    memcpy(mail.date, from + 1 + MARK_DIGEST_BYTES, MARK_DIGEST_BYTES);
    return mail;
}

/* The MAC, then what it is of. */
static unsigned char *pack(const unsigned char key[MARK_KEY_BYTES], const struct mark *mark,
                           size_t *size)
{
    const struct mark_part *parts[] = {&mark->license, &mark->header, &mark->sender};
    *size = MAC_BYTES + HEAD_BYTES;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i]->size > MARK_BYTES_MAX - *size) {
            return NULL;
        }
        *size += parts[i]->size;
    }
    unsigned char *bytes = malloc(*size), *at = bytes + MAC_BYTES;
    if (bytes == NULL) {
        return NULL;
    }
    *at = mark->is_opened ? 'o' : 'p';
    put(at + 1, (uint64_t)mark->made, 8);
    put_mail(at + MAIL_AT, &mark->mail);
    for (size_t i = 0; i < 3; i++) {
        put(at + SIZES_AT + 4 * i, parts[i]->size, 4);
    }
    at += HEAD_BYTES;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i]->size > 0) {
            memcpy(at, parts[i]->data, parts[i]->size);
        }
        at += parts[i]->size;
    }
    if (!mac_of(key, bytes + MAC_BYTES, *size - MAC_BYTES, bytes)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* --- the header ------------------------------------------------------------------------------- */

/* Lines of base64, each but the first begun by a space, as folding has it (RFC 5322 §2.2.3). */
static char *fold(const unsigned char *bytes, size_t size)
{
    size_t digits = (size + 2) / 3 * 4, lines = digits / LINE_CHARS + 1;
    char *plain = malloc(digits + 1), *out = malloc(digits + 3 * lines + 1), *to = out;
    if (plain == NULL || out == NULL) {
        free(plain);
        free(out);
        return NULL;
    }
    (void)EVP_EncodeBlock((unsigned char *)plain, bytes, (int)size);
    for (size_t i = 0; i < digits; i += LINE_CHARS) {
        size_t len = digits - i < LINE_CHARS ? digits - i : LINE_CHARS;
        to += sprintf(to, "%s%.*s", i == 0 ? " " : "\n ", (int)len, plain + i);
    }
    *to = '\0';
    free(plain);
    return out;
}

char *mark_write(const unsigned char key[MARK_KEY_BYTES], const struct mark *mark)
{
    size_t size;
    unsigned char *bytes = pack(key, mark, &size);
    char *value = bytes == NULL ? NULL : fold(bytes, size);
    free(bytes);
    return value;
}

/* The bytes of a value however it is folded by now; NULL: it is no base64, or too long. */
static unsigned char *unfold(const char *value, size_t *size)
{
    size_t len = strlen(value), kept = 0;
    char *digits = len > 2 * MARK_BYTES_MAX ? NULL : malloc(len + 1);
    unsigned char *bytes = digits == NULL ? NULL : malloc(len + 1);
    for (size_t i = 0; digits != NULL && i < len; i++) {
        if (strchr(" \t\r\n", value[i]) == NULL) {
            digits[kept++] = value[i];
        }
    }
    int got = bytes == NULL || kept == 0 || kept % 4 != 0
                  ? -1
                  : EVP_DecodeBlock(bytes, (const unsigned char *)digits, (int)kept);
    size_t padding = got < 0 ? 0 : (digits[kept - 1] == '=') + (digits[kept - 2] == '=');
    free(digits);
    if (got < 0) {
        free(bytes);
        return NULL;
    }
    *size = (size_t)got - padding;
    return bytes;
}

static bool unpack(const unsigned char *bytes, size_t size, struct mark *out)
{
    struct mark_part *parts[] = {&out->license, &out->header, &out->sender};
    const unsigned char *at = bytes + MAC_BYTES, *text = at + HEAD_BYTES;
    size_t left = size - MAC_BYTES - HEAD_BYTES;
    out->is_opened = at[0] == 'o';
    out->made = (int64_t)get(at + 1, 8);
    out->mail = get_mail(at + MAIL_AT);
    for (size_t i = 0; i < 3; i++) {
        size_t part = (size_t)get(at + SIZES_AT + 4 * i, 4);
        if (part > left) {
            return false;
        }
        *parts[i] = (struct mark_part){text, part};
        text += part;
        left -= part;
    }
    return left == 0 && (at[0] == 'o' || at[0] == 'p');
}

bool mark_read(const unsigned char key[MARK_KEY_BYTES], const char *value, int64_t now,
               struct mark *out)
{
    unsigned char mac[MAC_BYTES];
    size_t size = 0;
    *out = (struct mark){.memory = unfold(value, &size)};
    bool is_ours = out->memory != NULL && size >= MAC_BYTES + HEAD_BYTES &&
                   mac_of(key, out->memory + MAC_BYTES, size - MAC_BYTES, mac) &&
                   CRYPTO_memcmp(mac, out->memory, MAC_BYTES) == 0 &&
                   unpack(out->memory, size, out);
    bool ok = is_ours && now - out->made < DAYS_S;
    if (!ok) {
        mark_clear(out);
    }
    return ok;
}

void mark_clear(struct mark *mark)
{
    free(mark->memory);
    *mark = (struct mark){.memory = NULL};
}

/* --- whose it is ------------------------------------------------------------------------------ */

/* However it is folded by now. */
static bool digest_of(const char *value, unsigned char out[MARK_DIGEST_BYTES])
{
    char *plain = value == NULL ? NULL : malloc(strlen(value) + 1);
    size_t len = 0;
    memset(out, 0, MARK_DIGEST_BYTES);
    for (size_t i = 0; plain != NULL && value[i] != '\0'; i++) {
        if (strchr(" \t\r\n", value[i]) == NULL) {
            plain[len++] = value[i];
        }
    }
    bool ok =
        value == NULL || (plain != NULL && SHA256((const unsigned char *)plain, len, out) != NULL);
    free(plain);
    return ok;
}

bool mark_mail_of(bool has_sender, const char *message_id, const char *date, struct mark_mail *out)
{
    out->has_sender = has_sender;
    return digest_of(message_id, out->message_id) && digest_of(date, out->date);
}

static bool is_same(const unsigned char marked[MARK_DIGEST_BYTES],
                    const unsigned char found[MARK_DIGEST_BYTES])
{
    static const unsigned char none[MARK_DIGEST_BYTES];
    return memcmp(marked, none, MARK_DIGEST_BYTES) == 0 ||
           memcmp(marked, found, MARK_DIGEST_BYTES) == 0;
}

bool mark_is_for(const struct mark *mark, const struct mark_mail *mail)
{
    return mark->mail.has_sender == mail->has_sender &&
           is_same(mark->mail.message_id, mail->message_id) && is_same(mark->mail.date, mail->date);
}
