/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "wire/json_forms.h"
#include "wire/json_name.h"
#include "wire/json_reader.h"
#include "wire/message_json.h"
#include "wire/pb_write.h"

enum {
    FIELDS_MAX = 256,   /* of a message; scripts/gen-methods refuses more */
    UNKNOWN_SHOWN = 48, /* characters of a name that is not known */
    /* Of a text, at some 50 ns each: no request that means anything has so many. */
    VALUES_MAX = 64 * 1024,
};

/* A name that nobody knows is shown where it is one; what else it may be, a token perhaps, is not. */
static rc unknown_field(struct json_reader *r, struct slice name)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t at = json_reader_path(r);
    size_t n = 0;
    while (n < name.len && name.ptr[n] != '\0' && strchr(chars, name.ptr[n]) != NULL) {
        n++;
    }
    if (n == name.len && n > 0 && n <= UNKNOWN_SHOWN && at < PB_PATH_MAX) {
        snprintf(r->flaw->path + at, PB_PATH_MAX - at, "%s%.*s", at == 0 ? "" : ".",
                 SLICE_FMT(name));
    }
    r->flaw->why = "There is no such field.";
    FAIL(r->err, R_FIELD_INVALID, "a field that is not known, in %zu places", r->depth);
}

/* --- messages --------------------------------------------------------------------------------- */

/* Recursion is bounded by our own message types, none of which is recursive. */
/* NOLINTBEGIN(misc-no-recursion) */
static rc read_message(struct json_reader *r, const ProtobufCMessageDescriptor *type);

static rc read_submessage(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    const struct json_form *form = json_form_of(field->descriptor);
    size_t opened = pb_write_open(&r->out, field->id);
    if (form == NULL) {
        TRY(read_message(r, field->descriptor));
    } else {
        struct slice text;
        TRY(json_reader_text(r, &text));
        if (!form->read(text, &r->out)) {
            return json_reader_invalid(r, form->why);
        }
    }
    pb_write_close(&r->out, opened);
    return OK;
}

static bool begins_value(char c)
{
    return c != '\0' && strchr("{[\"-0123456789tfn", c) != NULL;
}

static rc read_value(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    ENSURE(++r->values <= VALUES_MAX, r->err, R_ARENA_EXHAUSTED);
    if (!begins_value(json_lexer_peek(&r->in))) {
        return json_reader_malformed(r, JSON_READER_ENDS);
    }
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? read_submessage(r, field)
                                                  : json_reader_scalar(r, field);
}

static rc read_list(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    size_t *index = &r->places[r->depth - 1].index;
    if (!json_lexer_take(&r->in, '[')) {
        return json_reader_invalid(r, "It must be a list.");
    }
    if (json_lexer_take(&r->in, ']')) {
        return OK;
    }
    do {
        TRY(read_value(r, field));
        ++*index;
    } while (json_lexer_take(&r->in, ','));
    return json_lexer_take(&r->in, ']') ? OK : json_reader_malformed(r, JSON_READER_ENDS);
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
                                                  struct slice name)
{
    char text[JSON_NAME_BYTES];
    const ProtobufCFieldDescriptor *found = NULL;
    if (name.len > 0 && memchr(name.ptr, '\0', name.len) == NULL &&
        json_name_to_proto(name, text)) {
        found = protobuf_c_message_descriptor_get_field_by_name(type, text);
    }
    for (unsigned i = 0; found == NULL && i < type->n_fields; i++) {
        json_name_of(type->fields[i].name, text);
        found = slice_eq_str(name, text) ? &type->fields[i] : NULL;
    }
    return found;
}

/* Which fields a message has by now. */
struct seen {
    uint64_t bits[FIELDS_MAX / 64]; /* of all */
    uint64_t set[FIELDS_MAX / 64];  /* of those that are not null */
};

static bool is_in(const uint64_t *bits, size_t index)
{
    return (bits[index / 64] & 1ULL << index % 64) != 0;
}

/* Members of one oneof have one place that says which of them is set. */
static bool excludes_another(const ProtobufCMessageDescriptor *type,
                             const ProtobufCFieldDescriptor *field, const struct seen *seen)
{
    for (unsigned i = 0; (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && i < type->n_fields;
         i++) {
        const ProtobufCFieldDescriptor *other = &type->fields[i];
        if ((other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            other->quantifier_offset == field->quantifier_offset && is_in(seen->set, i)) {
            return true;
        }
    }
    return false;
}

static rc read_field(struct json_reader *r, const ProtobufCMessageDescriptor *type,
                     const ProtobufCFieldDescriptor *field, struct seen *seen)
{
    size_t index = (size_t)(field - type->fields);
    if (index >= FIELDS_MAX || is_in(seen->bits, index)) {
        return json_reader_invalid(r, "It must be given once.");
    }
    seen->bits[index / 64] |= 1ULL << index % 64;
    if (json_lexer_take_word(&r->in, "null")) {
        return OK;
    }
    if (excludes_another(type, field, seen)) {
        return json_reader_invalid(r, "It excludes another field, which is given too.");
    }
    seen->set[index / 64] |= 1ULL << index % 64;
    return field->label == PROTOBUF_C_LABEL_REPEATED ? read_list(r, field) : read_value(r, field);
}

static rc read_member(struct json_reader *r, const ProtobufCMessageDescriptor *type,
                      struct seen *seen)
{
    struct slice name;
    if (json_lexer_peek(&r->in) != '"') {
        return json_reader_malformed(r, JSON_READER_ENDS);
    }
    TRY(json_reader_text(r, &name));
    const ProtobufCFieldDescriptor *field = find_field(type, name);
    if (field == NULL) {
        return unknown_field(r, name);
    }
    CH_ASSERT(r->depth < MESSAGE_DEPTH_MAX); /* gen-methods refuses recursion */
    r->places[r->depth++] = (struct json_place){.field = field};
    if (!json_lexer_take(&r->in, ':')) {
        return json_reader_malformed(r, JSON_READER_ENDS);
    }
    TRY(read_field(r, type, field, seen));
    r->depth--;
    return OK;
}

static rc read_message(struct json_reader *r, const ProtobufCMessageDescriptor *type)
{
    struct seen seen = {0};
    if (!json_lexer_take(&r->in, '{')) {
        return json_reader_invalid(r, "It must be an object.");
    }
    if (json_lexer_take(&r->in, '}')) {
        return OK;
    }
    do {
        TRY(read_member(r, type, &seen));
    } while (json_lexer_take(&r->in, ','));
    return json_lexer_take(&r->in, '}') ? OK : json_reader_malformed(r, JSON_READER_ENDS);
}
/* NOLINTEND(misc-no-recursion) */

rc message_from_json(struct arena *arena, const ProtobufCMessageDescriptor *type, struct slice text,
                     struct pb_flaw *flaw, struct slice *out, struct err *err)
{
    struct json_reader r = {.arena = arena, .in = json_input_of(text), .flaw = flaw, .err = err};
    *flaw = (struct pb_flaw){0};
    buf_init(&r.out, arena);
    if (json_lexer_peek(&r.in) != '{') {
        return json_reader_malformed(&r, JSON_READER_ENDS);
    }
    (void)buf_extend(&r.out, text.len + 64); /* one piece of memory: bytes are seldom longer */
    r.out.len = 0;
    TRY(read_message(&r, type));
    if (json_lexer_peek(&r.in) != '\0' || r.in.at < r.in.end) {
        return json_reader_malformed(&r, JSON_READER_ENDS);
    }
    return buf_finish(&r.out, out, err);
}
