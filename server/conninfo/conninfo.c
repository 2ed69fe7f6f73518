/* SPDX-License-Identifier: Apache-2.0 */
/* Source of the rules: PostgreSQL's documentation, "Database Connection Control Functions", §34.1.1.3 "Specifying
 * Multiple Hosts" and "The Connection Service File". */
#include "conninfo/conninfo.h"

#include <libpq-fe.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *value_of(const PQconninfoOption *options, const char *key)
{
    for (; options != NULL && options->keyword != NULL; options++) {
        if (strcmp(options->keyword, key) == 0 && options->val != NULL) {
            return options->val;
        }
    }
    return "";
}

/* What holds where the string says nothing: its service, then the environment, then what libpq was built with.
 * libpq looks for a service in the environment alone here. */
static PQconninfoOption *defaults_for(struct arena *arena, const char *service)
{
    static const char name[] = "PGSERVICE";
    const char *before = getenv(name);
    char *kept = before == NULL ? NULL : arena_strdup(arena, before);
    if (service[0] != '\0' && setenv(name, service, 1) != 0) {
        return NULL;
    }
    PQconninfoOption *defaults = PQconndefaults();
    if (service[0] != '\0') {
        kept == NULL ? (void)unsetenv(name) : (void)setenv(name, kept, 1);
    }
    return defaults;
}

/* --- hosts -------------------------------------------------------------------------------------- */

static size_t count_items(const char *list)
{
    size_t count = 1;
    for (; *list != '\0'; list++) {
        count += *list == ',';
    }
    return count;
}

/* Item `index` of a list with commas between. */
static const char *item(struct arena *arena, const char *list, size_t index)
{
    while (index-- > 0) {
        list += strcspn(list, ",") + 1;
    }
    return arena_dup(arena, slice_of(list, strcspn(list, ",")));
}

static rc take_hosts(struct arena *arena, const char *host, const char *hostaddr, const char *port,
                     struct conninfo *out, struct err *err)
{
    out->host_count = count_items(hostaddr[0] != '\0' ? hostaddr : host);
    size_t ports = count_items(port);
    if ((host[0] != '\0' && count_items(host) != out->host_count) ||
        (ports != 1 && ports != out->host_count)) {
        FAIL(err, R_CONFIG_INVALID, "host, hostaddr and port name different numbers of hosts");
    }
    out->hosts = ARENA_ARRAY(arena, struct conninfo_host, out->host_count);
    ARENA_ENSURE(out->hosts, err);
    for (size_t i = 0; i < out->host_count; i++) {
        out->hosts[i] = (struct conninfo_host){
            .host = host[0] == '\0' ? "" : item(arena, host, i),
            .hostaddr = hostaddr[0] == '\0' ? "" : item(arena, hostaddr, i),
            .port = item(arena, port, ports == 1 ? 0 : i),
        };
        ARENA_ENSURE(out->hosts[i].host, err);
        ARENA_ENSURE(out->hosts[i].hostaddr, err);
        ARENA_ENSURE(out->hosts[i].port, err);
    }
    return OK;
}

bool conninfo_is_local(const struct conninfo_host *host)
{
    /* @: the abstract namespace */
    return host->hostaddr[0] == '\0' && (host->host[0] == '\0' || strchr("/@", host->host[0]));
}

/* --- the rest ----------------------------------------------------------------------------------- */

static bool is_of_hosts(const char *key)
{
    return strcmp(key, "host") == 0 || strcmp(key, "hostaddr") == 0 || strcmp(key, "port") == 0;
}

static rc take_options(struct arena *arena, const PQconninfoOption *said,
                       const PQconninfoOption *defaults, struct conninfo *out, struct err *err)
{
    size_t count = 0;
    while (said[count].keyword != NULL) {
        count++;
    }
    out->options = ARENA_ARRAY(arena, struct conninfo_option, count);
    ARENA_ENSURE(out->options, err);
    for (const PQconninfoOption *one = said; one->keyword != NULL; one++) {
        const char *value = one->val != NULL ? one->val : value_of(defaults, one->keyword);
        if (value[0] == '\0' || is_of_hosts(one->keyword)) {
            continue;
        }
        struct conninfo_option *option = &out->options[out->option_count++];
        option->key = arena_strdup(arena, one->keyword);
        option->value = arena_strdup(arena, value);
        ARENA_ENSURE(option->key, err);
        ARENA_ENSURE(option->value, err);
    }
    return OK;
}

/* libpq marks what should not be shown with a star, whatever it is called. */
static bool has_secret(const PQconninfoOption *said)
{
    for (; said->keyword != NULL; said++) {
        if (said->val != NULL && said->dispchar[0] == '*') {
            return true;
        }
    }
    return false;
}

/* Seconds; for libpq 0 and below are for ever, which nobody wants of one host. */
static int64_t timeout_ms(const char *text)
{
    long seconds = strtol(text, NULL, 10);
    return seconds <= 0 ? 0 : (seconds > INT_MAX / 1000 ? INT_MAX / 1000 : seconds) * 1000;
}

static const char *either(const PQconninfoOption *said, const PQconninfoOption *defaults,
                          const char *key)
{
    const char *value = value_of(said, key);
    return value[0] != '\0' ? value : value_of(defaults, key);
}

static rc take(struct arena *arena, const PQconninfoOption *said, const PQconninfoOption *defaults,
               struct conninfo *out, struct err *err)
{
    out->has_password = has_secret(said);
    TRY(take_hosts(arena, either(said, defaults, "host"), either(said, defaults, "hostaddr"),
                   either(said, defaults, "port"), out, err));
    TRY(take_options(arena, said, defaults, out, err));
    out->connect_timeout_ms = timeout_ms(conninfo_get(out, "connect_timeout"));
    return OK;
}

const char *conninfo_get(const struct conninfo *conninfo, const char *key)
{
    for (size_t i = 0; i < conninfo->option_count; i++) {
        if (strcmp(conninfo->options[i].key, key) == 0) {
            return conninfo->options[i].value;
        }
    }
    return "";
}

rc conninfo_parse(struct arena *arena, const char *text, struct conninfo *out, struct err *err)
{
    char *message = NULL; /* quotes the string */
    PQconninfoOption *said = PQconninfoParse(text, &message);
    *out = (struct conninfo){0};
    PQfreemem(message);
    if (said == NULL) {
        FAIL(err, R_CONFIG_INVALID, "libpq can't take it apart");
    }
    PQconninfoOption *defaults = defaults_for(arena, value_of(said, "service"));
    rc taken = take(arena, said, defaults, out, err);
    PQconninfoFree(said);
    PQconninfoFree(defaults);
    return taken;
}
