/* SPDX-License-Identifier: Apache-2.0 */
/* How records leave: a table of functions that sink.c knows, and two that fill it (sink_file.h, sink_syslog.h). Loop thread
 * only. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"

struct sink_way;

/* A record, before it is framed. */
struct sink_record {
    const char *json; /* as an export has it (docs/formats.md §10.1) */
    int64_t at;       /* microseconds */
    const char *operation;
    bool granted;
};

struct sink_way_ops {
    /* Append a record as this way has it. */
    void (*frame)(const struct sink_way *way, const struct sink_record *record, struct buf *out);
    /* Send bytes, which live until `done`, which comes from the loop. One at a time. */
    void (*send)(struct sink_way *way, struct slice bytes);
    /* Give up what is on its way: `done` will not come. */
    void (*stop)(struct sink_way *way);
    void (*free)(struct sink_way *way);
};

struct sink_way {
    const struct sink_way_ops *ops;
    struct loop *loop;
    /* All of it has arrived, or how it failed: R_SINK_UNREACHABLE, R_SINK_FILE. */
    void (*done)(void *user, const struct err *err);
    /* What had arrived within the last lost_ms may be lost after all: a connection broke on which it had been sent. Before
     * `done`, if that is awaited. */
    void (*broken)(void *user, const struct err *err);
    void *user;
    int64_t lost_ms; /* 0: what has arrived is safe */
};
