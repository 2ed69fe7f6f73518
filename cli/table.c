/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <uniwidth.h>

#include "base/err.h"
#include "base/mem.h"

static void add(struct table *t, const char *text)
{
    if (t->count == t->room) {
        t->room = t->room == 0 ? 64 : 2 * t->room;
        t->cells = xreallocarray((void *)t->cells, t->room, sizeof t->cells[0]);
    }
    t->cells[t->count++] = xstrdup(text);
}

void table_begin(struct table *t, ...)
{
    va_list titles;
    *t = (struct table){0};
    va_start(titles, t);
    for (const char *title = va_arg(titles, const char *); title != NULL;
         title = va_arg(titles, const char *)) {
        add(t, title);
    }
    va_end(titles);
    t->columns = t->count;
    CH_ASSERT(t->columns <= TABLE_COLUMNS_MAX);
}

void table_row(struct table *t, ...)
{
    va_list cells;
    va_start(cells, t);
    for (size_t i = 0; i < t->columns; i++) {
        const char *text = va_arg(cells, const char *);
        CH_ASSERT(text != NULL);
        add(t, text);
    }
    CH_ASSERT(va_arg(cells, const char *) == NULL);
    va_end(cells);
}

static int width_of(const char *text)
{
    return u8_strwidth((const uint8_t *)text, "UTF-8");
}

/* Nothing stands behind the last cell of a row that has a text. */
static void print_row(char *const *cells, size_t columns, const int *widths)
{
    size_t last = 0;
    for (size_t i = 0; i < columns; i++) {
        last = cells[i][0] == '\0' ? last : i;
    }
    for (size_t i = 0; i <= last; i++) {
        fputs(cells[i], stdout);
        printf("%*s", i == last ? 0 : widths[i] - width_of(cells[i]) + 2, "");
    }
    putchar('\n');
}

void table_end(struct table *t)
{
    int widths[TABLE_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < t->count; i++) {
        int width = width_of(t->cells[i]);
        widths[i % t->columns] = width > widths[i % t->columns] ? width : widths[i % t->columns];
    }
    for (size_t i = 0; t->count > t->columns && i < t->count; i += t->columns) {
        print_row(t->cells + i, t->columns, widths);
    }
    for (size_t i = 0; i < t->count; i++) {
        xfree(t->cells[i]);
    }
    xfree((void *)t->cells);
    *t = (struct table){0};
}
