/* SPDX-License-Identifier: Apache-2.0 */
/* chancery audit tail */
#include <stdio.h>
#include <string.h>

#include "cli/audit/audit.h"
#include "cli/audit/event_text.h"
#include "cli/audit/stream.h"
#include "wire/message_text.h"

static rc show(bool is_table, struct arena *arena, Chancery__V1__AuditEvent *event, struct err *err)
{
    if (!is_table) {
        return event_write(EVENT_JSONL, arena, event, stdout, err);
    }
    TRY(message_escape(arena, &event->base, err));
    audit_show_event(event);
    return OK;
}

struct tailing {
    bool is_table, is_told; /* told: since when the log is kept */
    const Google__Protobuf__Timestamp *start;
};

/* Without a start nothing before now is asked for. */
static void tell_kept(struct tailing *t, const Chancery__V1__TailResponse *r)
{
    if (!t->is_told && t->start != NULL) {
        audit_tell_kept(t->start, r->kept_since);
    }
    t->is_told = true;
}

static const char *take(void *arg, struct arena *arena, const ProtobufCMessage *message)
{
    struct tailing *t = arg;
    struct err err = {0};
    const Chancery__V1__TailResponse *r = (const Chancery__V1__TailResponse *)message;
    tell_kept(t, r);
    for (size_t i = 0; i < r->n_events; i++) {
        if (!show(t->is_table, arena, r->events[i], &err).ok) {
            (void)fail_with(&command_audit, &err);
            return NULL;
        }
    }
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? r->resume_token : NULL;
}

int audit_tail(struct session *s, const struct verb_args *args)
{
    const struct audit_args *own = (const struct audit_args *)args;
    struct audit_filter filter = {0};
    struct tailing t = {.is_table = own->format == NULL || strcmp(own->format, "table") == 0};
    Chancery__V1__TailRequest request;
    int code = audit_filter_read(own, &filter);
    chancery__v1__tail_request__init(&request);
    request.filter = &filter.filter;
    t.start = filter.filter.start_time;
    request.resume_token = text_field(own->resume);
    struct audit_stream stream = {.method = "AuditService/Tail",
                                  .request = &request.base,
                                  .resume_token = &request.resume_token,
                                  .type = &chancery__v1__tail_response__descriptor,
                                  .take = take,
                                  .arg = &t,
                                  .is_endless = true};
    code = code == EXIT_OK ? audit_stream_run(s, &stream) : code;
    if (code != EXIT_OK && request.resume_token[0] != '\0') {
        fprintf(stderr, "  go on by --resume %s\n", request.resume_token);
    }
    return code;
}
