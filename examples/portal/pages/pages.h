/* SPDX-License-Identifier: Apache-2.0 */
/* What the portal and chancery-portal-pages have agreed on. */
#pragma once

enum {
    PAGES_DOCUMENT_MAX = 64 << 20, /* bytes of a document: no mail is larger */
    PAGES_SHOWN_MAX = 50,
    PAGES_WIDTH = 1200,      /* pixels of a page */
    PAGES_HEIGHT_MAX = 3600, /* beyond it the page is drawn narrower */
    PAGES_TEXT_MAX =
        1
        << 20, /* bytes of text of all pages together: a page as HTML is up to six times as long */
    PAGES_HEAD_BYTES = 4, /* of a frame */
};

enum pages_exit {
    PAGES_DONE = 0,
    PAGES_UNREADABLE = 10, /* no PDF, or a broken one */
    PAGES_NEEDS_PASSWORD = 11,
    PAGES_TOO_LARGE = 12,
    /* This machine can't confine the process, so it has read nothing; in the order of enum confined. */
    PAGES_UNCONFINED = 13,
    PAGES_NO_LIMITS = 14,
    PAGES_NO_LANDLOCK = 15,
    PAGES_NO_SECCOMP = 16,
};
