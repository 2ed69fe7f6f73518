/* SPDX-License-Identifier: Apache-2.0 */
/* Single fields of requests: checked, and as our values. Each fails with R_FIELD_INVALID and the
 * field's name. */
#pragma once

#include "chancery/v1/common.pb-c.h"
#include "rpc/call.h"

/* A UUID; "" gives zero. */
step request_uuid(struct call *c, const char *field, const char *text, struct uuid *out);
step request_uuid_required(struct call *c, const char *field, const char *text, struct uuid *out);
/* A text of at most `max` bytes. */
step request_text(struct call *c, const char *field, const char *text, size_t max);
/* Why something is done that nobody may do without saying so: not blank. Field `reason`. */
step request_reason_given(struct call *c, const char *reason);
/* A mail address, normalized; "" gives "". */
step request_address(struct call *c, const char *field, const char *text, const char **out);
/* An https address (RFC 3986) of at most `max` bytes, in printable ASCII; "" for none. */
step request_https_url(struct call *c, const char *field, const char *url, size_t max);
/* A mail domain of a list, normalized. */
step request_domain(struct call *c, const char *field, size_t index, const char *text,
                    const char **out);
/* What a client says of itself; nothing is "". Field `client`. */
struct client_names {
    const char *application, *platform;
};
step request_client(struct call *c, const Chancery__V1__ClientInfo *client,
                    struct client_names *out);
/* How many values a list may have. */
step request_count(struct call *c, const char *field, size_t count, size_t least, size_t most);
