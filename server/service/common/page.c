/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/page.h"

#include <string.h>

#include "base/utf8.h"
#include "service/common/list_token.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"

static const char SIZE_FIELD[] = "page_size", TOKEN_FIELD[] = "page_token";

/* --- reading ---------------------------------------------------------------------------------- */

step page_read_sized(struct call *c, size_t size_default, size_t size_max, struct page *page)
{
    const ProtobufCMessageDescriptor *type = call_method(c)->request;
    void *request = (void *)(uintptr_t)call_request(c); /* only read */
    int32_t asked = *(int32_t *)proto_field_at(request, proto_field_named(type, SIZE_FIELD));
    const char *token = *(char **)proto_field_at(request, proto_field_named(type, TOKEN_FIELD));
    if (asked < 0) {
        return call_bad_field(c, SIZE_FIELD, "It can't be negative.");
    }
    page->size = asked == 0 ? size_default : (size_t)asked;
    page->size = page->size < size_max ? page->size : size_max;
    return list_token_read(c, token, &page->after);
}

step page_read(struct call *c, struct page *page)
{
    return page_read_sized(c, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, page);
}

step page_after_uuid(struct call *c, const struct page *page, struct uuid *out)
{
    memset(out, 0, sizeof *out);
    if (page->after.len == 0) {
        return STEP_NEXT;
    }
    if (page->after.len != sizeof *out) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "a key of %zu bytes", page->after.len);
    }
    memcpy(out, page->after.ptr, sizeof *out);
    return STEP_NEXT;
}

step page_after_text(struct call *c, const struct page *page, const char **out)
{
    if (!utf8_is_printable(page->after)) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "a key that is no text");
    }
    *out = arena_dup(call_arena(c), page->after);
    return *out == NULL ? reply_over_budget(c) : STEP_NEXT;
}

size_t page_limit(const struct page *page)
{
    return page->size + 1;
}

/* --- replying --------------------------------------------------------------------------------- */

size_t page_rows_shown(const struct page *page, size_t found)
{
    return found < page->size ? found : page->size;
}

static step add_next(struct call *c, void *response, struct slice key)
{
    char *token = key.len == 0 ? NULL : list_token_make(c, key);
    if (token == NULL) {
        return reply_over_budget(c);
    }
    *(char **)proto_field_at(
        response, proto_field_named(call_method(c)->response, "next_page_token")) = token;
    return STEP_NEXT;
}

step page_fill(struct call *c, struct page *page, const struct page_rows *rows, step_fn self)
{
    struct list_rows shown = rows->list;
    shown.count = page_rows_shown(page, rows->list.count);
    shown.may_end = true;
    step result = list_reply_fill(c, &page->reply, &shown, self);
    size_t written = page->reply.written;
    bool is_whole = written == rows->list.count;
    if (result.kind != STEP_KIND_NEXT || (is_whole && !rows->is_cut)) {
        return result;
    }
    bool is_behind = is_whole && rows->behind.len != 0;
    return add_next(c, page->reply.response, is_behind ? rows->behind : rows->key(c, written - 1));
}

step page_send(struct call *c, struct page *page, const struct page_rows *rows, step_fn self)
{
    step result = page_fill(c, page, rows, self);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, page->reply.response) : result;
}
