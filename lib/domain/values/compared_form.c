/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/compared_form.h"

#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/err.h"

static size_t without_ignorable(struct slice text, uint8_t *out)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        ucs4_t point;
        size_t bytes = (size_t)u8_mbtouc(&point, text.ptr + at, text.len - at);
        if (!uc_is_property_default_ignorable_code_point(point)) {
            memcpy(out + len, text.ptr + at, bytes);
            len += bytes;
        }
        at += bytes;
    }
    return len;
}

uint8_t *compared_form(struct slice text, size_t *len)
{
    uint8_t kept[COMPARED_MAX];
    CH_ASSERT(text.len <= sizeof kept);
    return u8_casefold(kept, without_ignorable(text, kept), NULL, UNINORM_NFKC, NULL, len);
}
