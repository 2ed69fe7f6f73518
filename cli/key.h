/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of `chancery key` that have a file of their own. */
#pragma once

#include "chancery/v1/key.pb-c.h"
#include "cli/verbs.h"

struct key_args {
    struct verb_args common; /* first */
    const char *reason, *days, *etag;
    const char *to, *approval; /* of export */
    const char *keys, *key;    /* of open-exported; the latter of import too */
};

/* Which purpose the first operand is. Returns an exit code. */
int key_read_purpose(struct session *s, const struct verb_args *args,
                     Chancery__V1__KeyPurpose *out);
void key_show(Chancery__V1__Key *key);

int key_export(struct session *s, const struct verb_args *common);
int key_cancel_export(struct session *s, const struct verb_args *common);
int key_import(struct session *s, const struct verb_args *common);
/* These ask no authority. argv[1] is the verb. */
int key_new_recipient(int argc, char **argv);
int key_open_exported(const struct key_args *args, int argc, char **argv);
