/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "obs/metrics.h"

/* One write(2) per line, so that lines of several processes don't mix: below PIPE_BUF. */
enum { LINE_MAX_BYTES = 3072 };

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static enum log_format the_format = LOG_JSON;
static enum log_level the_least = LOG_INFO;
static int the_fd = STDERR_FILENO;
static bool is_socket; /* the_fd is */
static int64_t lost;   /* lines since the last one that was written */
static const char *the_request_id;

void log_configure(enum log_format format, enum log_level least)
{
    the_format = format;
    the_least = least;
}

void log_to_fd(int fd)
{
    the_fd = fd < 0 ? STDERR_FILENO : fd;
    is_socket = false;
}

/* Our own opening of a pipe or terminal can be non-blocking without making it so for the shell or for
 * whoever else has the same one. A socket, such as journald's, is asked with every line. A file never
 * makes us wait. */
void log_open(void)
{
    struct stat there;
    if (fstat(STDERR_FILENO, &there) != 0) {
        return;
    }
    is_socket = S_ISSOCK(there.st_mode);
    if (S_ISFIFO(there.st_mode) || S_ISCHR(there.st_mode)) {
        int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        the_fd = fd < 0 ? STDERR_FILENO : fd;
    }
}

struct log_scope log_scope_enter(const char *request_id)
{
    struct log_scope outer = {the_request_id};
    the_request_id = request_id;
    return outer;
}

void log_scope_leave(struct log_scope outer)
{
    the_request_id = outer.request_id;
}

static void put(struct line *line, const char *text, size_t len)
{
    /* Room for the closing brace and the newline stays free. */
    size_t room = sizeof line->text - 3 - line->len;
    size_t n = len < room ? len : room;
    memcpy(line->text + line->len, text, n);
    line->len += n;
}

static void put_str(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* Quote text for JSON (RFC 8259 §7); everything outside printable ASCII becomes \u00XX, so that a
 * log reader's terminal never sees a control sequence that a stranger chose. */
static void put_quoted(struct line *line, const char *text, size_t max)
{
    put_str(line, "\"");
    for (size_t i = 0; text[i] != '\0' && i < max; i++) {
        unsigned char c = (unsigned char)text[i];
        char escaped[8];
        if (c == '"' || c == '\\') {
            snprintf(escaped, sizeof escaped, "\\%c", c);
        } else if (c < 0x20 || c >= 0x7f) {
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
        } else {
            snprintf(escaped, sizeof escaped, "%c", c);
        }
        put_str(line, escaped);
    }
    put_str(line, "\"");
}

static void put_name(struct line *line, const char *name)
{
    if (the_format == LOG_LOGFMT) {
        put_str(line, line->len == 0 ? "" : " ");
        put_str(line, name);
        put_str(line, "=");
        return;
    }
    put_str(line, line->len == 0 ? "{\"" : ",\"");
    put_str(line, name);
    put_str(line, "\":");
}

static void put_text(struct line *line, const char *name, const char *text, size_t max)
{
    put_name(line, name);
    put_quoted(line, text, max);
}

static void put_field(struct line *line, const struct log_field *field)
{
    char number[48];
    switch (field->kind) {
    case LOG_KIND_TEXT:
    case LOG_KIND_USER:
        if (field->text != NULL) {
            put_text(line, field->name, field->text, LOG_USER_MAX);
        }
        return;
    case LOG_KIND_UUID:
        uuid_format(field->uuid, number);
        put_text(line, field->name, number, sizeof number);
        return;
    case LOG_KIND_INT:
        snprintf(number, sizeof number, "%lld", (long long)field->number);
        break;
    case LOG_KIND_MICROS:
        snprintf(number, sizeof number, "%lld.%03lld", (long long)field->number / 1000,
                 (long long)field->number % 1000);
        break;
    }
    put_name(line, field->name);
    put_str(line, number);
}

static bool write_line(struct line *line)
{
    if (the_format == LOG_JSON) {
        line->text[line->len++] = '}';
    }
    line->text[line->len++] = '\n';
    ssize_t n = is_socket ? send(the_fd, line->text, line->len, MSG_DONTWAIT | MSG_NOSIGNAL)
                          : write(the_fd, line->text, line->len);
    return n >= 0 || errno != EAGAIN;
}

static void begin_line(struct line *line, enum log_level level, const char *event)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    char now[RFC3339_BYTES];
    line->len = 0;
    clock_rfc3339(clock_unix_us(), now);
    put_text(line, "time", now, sizeof now);
    put_text(line, "level", levels[level], 8);
    put_text(line, "event", event, LOG_USER_MAX);
}

/* False: there is no room for that either. */
static bool tell_lost(void)
{
    struct line line;
    begin_line(&line, LOG_WARNING, "log.lost");
    put_field(&line, &F_INT("lines", lost));
    return write_line(&line);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    struct line line;
    if (level < the_least) {
        return;
    }
    if (lost > 0 && tell_lost()) {
        lost = 0;
    }
    begin_line(&line, level, event);
    if (the_request_id != NULL) {
        put_text(&line, "request_id", the_request_id, UUID_TEXT_BYTES);
    }
    for (size_t i = 0; i < count; i++) {
        put_field(&line, &fields[i]);
    }
    /* A log that can't be written must not stop the service. */
    if (lost > 0 || !write_line(&line)) {
        lost++;
        metric_add(M_LOG_LOST, NULL, NULL, 1);
    }
}
