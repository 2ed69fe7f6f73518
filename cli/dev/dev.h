/* SPDX-License-Identifier: Apache-2.0 */
/* A whole authority in one folder, to try out and for others' tests: PostgreSQL, keys,
 * certificates, tenants. Not for production: its identity provider signs whatever is asked for. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"

enum { DEV_PATH_MAX = 512 };

struct dev {
    struct arena *arena;
    const char *folder;
    const char *bin;  /* folder of the PostgreSQL programs */
    const char *port; /* of the TLS listener on loopback */
};

/* A path in the folder; lent by the arena. */
const char *dev_path(const struct dev *dev, const char *format, ...) PRINTF_LIKE(2, 3);
/* A text in quotes, as YAML and JSON have it; lent by the arena. */
const char *dev_quoted(const struct dev *dev, const char *text);
bool dev_exists(const char *path);
/* Whether it is a folder with nothing in it. */
bool dev_is_empty(const char *path);
/* Fail for what the system refuses to do with a file. R_STARTUP_FAILED. */
rc dev_failed(const char *what, struct err *err);
/* Write a file that only its owner can read, whole or not at all; one that exists stays as it is.
 * R_FILE_UNWRITABLE. */
rc dev_write_new(const char *path, struct slice bytes, struct err *err);
rc dev_mkdir(const char *path, struct err *err);
/* Delete a folder with all that is in it; it need not exist. R_STARTUP_FAILED. */
rc dev_remove(const char *path, struct err *err);
/* Run a program and wait for it; its output goes to commands.log. If we are root and `as_postgres`,
 * it runs as the user postgres, because PostgreSQL refuses to run as root. R_STARTUP_FAILED. */
rc dev_run(const struct dev *dev, const char *const *argv, bool as_postgres, struct err *err);

/* process.c */
/* The number at the beginning of a file; 0: none. */
pid_t dev_pid_in(const char *path);
/* Whether there is such a process, and this is among the arguments of its command line. */
bool dev_process_has(pid_t pid, const char *argument);
/* Whether any process works in this folder, or has it among its arguments. */
bool dev_folder_is_in_use(const char *folder);
/* Send SIGTERM to a process that has this among its arguments, and to no other. */
bool dev_process_end(pid_t pid, const char *argument);
bool dev_is_locked(const char *path);
/* Lock a file, which is made if need be. It stays locked until everybody who has this descriptor,
 * who inherited it too, has closed it. R_STARTUP_FAILED. */
rc dev_lock(const char *path, bool wait, int *fd_out, struct err *err);

/* postgres.c */
rc dev_postgres_start(struct dev *dev, struct err *err);
rc dev_postgres_stop(struct dev *dev, struct err *err);
bool dev_postgres_is_running(const struct dev *dev);
const char *dev_owner_conninfo(const struct dev *dev);
const char *dev_server_conninfo(const struct dev *dev);
/* Bring the schema up to date, make the server's role, register the platform admin's
 * certificate. */
rc dev_database(struct dev *dev, struct err *err);

/* certificates.c: the root key, a CA, the server's certificate and one for each component. Files
 * that exist are kept. */
rc dev_certificates(struct dev *dev, struct err *err);
rc dev_fingerprint(const struct dev *dev, const char *name, unsigned char out[32], struct err *err);

/* port.c: let the authority have this port from its next start on, in its configuration and in all
 * profiles. A server that runs is ended before. R_STARTUP_FAILED. */
rc dev_change_port(struct dev *dev, const char *port, struct err *err);

/* server.c */
/* Whether it can be started: its program is there, and its port free. R_STARTUP_FAILED. */
rc dev_server_check(struct dev *dev, struct err *err);
rc dev_server_start(struct dev *dev, struct err *err);
rc dev_server_stop(struct dev *dev, struct err *err);
bool dev_server_is_running(const struct dev *dev);

/* tenants.c: makes tenants, issuers and components through the API, and writes profiles. */
rc dev_tenants(struct dev *dev, struct err *err);

/* The tenants and components that are made. */
struct dev_tenant {
    const char *name, *display_name, *boundary, *domain;
};
extern const struct dev_tenant DEV_TENANTS[];
extern const size_t DEV_TENANT_COUNT;
struct dev_component {
    const char *name, *tenant; /* tenant "": the platform's */
    int role;                  /* of chancery.v1.Role */
    const char *boundary, *domain;
};
extern const struct dev_component DEV_COMPONENTS[];
extern const size_t DEV_COMPONENT_COUNT;
/* The domain of the consumer issuer: its people have no tenant. */
#define DEV_CONSUMER_DOMAIN "mail.example"
/* Sign a token for an address, as the dev issuer of its domain: R_NOT_FOUND if there is none. With
 * `key_file`, bind the token to the key in that PEM file, which is made if it doesn't exist. */
rc dev_token(const struct dev *dev, const char *address, int64_t minutes, const char *key_file,
             const char **out, struct err *err);
/* /var/lib/chancery-dev for root, ~/.local/share/chancery-dev for others. */
const char *dev_default_folder(struct arena *arena);
