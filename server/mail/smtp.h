/* SPDX-License-Identifier: Apache-2.0 */
/* One mail to one recipient by an SMTP relay (RFC 5321), by libcurl on our loop. TLS is required, and the relay's
 * certificate checked, unless the configuration says otherwise of a relay on this machine. The relay's name is looked
 * up by server/dns. Loop thread only. */
#pragma once

#include "base/arena.h"
#include "loop/loop.h"

struct dns;
struct secret;
struct smtp;

enum smtp_tls { SMTP_STARTTLS, SMTP_TLS, SMTP_CLEAR };

struct smtp_config {
    const char *host; /* a name or a numeric address, IPv6 without brackets */
    unsigned port;
    enum smtp_tls tls;
    const char *ca_file;           /* PEM bundle; NULL: the system's */
    const char *user;              /* NULL: without signing in */
    const struct secret *password; /* with a user; borrows, holds no NUL */
    const char *helo;              /* the name by which we greet */
    const char *sender;            /* of the envelope: where bounces go */
    int64_t timeout_ms;            /* for a mail, look-up included */
    struct dns *dns;
};

/* Copies no text: the configuration lives as long. */
struct smtp *smtp_new(struct loop *loop, const struct smtp_config *config);
/* All mails must be sent or canceled. */
void smtp_free(struct smtp *smtp);

struct smtp_result {
    bool is_sent;        /* the relay has taken it over */
    bool is_final;       /* when not: it will never take it (a 5xx that is about this mail) */
    long code;           /* its last answer; 0: none */
    const char *problem; /* for our log when not sent; lends until `done` returns */
};
struct smtp_mail;
/* Send a message to an address in SMTP's form; both live until `done`, which comes once, from the loop. NULL when out of
 * memory. */
struct smtp_mail *smtp_send(struct smtp *smtp, const char *to, struct slice message,
                            void (*done)(void *user, const struct smtp_result *result), void *user);
/* Forget one that is not done. */
void smtp_cancel(struct smtp_mail *mail);
