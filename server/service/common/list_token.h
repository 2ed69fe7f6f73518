/* SPDX-License-Identifier: Apache-2.0 */
/* Where a list goes on: page_token and resume_token. A token is a key with a digest that ties it to the method, the
 * caller's tenant and all of the request but its place in the list. It is no secret: whoever makes one up skips rows that
 * they may see. */
#pragma once

#include "rpc/call.h"

/* The key of a token; empty for "". R_PAGE_TOKEN_INVALID. */
step list_token_read(struct call *c, const char *token, struct slice *key);
/* NULL: over budget, or with call_err filled. */
char *list_token_make(struct call *c, struct slice key);
