/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

bool when_parse(const char *text, int64_t *unix_s)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);
        if (end != NULL && *end == '\0') {
            *unix_s = timegm(&tm);
            return true;
        }
    }
    return false;
}

bool when_parse_days(const char *text, uint32_t *days)
{
    if (text[0] != '+' || text[1] == '\0' || strspn(text + 1, "0123456789") != strlen(text + 1)) {
        return false;
    }
    errno = 0;
    unsigned long value = strtoul(text + 1, NULL, 10);
    *days = (uint32_t)value;
    return errno == 0 && value <= UINT32_MAX;
}

void when_format(const Google__Protobuf__Timestamp *time, char out[WHEN_BYTES])
{
    char text[RFC3339_BYTES];
    if (time == NULL) {
        snprintf(out, WHEN_BYTES, "-");
        return;
    }
    clock_rfc3339(time->seconds * 1000000, text);
    snprintf(out, WHEN_BYTES, "%.19sZ", text);
}
