/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/suggestion.h"
#include "base/utf8.h"
#include "wire/message_text.h"

/* --- running ---------------------------------------------------------------------------------- */

/* `name`: the verb that there isn't; NULL if none was given. Answers "say list, create or show". */
static int unknown_verb(const struct command *command, const struct verb *verbs, size_t count,
                        const char *name)
{
    char names[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < count && len < sizeof names; i++) {
        const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", between, verbs[i].name);
    }
    struct suggestion meant = {.word = name == NULL ? "" : name};
    for (size_t i = 0; i < count; i++) {
        suggestion_consider(&meant, verbs[i].name);
    }
    if (name == NULL) {
        return usage_error(command, "say %s", names);
    }
    return meant.best == NULL
               ? usage_error(command, "there is no verb %s: say %s", name, names)
               : usage_error(command, "there is no verb %s: say %s; did you mean %s?", name, names,
                             meant.best);
}

static int wrong_operands(const struct command *command, const struct verb *verb,
                          const char *surplus)
{
    return verb->operands == NULL
               ? usage_error(command, "%s takes no operand: %s", verb->name, surplus)
               : usage_error(command, "%s: give %s", verb->name, verb->operands);
}

int verbs_run(const struct command *command, const struct verb *verbs, size_t count,
              struct verb_args *args, int argc, char **argv)
{
    const struct verb *verb = NULL;
    struct session session;
    for (size_t i = 0; argc >= 2 && i < count; i++) {
        verb = strcmp(verbs[i].name, argv[1]) == 0 ? &verbs[i] : verb;
    }
    if (verb == NULL) {
        return unknown_verb(command, verbs, count, argc >= 2 ? argv[1] : NULL);
    }
    args->operands = argv + 2;
    args->operand_count = (size_t)argc - 2;
    if (args->operand_count < verb->least || args->operand_count > verb->most) {
        return wrong_operands(command, verb, argv[argc - 1]);
    }
    int code = answer_read(command, args->format, &args->answer);
    code = code == EXIT_OK ? session_open(&session, command, args->profile) : code;
    if (code == EXIT_OK) {
        code = verb->run(&session, args);
        session_close(&session);
    }
    return code;
}

/* --- what can't be undone --------------------------------------------------------------------- */

static bool is_answered_yes(void)
{
    char answer[8] = "";
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

int verb_confirm(const struct session *s, const struct verb_args *args, const char *act,
                 const char *what, const char *lost)
{
    if (args->is_sure) {
        return EXIT_OK;
    }
    if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) {
        return usage_error(s->command, "to %s %s can't be undone: %s. If you are sure, say --yes",
                           act, what, lost);
    }
    fprintf(stderr, "This can't be undone: %s ", act);
    utf8_print(stderr, what);
    fprintf(stderr, ". %s%s.\nIf you are sure, type yes: ", (char[]){(char)toupper(lost[0]), '\0'},
            lost + 1);
    if (is_answered_yes()) {
        return EXIT_OK;
    }
    fputs("Nothing was done.\n", stderr);
    return EXIT_FAILED;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* There is nothing else to show then. */
bool verb_was_asked(const ProtobufCMessage *response)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(response->descriptor, "approval_id");
    const char *id =
        field == NULL ? "" : *(char *const *)(const void *)((const char *)response + field->offset);
    if (id[0] != '\0') {
        fputs("nothing is done yet: another admin must approve it\n"
              "  chancery approval show ",
              stdout);
        utf8_print(stdout, id);
        fputs("\n  chancery approval approve ", stdout);
        utf8_print(stdout, id);
        fputc('\n', stdout);
    }
    return id[0] != '\0';
}

static int print(struct session *s, const struct verb_args *args, ProtobufCMessage *response,
                 verb_show *show)
{
    if (args->answer == ANSWER_TEXT && verb_was_asked(response)) {
        return EXIT_OK;
    }
    if (show == NULL || args->answer != ANSWER_TEXT) {
        return answer_print(s, args->answer, response);
    }
    show(session_shown(s, response));
    return EXIT_OK;
}

int verb_call(struct session *s, const struct verb_args *args, const char *method,
              const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
              verb_show *show)
{
    ProtobufCMessage *response = NULL;
    int code = session_call(s, method, request, type, &response);
    return code == EXIT_OK ? print(s, args, response, show) : code;
}

int verb_act(struct session *s, const struct verb_args *args, const char *method,
             const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
             const char *done)
{
    ProtobufCMessage *response = NULL;
    int code = session_call(s, method, request, type, &response);
    if (code == EXIT_OK && args->answer != ANSWER_TEXT) {
        return answer_print(s, args->answer, response);
    }
    if (code == EXIT_OK && !verb_was_asked(response) && done != NULL) {
        puts(done);
    }
    return code;
}

/* --- lists ------------------------------------------------------------------------------------ */

enum { PAGE = 200 };

/* The elements of all pages. They are messages or texts: pointers in both cases. */
struct elements {
    void **list;
    size_t count, room;
};

static void *at(const ProtobufCMessage *message, unsigned offset)
{
    return (char *)(uintptr_t)message + offset;
}

static void *field_named(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    CH_ASSERT(field != NULL);
    return at(message, field->offset);
}

static const ProtobufCFieldDescriptor *repeated_field(const ProtobufCMessageDescriptor *type)
{
    const ProtobufCFieldDescriptor *found = NULL;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].label == PROTOBUF_C_LABEL_REPEATED) {
            CH_ASSERT(found == NULL);
            found = &type->fields[i];
        }
    }
    CH_ASSERT(found != NULL);
    return found;
}

static void append(struct arena *arena, struct elements *all, void *const *page, size_t count)
{
    if (all->count + count > all->room) {
        all->room = 2 * (all->count + count);
        void **list = ARENA_ARRAY(arena, void *, all->room);
        CH_ASSERT(list != NULL); /* a session's arena is far larger than what is listed */
        for (size_t i = 0; i < all->count; i++) {
            list[i] = all->list[i];
        }
        all->list = list;
    }
    for (size_t i = 0; i < count; i++) {
        all->list[all->count++] = page[i];
    }
}

int verb_list(struct session *s, const struct verb_args *args, const char *method,
              ProtobufCMessage *request, const ProtobufCMessageDescriptor *type, verb_show *show)
{
    const ProtobufCFieldDescriptor *field = repeated_field(type);
    ProtobufCMessage *response = NULL;
    struct elements all = {0};
    char **page_token = field_named(request, "page_token");
    *(int32_t *)field_named(request, "page_size") = PAGE;
    do {
        int code = session_call(s, method, request, type, &response);
        if (code != EXIT_OK) {
            return code;
        }
        append(s->arena, &all, *(void ***)at(response, field->offset),
               *(const size_t *)at(response, field->quantifier_offset));
        *page_token = *(char **)field_named(response, "next_page_token");
    } while ((*page_token)[0] != '\0');
    *(void ***)at(response, field->offset) = all.list;
    *(size_t *)at(response, field->quantifier_offset) = all.count;
    return print(s, args, response, show);
}

/* --- files ------------------------------------------------------------------------------------ */

int verb_read_file(struct session *s, const char *path, const ProtobufCMessageDescriptor *type,
                   ProtobufCMessage **out)
{
    struct err err = {0}, why = {0};
    struct slice text;
    if (path == NULL) {
        return usage_error(s->command, "-f FILE is required");
    }
    if (!read_file(s->arena, path, MESSAGE_TEXT_MAX, &text, &err).ok) {
        return fail_with(s->command, &err);
    }
    if (!message_from_yaml(s->arena, type, text, out, &why).ok) {
        (void)err_raise(&err, R_INPUT_INVALID, __FILE__, __LINE__, "%s: %s",
                        strcmp(path, "-") == 0 ? "standard input" : path, err_words(&why));
        return fail_with(s->command, &err);
    }
    return EXIT_OK;
}
