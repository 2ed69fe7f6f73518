/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/failure.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "chancery/config/v1/failure.pb-c.h"
#include "cli/invocation.h"
#include "client/own_reason.h"
#include "wire/message_text.h"

/* --- sentences -------------------------------------------------------------------------------- */

static void print_line(const char *text)
{
    fputs("  ", stderr);
    utf8_print(stderr, text);
    fputc('\n', stderr);
}

static void print_pairs(const struct failure_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs("  ", stderr);
        utf8_print(stderr, pairs[i].name);
        fputs(": ", stderr);
        utf8_print(stderr, pairs[i].text);
        fputc('\n', stderr);
    }
}

static void print_text(const struct failure *f)
{
    fprintf(stderr, "chancery%s%s: ", f->command == NULL ? "" : " ",
            f->command == NULL ? "" : f->command->name);
    if (f->reason != NULL) {
        utf8_print(stderr, f->reason);
        fputs(": ", stderr);
    }
    utf8_print(stderr, f->sentence);
    fputc('\n', stderr);
    if (f->reason == NULL) {
        fprintf(stderr, "Try: chancery%s%s --help\n", f->command == NULL ? "" : " ",
                f->command == NULL ? "" : f->command->name);
    }
    if (f->detail != NULL && f->detail[0] != '\0') {
        print_line(f->detail);
    }
    if (f->advice != NULL) {
        print_line(f->advice);
    }
    print_pairs(f->fields, f->field_count);
    print_pairs(f->metadata, f->metadata_count);
    if (f->again != NULL) {
        fprintf(stderr,
                "  It may be done all the same. Repeat the command with --request-id %s\n"
                "  and it is done once.\n",
                f->again);
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

enum { DOCUMENT_MEMORY = 1024 * 1024 };

/* A name of a file may be no text; then it stands there as it is shown. */
static char *text_of(struct arena *arena, const char *text)
{
    const char *shown = text == NULL                    ? ""
                        : utf8_is_text(slice_str(text)) ? text
                                                        : utf8_escaped(arena, text, UTF8_LINE);
    CH_ASSERT(shown != NULL); /* the arena is far larger than a failure */
    return (char *)(uintptr_t)shown;
}

static void *new_message(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_zalloc(arena, type->sizeof_message);
    CH_ASSERT(message != NULL);
    protobuf_c_message_init(type, message);
    return message;
}

static void add_fields(struct arena *arena, const struct failure *f,
                       Chancery__Config__V1__Failure *out)
{
    out->fields = ARENA_ARRAY(arena, Chancery__Config__V1__FailureField *, f->field_count + 1);
    CH_ASSERT(out->fields != NULL);
    for (; out->n_fields < f->field_count; out->n_fields++) {
        Chancery__Config__V1__FailureField *field =
            new_message(arena, &chancery__config__v1__failure_field__descriptor);
        field->path = text_of(arena, f->fields[out->n_fields].name);
        field->problem = text_of(arena, f->fields[out->n_fields].text);
        out->fields[out->n_fields] = field;
    }
}

static void add_metadata(struct arena *arena, const struct failure *f,
                         Chancery__Config__V1__Failure *out)
{
    out->metadata = ARENA_ARRAY(arena, Chancery__Config__V1__FailurePair *, f->metadata_count + 1);
    CH_ASSERT(out->metadata != NULL);
    for (; out->n_metadata < f->metadata_count; out->n_metadata++) {
        Chancery__Config__V1__FailurePair *pair =
            new_message(arena, &chancery__config__v1__failure_pair__descriptor);
        pair->key = text_of(arena, f->metadata[out->n_metadata].name);
        pair->value = text_of(arena, f->metadata[out->n_metadata].text);
        out->metadata[out->n_metadata] = pair;
    }
}

static void print_json(const struct failure *f)
{
    const char *json = NULL;
    struct arena *arena = arena_new(DOCUMENT_MEMORY);
    Chancery__Config__V1__FailureDocument *document =
        new_message(arena, &chancery__config__v1__failure_document__descriptor);
    document->error = new_message(arena, &chancery__config__v1__failure__descriptor);
    document->error->command = text_of(arena, f->command == NULL ? NULL : f->command->name);
    document->error->reason = text_of(arena, f->reason);
    document->error->message = text_of(arena, f->sentence);
    document->error->detail = text_of(arena, f->detail);
    document->error->advice = text_of(arena, f->advice);
    document->error->request_id = text_of(arena, f->again);
    document->error->exit_code = f->code;
    add_fields(arena, f, document->error);
    add_metadata(arena, f, document->error);
    bool is_written = message_to_json(arena, &document->base, true, false, &json, NULL).ok;
    CH_ASSERT(is_written);
    fprintf(stderr, "%s\n", json);
    arena_free(arena);
}

/* --- both ------------------------------------------------------------------------------------- */

int failure_tell(const struct failure *failure)
{
    if (invocation()->is_json) {
        print_json(failure);
    } else {
        print_text(failure);
    }
    return failure->code;
}

/* Whoever starts an authority by a command is told why it doesn't start. */
static enum reason shown_reason(const struct command *command, enum reason reason)
{
    return reason == R_STARTUP_FAILED && command == &command_dev ? reason : own_reason(reason);
}

int fail_again_with(const struct command *command, const struct err *err, const char *again)
{
    const struct reason_info *info = reason_info(shown_reason(command, err->reason));
    const struct failure failure = {.command = command,
                                    .reason = info->public_name,
                                    .sentence = info->text,
                                    .detail = err->detail,
                                    .advice = info->advice,
                                    .again = again,
                                    .code = EXIT_FAILED};
    return failure_tell(&failure);
}

int fail_with(const struct command *command, const struct err *err)
{
    return fail_again_with(command, err, NULL);
}
