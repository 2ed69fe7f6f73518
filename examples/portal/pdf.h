/* SPDX-License-Identifier: Apache-2.0 */
/* A PDF as a reader sees it: pictures of its pages, made by chancery-portal-pages (pages/), which is confined and killed if it
 * takes too long. */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum {
    PDF_OUTPUT_MAX = 12 << 20, /* bytes of all pages: what comes after them isn't shown */
    PDF_PLACES = 2,            /* that are read at once: each may take CONFINE_MEMORY_MIB */
};

enum pdf_outcome {
    PDF_SHOWN,
    PDF_UNREADABLE, /* it is none, broken, or takes too much */
    PDF_LOCKED,     /* it needs a password */
    PDF_BUSY,     /* so many are being read that another has to wait: said by whoever counts them */
    PDF_NOT_HERE, /* the program can't be started, or this machine can't confine it; the log says why */
};

struct pdf_page {
    GBytes *png;
    char *text; /* UTF-8; "" without any, beyond PAGES_TEXT_MAX, or when none was asked for */
};

struct pdf {
    unsigned page_count; /* of the document; at most as many are shown as `pages` has */
    GPtrArray *pages;    /* struct pdf_page */
};

/* Whether the bytes say that they are one. */
bool pdf_is_one(const void *data, size_t size);
/* Look for the program, beside our own, and try it; the log has a line if no PDF can be shown. Once, before any thread. */
void pdf_init(void);
/* Whether it is there, and can be confined. */
bool pdf_is_possible(void);
/* Read one, in a thread: it takes seconds. When it has to be ended, the pages before that are shown. `with_text`: the reader may copy. */
enum pdf_outcome pdf_read(GBytes *document, bool with_text, struct pdf *out);
void pdf_clear(struct pdf *pdf);
