/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/word_split.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwbrk.h>

#include "base/mem.h"
#include "domain/values/compared_form.h"

/* --- plain letters ---------------------------------------------------------------------------- */

/* What UAX #29 sees in a character. */
enum letter {
    UNSEEN,
    OTHER,
    SPACE,
    LETTER,
    DIGIT,
    CONNECTOR,
    MID_LETTER,
    MID_DIGIT,
    MID_BOTH,
    NOT_PLAIN
};

/* A character whose compared form doesn't depend on what stands around it. */
struct plain {
    uint8_t letter; /* enum letter */
    uint8_t len;
    uint8_t folded[6];
};

/* Latin, Greek, Cyrillic, Armenian: characters of one or two bytes whose forms are looked up at once,
 * because libunistring takes twenty times as long. */
enum { PLAIN_MAX = 0x600 };
struct word_letters {
    struct plain plain[PLAIN_MAX];
};

static enum letter letter_from(ucs4_t point)
{
    switch (uc_wordbreak_property(point)) {
    case WBP_ALETTER:
        return LETTER;
    case WBP_NUMERIC:
        return DIGIT;
    case WBP_EXTENDNUMLET:
        return CONNECTOR;
    case WBP_MIDLETTER:
        return MID_LETTER;
    case WBP_MIDNUM:
        return MID_DIGIT;
    case WBP_MIDNUMLET:
    case WBP_SQ:
        return MID_BOTH;
    case WBP_OTHER:
        return OTHER;
    default:
        return NOT_PLAIN;
    }
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Whether the compared form consists of letters of the same kind, and but one unless they are
 * letters: then words end where they would have ended. */
static bool keeps_letter(enum letter letter, struct slice folded)
{
    size_t count = 0;
    for (size_t at = 0; at < folded.len; count++) {
        ucs4_t point;
        at += (size_t)u8_mbtouc(&point, folded.ptr + at, folded.len - at);
        if (letter_from(point) != letter || uc_is_property_white_space(point)) {
            return false;
        }
    }
    return count == 1 || (count > 1 && letter == LETTER);
}

static struct plain plain_of(ucs4_t point)
{
    uint8_t text[6], folded[32];
    size_t len = sizeof folded;
    int bytes = u8_uctomb(text, point, sizeof text);
    enum letter letter = letter_from(point);
    struct plain plain = {.letter = NOT_PLAIN};
    if (point < 0x80 && is_space((uint8_t)point)) {
        return (struct plain){.letter = SPACE};
    }
    if (bytes <= 0 || letter == NOT_PLAIN || uc_combining_class(point) != 0 ||
        uc_is_property_default_ignorable_code_point(point)) {
        return plain;
    }
    const uint8_t *form = u8_casefold(text, (size_t)bytes, NULL, UNINORM_NFKC, folded, &len);
    if (form == folded && len <= sizeof plain.folded && keeps_letter(letter, slice_of(form, len))) {
        plain.letter = (uint8_t)letter;
        plain.len = (uint8_t)len;
        memcpy(plain.folded, form, len);
    }
    return plain;
}

struct word_letters *word_letters_new(void)
{
    return xcalloc(1, sizeof(struct word_letters)); /* all of them UNSEEN */
}

void word_letters_free(struct word_letters *letters)
{
    xfree(letters);
}

static const struct plain NOTHING_PLAIN = {.letter = NOT_PLAIN};

static const struct plain *plain_for(struct word_letters *letters, size_t point)
{
    struct plain *plain = &letters->plain[point];
    if (plain->letter == UNSEEN) {
        *plain = plain_of((ucs4_t)point);
    }
    return plain;
}

/* The character at `at` of valid UTF-8, and how many bytes it has. */
static const struct plain *plain_at(const struct word_split *split, size_t at, size_t *bytes)
{
    const uint8_t *p = split->text.ptr + at;
    if (p[0] < 0x80) {
        *bytes = 1;
        return plain_for(split->letters, p[0]);
    }
    *bytes = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (*bytes != 2 || at + 1 >= split->text.len) {
        return &NOTHING_PLAIN;
    }
    size_t point = (size_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    return point < PLAIN_MAX ? plain_for(split->letters, point) : &NOTHING_PLAIN;
}

static bool joins(uint8_t letter)
{
    return letter == LETTER || letter == DIGIT || letter == CONNECTOR;
}

/* WB6, WB7, WB11, WB12: a mark between two letters, or between two digits, parts nothing. */
static bool bridges(uint8_t before, uint8_t mark, uint8_t after)
{
    return before == after && ((before == LETTER && (mark == MID_LETTER || mark == MID_BOTH)) ||
                               (before == DIGIT && (mark == MID_DIGIT || mark == MID_BOTH)));
}

/* A word in the making. */
struct plain_word {
    size_t len; /* of its compared form, which is cut at WORD_BYTES_MAX + 1 */
    uint8_t last;
};

static void add_plain(struct word_split *split, struct plain_word *word, const struct plain *plain)
{
    word->last = plain->letter;
    if (word->len + plain->len > WORD_BYTES_MAX) {
        word->len = WORD_BYTES_MAX + 1;
        return;
    }
    for (size_t i = 0; i < plain->len; i++) {
        split->folded[word->len++] = plain->folded[i];
    }
}

/* The word that begins where `split` stands, in a chunk of plain letters. */
static struct slice plain_word(struct word_split *split)
{
    struct plain_word word = {0};
    size_t bytes, more;
    add_plain(split, &word, plain_at(split, split->at, &bytes));
    split->at += bytes;
    while (joins(word.last) && split->at < split->plain_to) {
        const struct plain *next = plain_at(split, split->at, &bytes);
        if (!joins(next->letter)) {
            size_t behind = split->at + bytes;
            const struct plain *after =
                behind < split->plain_to ? plain_at(split, behind, &more) : &NOTHING_PLAIN;
            if (!bridges(word.last, next->letter, after->letter)) {
                break;
            }
        }
        uint8_t last = word.last;
        add_plain(split, &word, next);
        word.last = joins(next->letter) ? word.last : last;
        split->at += bytes;
    }
    return word.len > WORD_BYTES_MAX ? SLICE_NONE : slice_of(split->folded, word.len);
}

void word_split_init(struct word_split *split, struct word_letters *letters, struct slice text)
{
    *split = (struct word_split){.text = text, .letters = letters};
}

void word_split_fini(struct word_split *split)
{
    free(split->chunk); /* of libunistring */
    xfree(split->breaks);
    split->chunk = NULL;
    split->breaks = NULL;
}

/* --- what is not plain ------------------------------------------------------------------------ */

/* Bring a chunk into its compared form, with its boundaries. Without memory it has no words. */
static void begin_chunk(struct word_split *split, struct slice text)
{
    word_split_fini(split);
    split->chunk_at = split->chunk_len = 0;
    split->chunk = compared_form(text, &split->chunk_len);
    if (split->chunk == NULL) {
        split->chunk_len = 0;
        return;
    }
    split->breaks = xcalloc(split->chunk_len + 1, 1);
    u8_wordbreaks(split->chunk, split->chunk_len, split->breaks);
}

static bool is_white(struct slice text)
{
    ucs4_t point;
    u8_mbtouc(&point, text.ptr, text.len);
    return uc_is_property_white_space(point);
}

/* The next word of the chunk; false when there is none any more. */
static bool next_of_chunk(struct word_split *split, struct slice *out)
{
    while (split->chunk_at < split->chunk_len) {
        size_t from = split->chunk_at, to = from + 1;
        while (to < split->chunk_len && split->breaks[to] == 0) {
            to++;
        }
        split->chunk_at = to;
        *out = slice_of(split->chunk + from, to - from);
        if (!is_white(*out)) {
            return true;
        }
        split->has_space = true;
    }
    return false;
}

/* --- both ------------------------------------------------------------------------------------- */

/* Whether a word certainly ends before `at`: what is before it joins nothing, and what comes does not
 * belong to it (WB4, WB999). */
static bool is_parted(struct slice text, size_t at)
{
    ucs4_t before, after;
    u8_prev(&before, text.ptr + at, text.ptr);
    u8_mbtouc(&after, text.ptr + at, text.len - at);
    int property = uc_wordbreak_property(after);
    return uc_wordbreak_property(before) == WBP_OTHER && property != WBP_EXTEND &&
           property != WBP_FORMAT && property != WBP_ZWJ;
}

/* Where to cut what is too long: where a word ends, if that is near; between two characters. */
static size_t cut(struct slice text, size_t from, size_t end)
{
    size_t fallback = 0;
    for (size_t at = end; at > from + WORD_CHUNK_MAX / 2; at--) {
        if ((text.ptr[at] & 0xC0) == 0x80) {
            continue;
        }
        if (is_parted(text, at)) {
            return at;
        }
        fallback = fallback == 0 ? at : fallback;
    }
    return fallback;
}

/* Where the chunk ends that begins at `at`: at white space of ASCII, where words end whatever stands
 * on its other side. */
static size_t chunk_end(const struct word_split *split, size_t at, bool *is_plain)
{
    size_t end = at, bytes;
    *is_plain = true;
    while (end < split->text.len && end - at < WORD_CHUNK_MAX) {
        const struct plain *plain = plain_at(split, end, &bytes);
        if (plain->letter == SPACE) {
            return end;
        }
        *is_plain = *is_plain && plain->letter != NOT_PLAIN;
        end = end + bytes < split->text.len ? end + bytes : split->text.len;
    }
    return end == split->text.len ? end : cut(split->text, at, end);
}

static void skip_space(struct word_split *split)
{
    while (split->at < split->text.len && is_space(split->text.ptr[split->at])) {
        split->has_space = true;
        split->at++;
    }
}

static void take(struct word_split *split, struct slice text, struct word *out)
{
    *out = (struct word){.text = text.len <= WORD_BYTES_MAX ? text : SLICE_NONE,
                         .has_space = split->has_space};
    split->has_space = false;
}

bool word_split_next(struct word_split *split, struct word *out)
{
    struct slice found;
    while (split->at >= split->plain_to) {
        if (next_of_chunk(split, &found)) {
            take(split, found, out);
            return true;
        }
        skip_space(split);
        if (split->at == split->text.len) {
            return false;
        }
        bool is_plain;
        size_t end = chunk_end(split, split->at, &is_plain);
        if (is_plain) {
            split->plain_to = end;
            break;
        }
        begin_chunk(split, slice_cut(split->text, split->at, end));
        split->at = end;
    }
    take(split, plain_word(split), out);
    return true;
}
