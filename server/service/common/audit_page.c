/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/audit_page.h"

#include <string.h>

struct page_key {
    int64_t at;
    struct event_id event;
};

/* The end of the year 9999: the log has nothing later, and nothing before 1970. */
static const int64_t LATEST_US = 253402300799999999;

step audit_page_begin(struct call *c, const struct page *page, struct audit_query *query)
{
    struct page_key key = {0};
    if (page->after.len != 0 && page->after.len != sizeof key) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "a key of %zu bytes", page->after.len);
    }
    if (page->after.len != 0) {
        memcpy(&key, page->after.ptr, sizeof key);
    }
    /* A token belongs to its list, but is not secret: anybody can make one. */
    if (key.at < 0 || key.at > LATEST_US) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "a time that no event has");
    }
    query->limit = page_limit(page);
    query->after_at = key.at;
    query->after_event = key.event;
    return STEP_NEXT;
}

static struct slice key_of(struct call *c, int64_t at, struct event_id event)
{
    struct page_key *key = ARENA_NEW(call_arena(c), struct page_key);
    if (key == NULL) {
        return SLICE_NONE;
    }
    *key = (struct page_key){.at = at, .event = event};
    return slice_of(key, sizeof *key);
}

struct slice audit_page_key(struct call *c, const struct audit_event *event)
{
    return key_of(c, event->at, event->event);
}

struct slice audit_page_behind(struct call *c, const struct audit_query *query)
{
    return query->scanned_at == 0 ? SLICE_NONE : key_of(c, query->scanned_at, query->scanned_event);
}
