/* SPDX-License-Identifier: Apache-2.0 */
/* Sorted lists of texts, by strcmp, each once: recipients, groups, names that are looked up. Any
 * thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* How many texts a list has that NULL ends; none if there is no list. */
size_t texts_count(const char *const *list);
/* Sort in place and drop repetitions; the new count. A list that is in order already costs one
 * pass. */
size_t texts_sort(const char **texts, size_t count);
/* Where a sorted list has the text; NULL if it doesn't. */
const char *const *texts_find(const char *const *sorted, size_t count, const char *text);
/* Whether it does. */
bool texts_contain(const char *const *sorted, size_t count, const char *text);
