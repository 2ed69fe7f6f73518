/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/international.h"

#include <idn2.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* No U-label of more bytes fits: 63 code points of at most 4 bytes. */
enum { U_LABEL_BYTES_MAX = 4 * IDN2_LABEL_MAX_LENGTH };

static rc refuse(int code, struct err *err)
{
    ENSURE(code != IDN2_MALLOC, err, R_ARENA_EXHAUSTED);
    FAIL(err, R_FIELD_INVALID, "not a domain name: %s", idn2_strerror_name(code));
}

/* The libraries allocate by malloc: copy what they made, and free it. */
static rc adopt(void *theirs, size_t len, char *out, size_t size, struct err *err)
{
    bool has_room = len < size;
    if (has_room) {
        memcpy(out, theirs, len);
        out[len] = '\0';
    }
    free(theirs);
    ENSURE(has_room, err, R_FIELD_INVALID);
    return OK;
}

rc international_check_a_label(const char *label, struct err *err)
{
    int code = idn2_register_u8(NULL, (const uint8_t *)label, NULL, 0);
    return code == IDN2_OK ? OK : refuse(code, err);
}

/* A lookup checks neither that an A-label is the one of its U-label, nor contextual characters
 * such as the middle dot. */
static rc check_a_labels(char *labels, struct err *err)
{
    for (char *at = labels; *at != '\0';) {
        char *end = at + strcspn(at, ".");
        const char after = *end;
        if (strncmp(at, A_LABEL_PREFIX, strlen(A_LABEL_PREFIX)) == 0) {
            *end = '\0';
            TRY(international_check_a_label(at, err));
            *end = after;
        }
        at = after == '\0' ? end : end + 1;
    }
    return OK;
}

/* Without IDN2_USE_STD3_ASCII_RULES: libidn2 2.3 drops what those rules forbid ("a_ü" becomes
 * "aü") instead of refusing it. What is not a letter, digit or hyphen comes through, and the
 * caller refuses it. */
static rc map(const char *label, char *out, size_t size, struct err *err)
{
    uint8_t *mapped = NULL;
    int code = idn2_lookup_u8((const uint8_t *)label, &mapped, IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK) {
        return refuse(code, err);
    }
    TRY(adopt(mapped, strlen((const char *)mapped), out, size, err));
    return check_a_labels(out, err);
}

rc international_label(const char *label, char *out, size_t size, struct err *err)
{
    uint8_t *ascii = NULL;
    /* Most labels are sound as they are: mapping would give them again, at three times the cost. */
    if (strlen(label) <= U_LABEL_BYTES_MAX &&
        idn2_register_u8((const uint8_t *)label, NULL, &ascii, 0) == IDN2_OK) {
        return adopt(ascii, strlen((const char *)ascii), out, size, err);
    }
    return map(label, out, size, err);
}

/* What can't be seen, or can't be told from a space, makes two addresses look the same; what is not
 * assigned may come to mean something. */
static bool is_visible(ucs4_t point)
{
    /* Controls, formats, surrogates, private and unassigned ones; spaces and separators. */
    static const uint32_t hidden = UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z;
    return !uc_is_general_category_withtable(point, hidden) &&
           !uc_is_property_default_ignorable_code_point(point);
}

/* What NFKC makes something else of (HasCompat, RFC 8264 §9.17) stands for a letter that it is not:
 * in lower case the Kelvin sign is a k, in NFC the Angstrom sign is the letter å, and the fullwidth
 * letters, ligatures and the long s are one step away. */
static rc check_own_form(struct slice letter, struct err *err)
{
    uint8_t form[64]; /* U+FDFA gives 33 bytes, the most of all */
    size_t len = sizeof form;
    uint8_t *out = u8_normalize(UNINORM_NFKC, letter.ptr, letter.len, form, &len);
    ENSURE(out == form, err, R_ARENA_EXHAUSTED);
    ENSURE(slice_eq(letter, slice_of(form, len)), err, R_FIELD_INVALID);
    return OK;
}

static rc check_letters(struct slice text, struct err *err)
{
    for (size_t at = 0; at < text.len;) {
        ucs4_t point;
        size_t len = (size_t)u8_mbtouc(&point, text.ptr + at, text.len - at);
        ENSURE(is_visible(point), err, R_FIELD_INVALID);
        TRY(check_own_form(slice_cut(text, at, at + len), err));
        at += len;
    }
    return OK;
}

rc international_local(struct slice text, char *out, size_t size, struct err *err)
{
    size_t len = 0;
    TRY(check_letters(text, err));
    uint8_t *folded = u8_tolower(text.ptr, text.len, NULL, UNINORM_NFC, NULL, &len);
    ENSURE(folded != NULL, err, R_ARENA_EXHAUSTED);
    return adopt(folded, len, out, size, err);
}

struct slice international_trim(struct slice text)
{
    ucs4_t point;
    const uint8_t *end = text.ptr + text.len;
    for (const uint8_t *at; (at = u8_prev(&point, end, text.ptr)) != NULL; end = at) {
        if (!uc_is_property_white_space(point)) {
            break;
        }
    }
    size_t begin = 0, len = (size_t)(end - text.ptr);
    while (begin < len) {
        int bytes = u8_mbtouc(&point, text.ptr + begin, len - begin);
        if (!uc_is_property_white_space(point)) {
            break;
        }
        begin += (size_t)bytes;
    }
    return slice_cut(text, begin, len);
}

bool international_is_same(struct slice a, struct slice b)
{
    int order = 0;
    int failed = u8_casecmp(a.ptr, a.len, b.ptr, b.len, NULL, UNINORM_NFC, &order);
    return failed != 0 || order == 0;
}
