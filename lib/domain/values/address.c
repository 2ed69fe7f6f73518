/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/address.h"

#include "base/utf8.h"
#include "domain/values/domain_name.h"
#include "domain/values/international.h"

enum { LOCAL_MAX = 64 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* What RFC 5322 §3.2.3 calls dot-atom text, wider by UTF-8: no quoted local parts, because no mail
 * system of the field hands them out, and they have several spellings. */
static bool local_is_sound(struct slice local)
{
    if (local.len == 0 || local.len > LOCAL_MAX || !utf8_is_printable(local)) {
        return false;
    }
    for (size_t i = 0; i < local.len; i++) {
        if (strchr(" \"(),:;<>@[\\]", (char)local.ptr[i]) != NULL) {
            return false;
        }
    }
    return local.ptr[0] != '.' && local.ptr[local.len - 1] != '.';
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static char *fold(struct arena *arena, struct slice text)
{
    char *folded = arena_dup(arena, text);
    for (char *p = folded; p != NULL && *p != '\0'; p++) {
        *p = lower(*p);
    }
    return folded;
}

static rc local_normalize(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    char *local = NULL;
    ENSURE(local_is_sound(text), err, R_FIELD_INVALID);
    if (is_ascii(text)) {
        local = fold(arena, text);
        ARENA_ENSURE(local, err);
    } else {
        /* NFC may lead back into ASCII (U+037E becomes a semicolon) and be longer. */
        TRY(international_local(arena, text, &local, err));
        ENSURE(local_is_sound(slice_str(local)), err, R_FIELD_INVALID);
    }
    *out = local;
    return OK;
}

rc address_normalize(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    const char *local = NULL, *domain = NULL;
    ptrdiff_t at = slice_rfind(text, '@');
    ENSURE(at > 0, err, R_FIELD_INVALID);
    TRY(local_normalize(arena, slice_cut(text, 0, (size_t)at), &local, err));
    TRY(domain_name_normalize(arena, slice_cut(text, (size_t)at + 1, text.len), &domain, err));
    *out = arena_printf(arena, "%s@%s", local, domain);
    ARENA_ENSURE(*out, err);
    return OK;
}

const char *address_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at == NULL ? "" : at + 1;
}
