/* SPDX-License-Identifier: Apache-2.0 */
/* Inside wrapper only: what a wrapper says by itself, per language. A tenant's branding may replace
 * title and button. To add a language: a row in sentences.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct sentences {
    const char *language; /* tag */
    bool is_right_to_left;
    const char *title;
    const char *sent; /* {sender} stands for who */
    const char *subject_label, *button, *portal_hint, *address_hint, *program_hint, *caution,
        *privacy_label;
    const char *expiry; /* {day} stands for when */
};

enum { SENTENCES_COUNT = 7 };
/* English first. */
extern const struct sentences SENTENCES[SENTENCES_COUNT];
