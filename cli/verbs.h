/* SPDX-License-Identifier: Apache-2.0 */
/* Commands with verbs: `chancery NAME VERB --profile FILE [OPTION…] [OPERAND…]`. Such a command is a table of verbs;
 * here is what they share: a session each, all pages of a list, and answers as text or, with -o json, as one JSON
 * document. */
#pragma once

#include "cli/session.h"

/* What every verb is told. First in a struct of the command's own options. */
struct verb_args {
    const char *profile, *format;
    const char *tenant; /* NULL: not given, or the command has no --tenant */
    char **operands;    /* behind the verb */
    size_t operand_count;
};

/* The options of verb_args that every such command takes, for its table. */
#define VERB_OPTIONS(args)                      \
    {"--profile", &(args).profile, NULL, NULL}, \
    {                                           \
        "-o", &(args).format, NULL, NULL        \
    }

struct verb {
    const char *name;
    size_t least, most;   /* operands */
    const char *operands; /* what they are: "one template id"; NULL when it takes none */
    int (*run)(struct session *s, const struct verb_args *args);
};

/* Run the verb that argv names, options taken out before. An exit code. */
int verbs_run(const struct command *command, const struct verb *verbs, size_t count,
              struct verb_args *args, int argc, char **argv);

bool verb_wants_json(const struct verb_args *args);
/* Prints a response of the type that was asked for, as text. */
typedef void verb_show(const void *response);
/* Call, and print what is answered. `show` NULL: as JSON in any case. An exit code. */
int verb_call(struct session *s, const struct verb_args *args, const char *method,
              const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
              verb_show *show);
/* Call a method that answers nothing worth printing: as text it is `done`, or nothing when that is NULL. */
int verb_act(struct session *s, const struct verb_args *args, const char *method,
             const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
             const char *done);
/* Call a method that lists, page by page, and print all as if it were one. The request's page_size and page_token are
 * set here; the response has one repeated field, of messages or texts, and next_page_token. */
int verb_list(struct session *s, const struct verb_args *args, const char *method,
              ProtobufCMessage *request, const ProtobufCMessageDescriptor *type, verb_show *show);
/* Read the message in the YAML file of -f. An exit code. */
int verb_read_file(struct session *s, const char *path, const ProtobufCMessageDescriptor *type,
                   ProtobufCMessage **out);
/* Tell that a second admin must approve what was asked for, if so; whether it is so. */
bool verb_was_asked(const char *approval_id);
