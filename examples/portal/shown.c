/* SPDX-License-Identifier: Apache-2.0 */
#include "shown.h"

#include <glib.h>
#include <stdbool.h>

#include "wiped.h"

char *shown(const char *text)
{
    char *made = g_utf8_make_valid(text == NULL ? "" : text, -1);
    for (char *at = made; *at != '\0'; at++) {
        if (((unsigned char)*at < ' ' || *at == 0x7F) && *at != '\n' && *at != '\t') {
            *at = ' ';
        }
    }
    return made;
}

char *shown_line(const char *text)
{
    char *valid = shown(text);
    GString *line = g_string_new(NULL);
    for (const char *at = valid; *at != '\0'; at += g_utf8_skip[(unsigned char)*at]) {
        gunichar letter = g_utf8_get_char(at);
        GUnicodeType type = g_unichar_type(letter);
        bool is_space = letter == '\n' || letter == '\t' || type == G_UNICODE_LINE_SEPARATOR ||
                        type == G_UNICODE_PARAGRAPH_SEPARATOR;
        if (is_space || (type != G_UNICODE_FORMAT && !g_unichar_iscntrl(letter))) {
            g_string_append_unichar(line, is_space ? ' ' : letter);
        }
    }
    wipe_text(valid);
    return g_string_free(line, FALSE);
}
