/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages (AIP-158): page_size and page_token of whatever List… method, its rows, and
 * next_page_token.
 *
 * A page token is the key of the last row of the page before, with a digest that ties it to the
 * method, the caller's tenant and all other fields of the request. It is no secret: whoever makes
 * one up skips rows that they may see. */
#pragma once

#include "service/common/list_reply.h"

enum { PAGE_SIZE_DEFAULT = 50, PAGE_SIZE_MAX = 200 };

/* In a flow's state. */
struct page {
    size_t size; /* rows that it may have */
    struct slice
        after; /* the key of the last row of the page before; empty: this is the first page */
    struct list_reply reply;
};

/* Read the request's fields page_size and page_token. A size over the maximum is taken for the
 * maximum. Fails with R_FIELD_INVALID or R_PAGE_TOKEN_INVALID. */
step page_read(struct call *c, struct page *page);
/* The same with other sizes. */
step page_read_sized(struct call *c, size_t size_default, size_t size_max, struct page *page);
/* The key of lists in order of ids; zero on the first page. */
step page_after_uuid(struct call *c, const struct page *page, struct uuid *out);
/* The key of lists in order of text; "" on the first page. */
step page_after_text(struct call *c, const struct page *page, const char **out);
/* How many rows to look for: the one too many tells that there is another page. */
size_t page_limit(const struct page *page);

/* What was found, in order. */
struct page_rows {
    struct list_rows list;                           /* all of them, page_limit at most */
    struct slice (*key)(struct call *c, size_t row); /* empty over budget */
    bool is_cut;         /* there are more, which were not read (store_op.is_cut) */
    struct slice behind; /* with is_cut: the key of what comes behind all rows here; empty: of the
                          * last one */
};

/* A page ends early when memory gets short: it has at least one row, if there is one, and a token then
 * (AIP-158). It may have no row and a token, where rows are looked for among others.
 *
 * Write the page and the token of the next one into the call's reply. NEXT: page->reply.response is
 * complete but for its other fields. `self` is the step to which the call comes back when it
 * yields. */
step page_fill(struct call *c, struct page *page, const struct page_rows *rows, step_fn self);
/* The same, and reply. */
step page_send(struct call *c, struct page *page, const struct page_rows *rows, step_fn self);
/* How many of the rows that were found are on the page. */
size_t page_rows_shown(const struct page *page, size_t found);
