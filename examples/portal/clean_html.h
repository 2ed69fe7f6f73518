/* SPDX-License-Identifier: Apache-2.0 */
/* A mail's HTML, made harmless: what is not known to be harmless is left out. It is read by libxml2 and
 * written anew from what was understood, so that no browser understands it otherwise. The second line is
 * the Content-Security-Policy under which it is shown. Any thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct clean_options {
    /* A picture of the mail itself, by its Content-ID: a "data:" address, the caller's to free; NULL if
     * there is none. */
    char *(*picture)(void *arg, const char *content_id);
    void *arg;
    bool is_remote_allowed; /* pictures of other servers keep their address */
};

struct clean_result {
    bool has_remote; /* there are pictures of other servers */
    bool is_cut;     /* it is nested too deep, or is too much, and ends there */
};

/* Write what a browser may show of `html`, which is UTF-8, as the inside of a body element. */
void clean_html(const char *html, size_t size, const struct clean_options *options, GString *out,
                struct clean_result *result);
/* Text, escaped for text and for quoted attributes. */
void add_escaped(GString *out, const char *text);
void add_escaped_bytes(GString *out, const char *text, size_t size);
