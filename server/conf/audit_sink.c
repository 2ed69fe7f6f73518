/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/audit_sink.h"

#include <string.h>

#include "conf/mail_relay.h"

enum { NAME_MAX_BYTES = 63, PATH_MAX_BYTES = 4000, HOST_BYTES = 256 };

static rc need(bool holds, const char *field, const char *why, struct err *err)
{
    if (!holds) {
        FAIL(err, R_CONFIG_INVALID, "audit_sinks.%s %s", field, why);
    }
    return OK;
}

static rc check_syslog(const Chancery__Config__V1__SyslogReceiver *syslog, struct err *err)
{
    char host[HOST_BYTES];
    unsigned port;
    TRY(need(conf_mail_relay_address(syslog->address, host, sizeof host, &port), "syslog.address",
             "must be a host and a port, such as siem.example.org:6514", err));
    return need((syslog->certificate_file[0] == '\0') == (syslog->key_file[0] == '\0'),
                "syslog.key_file", "and certificate_file belong together", err);
}

static rc check_one(const Chancery__Config__V1__AuditSink *sink, struct err *err)
{
    size_t len = strlen(sink->name);
    TRY(need(len > 0 && len <= NAME_MAX_BYTES &&
                 strspn(sink->name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len,
             "name", "must be 1 to 63 of a-z, 0-9 and -", err));
    TRY(need((sink->file[0] == '\0') != (sink->syslog == NULL), "file",
             "or syslog must be given, and not both", err));
    TRY(need(sink->syslog != NULL || (sink->file[0] == '/' && strlen(sink->file) <= PATH_MAX_BYTES),
             "file", "must be an absolute path", err));
    return sink->syslog == NULL ? OK : check_syslog(sink->syslog, err);
}

rc conf_audit_sinks_check(Chancery__Config__V1__AuditSink *const *sinks, size_t count,
                          struct err *err)
{
    TRY(need(count <= CONF_SINKS_MAX, "name", "is one of more than 4", err));
    for (size_t i = 0; i < count; i++) {
        TRY(check_one(sinks[i], err));
        for (size_t j = 0; j < i; j++) {
            TRY(need(strcmp(sinks[i]->name, sinks[j]->name) != 0, "name", "is there twice", err));
        }
    }
    return OK;
}
