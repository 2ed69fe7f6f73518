/* SPDX-License-Identifier: Apache-2.0 */
/* A PDF as a reader sees it: pictures of its pages, made by chancery-portal-pages (pages/), which is confined and killed if it
 * takes too long. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Bytes of all pages. What takes more isn't shown. */
enum { PDF_OUTPUT_MAX = 12 << 20 };

enum pdf_outcome {
    PDF_SHOWN,
    PDF_UNREADABLE, /* it is none, broken, or takes too much */
    PDF_LOCKED,     /* it needs a password */
    PDF_BUSY,       /* so many are being read that another has to wait */
    PDF_NOT_HERE,   /* the program is not there, or this machine can't confine it */
};

struct pdf_page {
    GBytes *png;
    char *text; /* UTF-8; "" without any, or when none was asked for */
};

struct pdf {
    unsigned page_count; /* of the document; at most as many are shown as `pages` has */
    GPtrArray *pages;    /* struct pdf_page */
};

/* Whether the bytes say that they are one. */
bool pdf_is_one(const void *data, size_t size);
/* Look for the program, beside our own. Once, before any thread. */
void pdf_init(void);
/* Whether it is there. */
bool pdf_is_possible(void);
/* Read one, in a thread: it takes seconds. `with_text`: the reader may copy. */
enum pdf_outcome pdf_read(GBytes *document, bool with_text, struct pdf *out);
void pdf_clear(struct pdf *pdf);
