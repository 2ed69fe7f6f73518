/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t nanoseconds_by(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct mono_time clock_mono(void)
{
    return (struct mono_time){nanoseconds_by(CLOCK_MONOTONIC)};
}

int64_t clock_thread_ns(void)
{
    return nanoseconds_by(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_unix_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct unix_time clock_unix(void)
{
    return (struct unix_time){clock_unix_us() / 1000000};
}

void clock_rfc3339(int64_t unix_us, char out[RFC3339_BYTES])
{
    int64_t seconds = unix_us / 1000000;
    int64_t micros = unix_us % 1000000;
    if (micros < 0) {
        micros += 1000000;
        seconds--;
    }
    time_t t = (time_t)seconds;
    struct tm tm;
    gmtime_r(&t, &tm);
    char date[16];
    strftime(date, sizeof date, "%m-%dT%H:%M:%S", &tm);
    unsigned year = (unsigned)(tm.tm_year + 1900) % 10000; /* %Y has no zeros in front */
    snprintf(out, RFC3339_BYTES, "%04u-%.14s.%06dZ", year, date, (int)micros);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum { DATE_LEN = 10, TIME_LEN = 8, OFFSET_LEN = 6 };
static const int64_t FIRST_SECOND = -62135596800; /* 0001-01-01T00:00:00Z */

/* Whether the text begins as the form does, where 0 stands for a digit. */
static bool looks_like(const char *text, const char *form)
{
    for (; *form != '\0'; form++, text++) {
        bool fits = *form == '0' ? *text >= '0' && *text <= '9' : *text == *form;
        if (!fits) {
            return false;
        }
    }
    return true;
}

static int number(const char *text, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* timegm() takes the 31st of a short month for the 1st of the next. */
static bool read_date(const char *text, int64_t *out)
{
    if (!looks_like(text, "0000-00-00")) {
        return false;
    }
    int month = number(text + 5, 2), day = number(text + 8, 2);
    struct tm tm = {.tm_year = number(text, 4) - 1900, .tm_mon = month - 1, .tm_mday = day};
    *out = timegm(&tm);
    return month >= 1 && tm.tm_mon == month - 1 && tm.tm_mday == day && *out >= FIRST_SECOND;
}

static bool read_time(const char *text, int64_t *out)
{
    if (!looks_like(text, "00:00:00")) {
        return false;
    }
    int hour = number(text, 2), minute = number(text + 3, 2), second = number(text + 6, 2);
    *out = (hour * 60 + minute) * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

/* "Z", or how far the clock on the wall is before UTC; nothing behind it. */
static bool read_offset(const char *text, int64_t *out)
{
    *out = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
        return true;
    }
    bool is_offset = looks_like(text, "+00:00") || looks_like(text, "-00:00");
    if (!is_offset || text[OFFSET_LEN] != '\0') {
        return false;
    }
    int hour = number(text + 1, 2), minute = number(text + 4, 2);
    *out = (text[0] == '-' ? -1 : 1) * (hour * 60 + minute) * 60;
    return hour < 24 && minute < 60;
}

static const char *skip_fraction(const char *text)
{
    size_t digits = text[0] == '.' ? strspn(text + 1, "0123456789") : 0;
    return digits == 0 ? text : text + 1 + digits;
}

bool clock_parse_date(const char *text, struct unix_time *out)
{
    return read_date(text, &out->s) && text[DATE_LEN] == '\0';
}

bool clock_parse_rfc3339(const char *text, struct unix_time *out)
{
    int64_t day, second, offset;
    if (!read_date(text, &day) || strchr("Tt", text[DATE_LEN]) == NULL || text[DATE_LEN] == '\0' ||
        !read_time(text + DATE_LEN + 1, &second) ||
        !read_offset(skip_fraction(text + DATE_LEN + 1 + TIME_LEN), &offset)) {
        return false;
    }
    out->s = day + second - offset;
    return out->s >= FIRST_SECOND;
}
