/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/setup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/telemetry_headers.h"
#include "conninfo/conninfo.h"
#include "crypto/algs.h"

enum { WHY_MAX = 512, PATH_BYTES = 4096 };
static const enum setup_severity ERROR = SETUP_ERROR, WARNING = SETUP_WARNING;

void setup_tell(const struct setup_listener *to, enum setup_fault fault, const char *format, ...)
{
    const struct setup_finding faults[] = {
#define FAULT(code, severity, what, next) {#code, severity, what, NULL, next},
#include "setup/faults.def"
#undef FAULT
    };
    char why[WHY_MAX];
    struct setup_finding finding = faults[fault];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    finding.why = why;
    to->tell(to->ctx, &finding);
}

static void tell_err(const struct setup_listener *to, const struct err *err,
                     enum setup_severity severity)
{
    const struct reason_info *info = reason_info(err->reason);
    to->tell(to->ctx, &(struct setup_finding){.code = info->name,
                                              .severity = severity,
                                              .what = info->text,
                                              .why = err->detail,
                                              .next = info->advice});
}

void setup_tell_err(const struct setup_listener *to, const struct err *err)
{
    tell_err(to, err, SETUP_ERROR);
}

void setup_warn_err(const struct setup_listener *to, const struct err *err)
{
    tell_err(to, err, SETUP_WARNING);
}

bool setup_secret_file(const char *path, const struct setup_listener *to)
{
    struct stat st;
    if (stat(path, &st) != 0 || access(path, R_OK) != 0) {
        setup_tell(to, FAULT_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
        return false;
    }
    struct err mode = {0};
    if (!secret_check_mode(path, &st, SECRET_OWNER, &mode).ok) {
        setup_tell(to, FAULT_FILE_MODE, "%s", err_words(&mode));
    }
    return true;
}

static void check_algorithms(const Conf *conf, const struct setup_listener *to)
{
    struct err err = {0};
    if (!crypto_init(conf->crypto_properties[0] == '\0' ? NULL : conf->crypto_properties, &err)
             .ok) {
        setup_tell(to, FAULT_ALGORITHMS_MISSING, "%s", err_words(&err));
    }
}

_Static_assert((int)CONF_ROOT_KEY_OPENERS_MAX <= (int)ROOT_OPENERS_MAX, "each has a place");

struct root_files setup_root_files(const Conf *conf)
{
    const Chancery__Config__V1__RootKey *key = conf->root_key;
    struct root_files files = {.file = key->file,
                               .others = key->other_files,
                               .other_count = key->n_other_files,
                               .opener_count = key->n_openers};
    for (size_t i = 0; i < key->n_openers; i++) {
        const Chancery__Config__V1__RootKeyOpener *opener = key->openers[i];
        const Chancery__Config__V1__Pkcs11Key *token = opener->pkcs11;
        files.openers[i] = (struct root_opener){.key_file = opener->key_file,
                                                .module = token == NULL ? "" : token->module,
                                                .uri = token == NULL ? "" : token->uri,
                                                .pin_file = token == NULL ? "" : token->pin_file};
    }
    return files;
}

/* What doesn't open is a warning as long as something else does. */
struct root_listener {
    struct err failed; /* the last one that didn't */
};

static void note_root(void *ctx, const struct root_told *told)
{
    struct root_listener *listener = ctx;
    if (told->err != NULL) {
        listener->failed = *told->err;
        (void)snprintf(listener->failed.detail, sizeof listener->failed.detail, "%.100s: %.80s",
                       told->opener, told->err->detail);
    }
}

static void check_root_key(const Conf *conf, const struct setup_listener *to)
{
    struct root_listener listener = {0};
    struct root_files files = setup_root_files(conf);
    struct err err = {0};
    const char *properties = conf->crypto_properties;
    files.tell = note_root;
    files.ctx = &listener;
    if (!crypto_init(properties[0] == '\0' ? NULL : properties, NULL).ok &&
        files.opener_count > 0) {
        return; /* the check of algorithms has told */
    }
    bool is_right = to->roots == NULL ? root_files_look(&files, &err).ok
                                      : root_files_read(&files, to->roots, &err).ok;
    if (!is_right) {
        setup_tell_err(to, &err);
    } else if (listener.failed.reason != R_NONE) {
        setup_warn_err(to, &listener.failed);
    }
}

/* libpq passes over a passfile that others can read, and says so to nobody who looks at a log. */
static void check_passfile(const Conf *conf, const struct setup_listener *to)
{
    struct arena *arena = arena_new(256 * 1024);
    struct conninfo conninfo;
    struct err err = {0};
    if (conninfo_parse(arena, conf->database->conninfo, &conninfo, &err).ok) {
        const char *file = conninfo_get(&conninfo, "passfile");
        if (file[0] != '\0') {
            (void)setup_secret_file(file, to);
        }
    }
    arena_free(arena);
}

static void check_mail_relay(const Conf *conf, const struct setup_listener *to)
{
    const Chancery__Config__V1__MailRelay *relay = conf->mail_relay;
    if (relay == NULL) {
        return;
    }
    if (relay->password_file[0] != '\0') {
        (void)setup_secret_file(relay->password_file, to);
    }
    if (relay->ca_file[0] != '\0') {
        setup_ca_file(relay->ca_file, to);
    }
}

/* NULL: it can. As sink/sink_file.c opens it. */
static const char *why_no_sink(const char *path)
{
    char folder[PATH_BYTES];
    struct stat st;
    const char *slash = strrchr(path, '/');
    if (lstat(path, &st) == 0) {
        return S_ISLNK(st.st_mode)              ? "it is a symbolic link, which is not followed"
               : !S_ISREG(st.st_mode)           ? "it is something else than a file"
               : access(path, R_OK | W_OK) != 0 ? strerror(errno)
                                                : NULL;
    }
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    return access(folder, W_OK | X_OK) != 0 ? strerror(errno) : NULL;
}

static void check_sink_file(const char *path, const struct setup_listener *to)
{
    const char *why = why_no_sink(path);
    if (why != NULL) {
        setup_tell(to, FAULT_SINK_FILE, "%s: %s", path, why);
    }
}

static void check_audit_sinks(const Conf *conf, const struct setup_listener *to)
{
    for (size_t i = 0; i < conf->n_audit_sinks; i++) {
        const Chancery__Config__V1__AuditSink *sink = conf->audit_sinks[i];
        if (sink->syslog == NULL) {
            check_sink_file(sink->file, to);
            continue;
        }
        if (sink->syslog->ca_file[0] != '\0') {
            setup_ca_file(sink->syslog->ca_file, to);
        }
        if (sink->syslog->key_file[0] != '\0') {
            (void)setup_key_pair(SETUP_CLIENT, sink->syslog->certificate_file,
                                 sink->syslog->key_file, to);
        }
    }
}

static void check_headers(const char *path, const struct setup_listener *to)
{
    AUTO(secret_free_at) struct secret *headers = NULL;
    struct err err = {0};
    if (!conf_telemetry_headers(path, &headers, &err).ok) {
        setup_tell_err(to, &err);
    }
}

static void check_telemetry(const Conf *conf, const struct setup_listener *to)
{
    const Chancery__Config__V1__Telemetry *telemetry = conf->telemetry;
    if (telemetry == NULL) {
        return;
    }
    if (telemetry->otlp_headers_file[0] != '\0') {
        check_headers(telemetry->otlp_headers_file, to);
    }
    if (telemetry->otlp_ca_file[0] != '\0') {
        setup_ca_file(telemetry->otlp_ca_file, to);
    }
}

const struct setup_check SETUP_CHECKS[] = {
    {"algorithms", check_algorithms},     {"root key", check_root_key},
    {"certificates", setup_certificates}, {"addresses", setup_addresses},
    {"passfile", check_passfile},         {"mail relay", check_mail_relay},
    {"audit sinks", check_audit_sinks},   {"telemetry", check_telemetry},
};
const size_t SETUP_CHECK_COUNT = sizeof SETUP_CHECKS / sizeof SETUP_CHECKS[0];
