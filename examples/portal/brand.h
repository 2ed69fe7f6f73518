/* SPDX-License-Identifier: Apache-2.0 */
/* Whose mail it is: the look that its sender's organization has given it (docs/policy.md §3.10). A page shows it
 * as long as it is about a mail. */
#pragma once

#include <chancery/chancery.h>

#include "exchange.h"

struct brand;

/* By a thread: ask the authority, which tells it for a genuine mail. NULL: it doesn't, or can't; then the page
 * has the portal's own look. */
struct brand *brand_ask(const struct portal *portal, const chancery_mail *mail);
void brand_free(struct brand *brand);

/* What a page has of it, if it is about a mail: within its head, on top of its main part, as a paragraph there, and
 * at the end of it. */
void add_brand_style(GString *html, const struct exchange *exchange);
void add_brand_name(GString *html, const struct exchange *exchange);
void add_brand_text(GString *html, const struct exchange *exchange);
void add_brand_end(GString *html, const struct exchange *exchange);
