/* SPDX-License-Identifier: Apache-2.0 */
/* How an answer is printed: for people, or as a document for programs (-o). */
#pragma once

#include "cli/session.h"

enum answer {
    ANSWER_TEXT,
    ANSWER_JSON, /* protobuf's JSON mapping */
    ANSWER_YAML, /* with the fields' names as in the .proto files, so that -f takes it again */
};

/* What -o says; NULL, and "table", is text. Prints what is wrong. Returns an exit code. */
int answer_read(const struct command *command, const char *text, enum answer *out);
/* Print a message as one document; for ANSWER_TEXT too, where a command has nothing better. Empty
 * lists are []. Returns an exit code. */
int answer_print(struct session *session, enum answer answer, const ProtobufCMessage *message);
/* The same beside what a command writes to `output`: where that is standard output, on standard error. */
int answer_print_beside(struct session *session, enum answer answer, const char *output,
                        const ProtobufCMessage *message);
/* Print one document of many: a line of JSON, or a YAML document that begins with ---. */
int answer_print_one(struct session *session, enum answer answer, const ProtobufCMessage *message);
