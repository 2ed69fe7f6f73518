/* SPDX-License-Identifier: Apache-2.0 */
/* The structured log: one line per event to stderr, as JSON or logfmt, with typed fields only.
 *
 * There is no field for a secret, a slice or a protobuf message, and no "%s" path: what can't be
 * logged by mistake needs no review. Text from outside goes through F_USER, which escapes and cuts.
 * Every line inside a log scope carries the scope's request id. One thread per process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_JSON, LOG_LOGFMT };

enum log_kind { LOG_KIND_TEXT, LOG_KIND_USER, LOG_KIND_INT, LOG_KIND_UUID, LOG_KIND_MICROS };

struct log_field {
    enum log_kind kind;
    const char *name;
    const char *text;
    int64_t number;
    struct uuid uuid;
};

/* Fixed text of ours: names of flows, steps, states, reasons, file paths of the configuration. */
#define F_STR(name, value) ((struct log_field){LOG_KIND_TEXT, (name), (value), 0, {{0}}})
/* Text that somebody outside chose; NULL is left out. At most LOG_USER_MAX bytes are shown. */
#define F_USER(name, value) ((struct log_field){LOG_KIND_USER, (name), (value), 0, {{0}}})
#define F_INT(name, value) ((struct log_field){LOG_KIND_INT, (name), NULL, (int64_t)(value), {{0}}})
#define F_ID(name, id) ((struct log_field){LOG_KIND_UUID, (name), NULL, 0, (id).u})
/* A duration in microseconds; shown in milliseconds with three digits. */
#define F_MICROS(name, us) ((struct log_field){LOG_KIND_MICROS, (name), NULL, (int64_t)(us), {{0}}})
/* The reason, the place and our own detail of an error. */
#define F_ERR(err)                                                                      \
    F_STR("reason", reason_info((err)->reason)->name), F_USER("detail", (err)->detail), \
        F_STR("check", (err)->check), F_STR("at", (err)->file), F_INT("line", (err)->line)

/* The same with the sentences for people: what failed, and what to do next. */
#define F_FAILURE(err)                                           \
    F_ERR(err), F_STR("what", reason_info((err)->reason)->text), \
        F_STR("advice", reason_info((err)->reason)->advice)

enum { LOG_USER_MAX = 200 };

/* Choose format and least level; before the first line. */
void log_configure(enum log_format format, enum log_level least);
/* Write without ever waiting for whoever reads the log: a process that calls this once loses lines
 * instead, and says how many ("log.lost") when there is room again. */
void log_open(void);
/* Write one line: log_event(LOG_INFO, "call.done", F_STR("flow", …), …). */
#define log_event(level, event, ...)                                     \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__}, \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);
/* Tests: send lines here instead of stderr; -1 goes back. */
void log_to_fd(int fd);

/* The request id that lines carry from now on; give the returned value to log_scope_leave. */
struct log_scope {
    const char *request_id; /* lends; NULL outside any call */
};
struct log_scope log_scope_enter(const char *request_id);
void log_scope_leave(struct log_scope outer);
