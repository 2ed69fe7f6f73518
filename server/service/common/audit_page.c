/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/audit_page.h"

#include "service/common/reply.h"

/* Where a page ended; the order of the log is time, then id. */
struct page_key {
    int64_t at;
    struct event_id event;
};

bool audit_page_after(struct call *c, const char *token, struct audit_query *query)
{
    struct page_key key = {0};
    if (token[0] != '\0' && !request_page_token(c, token, &key, sizeof key)) {
        return false;
    }
    query->after_at = key.at;
    query->after_event = key.event;
    return true;
}

char *audit_page_next(struct call *c, const struct audit_query *query)
{
    if (query->count < query->limit) {
        return reply_text("");
    }
    const struct audit_event *last = &query->events[query->count - 1];
    struct page_key key = {last->at, last->event};
    return reply_text(reply_page_token(c, &key, sizeof key));
}
