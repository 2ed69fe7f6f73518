/* SPDX-License-Identifier: Apache-2.0 */
/* chancery root-key: making, wrapping, splitting and joining root keys. It asks no authority. */
#pragma once

#include "cli/session.h"
#include "crypto/root_wraps.h"
#include "crypto/shamir.h"
#include "keys/root_files.h"

struct root_key_args {
    const char *key, *name, *to;
    const char *config, *with; /* what opens a wrapped key */
    const char *module, *uri, *pin_file;
    const char *shares, *threshold;
    const char *record;
    const char **witnesses; /* NULL-terminated; NULL: none */
    char **operands;
    size_t operand_count;
};

enum { ROOT_KEY_LINES_MAX = 32 };

/* What an act has done, for a ceremony's record. Texts are lent. */
struct root_key_act {
    const char *name;
    const char *thumbprint;
    const char *lines[ROOT_KEY_LINES_MAX]; /* one for each wrap or share */
    size_t line_count;
};

/* A file, and what is to open it: --config and --with, and for `has_token` --module and --uri. Lends. */
rc root_key_files(struct session *s, const struct root_key_args *args, const char *path,
                  bool has_token, struct root_files *out, struct err *err);
/* A root key of a file, whatever opens it. What root_files_read says. */
rc root_key_read(struct session *s, const struct root_key_args *args, const char *path,
                 struct secret **out, struct err *err);
/* Write a plain root key, 64 hex digits, to a file that isn't there yet. */
rc root_key_write(struct session *s, const char *path, const struct secret *root, struct err *err);

/* The verbs; exit codes. */
int root_key_create(struct session *s, const struct root_key_args *args);
int root_key_wrap(struct session *s, const struct root_key_args *args);
int root_key_check(struct session *s, const struct root_key_args *args);
int root_key_split(struct session *s, const struct root_key_args *args);
int root_key_join(struct session *s, const struct root_key_args *args);

/* record.c: before an act, whether its record will replace nothing. R_FILE_UNWRITABLE */
rc root_key_record_check(const struct root_key_args *args, struct err *err);
/* Print what was done, and write it down where --record says, with a line for each witness to sign. Returns an exit code. */
int root_key_tell(struct session *s, const struct root_key_args *args,
                  const struct root_key_act *act);
