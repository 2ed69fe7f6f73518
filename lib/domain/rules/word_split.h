/* SPDX-License-Identifier: Apache-2.0 */
/* A text as the words that rules compare: in compared form, cut at Unicode's word boundaries.
 *
 * The compared form is full case folding and NFKC of what is left without default-ignorable
 * characters (soft hyphens, joiners): who looks for a word finds it as a reader would. A word is what
 * stands between two boundaries of UAX #29 and is no white space; a punctuation mark is one too.
 * Pure; loop-friendly: a call takes one word, of a text that can be arbitrarily long. */
#pragma once

#include "base/slice.h"

enum {
    WORD_BYTES_MAX = 256, /* in compared form; a longer one is no word that a rule could name */
    WORD_CHUNK_MAX =
        1024, /* without white space; of more, words are found on either side of a cut */
};

/* What word_split has found out of the characters of most texts: shared by the texts of one thread. */
struct word_letters;
struct word_letters *word_letters_new(void);
void word_letters_free(struct word_letters *letters);

struct word {
    struct slice text; /* in compared form; empty: too long. Lent until the next one */
    bool has_space;    /* before it */
};

struct word_split {
    struct slice text; /* valid UTF-8 */
    size_t at;         /* what is before it was handed out */
    /* Private. */
    struct word_letters *letters;
    size_t plain_to; /* the chunk of plain letters ends there that `at` is in */
    /* Words of another chunk, in compared form. */
    uint8_t *chunk;
    char *breaks;
    size_t chunk_len, chunk_at;
    bool has_space;
    uint8_t folded[WORD_BYTES_MAX];
};

void word_split_init(struct word_split *split, struct word_letters *letters, struct slice text);
void word_split_fini(struct word_split *split);
/* The next word; false at the end. */
bool word_split_next(struct word_split *split, struct word *out);
