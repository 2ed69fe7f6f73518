/* SPDX-License-Identifier: Apache-2.0 */
/* chancery init: the steps of docs/install.md in one. It makes what is missing and keeps what there is. */
#pragma once

#include <sys/types.h>

#include "cli/command.h"
#include "conninfo/conninfo.h"

enum { INIT_BUDGET = 4 * 1024 * 1024 };

struct init {
    struct arena *arena;
    const char *url, *host, *port; /* authority_url, and its parts */
    const char *folder;            /* from the root on */
    const char *listen;            /* address:port */
    const char *socket;            /* path of the Unix socket */
    const char *conninfo;          /* the server's */
    struct conninfo database;      /* the same, taken apart */
    const char *db_name, *db_user;
    const char *user; /* whom the server runs as */
    uid_t uid;
    gid_t gid;
    bool is_root;                 /* we are, so files are given to that user */
    const char *program, *daemon; /* chancery and chanceryd, as they are called */
    const char *unit;             /* where the unit is written to; NULL: none is */
    const char *superuser;        /* by which connection the database is made; NULL: it isn't */
};

#define INIT_OWNER "chancery_owner"

/* A path in the folder; lent by the arena, and never NULL. */
const char *init_path(const struct init *init, const char *name);
/* The same for whatever else is put together. */
const char *init_text(const struct init *init, const char *format, ...) PRINTF_LIKE(2, 3);

/* files.c */
bool init_is_there(const char *path);
/* A folder, of the mode; one that is there stays, unless others may write to it. For the server: with its group. */
rc init_folder(const struct init *init, const char *path, mode_t mode, bool is_servers,
               struct err *err);
/* A file, whole or not at all, that never replaces one. For the server: owned by it. Prints what became of it. */
rc init_file(const struct init *init, const char *path, struct slice bytes, mode_t mode,
             bool is_servers, struct err *err);
void init_kept(const char *path);

/* The steps, in their order. */
rc init_keys(struct init *init, struct err *err); /* keys.c: root key, server, first admin */
rc init_configuration(struct init *init, struct err *err); /* configuration.c */
rc init_unit(struct init *init, struct err *err);          /* configuration.c */
rc init_roles(struct init *init, struct err *err);         /* database.c: the SQL */
rc init_database(struct init *init,
                 struct err *err); /* database.c: carried out, where that is asked for */

/* Whether there is a configuration that says something else; before anything is made. R_PRECONDITION_FAILED */
rc init_compare(struct init *init, struct err *err);
/* next.c: what is left to do, literally. */
void init_tell_next(const struct init *init);
