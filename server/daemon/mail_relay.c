/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/mail_relay.h"

#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "conf/mail_relay.h"
#include "dns/dns.h"

enum { HOST_BYTES = 256, PASSWORD_FILE_MAX = 1024 };

struct mail_relay {
    char host[HOST_BYTES];
    struct secret *password; /* NULL without signing in */
    struct dns *dns;         /* with a line of its own: nobody's look-ups hold up another's */
    struct passcode_mail *passcodes;
    struct notice_mail *notices;
};

/* Without the line's end that editors leave. */
static rc read_password(const char *path, struct secret **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *file = NULL;
    TRY(secret_from_file(path, PASSWORD_FILE_MAX, &file, err));
    struct slice bytes = secret_use(file);
    while (bytes.len > 0 &&
           (bytes.ptr[bytes.len - 1] == '\n' || bytes.ptr[bytes.len - 1] == '\r')) {
        bytes.len--;
    }
    if (bytes.len == 0 || memchr(bytes.ptr, 0, bytes.len) != NULL) {
        FAIL(err, R_CONFIG_INVALID, "%s holds no password", path);
    }
    *out = secret_copy(bytes);
    return OK;
}

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static enum smtp_tls tls_of(const char *text)
{
    return strcmp(text, "none") == 0  ? SMTP_CLEAR
           : strcmp(text, "tls") == 0 ? SMTP_TLS
                                      : SMTP_STARTTLS;
}

static rc open_relay(struct mail_relay *relay, struct loop *loop, const Conf *conf,
                     struct mail_config *config, struct err *err)
{
    const Chancery__Config__V1__MailRelay *c = conf->mail_relay;
    unsigned port = 0;
    if (!conf_mail_relay_address(c->address, relay->host, sizeof relay->host, &port)) {
        FAIL(err, R_CONFIG_INVALID, "mail_relay.address");
    }
    if (c->password_file[0] != '\0') {
        TRY(read_password(c->password_file, &relay->password, err));
    }
    TRY(dns_new(loop, conf->dns->servers, conf->dns->n_servers, &relay->dns, err));
    config->from = c->from;
    config->from_name = c->from_name;
    config->relay = (struct smtp_config){.host = relay->host,
                                         .port = port,
                                         .tls = tls_of(c->tls),
                                         .ca_file = or_null(c->ca_file),
                                         .user = or_null(c->user),
                                         .password = relay->password,
                                         .helo = c->helo,
                                         .sender = c->envelope_sender,
                                         .timeout_ms = c->timeout_ms,
                                         .dns = relay->dns};
    relay->passcodes = passcode_mail_new(loop, config);
    relay->notices = notice_mail_new(loop, config);
    return OK;
}

rc mail_relay_new(const Conf *conf, struct services *services, struct mail_relay **out,
                  struct err *err)
{
    struct mail_config config = {
        .store = services->store, .keys = services->keys, .served = views_served(services->views)};
    *out = NULL;
    if (conf->mail_relay == NULL) {
        return OK;
    }
    struct mail_relay *relay = xcalloc(1, sizeof *relay);
    rc opened = open_relay(relay, services->loop, conf, &config, err);
    if (!opened.ok) {
        mail_relay_free(relay);
        return opened;
    }
    services->passcode_mail = relay->passcodes;
    *out = relay;
    return OK;
}

void mail_relay_pause(struct mail_relay *relay, bool pauses)
{
    if (relay != NULL) {
        passcode_mail_pause(relay->passcodes, pauses);
    }
}

void mail_relay_stop(struct mail_relay *relay)
{
    if (relay != NULL) {
        passcode_mail_stop(relay->passcodes);
        notice_mail_stop(relay->notices);
    }
}

void mail_relay_free(struct mail_relay *relay)
{
    if (relay != NULL) {
        passcode_mail_free(relay->passcodes);
        notice_mail_free(relay->notices);
        dns_free(relay->dns);
        secret_free(relay->password);
        xfree(relay);
    }
}
