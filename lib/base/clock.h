/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks, as two types that can't be mixed up. Pure code takes times as arguments; only
 * the loop and the programs' main functions read a clock. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds on CLOCK_MONOTONIC: deadlines and durations. */
struct mono_time {
    int64_t ns;
};
/* Seconds since 1970-01-01T00:00:00Z: what licenses and tokens carry. */
struct unix_time {
    int64_t s;
};

struct mono_time clock_mono(void);
struct unix_time clock_unix(void);
/* Microseconds since the epoch, for audit rows and log lines. */
int64_t clock_unix_us(void);

/* Nanoseconds for which a processor has worked for this thread: what work costs, on a busy machine too. Only
 * differences mean something. */
int64_t clock_thread_ns(void);

static inline struct mono_time mono_add_ms(struct mono_time t, int64_t ms)
{
    return (struct mono_time){t.ns + ms * 1000000};
}

enum { RFC3339_BYTES = 32 };
/* Write a time as RFC 3339 in UTC with microseconds, NUL-terminated. */
void clock_rfc3339(int64_t unix_us, char out[RFC3339_BYTES]);
/* Read a time of RFC 3339 §5.6, in UTC or with an offset: 2027-01-31T12:00:00Z,
 * 2027-01-31T13:00:00.5+01:00; what is less than a second is dropped. False for days and times that
 * don't exist, leap seconds (which our times don't know) and years before 1 in UTC. */
bool clock_parse_rfc3339(const char *text, struct unix_time *out);
/* Read a date of RFC 3339 §5.6, 2027-01-31: its first second in UTC. False for days that don't
 * exist. */
bool clock_parse_date(const char *text, struct unix_time *out);
