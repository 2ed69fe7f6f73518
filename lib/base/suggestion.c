/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggestion.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 48, LETTERS_PER_SLIP = 3, PREFIX_MIN = 3 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment. Both are at most WORD_MAX long. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= a_len; i++) {
        rows[i][0] = i;
    }
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            size_t best = least(least(rows[i - 1][j], rows[i][j - 1]) + 1,
                                rows[i - 1][j - 1] + (x == y ? 0 : 1));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
                best = least(best, rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    return rows[a_len][b_len];
}

void suggestion_consider(struct suggestion *s, const char *name)
{
    size_t word_len = strlen(s->word), name_len = strlen(name);
    if (word_len == 0 || word_len > WORD_MAX || name_len > WORD_MAX) {
        return;
    }
    size_t slips = distance(s->word, word_len, name, name_len);
    size_t longer = word_len > name_len ? word_len : name_len;
    bool is_prefix = word_len >= PREFIX_MIN && strncasecmp(s->word, name, word_len) == 0;
    bool is_near = slips * LETTERS_PER_SLIP <= longer || is_prefix;
    if (is_near && (s->best == NULL || slips < s->distance)) {
        s->best = name;
        s->distance = slips;
    }
}
