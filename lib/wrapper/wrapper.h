/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper: what a person sees of a protected mail whose mail program can't open it, as one HTML
 * and one text part (docs/formats.md §8.1). It looks like mail from the sender, in the look of their
 * tenant, and explains itself. Pure; any thread.
 *
 * Everything that comes in is escaped, nothing is loaded from elsewhere: the logo is an inline part of
 * the mail (RFC 2392). The HTML is made of wrapper.html, the text of wrapper.txt. */
#pragma once

#include "base/arena.h"

enum {
    WRAPPER_LANGUAGES_MAX = 4, /* in one mail */
};

/* A tenant's own words in one language; "": the built-in ones, or none. */
struct wrapper_texts {
    const char *language;   /* tag */
    const char *title;      /* instead of "Protected message" */
    const char *body;       /* a paragraph below who has sent it */
    const char *button;     /* instead of "Read the message" */
    const char *disclaimer; /* at the end */
};

struct wrapper_look {
    const char *name;             /* whose mail it is: beside the logo, or in its place */
    const char *background_color; /* #rrggbb, or "": built in */
    const char *accent_color;     /* of the button; likewise */
    const char *logo_id;          /* Content-ID of the inline part, without brackets; "": none */
    const char *privacy_url;      /* https, or "" */
    const struct wrapper_texts *texts; /* each in another language; none: the built-in languages */
    size_t text_count;
};

struct wrapper_mail {
    const char *sender;      /* address */
    const char *sender_name; /* "", or what the sender is called. One that has an @ is not shown: it
                              * would be taken for an address. */
    const char *subject;     /* "": not shown */
    const char *link;        /* to the portal; "": there is none */
    const char *expiry; /* the day until which it can be read there, "2026-12-24"; "": not said */
    /* In which languages it is to be said, one after the other, each as near as there is one; none:
     * in the look's first. At most WRAPPER_LANGUAGES_MAX. */
    const char *const *languages;
    size_t language_count;
};

struct wrapper {
    struct slice html, text;                      /* UTF-8, lines end with LF */
    const char *languages[WRAPPER_LANGUAGES_MAX]; /* in which it is */
    size_t language_count;
};

/* Lent by the arena, but for the languages, which are those of the look, or static. */
rc wrapper_write(struct arena *arena, const struct wrapper_look *look,
                 const struct wrapper_mail *mail, struct wrapper *out, struct err *err);

/* Whether a text is a color: #rrggbb. */
bool wrapper_color_is_valid(struct slice text);
/* The color of text on a background of this one (#rrggbb): black or white, whichever has more contrast
 * (WCAG 2.2, relative luminance). It is always 4.5 : 1 or more. */
const char *wrapper_color_on(const char *background);
