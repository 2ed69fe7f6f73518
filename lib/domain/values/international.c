/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/international.h"

#include <idn2.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

/* The libraries allocate by malloc: take a copy into the arena and free theirs. */
static rc adopt(struct arena *arena, void *theirs, size_t len, char **out, struct err *err)
{
    *out = arena_dup(arena, slice_of(theirs, len));
    free(theirs);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc refuse(int code, struct err *err)
{
    ENSURE(code != IDN2_MALLOC, err, R_ARENA_EXHAUSTED);
    FAIL(err, R_FIELD_INVALID, "not a domain: %s", idn2_strerror_name(code));
}

/* Without IDN2_USE_STD3_ASCII_RULES: libidn2 2.3 drops what those rules forbid ("a_ü" becomes "aü") instead of
 * refusing it. What is not a letter, digit or hyphen comes through, and the caller refuses it. */
static rc map(struct arena *arena, const char *text, char **out, struct err *err)
{
    uint8_t *ascii = NULL;
    int code = idn2_lookup_u8((const uint8_t *)text, &ascii, IDN2_NONTRANSITIONAL);
    return code == IDN2_OK ? adopt(arena, ascii, strlen((const char *)ascii), out, err)
                           : refuse(code, err);
}

/* As for registration (RFC 5891 §4): a lookup checks neither that an A-label is the one of its U-label, nor
 * contextual characters such as the middle dot. */
static rc check_label(const char *label, struct err *err)
{
    uint8_t *again = NULL;
    int code = idn2_register_u8(NULL, (const uint8_t *)label, &again, 0);
    bool is_same = code == IDN2_OK && strcmp((const char *)again, label) == 0;
    free(again);
    if (code != IDN2_OK) {
        return refuse(code, err);
    }
    ENSURE(is_same, err, R_FIELD_INVALID);
    return OK;
}

static rc check_labels(struct arena *arena, const char *domain, struct err *err)
{
    char *rest = arena_strdup(arena, domain), *save = NULL;
    ARENA_ENSURE(rest, err);
    for (char *label = strtok_r(rest, ".", &save); label != NULL;
         label = strtok_r(NULL, ".", &save)) {
        if (strncmp(label, A_LABEL_PREFIX, strlen(A_LABEL_PREFIX)) == 0) {
            TRY(check_label(label, err));
        }
    }
    return OK;
}

rc international_domain(struct arena *arena, struct slice text, char **out, struct err *err)
{
    char *given;
    ENSURE(slice_find(text, '\0') < 0, err, R_FIELD_INVALID);
    given = arena_dup(arena, text);
    ARENA_ENSURE(given, err);
    TRY(map(arena, given, out, err));
    return check_labels(arena, *out, err);
}

/* What can't be seen, or can't be told from a space, makes two addresses look the same; what is not
 * assigned may come to mean something. */
static bool is_visible(struct slice text)
{
    /* Controls, formats, surrogates, private and unassigned ones; spaces and separators. */
    static const uint32_t hidden = UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z;
    for (size_t at = 0; at < text.len;) {
        ucs4_t point;
        at += (size_t)u8_mbtouc(&point, text.ptr + at, text.len - at);
        if (uc_is_general_category_withtable(point, hidden) ||
            uc_is_property_default_ignorable_code_point(point)) {
            return false;
        }
    }
    return true;
}

rc international_local(struct arena *arena, struct slice text, char **out, struct err *err)
{
    size_t len = 0;
    ENSURE(is_visible(text), err, R_FIELD_INVALID);
    uint8_t *folded = u8_tolower(text.ptr, text.len, NULL, UNINORM_NFC, NULL, &len);
    ARENA_ENSURE(folded, err);
    return adopt(arena, folded, len, out, err);
}
