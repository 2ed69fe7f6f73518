/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/root_wraps.h"

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/json.h"
#include "crypto/kdf.h"

enum { ROOT_BYTES = 32 };

static const char FORMAT[] = "chancery root key 1";
static const char THUMBPRINT_INFO[] = "chancery root key thumbprint 1";
static const char NAME_LETTERS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
static const char JWE_LETTERS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

rc root_wraps_thumbprint(const struct secret *root, char out[ROOT_THUMBPRINT_TEXT], struct err *err)
{
    uint8_t bytes[ROOT_THUMBPRINT_BYTES];
    TRY(kdf_hkdf_sha256(secret_use(root), SLICE_NONE, slice_str(THUMBPRINT_INFO), bytes,
                        sizeof bytes, err));
    out[base64url_encode(slice_of(bytes, sizeof bytes), out)] = '\0';
    return OK;
}

bool root_wraps_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= ROOT_WRAP_NAME_MAX && strspn(name, NAME_LETTERS) == len;
}

/* --- reading ---------------------------------------------------------------------------------- */

static rc need_word(struct arena *arena, const json_t *object, const char *name, size_t max,
                    enum reason invalid, const char **out, struct err *err)
{
    struct slice text;
    TRY(json_need_text(object, name, invalid, &text, err));
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    if (text.len > max || !root_wraps_name_is_valid(*out)) {
        FAIL(err, invalid, "%s has letters, digits, dots and dashes, at most %zu", name, max);
    }
    return OK;
}

/* So that what is printed needs no escape, and reads the same. */
static bool is_jwe(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' || strchr(JWE_LETTERS, text.ptr[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static rc read_wrap(struct arena *arena, const json_t *entry, enum reason invalid,
                    struct root_wrap *out, struct err *err)
{
    ENSURE(json_is_object(entry), err, invalid);
    TRY(need_word(arena, entry, "name", ROOT_WRAP_NAME_MAX, invalid, &out->name, err));
    TRY(need_word(arena, entry, "kid", JWK_THUMBPRINT_TEXT - 1, invalid, &out->kid, err));
    TRY(json_need_text(entry, "jwe", invalid, &out->jwe, err));
    if (!is_jwe(out->jwe)) {
        FAIL(err, invalid, "the jwe of %s has other letters than base64url and dots", out->name);
    }
    return OK;
}

static bool has_name(const struct root_wraps *wraps, const char *name)
{
    for (size_t i = 0; i < wraps->count; i++) {
        if (strcmp(wraps->wraps[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

rc root_wraps_parse(struct arena *arena, struct slice text, enum reason invalid,
                    struct root_wraps *out, struct err *err)
{
    json_t *root;
    struct slice format;
    *out = (struct root_wraps){0};
    TRY(json_parse_object(arena, text, ROOT_WRAPS_BYTES_MAX, invalid, &root, err));
    TRY(json_need_text(root, "format", invalid, &format, err));
    if (!slice_eq_str(format, FORMAT)) {
        FAIL(err, invalid, "its format is not \"%s\"", FORMAT);
    }
    TRY(need_word(arena, root, "thumbprint", ROOT_THUMBPRINT_TEXT - 1, invalid, &out->thumbprint,
                  err));
    const json_t *list = json_object_get(root, "wraps");
    size_t count = json_array_size(list);
    if (count == 0 || count > ROOT_WRAPS_MAX) {
        FAIL(err, invalid, "it has %zu wraps, and may have 1 to %d", count, ROOT_WRAPS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        struct root_wrap wrap;
        TRY(read_wrap(arena, json_array_get(list, i), invalid, &wrap, err));
        if (has_name(out, wrap.name)) {
            FAIL(err, invalid, "two wraps are named %s", wrap.name);
        }
        out->wraps[out->count++] = wrap;
    }
    return OK;
}

rc root_wrap_kind(struct arena *arena, const struct root_wrap *wrap, enum reason mismatch,
                  enum jwk_kind *out, struct err *err)
{
    struct slice text, curve;
    json_t *header;
    ptrdiff_t dot = slice_find(wrap->jwe, '.');
    ENSURE(dot > 0, err, mismatch);
    if (!base64url_decode(arena, slice_cut(wrap->jwe, 0, (size_t)dot), &text, err).ok) {
        FAIL(err, mismatch, "the header of its JWE is not base64url");
    }
    TRY(json_parse_object(arena, text, ROOT_WRAPS_BYTES_MAX, mismatch, &header, err));
    const json_t *epk = json_object_get(header, "epk");
    ENSURE(json_is_object(epk), err, mismatch);
    TRY(json_need_text(epk, "crv", mismatch, &curve, err));
    bool is_p256 = slice_eq_str(curve, "P-256");
    ENSURE(is_p256 || slice_eq_str(curve, "P-384"), err, mismatch);
    *out = is_p256 ? JWK_EC_P256 : JWK_EC_P384;
    return OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* What stands in it needs no escape: names, base64url and JWEs. */
rc root_wraps_print(struct arena *arena, const struct root_wraps *wraps, struct slice *out,
                    struct err *err)
{
    const char *text =
        arena_printf(arena, "{\"format\": \"%s\",\n \"thumbprint\": \"%s\",\n \"wraps\": [", FORMAT,
                     wraps->thumbprint);
    for (size_t i = 0; i < wraps->count && text != NULL; i++) {
        const struct root_wrap *wrap = &wraps->wraps[i];
        text = arena_printf(arena,
                            "%s%s\n  {\"name\": \"%s\", \"kid\": \"%s\",\n   \"jwe\": \"%.*s\"}",
                            text, i == 0 ? "" : ",", wrap->name, wrap->kid, (int)wrap->jwe.len,
                            (const char *)wrap->jwe.ptr);
    }
    ARENA_ENSURE(text, err);
    text = arena_printf(arena, "%s\n ]}\n", text);
    ARENA_ENSURE(text, err);
    *out = slice_str(text);
    return OK;
}

static rc check_addition(const struct root_wraps *wraps, const char *name,
                         const struct jwk_public *to, const char *kid, struct err *err)
{
    enum jwk_kind kind = jwk_kind(to);
    if (!root_wraps_name_is_valid(name)) {
        FAIL(err, R_INPUT_INVALID, "a wrap's name has letters, digits and .-_, at most %d",
             ROOT_WRAP_NAME_MAX);
    }
    if (kind != JWK_EC_P256 && kind != JWK_EC_P384) {
        FAIL(err, R_INPUT_INVALID, "a root key is wrapped to an EC key, P-256 or P-384");
    }
    if (wraps->count == ROOT_WRAPS_MAX || has_name(wraps, name)) {
        FAIL(err, R_INPUT_INVALID, "there are %d wraps already, or one of them is named %s",
             (int)wraps->count, name);
    }
    for (size_t i = 0; i < wraps->count; i++) {
        if (strcmp(wraps->wraps[i].kid, kid) == 0) {
            FAIL(err, R_INPUT_INVALID, "it is wrapped to that key already, as %s",
                 wraps->wraps[i].name);
        }
    }
    return OK;
}

rc root_wraps_add(struct arena *arena, struct root_wraps *wraps, const char *name,
                  const struct jwk_public *to, const struct secret *root, struct err *err)
{
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    struct root_wrap wrap = {.name = arena_strdup(arena, name),
                             .kid = base64url_dup(arena, jwk_thumbprint(to))};
    ARENA_ENSURE(wrap.name, err);
    ARENA_ENSURE(wrap.kid, err);
    TRY(check_addition(wraps, name, to, wrap.kid, err));
    TRY(root_wraps_thumbprint(root, thumbprint, err));
    if (wraps->count > 0 && strcmp(wraps->thumbprint, thumbprint) != 0) {
        FAIL(err, R_INPUT_INVALID, "that file wraps another root key, %s", wraps->thumbprint);
    }
    TRY(jwe_encrypt(arena, to, secret_use(root), &wrap.jwe, err));
    wraps->thumbprint = arena_strdup(arena, thumbprint);
    ARENA_ENSURE(wraps->thumbprint, err);
    wraps->wraps[wraps->count++] = wrap;
    return OK;
}

/* --- opening ---------------------------------------------------------------------------------- */

static rc check_root(const struct root_wraps *wraps, const struct secret *root,
                     enum reason mismatch, struct err *err)
{
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    ENSURE(secret_len(root) == ROOT_BYTES, err, mismatch);
    TRY(root_wraps_thumbprint(root, thumbprint, err));
    if (strcmp(thumbprint, wraps->thumbprint) != 0) {
        FAIL(err, mismatch, "what is in the wrap is another root key");
    }
    return OK;
}

static rc take_root(const struct root_wraps *wraps, struct secret *root, enum reason mismatch,
                    struct secret **out, struct err *err)
{
    rc result = check_root(wraps, root, mismatch, err);
    if (!result.ok) {
        secret_free(root);
        return result;
    }
    *out = root;
    return OK;
}

rc root_wrap_open(const struct root_wraps *wraps, size_t index, const struct jwk_private *key,
                  enum reason mismatch, struct secret **out, struct err *err)
{
    struct secret *root = NULL;
    TRY(jwe_decrypt(key, wraps->wraps[index].jwe, mismatch, &root, err));
    return take_root(wraps, root, mismatch, out, err);
}

rc root_wrap_open_by(const struct root_wraps *wraps, size_t index, jwe_agree agree, void *ctx,
                     enum reason mismatch, struct secret **out, struct err *err)
{
    struct secret *root = NULL;
    TRY(jwe_decrypt_by(agree, ctx, wraps->wraps[index].jwe, mismatch, &root, err));
    return take_root(wraps, root, mismatch, out, err);
}
