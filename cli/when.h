/* SPDX-License-Identifier: Apache-2.0 */
/* Times as people write them on the command line, and as we show them. All are UTC. */
#pragma once

#include "google/protobuf/timestamp.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/* Read "2027-01-31" (its first second in UTC), "2027-01-31T12:00:00Z" or
 * "2027-01-31T13:00:00+01:00", as seconds since 1970. Says on standard error which instant a date
 * alone is. False for what is no time, or a day that doesn't exist. */
bool when_parse(const char *text, int64_t *unix_s);
/* Read "+30": a number of days. */
bool when_parse_days(const char *text, uint32_t *days);

enum { WHEN_BYTES = 24 };
/* "2027-01-31T12:00:00Z", or "-" without a time. */
void when_format(const Google__Protobuf__Timestamp *time, char out[WHEN_BYTES]);
