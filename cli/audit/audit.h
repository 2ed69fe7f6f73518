/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cli/audit only: what the verbs of `chancery audit` share. */
#pragma once

#include "chancery/v1/audit.pb-c.h"
#include "cli/verbs.h"

struct audit_args {
    struct verb_args common;
    const char *content, *user, *reason, *operation, *power;
    bool denied;
    const char *start, *end, *limit;
    const char *format, *output, *resume;
    bool goes_on; /* --continue */
};

/* A filter by the options, and where its times lie. */
struct audit_filter {
    Chancery__V1__AuditFilter filter;
    Google__Protobuf__Timestamp start, end;
};
/* Returns an exit code. */
int audit_filter_read(const struct audit_args *args, struct audit_filter *out);

int audit_query(struct session *s, const struct verb_args *args);
int audit_export(struct session *s, const struct verb_args *args);
int audit_tail(struct session *s, const struct verb_args *args);

/* What stands above the lines of events. */
void audit_show_heading(void);
/* One line for a person; `event` was escaped (session_shown). */
void audit_show_event(const Chancery__V1__AuditEvent *event);
/* Tell on standard error that what was asked for reaches back to before the log is kept; `start` and `kept_since` may be
 * NULL. */
void audit_tell_kept(const Google__Protobuf__Timestamp *start,
                     const Google__Protobuf__Timestamp *kept_since);
/* The power of that number; "" for none, and for one that this version doesn't know. */
const char *audit_power_name(Chancery__V1__Power number);
