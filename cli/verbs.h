/* SPDX-License-Identifier: Apache-2.0 */
/* Commands with verbs: `chancery NAME VERB --profile FILE [OPTION…] [OPERAND…]`. Such a command is
 * a table of verbs. They share what is here: a session for each, all pages of a list as one, and
 * answers as text or, with -o json or -o yaml, as one document. */
#pragma once

#include "cli/answer.h"

/* What every verb is given. It comes first in the struct of a command's own options. */
struct verb_args {
    const char *profile, *format;
    enum answer answer; /* what the format says */
    const char *tenant; /* NULL: not given, or the command has no --tenant */
    bool is_sure;       /* --yes */
    char **operands;    /* after the verb */
    size_t operand_count;
};

/* The options of verb_args that every such command takes, for its table. */
#define VERB_OPTIONS(args)                      \
    {"--profile", &(args).profile, NULL, NULL}, \
    {                                           \
        "-o", &(args).format, NULL, NULL        \
    }

/* For commands with a verb that asks verb_confirm. */
#define YES_OPTION(args)                     \
    {                                        \
        "--yes", NULL, &(args).is_sure, NULL \
    }

struct verb {
    const char *name;
    size_t least, most;   /* how many operands it takes */
    const char *operands; /* what they are: "one template id"; NULL if it takes none */
    int (*run)(struct session *s, const struct verb_args *args);
};

/* Run the verb that argv names; options are taken out of argv before. Returns an exit code. */
int verbs_run(const struct command *command, const struct verb *verbs, size_t count,
              struct verb_args *args, int argc, char **argv);

/* Before what can't be undone: whether somebody is sure. They say so by --yes, or on a terminal in answer to
 * a question, which tells what is done to what: "delete issuer", its name, and what is lost. Returns
 * EXIT_OK, or another exit code after it was told that nothing was done. */
int verb_confirm(const struct session *s, const struct verb_args *args, const char *act,
                 const char *what, const char *lost);

/* Prints as text a response of the type that was asked for. */
typedef void verb_show(const void *response);
/* Call, and print the answer; without `show` always as a document. An act that waits for a second admin
 * says so instead, and how to approve it. Returns an exit code. */
int verb_call(struct session *s, const struct verb_args *args, const char *method,
              const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
              verb_show *show);
/* Call a method whose answer says nothing new: as text, print `done`, or nothing if that is
 * NULL. */
int verb_act(struct session *s, const struct verb_args *args, const char *method,
             const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
             const char *done);
/* Call a method that lists, page by page, and print all pages as one. Sets the request's page_size
 * and page_token. The response has one repeated field, of messages or texts, and
 * next_page_token. */
int verb_list(struct session *s, const struct verb_args *args, const char *method,
              ProtobufCMessage *request, const ProtobufCMessageDescriptor *type, verb_show *show);
/* Whether an act only asked for approval; says so, and how to approve it. */
bool verb_was_asked(const ProtobufCMessage *response);
/* Read a message from the YAML file that -f names; NULL is a usage error. Returns an exit code. */
int verb_read_file(struct session *s, const char *path, const ProtobufCMessageDescriptor *type,
                   ProtobufCMessage **out);
