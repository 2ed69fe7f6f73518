/* SPDX-License-Identifier: Apache-2.0 */
/* A mail as a reader sees it: its header, what is shown of its text, its attachments. Made of its bytes
 * once, by any thread; then read only, but for what is said to be the loop's. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "people.h"

/* How an attachment can be looked at without saving it. */
enum look {
    LOOK_NONE,
    LOOK_PICTURE, /* PNG, JPEG, GIF, WebP */
    LOOK_TEXT,
    LOOK_PDF
};

struct attachment {
    char *name; /* without folders and control characters; never "" */
    char *type; /* "application/pdf", as the mail says */
    enum look look;
    char *charset; /* of LOOK_TEXT, as the mail says; NULL: it says nothing */
    GBytes *data;  /* decoded, byte for byte as it was sent */
    bool
        is_unreadable; /* the loop's: as a PDF it couldn't be shown, which took seconds, and can't the next time */
};

struct message {
    char *from, *to, *cc, *date, *subject; /* decoded; "" if there is none */
    char *id, *references;            /* Message-ID without brackets, and of the thread; or "" */
    GPtrArray *to_people, *cc_people; /* struct person *, of groups too */
    GBytes *body;                     /* the inside of a body element */
    GBytes *body_with_pictures; /* likewise, with pictures of other servers; NULL: there are none */
    bool is_cut;                /* not all of it is shown: nested too deep, or too many parts */
    GPtrArray *attachments;     /* struct attachment * */
};

/* NULL if it is no mail. */
struct message *message_read(GBytes *mail);
void message_free(struct message *message);
