/* SPDX-License-Identifier: Apache-2.0 */
/* The portal's configuration: one file, a setting in each line (docs/portal.md). Read once; after that
 * any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* An OpenID provider at which readers sign in. */
struct provider {
    char *name;          /* what stands on its button */
    char *issuer;        /* exactly as its tokens have it */
    char *client_id;     /* the portal's, there */
    char *client_secret; /* read of a file; "": a public client */
};

struct settings {
    long port;              /* of 127.0.0.1, where the TLS terminator finds it */
    char *origin;           /* as browsers see it: "https://portal.example.org" */
    char *name;             /* of the portal, for its readers */
    char *reader_ip_header; /* in which the terminator says who asks */
    char *server, *ca_file, *certificate_file, *key_file;
    char *provider_ca_file; /* of providers; NULL: the system's */
    struct provider *providers;
    size_t provider_count;
    /* By which answers are sent; `relay` is NULL: there are none. */
    char *relay, *relay_tls, *relay_ca_file, *relay_user, *relay_password_file;
    char *relay_password; /* read of the file; NULL: none */
    char *mail_from;      /* whose mails they are on their way */
    long passcodes;       /* 1: readers may sign in by a passcode */
    long timeout_s;       /* of each question to the authority or a provider */
    long mail_mib;        /* largest mail */
    long memory_mib;
    long sessions; /* readers at once */
    long connections;
    long threads;
    long idle_s;          /* between requests, and for the header of one */
    long session_minutes; /* a reader stays signed in at most */
};

/* Read a file. On failure tells the line and what is wrong with it on standard error. */
bool settings_read(const char *path, struct settings *out);
void settings_free(struct settings *settings);
