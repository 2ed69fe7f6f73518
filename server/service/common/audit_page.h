/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the audit log: their key is when an event was, then its id. */
#pragma once

#include "service/common/page.h"
#include "store/resource/audit_store.h"

/* Let the query find the rows of a page that was read. */
step audit_page_begin(struct call *c, const struct page *page, struct audit_query *query);
/* The key of an event; empty over budget. */
struct slice audit_page_key(struct call *c, const struct audit_event *event);
/* The key from which the next page goes on when the query stopped looking; empty if it did not. */
struct slice audit_page_behind(struct call *c, const struct audit_query *query);
