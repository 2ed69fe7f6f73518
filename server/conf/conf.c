/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/audit_sink.h"
#include "conf/mail_relay.h"
#include "conf/openers.h"
#include "conf/origin.h"
#include "conf/telemetry.h"
#include "conninfo/conninfo.h"
#include "wire/license_issuer.h"
#include "wire/message_text.h"

/* --- defaults ----------------------------------------------------------------------------------- */

#define SUB(arena, field, type, init)           \
    do {                                        \
        if ((field) == NULL) {                  \
            (field) = ARENA_NEW((arena), type); \
            ARENA_ENSURE((field), err);         \
            init(field);                        \
        }                                       \
    } while (0)

static char *text(const char *value)
{
    return (char *)(uintptr_t)value; /* protobuf-c wants char *; nobody writes through it */
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static uint32_t processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > CONF_WORKERS_MAX ? CONF_WORKERS_MAX : (uint32_t)count;
}

static void fill_in_connections(Chancery__Config__V1__Connections *c)
{
    c->idle_ms = or_default(c->idle_ms, 600000);
    c->age_ms = or_default(c->age_ms, 1800000);
    c->age_grace_ms = or_default(c->age_grace_ms, 60000);
    c->keepalive_ms = or_default(c->keepalive_ms, 300000);
    c->keepalive_timeout_ms = or_default(c->keepalive_timeout_ms, 20000);
    c->ticket_ms = or_default(c->ticket_ms, 7200000);
}

static rc fill_in(struct arena *arena, Conf *c, struct err *err)
{
    SUB(arena, c->database, Chancery__Config__V1__Database, chancery__config__v1__database__init);
    SUB(arena, c->root_key, Chancery__Config__V1__RootKey, chancery__config__v1__root_key__init);
    SUB(arena, c->log, Chancery__Config__V1__Log, chancery__config__v1__log__init);
    SUB(arena, c->limits, Chancery__Config__V1__Limits, chancery__config__v1__limits__init);
    SUB(arena, c->identity, Chancery__Config__V1__Identity, chancery__config__v1__identity__init);
    SUB(arena, c->dns, Chancery__Config__V1__Dns, chancery__config__v1__dns__init);
    SUB(arena, c->connections, Chancery__Config__V1__Connections,
        chancery__config__v1__connections__init);
    fill_in_connections(c->connections);
    if (c->mail_relay != NULL) {
        TRY(conf_mail_relay_fill_in(arena, c->mail_relay, c->authority_url, err));
    }
    if (c->telemetry != NULL) {
        conf_telemetry_fill_in(c->telemetry);
    }
    c->workers = or_default(c->workers, processors());
    c->log->format = c->log->format[0] == '\0' ? text("json") : c->log->format;
    c->log->level = c->log->level[0] == '\0' ? text("info") : c->log->level;
    c->database->statement_timeout_ms = or_default(c->database->statement_timeout_ms, 5000);
    c->database->gate_connections = or_default(c->database->gate_connections, 2);
    c->limits->max_connections = or_default(c->limits->max_connections, 20000);
    c->limits->max_streams = or_default(c->limits->max_streams, 256);
    c->limits->max_deadline_ms = or_default(c->limits->max_deadline_ms, 30000);
    c->limits->tenant_calls = or_default(c->limits->tenant_calls, 1024);
    c->limits->drain_ms = or_default(c->limits->drain_ms, 30000);
    c->limits->failures_per_second = or_default(c->limits->failures_per_second, 100);
    c->limits->burst_seconds = or_default(c->limits->burst_seconds, 2);
    return OK;
}

/* --- checks ------------------------------------------------------------------------------------- */

static bool is_one_of(const char *value, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(value, *names) == 0) {
            return true;
        }
    }
    return false;
}

static rc need(bool holds, const char *field, const char *why, struct err *err)
{
    if (!holds) {
        FAIL(err, R_CONFIG_INVALID, "%s %s", field, why);
    }
    return OK;
}

static rc check_listener(const Chancery__Config__V1__Listener *listener, struct err *err)
{
    TRY(need(listener->address[0] != '\0', "listeners.address", "is required", err));
    if (listener->tls == NULL) {
        return OK;
    }
    TRY(need(listener->tls->certificate_file[0] != '\0', "tls.certificate_file", "is required",
             err));
    return need(listener->tls->key_file[0] != '\0', "tls.key_file", "is required", err);
}

/* A numeric address and a port: a name would have to be looked up first. */
static bool is_server(const char *text)
{
    char host[INET6_ADDRSTRLEN + 2], *end = NULL;
    struct in6_addr address;
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    if (len == 0 || len >= sizeof host || colon[1] < '0' || colon[1] > '9') {
        return false;
    }
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port < 1 || port > 65535) {
        return false;
    }
    bool is_v6 = text[0] == '[' && text[len - 1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(is_v6 ? len - 2 : len), is_v6 ? text + 1 : text);
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, host, &address) == 1;
}

static rc check_dns(const Chancery__Config__V1__Dns *dns, struct err *err)
{
    TRY(need(dns->n_servers <= CONF_DNS_SERVERS_MAX, "dns.servers", "may have at most 8 entries",
             err));
    for (size_t i = 0; i < dns->n_servers; i++) {
        TRY(need(is_server(dns->servers[i]), "dns.servers",
                 "must be numeric addresses with port, such as 127.0.0.1:53 or [::1]:53", err));
    }
    return OK;
}

static rc check_origins(const Conf *c, struct err *err)
{
    TRY(need(c->n_cors_origins <= CONF_ORIGINS_MAX, "cors_origins", "may have at most 64 entries",
             err));
    for (size_t i = 0; i < c->n_cors_origins; i++) {
        TRY(need(origin_is_valid(c->cors_origins[i]), "cors_origins",
                 "must be origins as browsers send them, such as https://app.example.org: no path, "
                 "no slash at the end, no pattern, and http:// for localhost only",
                 err));
    }
    return OK;
}

/* Taken apart by libpq itself, so that no form of it hides a password. */
static rc check_conninfo(struct arena *arena, const char *text, struct err *err)
{
    struct conninfo conninfo;
    struct err why = {0};
    TRY(need(text[0] != '\0', "database.conninfo", "is required", err));
    rc parsed = conninfo_parse(arena, text, &conninfo, &why);
    if (!parsed.ok && why.reason != R_CONFIG_INVALID) {
        *err = why;
        return parsed;
    }
    if (!parsed.ok) {
        FAIL(err, R_CONFIG_INVALID, "database.conninfo is no connection string: %s", why.detail);
    }
    return need(!conninfo.has_password, "database.conninfo",
                "must not hold a password; use passfile= or peer authentication", err);
}

static rc check_database(struct arena *arena, const Chancery__Config__V1__Database *database,
                         struct err *err)
{
    TRY(check_conninfo(arena, database->conninfo, err));
    TRY(need(database->gate_connections <= CONF_GATE_CONNECTIONS_MAX, "database.gate_connections",
             "may be at most 64", err));
    return need(database->statement_timeout_ms <= CONF_STATEMENT_TIMEOUT_MS_MAX,
                "database.statement_timeout_ms", "may be at most 3,600,000", err);
}

static rc check_root_key(const Chancery__Config__V1__RootKey *key, struct err *err)
{
    TRY(need(key->file[0] != '\0', "root_key.file", "is required", err));
    TRY(need(key->n_other_files <= CONF_OTHER_ROOT_KEYS_MAX, "root_key.other_files",
             "may have at most 3 entries", err));
    for (size_t i = 0; i < key->n_other_files; i++) {
        TRY(need(key->other_files[i][0] != '\0', "root_key.other_files", "names no file", err));
    }
    return conf_openers_check(key->openers, key->n_openers, err);
}

static rc check_rates(const Chancery__Config__V1__Limits *limits, struct err *err)
{
    const char *const too_many = "may be at most 100,000";
    TRY(need(limits->tenant_calls_per_second <= CONF_RATE_MAX, "limits.tenant_calls_per_second",
             too_many, err));
    TRY(need(limits->component_calls_per_second <= CONF_RATE_MAX,
             "limits.component_calls_per_second", too_many, err));
    TRY(need(limits->principal_calls_per_second <= CONF_RATE_MAX,
             "limits.principal_calls_per_second", too_many, err));
    TRY(need(limits->network_calls_per_second <= CONF_RATE_MAX, "limits.network_calls_per_second",
             too_many, err));
    return need(limits->burst_seconds <= CONF_BURST_S_MAX, "limits.burst_seconds",
                "may be at most 60", err);
}

static rc check(struct arena *arena, const Conf *c, struct err *err)
{
    static const char *const formats[] = {"json", "logfmt", NULL};
    static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
    TRY(need(c->n_listeners > 0, "listeners", "needs at least one entry", err));
    for (size_t i = 0; i < c->n_listeners; i++) {
        TRY(check_listener(c->listeners[i], err));
    }
    TRY(need(c->n_listeners <= CONF_LISTENERS_MAX, "listeners", "may have at most 16 entries",
             err));
    TRY(check_database(arena, c->database, err));
    TRY(check_root_key(c->root_key, err));
    TRY(need(authority_url_is_valid(c->authority_url), "authority_url",
             "must be an https:// address, without a slash at its end", err));
    TRY(need(c->workers <= CONF_WORKERS_MAX, "workers", "may be at most 64", err));
    TRY(need(is_one_of(c->log->format, formats), "log.format", "must be json or logfmt", err));
    TRY(check_dns(c->dns, err));
    if (c->mail_relay != NULL) {
        TRY(conf_mail_relay_check(c->mail_relay, err));
    }
    TRY(conf_audit_sinks_check(c->audit_sinks, c->n_audit_sinks, err));
    if (c->telemetry != NULL) {
        TRY(conf_telemetry_check(c->telemetry, err));
    }
    TRY(check_origins(c, err));
    TRY(need(c->limits->failures_per_second <= CONF_FAILURES_MAX, "limits.failures_per_second",
             "may be at most 1,000,000", err));
    TRY(check_rates(c->limits, err));
    TRY(need(c->connections->ticket_ms <= CONF_TICKET_MS_MAX, "connections.ticket_ms",
             "may be at most 604,800,000", err));
    return need(is_one_of(c->log->level, levels), "log.level",
                "must be debug, info, warning or error", err);
}

static rc read_file(struct arena *arena, const char *path, struct slice *out, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        FAIL(err, R_CONFIG_INVALID, "%s: %s", path, strerror(errno));
    }
    uint8_t *bytes = arena_alloc(arena, CONF_BYTES_MAX);
    size_t len = bytes == NULL ? 0 : fread(bytes, 1, CONF_BYTES_MAX, file);
    bool is_bad = ferror(file) != 0;
    fclose(file);
    ARENA_ENSURE(bytes, err);
    if (is_bad || len == CONF_BYTES_MAX) {
        FAIL(err, R_CONFIG_INVALID, "%s is unreadable or too large", path);
    }
    *out = slice_of(bytes, len);
    return OK;
}

rc conf_load(struct arena *arena, const char *path, Conf **out, struct err *err)
{
    struct slice bytes;
    ProtobufCMessage *message = NULL;
    TRY(read_file(arena, path, &bytes, err));
    TRY(message_from_yaml(arena, &chancery__config__v1__config__descriptor, bytes, &message, err));
    *out = (Conf *)message;
    TRY(fill_in(arena, *out, err));
    return check(arena, *out, err);
}

rc conf_print(struct arena *arena, const Conf *c, const char **out, struct err *err)
{
    return message_to_json(arena, &c->base, true, true, out, err);
}
