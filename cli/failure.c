/* SPDX-License-Identifier: Apache-2.0 */
/* How a command tells what failed on this side. What the authority refuses is told by session.c. */
#include <stdio.h>

#include "base/utf8.h"
#include "cli/command.h"

/* Reasons of the libraries that client and server share speak of requests, tokens and licenses, as
 * the authority does. Nothing that fails here is told in its words. What comes after the requests in
 * the table is for operators, or of the command line itself. */
static enum reason own_reason(const struct command *command, enum reason reason)
{
    static const struct {
        enum reason shared, own;
    } rows[] = {
        {R_CONFIG_INVALID, R_INPUT_INVALID},
        {R_FIELD_INVALID, R_INPUT_INVALID},
        {R_NOT_FOUND, R_INPUT_INVALID},
        {R_PRECONDITION_FAILED, R_INPUT_INVALID},
        {R_LICENSE_MALFORMED, R_INPUT_NOT_PROTECTED},
        {R_MESSAGE_TOO_LARGE, R_INPUT_INVALID},
        {R_PROTO_MALFORMED, R_AUTHORITY_UNREACHABLE},
        {R_DATABASE_UNAVAILABLE, R_INPUT_INVALID},
        {R_DATABASE_ERROR, R_INPUT_INVALID},
        {R_DATABASE_FULL, R_DATABASE_FULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].shared == reason) {
            return rows[i].own;
        }
    }
    bool starts_one = command == &command_dev;
    return reason > R_STARTUP_FAILED || (reason == R_STARTUP_FAILED && starts_one)
               ? reason
               : R_COMMAND_FAILED;
}

int fail_with(const struct command *command, const struct err *err)
{
    const struct reason_info *info = reason_info(own_reason(command, err->reason));
    fprintf(stderr, "chancery%s%s: %s: %s\n", command == NULL ? "" : " ",
            command == NULL ? "" : command->name, info->public_name, info->text);
    if (err->detail[0] != '\0') {
        fputs("  ", stderr);
        utf8_print(stderr, err->detail);
        fputc('\n', stderr);
    }
    fprintf(stderr, "  %s\n", info->advice);
    return EXIT_FAILED;
}
