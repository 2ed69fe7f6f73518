/* SPDX-License-Identifier: Apache-2.0 */
#include "base/texts.h"

#include <stdlib.h>
#include <string.h>

size_t texts_count(const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count++;
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_sorted(const char *const *texts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(texts[i - 1], texts[i]) >= 0) {
            return false;
        }
    }
    return true;
}

size_t texts_sort(const char **texts, size_t count)
{
    size_t kept = 0;
    if (is_sorted(texts, count)) {
        return count;
    }
    qsort(texts, count, sizeof texts[0], compare);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0) {
            texts[kept++] = texts[i];
        }
    }
    return kept;
}

const char *const *texts_find(const char *const *sorted, size_t count, const char *text)
{
    return count == 0 ? NULL : bsearch(&text, sorted, count, sizeof sorted[0], compare);
}

bool texts_contain(const char *const *sorted, size_t count, const char *text)
{
    return texts_find(sorted, count, text) != NULL;
}
