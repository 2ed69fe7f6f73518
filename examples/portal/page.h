/* SPDX-License-Identifier: Apache-2.0 */
/* What all pages have in common. Everything that comes from outside goes through add_escaped(). */
#pragma once

#include "clean_html.h"
#include "exchange.h"

/* The begin of a page: header and heading. `title` is escaped. */
GString *page_begin(const struct exchange *exchange, const char *title);
/* Its end, and the answer. */
void page_send(struct exchange *exchange, unsigned status, GString *html);
/* A sentence of ours in an element of this name. */
void add_text(GString *html, const struct exchange *exchange, const char *element, enum text text);
/* A sentence of ours in which %s stands for a text from outside. */
void add_said(GString *html, const struct exchange *exchange, const char *element, enum text text,
              const char *value);
/* What has happened, announced by screen readers; P_NO_FILE and later. 0: nothing. */
void add_problem(GString *html, const struct exchange *exchange, enum text problem);
/* A form that is sent to `action`; with the session's secret, if there is a session. */
void add_form(GString *html, const struct exchange *exchange, const char *action, const char *more);

/* Links to the answers that the reader may write (answer_page.c). */
void add_answers(GString *html, const struct exchange *exchange, const struct reading *reading);

/* A page of its own that says what has happened and how to go on. */
void answer_problem(struct exchange *exchange, unsigned status, enum text problem);
/* The same of a request that is refused as a whole: what the reader has written is there, to be copied. */
void answer_lost(struct exchange *exchange, unsigned status, enum text problem);
/* The same with whom to ask and the operator's number; either may be "". */
void answer_refusal(struct exchange *exchange, unsigned status, enum text problem,
                    const char *contact, const char *number);

/* Pages that are shown again with a problem; 0: none. */
void show_start(struct exchange *exchange, unsigned status, enum text problem);
void show_sign_in(struct exchange *exchange, unsigned status, enum text problem);
void show_code(struct exchange *exchange, unsigned status, enum text problem);
