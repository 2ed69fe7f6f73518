/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

bool when_parse(const char *text, int64_t *unix_s)
{
    struct unix_time time = {0};
    bool is_date = clock_parse_date(text, &time);
    bool is_time = is_date || clock_parse_rfc3339(text, &time);
    *unix_s = time.s;
    if (is_date) {
        fprintf(stderr, "note: a date alone is its first second in UTC: %sT00:00:00Z\n", text);
    }
    return is_time;
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
