/* SPDX-License-Identifier: Apache-2.0 */
/* Where root keys come from: files, plain or wrapped, and what opens the wrapped ones (docs/formats.md §4.1). Blocking, so never on a
 * worker's loop: a token is asked here. */
#pragma once

#include "base/err.h"
#include "base/secret.h"
#include "crypto/root_wraps.h"
#include "keys/keys.h"

enum { ROOT_OPENERS_MAX = 8 };

/* Paths that don't begin with `/` lie in $CREDENTIALS_DIRECTORY, where there is one. */
struct root_opener {
    const char *key_file;                /* in PEM; "": it is a token's key */
    const char *module, *uri, *pin_file; /* pin_file "": it asks for no PIN */
};

/* How a wrapped root key was opened, or why not by this opener. */
struct root_told {
    const char *file, *opener; /* opener: its file or uri */
    const char *wrap, *kid;    /* the wrap's name and its key's thumbprint, "" with an error */
    size_t root;               /* which root key: 0 is that of `file` */
    const struct err *err;     /* NULL: it was opened */
};

/* Borrows. */
struct root_files {
    const char *file; /* the one to wrap by */
    char *const *others;
    size_t other_count; /* less than KEYS_ROOTS_MAX */
    struct root_opener openers[ROOT_OPENERS_MAX];
    size_t opener_count;
    void (*tell)(void *ctx, const struct root_told *told); /* NULL: nobody is told */
    void *ctx;
};

/* Read all of them, the one to wrap by first; free each. Of a wrapped one openers are tried in their order until one opens, each token
 * logged in to once, and not at all with a PIN that it has just refused. crypto_init comes first where there are openers.
 * R_ROOT_KEY_UNREADABLE, R_ROOT_KEY_MODE, R_ROOT_KEY_INVALID, R_ROOT_KEY_UNOPENED; of a single opener what it fails with, such as
 * R_HSM_PIN_WRONG or R_FILE_MODE. */
rc root_files_read(const struct root_files *files, struct secret *out[KEYS_ROOTS_MAX],
                   struct err *err);
/* Whether all can be read. */
rc root_files_check(const struct root_files *files, struct err *err);
/* The same as far as it shows without asking a token, which counts tries: of a token its library and its PIN file are looked at. */
rc root_files_look(const struct root_files *files, struct err *err);
/* Whether `files->file`, a wrapped one, opens by any of its openers: each is tried. */
rc root_files_check_each(const struct root_files *files, struct err *err);
/* What root_files_read gave as keys, which take it. */
struct keys *root_files_keys(struct loop *loop, struct secret *roots[KEYS_ROOTS_MAX],
                             size_t cache_max);

/* A token's PIN, without the line's end that editors leave; "" gives an empty one. Only its owner may read the file. R_FILE_UNREADABLE,
 * R_FILE_MODE. */
rc root_pin_read(const char *name, struct secret **out, struct err *err);

/* What a file says of its wraps, without opening any; none: the root key is plain. What secret_from_file says, R_ROOT_KEY_INVALID. */
rc root_files_wraps(struct arena *arena, const char *name, struct root_wraps *out, struct err *err);

/* Root keys in a locked page that processes forked from here share: so workers need no token, and one that is started again none
 * either. */
struct root_shelf;
/* After crypto_init. Where `running`, NULL at a start, was read from the same files with the same content, by the same openers, it is shared
 * and no token is asked. Otherwise as root_files_read; and R_STARTUP_FAILED if the memory can't be locked. */
rc root_shelf_open(const struct root_files *files, struct root_shelf *running,
                   struct root_shelf **out, struct err *err);
struct keys *root_shelf_keys(struct loop *loop, const struct root_shelf *shelf, size_t cache_max);
/* Once for each open: then this process sees them no more; the memory goes with the last one that does. NULL is fine. */
void root_shelf_close(struct root_shelf *shelf);
