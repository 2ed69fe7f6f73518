/* SPDX-License-Identifier: Apache-2.0 */
/* Protected mails and files as operands of commands. */
#pragma once

#include <stdio.h>

#include "cli/session.h"
#include "client/content_file.h"
#include "client/mail.h"

/* A protected mail or file, as far as it can be read without a key. */
struct protected
{
    bool is_file;
    FILE *in; /* with is_file: positioned at the first record */
    struct content_file file;
    struct mail_parts mail;
    struct slice license;
};
rc protected_load(struct arena *arena, const char *path, struct protected *out, struct err *err);
/* Write what was protected, byte for byte: whole or not at all. */
rc protected_write(struct arena *arena, const struct protected *p, const char *path,
                   const struct secret *key, struct err *err);
/* Where to write what is opened if nothing is said: beside the input. NULL over budget. */
const char *protected_output_for(struct arena *arena, const char *input);
void protected_close(struct protected *p);

/* A content as a command line names it: by its id, or by a protected mail or file, whose publishing
 * license goes into the request. */
struct content_operand {
    char *id; /* "" with a license */
    ProtobufCBinaryData license;
};
/* Returns an exit code; prints what fails. */
int content_operand_read(struct session *s, const char *text, struct content_operand *out);
