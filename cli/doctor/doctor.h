/* SPDX-License-Identifier: Apache-2.0 */
/* chancery doctor: a table of named checks, each of which tells what is wrong, why it is thought so,
 * and what to do. */
#pragma once

#include <libpq-fe.h>

#include "base/arena.h"
#include "setup/setup.h"

struct doctor {
    struct arena *arena;
    const char *config_path, *profile_path; /* NULL: not asked for */
    const char *context;                    /* whose file profile_path is; NULL: none's */
    Conf *conf;                             /* NULL: there is none that can be read */
    PGconn *database;                       /* NULL: there is no connection */
    bool has_schema;                        /* the database has ours */
    struct setup_listener to;
    struct secret
        *roots[KEYS_ROOTS_MAX]; /* as the check of the root key has read them; else NULL */
};

/* What a check needs; without it, it is skipped, because another has told why. */
enum doctor_need { NEED_CONFIG = 1, NEED_DATABASE = 2, NEED_SCHEMA = 4, NEED_PROFILE = 8 };

struct doctor_check {
    const char *name;
    unsigned needs;
    void (*run)(struct doctor *d);
};

/* machine.c: what the process may do here. */
void doctor_memory(struct doctor *d);
void doctor_descriptors(struct doctor *d);
/* server.c: whether the addresses are free or our own server's, and whether it serves. */
void doctor_ports(struct doctor *d);
void doctor_server(struct doctor *d);
/* database.c */
void doctor_database(struct doctor *d);
void doctor_settings(struct doctor *d);
void doctor_schema(struct doctor *d);
void doctor_grants(struct doctor *d);
void doctor_disk(struct doctor *d);
void doctor_clock(struct doctor *d);
/* What PostgreSQL says that went wrong. */
void doctor_tell_failure(struct doctor *d, const PGresult *result);
/* root_keys.c: whether what lies there opens here, and how far a new root key has come. */
void doctor_database_key(struct doctor *d);
/* standbys.c: what is lost when another database takes over. */
void doctor_standbys(struct doctor *d);
/* log.c: whether the log can be followed, and where its sinks are. */
void doctor_log(struct doctor *d);
/* profile.c */
void doctor_profile(struct doctor *d);

/* report.c: what was found, in order. */
struct doctor_report;
struct doctor_report *doctor_report_new(struct arena *arena, bool as_it_comes);
struct setup_listener doctor_report_listener(struct doctor_report *report);
/* A check begins, is skipped, or ends with what was told since. */
void doctor_report_begin(struct doctor_report *report, const char *check);
void doctor_report_skip(struct doctor_report *report, const char *check);
void doctor_report_end(struct doctor_report *report);
/* Whether nothing but warnings was told. */
bool doctor_report_is_healthy(const struct doctor_report *report);
/* All of it as JSON; NULL: out of memory. */
const char *doctor_report_json(struct doctor_report *report);
