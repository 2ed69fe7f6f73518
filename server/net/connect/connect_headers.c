/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connect/connect_headers.h"

#include <string.h>

enum { TIMEOUT_DIGITS_MAX = 10 };

/* At most ten digits; −1: something else. No time at all is not "as long as it takes". */
static int64_t read_timeout(const char *text)
{
    int64_t ms = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > TIMEOUT_DIGITS_MAX || text[digits] != '\0') {
        return -1;
    }
    for (size_t i = 0; i < digits; i++) {
        ms = ms * 10 + (text[i] - '0');
    }
    return ms == 0 ? 1 : ms;
}

rc connect_headers_read(struct net_request *request, struct err *err)
{
    const char *version = net_request_header(request, "connect-protocol-version");
    const char *timeout = net_request_header(request, "connect-timeout-ms");
    ENSURE(version == NULL || strcmp(version, "1") == 0, err, R_PROTOCOL_HEADER_INVALID);
    if (timeout != NULL) {
        int64_t ms = read_timeout(timeout);
        ENSURE(ms > 0, err, R_PROTOCOL_HEADER_INVALID);
        request->timeout_ms = ms;
    }
    return OK;
}
