/* SPDX-License-Identifier: Apache-2.0 */
/* Inside wrapper only: templates of HTML and text, filled with values. A small part of Mustache:
 *
 *   {{name}}             the value, escaped: nothing is ever put in as it is
 *   {{#name}}…{{/name}}  for each view of a list of that name, or once if there is such a value
 *   {{^name}}…{{/name}}  if there is neither
 *
 * A line that has nothing but the begin or the end of a section is left out. Names are looked for in the
 * innermost view first. Templates are our own: a name that no view has is a fault of ours. Pure. */
#pragma once

#include "base/buf.h"

struct fill_value {
    const char *name;
    const char *text; /* "": not there */
};

struct fill_view {
    const struct fill_value *values;
    size_t value_count;
    const char *list_name; /* NULL: it has no list */
    const struct fill_view *list;
    size_t list_count;
};

enum fill_escape {
    FILL_HTML, /* within text and within quoted attributes (HTML §13.1.2) */
    FILL_TEXT,
};

void fill(struct buf *out, struct slice template, const struct fill_view *view,
          enum fill_escape escape);
