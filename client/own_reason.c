/* SPDX-License-Identifier: Apache-2.0 */
#include "client/own_reason.h"

#include <stddef.h>

/* What comes after the requests in the table of reasons is for operators, or of this side itself. */
enum reason own_reason(enum reason reason)
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
        {R_PUBLISHER_EXPIRED, R_PUBLISHER_EXPIRED},
        {R_PUBLISHER_EXCEEDED, R_PUBLISHER_EXCEEDED},
        {R_RECIPIENTS_MISSING, R_RECIPIENTS_MISSING},
        {R_LIMIT_EXCEEDED, R_LIMIT_EXCEEDED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].shared == reason) {
            return rows[i].own;
        }
    }
    return reason > R_STARTUP_FAILED ? reason : R_COMMAND_FAILED;
}
