/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/envelope.h"

#include <string.h>

#include "domain/values/domain_name.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* The mailbox of a path: without white space and angle brackets around it, and without a source route
 * (RFC 5321 §4.1.2, appendix C). */
static struct slice mailbox_of(struct slice text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text = slice_cut(text, 1, text.len);
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text = slice_cut(text, 0, text.len - 1);
    }
    if (text.len > 2 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>') {
        text = slice_cut(text, 1, text.len - 1);
    }
    ptrdiff_t colon = text.len > 0 && text.ptr[0] == '@' ? slice_find(text, ':') : -1;
    return slice_cut(text, (size_t)(colon + 1), text.len);
}

/* What a quoted local part says: without its quotes, and without the backslashes in it. */
static size_t unquote(struct slice local, char *out)
{
    bool is_quoted = local.len > 2 && local.ptr[0] == '"' && local.ptr[local.len - 1] == '"';
    struct slice inside = is_quoted ? slice_cut(local, 1, local.len - 1) : local;
    size_t len = 0;
    for (size_t i = 0; i < inside.len; i++) {
        bool escapes = is_quoted && inside.ptr[i] == '\\' && i + 1 < inside.len;
        i += escapes ? 1 : 0;
        out[len++] = (char)inside.ptr[i];
    }
    return len;
}

static rc normalize(struct address_batch *batch, struct slice text, const char **out,
                    struct err *err)
{
    struct err why = {0};
    *out = NULL;
    if (!address_batch_normalize(batch, text, out, &why).ok) {
        ENSURE(why.reason != R_ARENA_EXHAUSTED, err, R_ARENA_EXHAUSTED);
        *out = NULL;
    }
    return OK;
}

static rc read_path(struct address_batch *batch, struct slice mailbox, struct envelope_address *out,
                    struct err *err)
{
    ptrdiff_t at = slice_rfind(mailbox, '@');
    char *plain = arena_alloc(batch->arena, mailbox.len + 1);
    const char *address, *domain = NULL;
    ARENA_ENSURE(plain, err);
    if (at < 0) {
        return OK;
    }
    struct slice rest = slice_cut(mailbox, (size_t)at, mailbox.len);
    size_t len = unquote(slice_cut(mailbox, 0, (size_t)at), plain);
    memcpy(plain + len, rest.ptr, rest.len);
    TRY(normalize(batch, slice_of(plain, len + rest.len), &address, err));
    if (address != NULL) {
        out->seen = out->known = address;
    } else if (domain_name_normalize(batch->arena, slice_cut(rest, 1, rest.len), &domain, NULL)
                   .ok) {
        out->seen = arena_printf(batch->arena, "@%s", domain);
        ARENA_ENSURE(out->seen, err);
    }
    return OK;
}

rc envelope_address_read(struct address_batch *batch, struct slice text,
                         struct envelope_address *out, struct err *err)
{
    const char *address;
    *out = (struct envelope_address){.seen = "", .known = ""};
    TRY(normalize(batch, text, &address, err));
    if (address != NULL) {
        *out = (struct envelope_address){.seen = address, .known = address, .is_exact = true};
        return OK;
    }
    return read_path(batch, mailbox_of(text), out, err);
}

bool envelope_is_bounce(const char *sender)
{
    return strcmp(sender, "<>") == 0;
}
