/* SPDX-License-Identifier: Apache-2.0 */
/* chancery audit export */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/audit/audit.h"
#include "cli/audit/event_text.h"
#include "cli/audit/part_file.h"
#include "cli/audit/stream.h"
#include "cli/when.h"

struct exporting {
    const struct audit_args *args;
    enum event_format format;
    struct part_file file;
    Google__Protobuf__Timestamp start, kept_since; /* kept_since: zero while it is not known */
    uint64_t events;
    struct mono_time started, shown_at;
    bool is_terminal;
    char end[WHEN_BYTES];
};

/* --- progress --------------------------------------------------------------------------------- */

enum { SHOW_MS = 200 };

static int64_t us_of(const Google__Protobuf__Timestamp *time)
{
    return time == NULL ? 0 : time->seconds * 1000000 + time->nanos / 1000;
}

static void show_progress(struct exporting *x, const Chancery__V1__ExportResponse *r)
{
    char reached[WHEN_BYTES];
    struct mono_time now = clock_mono();
    int64_t all = us_of(r->end_time) - us_of(&x->start),
            done = us_of(r->reached_time) - us_of(&x->start);
    double seconds = (double)(now.ns - x->started.ns) / 1e9;
    if (!x->is_terminal || now.ns < mono_add_ms(x->shown_at, SHOW_MS).ns) {
        return;
    }
    x->shown_at = now;
    when_format(r->reached_time, reached);
    fprintf(stderr, "\r%3.0f %%, up to %s, %" PRIu64 " events, %.0f/s\033[K",
            all <= 0 ? 100.0 : 100.0 * (double)done / (double)all, reached, x->events,
            (double)x->events / (seconds > 0.001 ? seconds : 0.001));
    fflush(stderr);
}

/* --- events ----------------------------------------------------------------------------------- */

static rc write_events(struct exporting *x, struct arena *arena,
                       const Chancery__V1__ExportResponse *r, struct err *err)
{
    for (size_t i = 0; i < r->n_events; i++) {
        TRY(event_write(x->format, arena, r->events[i], x->file.file, err));
    }
    return part_file_note(&x->file, r->resume_token, err);
}

static const char *take(void *arg, struct arena *arena, const ProtobufCMessage *message)
{
    struct exporting *x = arg;
    struct err err = {0};
    const Chancery__V1__ExportResponse *r = (const Chancery__V1__ExportResponse *)message;
    if (!write_events(x, arena, r, &err).ok) {
        (void)fail_with(&command_audit, &err);
        return NULL;
    }
    x->events += r->n_events;
    when_format(r->end_time, x->end);
    x->kept_since.seconds = r->kept_since == NULL ? 0 : r->kept_since->seconds;
    show_progress(x, r);
    return r->resume_token;
}

/* --- the verb --------------------------------------------------------------------------------- */

static int run(struct session *s, struct exporting *x, const char *token)
{
    struct audit_filter filter = {0};
    Chancery__V1__ExportRequest request;
    int code = audit_filter_read(x->args, &filter);
    chancery__v1__export_request__init(&request);
    request.filter = &filter.filter;
    request.resume_token = text_field(token);
    x->start = filter.start;
    x->started = clock_mono();
    struct audit_stream stream = {.method = "AuditService/Export",
                                  .request = &request.base,
                                  .resume_token = &request.resume_token,
                                  .type = &chancery__v1__export_response__descriptor,
                                  .take = take,
                                  .arg = x};
    code = code == EXIT_OK ? audit_stream_run(s, &stream) : code;
    if (x->is_terminal && x->events > 0) {
        fputc('\n', stderr);
    }
    if (code != EXIT_OK && x->file.is_in_place && request.resume_token[0] != '\0') {
        fprintf(stderr, "  What came is whole up to here%s; go on by\n  --resume %s\n",
                ferror(x->file.file) == 0 ? "" : ", and what is written behind it comes twice then",
                request.resume_token);
    } else if (code != EXIT_OK && (x->file.token != NULL || x->file.is_taken_up)) {
        fprintf(stderr, "  What came is in %s; go on by the same command and --continue\n",
                x->file.part);
    }
    return code;
}

int audit_export(struct session *s, const struct verb_args *args)
{
    struct exporting x = {.args = (const struct audit_args *)args,
                          .is_terminal = isatty(STDERR_FILENO) == 1};
    const char *token = x.args->resume;
    struct err err = {0};
    size_t format = EVENT_JSONL;
    int code = x.args->format == NULL ? EXIT_OK
                                      : choice_read(&command_audit, "--format", x.args->format,
                                                    EVENT_FORMATS, &format);
    if (code != EXIT_OK) {
        return code;
    }
    x.format = (enum event_format)format;
    if (!part_file_open(s->arena, x.args->output, EVENT_FORMATS[format], x.args->goes_on, &x.file,
                        &token, &err)
             .ok) {
        return fail_with(&command_audit, &err);
    }
    if (token == NULL) {
        event_write_heading(x.format, x.file.file);
    }
    code = run(s, &x, token);
    if (code != EXIT_OK) {
        part_file_leave(&x.file);
        return code;
    }
    if (!part_file_keep(&x.file, &err).ok) {
        return fail_with(&command_audit, &err);
    }
    audit_tell_kept(&x.start, x.kept_since.seconds == 0 ? NULL : &x.kept_since);
    fprintf(stderr, "exported %" PRIu64 " events, all before %s\n", x.events, x.end);
    return EXIT_OK;
}
