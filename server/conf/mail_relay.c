/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/mail_relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535, HOST_MAX = 256 };

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static char *text(const char *value)
{
    return (char *)(uintptr_t)value; /* protobuf-c wants char *; nobody writes through it */
}

/* The host of the authority's address, or a name that says nothing where that is no name of DNS. */
static const char *greeting(struct arena *arena, const char *authority_url)
{
    const char *host = strstr(authority_url, "://");
    host = host == NULL ? "" : host + 3;
    size_t len = strcspn(host, ":/");
    return len == 0 || host[0] == '[' ? "localhost" : arena_dup(arena, slice_of(host, len));
}

rc conf_mail_relay_fill_in(struct arena *arena, Chancery__Config__V1__MailRelay *relay,
                           const char *authority_url, struct err *err)
{
    const char *helo = greeting(arena, authority_url);
    ARENA_ENSURE(helo, err);
    relay->tls = relay->tls[0] == '\0' ? text("starttls") : relay->tls;
    relay->helo = relay->helo[0] == '\0' ? text(helo) : relay->helo;
    relay->envelope_sender =
        relay->envelope_sender[0] == '\0' ? relay->from : relay->envelope_sender;
    relay->timeout_ms = relay->timeout_ms == 0 ? CONF_RELAY_TIMEOUT_MS : relay->timeout_ms;
    return OK;
}

bool conf_mail_relay_address(const char *address, char *host, size_t size, unsigned *port)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - address);
    bool is_v6 = len > 2 && address[0] == '[' && address[len - 1] == ']';
    char *end = NULL;
    unsigned long value = colon == NULL ? 0 : strtoul(colon + 1, &end, 10);
    const char *name = address + (is_v6 ? 1 : 0);
    size_t name_len = is_v6 ? len - 2 : len;
    if (name_len == 0 || name_len >= size || strspn(colon + 1, "0123456789") == 0 || *end != '\0' ||
        value < 1 || value > PORT_MAX) {
        return false;
    }
    snprintf(host, size, "%.*s", (int)name_len, name);
    *port = (unsigned)value;
    return is_v6 ? strspn(host, "0123456789abcdefABCDEF:.") == name_len
                 : strcspn(host, ":[]/@ ") == name_len;
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

/* One address in ASCII as people have them: what could end a command of SMTP or a header is none. */
static bool is_address(const char *address)
{
    char local[sizeof LETTERS + 8];
    char domain[sizeof LETTERS + 8];
    const char *at = strchr(address, '@');
    snprintf(local, sizeof local, "%s.!#+_=-", LETTERS);
    snprintf(domain, sizeof domain, "%s.-", LETTERS);
    return at != NULL && at != address && at[1] != '\0' && strlen(address) <= CONF_RELAY_TEXT_MAX &&
           strspn(address, local) == (size_t)(at - address) &&
           strspn(at + 1, domain) == strlen(at + 1);
}

static bool is_printable(const char *value)
{
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value < ' ' || *value == 0x7f) {
            return false;
        }
    }
    return true;
}

static rc need(bool holds, const char *field, const char *why, struct err *err)
{
    if (!holds) {
        FAIL(err, R_CONFIG_INVALID, "mail_relay.%s %s", field, why);
    }
    return OK;
}

static rc check_tls(const Chancery__Config__V1__MailRelay *relay, const char *host, struct err *err)
{
    bool is_clear = strcmp(relay->tls, "none") == 0;
    TRY(need(is_clear || strcmp(relay->tls, "starttls") == 0 || strcmp(relay->tls, "tls") == 0,
             "tls", "must be starttls, tls or none", err));
    TRY(need(!is_clear || is_loopback(host), "tls",
             "may be none only for a relay on 127.0.0.1 or [::1]", err));
    return need(!is_clear || relay->user[0] == '\0', "user",
                "is sent by TLS only; give `tls`, or leave it out", err);
}

rc conf_mail_relay_check(const Chancery__Config__V1__MailRelay *relay, struct err *err)
{
    char host[HOST_MAX], greets[sizeof LETTERS + 8];
    unsigned port;
    TRY(need(conf_mail_relay_address(relay->address, host, sizeof host, &port), "address",
             "must be a host and a port, such as smtp.example.org:587", err));
    TRY(check_tls(relay, host, err));
    TRY(need(is_address(relay->from), "from", "must be a mail address in ASCII", err));
    TRY(need(is_address(relay->envelope_sender), "envelope_sender",
             "must be a mail address in ASCII", err));
    TRY(need(strlen(relay->from_name) <= CONF_RELAY_NAME_MAX && is_printable(relay->from_name),
             "from_name", "may have at most 45 bytes, on one line", err));
    TRY(need((relay->user[0] == '\0') == (relay->password_file[0] == '\0'), "password_file",
             "and user belong together", err));
    TRY(need(strlen(relay->user) <= CONF_RELAY_TEXT_MAX && is_printable(relay->user), "user",
             "may have at most 254 bytes, on one line", err));
    snprintf(greets, sizeof greets, "%s.-", LETTERS);
    TRY(need(strspn(relay->helo, greets) == strlen(relay->helo) &&
                 strlen(relay->helo) <= CONF_RELAY_TEXT_MAX,
             "helo", "must be a host's name", err));
    return need(relay->timeout_ms <= CONF_RELAY_TIMEOUT_MS_MAX, "timeout_ms",
                "may be at most 120,000", err);
}
