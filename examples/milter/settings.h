/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's configuration: one file, a setting in each line (docs/milter.md). Read once; after that any
 * thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "address.h"

enum { LANGUAGES_MAX = 4 };

/* Where it stands. */
enum mode {
    MODE_RULES,       /* asks the rules, and protects */
    MODE_BEFORE_SCAN, /* opens what is protected, for a scanner */
    MODE_AFTER_SCAN,  /* closes it again */
    MODE_JOURNAL,     /* puts a clear copy beside it, for the tenant's journal */
};

struct settings {
    enum mode mode;
    char *listen; /* "unix:/path" or "inet:port@127.0.0.1" */
    char *server, *ca_file, *certificate_file, *key_file;
    char **domains; /* of senders for whom it protects; as DNS has them */
    size_t domain_count;
    char *languages[LANGUAGES_MAX]; /* in which wrappers explain themselves */
    size_t language_count;
    char
        *tls_header; /* by which Postfix sends a mail by TLS only; NULL: it isn't set up for that */
    bool asks_about_others; /* the rules are asked about mail of other domains' senders, too */
    long offline_hours;     /* for which it protects by what it heard last; 0: not at all */
    long timeout_s;    /* of each question to the authority; at most five are asked about a mail */
    size_t mail_bytes; /* largest mail that is taken */
    size_t memory_bytes; /* for all mails at once */
};

/* Read a file. On failure tells the line and what is wrong with it on standard error. */
bool settings_read(const char *path, struct settings *out);
/* Whether a domain is one of the settings, and which. */
bool settings_find_domain(const struct settings *settings, const char *domain, size_t *index);
bool settings_has_domain(const struct settings *settings, const char *domain);
