/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit_sinks.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "conf/audit_sink.h"
#include "conf/mail_relay.h"
#include "dns/dns.h"
#include "sink/sink.h"
#include "sink/sink_file.h"
#include "sink/sink_syslog.h"

enum { HOST_BYTES = 256 };

struct audit_sinks {
    struct dns *dns; /* with a line of its own */
    size_t count;
    char hosts[CONF_SINKS_MAX][HOST_BYTES];
    char origin[HOST_BYTES]; /* the host of authority_url */
    struct sink *all[CONF_SINKS_MAX];
};

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void read_origin(struct audit_sinks *sinks, const char *authority_url)
{
    const char *host = strstr(authority_url, "://");
    host = host == NULL ? authority_url : host + 3;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    snprintf(sinks->origin, sizeof sinks->origin, "%.*s", (int)len, host);
}

static rc open_syslog(struct audit_sinks *sinks, const struct services *services,
                      const Chancery__Config__V1__SyslogReceiver *c, struct sink_way **out,
                      struct err *err)
{
    char *host = sinks->hosts[sinks->count];
    struct sink_syslog_config config = {.origin = sinks->origin,
                                        .dns = sinks->dns,
                                        .tls = {.host = host,
                                                .ca_file = or_null(c->ca_file),
                                                .certificate_file = or_null(c->certificate_file),
                                                .key_file = or_null(c->key_file)}};
    if (!conf_mail_relay_address(c->address, host, HOST_BYTES, &config.port)) {
        FAIL(err, R_CONFIG_INVALID, "audit_sinks.syslog.address");
    }
    return sink_syslog_new(services->loop, &config, out, err);
}

static rc open_one(struct audit_sinks *sinks, const struct services *services,
                   const Chancery__Config__V1__AuditSink *c, struct err *err)
{
    struct sink_way *way = NULL;
    if (c->syslog != NULL) {
        TRY(open_syslog(sinks, services, c->syslog, &way, err));
    } else {
        TRY(sink_file_new(services->loop, c->file, &way, err));
    }
    sinks->all[sinks->count++] = sink_new(services->loop, services->store, c->name, way);
    return OK;
}

static rc open_all(struct audit_sinks *sinks, const Conf *conf, const struct services *services,
                   struct err *err)
{
    read_origin(sinks, conf->authority_url);
    TRY(dns_new(services->loop, conf->dns->servers, conf->dns->n_servers, &sinks->dns, err));
    for (size_t i = 0; i < conf->n_audit_sinks; i++) {
        TRY(open_one(sinks, services, conf->audit_sinks[i], err));
    }
    return OK;
}

rc audit_sinks_new(const Conf *conf, const struct services *services, struct audit_sinks **out,
                   struct err *err)
{
    *out = NULL;
    if (conf->n_audit_sinks == 0) {
        return OK;
    }
    struct audit_sinks *sinks = xcalloc(1, sizeof *sinks);
    rc opened = open_all(sinks, conf, services, err);
    if (!opened.ok) {
        audit_sinks_free(sinks);
        return opened;
    }
    *out = sinks;
    return OK;
}

void audit_sinks_stop(struct audit_sinks *sinks)
{
    for (size_t i = 0; sinks != NULL && i < sinks->count; i++) {
        sink_stop(sinks->all[i]);
    }
}

void audit_sinks_free(struct audit_sinks *sinks)
{
    if (sinks == NULL) {
        return;
    }
    for (size_t i = 0; i < sinks->count; i++) {
        sink_free(sinks->all[i]);
    }
    if (sinks->dns != NULL) {
        dns_free(sinks->dns);
    }
    xfree(sinks);
}
