/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/address.h"

#include "base/utf8.h"
#include "domain/values/domain_name.h"
#include "domain/values/international.h"

/* What RFC 5322 §3.2.3 keeps out of dot-atom text, controls and space included. */
static bool is_special(uint8_t c)
{
    switch (c) {
    case '"':
    case '(':
    case ')':
    case ',':
    case ':':
    case ';':
    case '<':
    case '>':
    case '@':
    case '[':
    case '\\':
    case ']':
    case 0x7f:
        return true;
    default:
        return c <= ' ';
    }
}

/* Dot-atom text, wider by UTF-8, and by dots but for the first character. */
static bool local_is_sound(struct slice local)
{
    uint8_t all = 0;
    if (local.len == 0 || local.len > ADDRESS_LOCAL_MAX || local.ptr[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < local.len; i++) {
        all |= local.ptr[i];
        if (is_special(local.ptr[i])) {
            return false;
        }
    }
    return all < 0x80 || utf8_is_printable(local);
}

static bool has_odd_dots(struct slice local)
{
    for (size_t i = 0; i < local.len; i++) {
        if (local.ptr[i] == '.' && (i + 1 == local.len || local.ptr[i + 1] == '.')) {
            return true;
        }
    }
    return false;
}

/* What stands in quotes, if its dots are why (RFC 5321 §4.1.2: the two forms are one mailbox). */
static struct slice without_quotes(struct slice local)
{
    bool is_quoted = local.len > 2 && local.ptr[0] == '"' && local.ptr[local.len - 1] == '"';
    struct slice inside = is_quoted ? slice_cut(local, 1, local.len - 1) : local;
    return has_odd_dots(inside) ? inside : local;
}

static rc local_write(struct slice given, char out[ADDRESS_LOCAL_MAX + 1], struct err *err)
{
    struct slice text = without_quotes(given);
    ENSURE(local_is_sound(text), err, R_FIELD_INVALID);
    if (!slice_fold(text, out)) {
        /* NFC may lead back into ASCII (U+037E becomes a semicolon) and be longer. */
        TRY(international_local(text, out, ADDRESS_LOCAL_MAX + 1, err));
        ENSURE(local_is_sound(slice_str(out)), err, R_FIELD_INVALID);
    }
    return OK;
}

/* A domain that is given in the words of the one before is that one. */
static rc domain_write(const struct address_batch *batch, struct slice text,
                       char out[DOMAIN_MAX + 1], struct err *err)
{
    if (batch->domain != NULL && slice_eq(batch->given, text)) {
        memcpy(out, batch->domain, strlen(batch->domain) + 1);
        return OK;
    }
    return domain_name_write(text, out, err);
}

void address_batch_init(struct address_batch *batch, struct arena *arena)
{
    *batch = (struct address_batch){.arena = arena};
}

rc address_batch_normalize(struct address_batch *batch, struct slice text, const char **out,
                           struct err *err)
{
    char address[ADDRESS_MAX + 1];
    ptrdiff_t at = slice_rfind(text, '@');
    ENSURE(at >= 0, err, R_FIELD_INVALID);
    struct slice domain = slice_cut(text, (size_t)at + 1, text.len);
    TRY(local_write(slice_cut(text, 0, (size_t)at), address, err));
    size_t local_len = strlen(address);
    address[local_len] = '@';
    TRY(domain_write(batch, domain, address + local_len + 1, err));
    *out = arena_strdup(batch->arena, address);
    ARENA_ENSURE(*out, err);
    batch->given = domain;
    batch->domain = *out + local_len + 1;
    return OK;
}

rc address_normalize(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    struct address_batch batch;
    address_batch_init(&batch, arena);
    return address_batch_normalize(&batch, text, out, err);
}

bool address_has_form(struct slice text)
{
    ptrdiff_t at = slice_rfind(text, '@');
    return at > 0 && (size_t)at + 1 < text.len;
}

const char *address_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at == NULL ? "" : at + 1;
}
