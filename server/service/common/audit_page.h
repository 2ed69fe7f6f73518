/* SPDX-License-Identifier: Apache-2.0 */
/* Paging through audit events: a page token says where the page before ended. */
#pragma once

#include "rpc/call.h"
#include "store/resource/audit_store.h"

/* Let the query begin after a page; "" is the first one. False when the token is none of ours. */
bool audit_page_after(struct call *c, const char *token, struct audit_query *query);
/* The token of the page after what the query found; "" on the last page. */
char *audit_page_next(struct call *c, const struct audit_query *query);
