/* SPDX-License-Identifier: Apache-2.0 */
/* A mail's wrapper on its way from the fields of a request to a RenderWrapperResponse: what RenderWrapper and
 * RenderContentWrapper share. */
#pragma once

#include "chancery/v1/branding.pb-c.h"
#include "rpc/call.h"
#include "store/resource/branding_store.h"
#include "wrapper/wrapper.h"

struct wrapping {
    struct wrapper_mail mail; /* without link and expiry, which are found when it is written */
    struct uuid content;      /* zero: the link names none, and it never ends */
    int64_t protected_s;      /* since 1970: when the content was protected */
    const char *branding;     /* that the content was protected with; "": none */
    const char *portal_url;   /* of the tenant's boundary, for readers from elsewhere; "": none */
};

/* What a request says to people. Lent by the request. */
struct wrapping_words {
    const char *sender_name, *subject;
    char **languages;
    size_t language_count;
};
step wrapping_read(struct call *c, const struct wrapping_words *words, struct wrapping *out);
/* In a look that branding_store_find_look has found. NULL over budget. */
Chancery__V1__RenderWrapperResponse *wrapping_write(struct call *c, struct wrapping *wrapping,
                                                    const struct change_op *look);
