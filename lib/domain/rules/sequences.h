/* SPDX-License-Identifier: Apache-2.0 */
/* Many sequences of symbols, looked for at once: the automaton of Aho and Corasick ("Efficient string
 * matching", 1975). Symbols are numbers: bytes, or words of a vocabulary.
 *
 * A step costs the same however many sequences there are, but for what has not been found yet: of
 * one text each is told once. Pure; the automaton may be shared, a reader belongs to one text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sequences;

struct sequences *sequences_new(void);
void sequences_free(struct sequences *sequences);
/* Add one; the same again gets the same number. Numbers count from 0. Before sequences_link. */
uint32_t sequences_add(struct sequences *sequences, const uint32_t *symbols, size_t count);
/* Link what was added, at most so many of its states at a time; false: there are more. */
bool sequences_link(struct sequences *sequences, size_t states);
/* About what it holds, in bytes. */
size_t sequences_bytes(const struct sequences *sequences);

/* Told a sequence that was found, once for each reader. */
typedef void (*sequences_found_fn)(void *context, uint32_t number);

struct sequences_reader {
    const struct sequences *sequences;
    uint32_t state;
    uint8_t *told; /* by state: bits */
    sequences_found_fn found;
    void *context;
};
void sequences_reader_init(struct sequences_reader *reader, const struct sequences *sequences,
                           sequences_found_fn found, void *context);
void sequences_reader_fini(struct sequences_reader *reader);
/* Begin another text. */
void sequences_reader_reset(struct sequences_reader *reader);
void sequences_read(struct sequences_reader *reader, uint32_t symbol);
/* Go on behind a symbol that no sequence has. */
static inline void sequences_read_other(struct sequences_reader *reader)
{
    reader->state = 0;
}
