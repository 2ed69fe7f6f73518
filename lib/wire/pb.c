/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pb.h"

#include <stdio.h>

#include "base/utf8.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "wire/pb_bulk.h"

/* Nesting of our messages; scripts/gen-methods refuses recursive ones, so this is never reached. */
enum { NESTING_MAX = 16 };

static const char BAD_TEXT[] =
    "It must be UTF-8 of one line, without control characters and those that "
    "turn the direction of text.";
static const char BAD_TIME[] =
    "It must lie between the years 1 and 9999, with 0 to 999,999,999 nanoseconds.";

struct budget {
    ProtobufCAllocator allocator;
    struct arena *arena;
    bool exhausted;
};

/* Each allocation is preceded by its size: protobuf-c forgets the length of a string, and
 * without it a NUL inside one could not be seen. 16 bytes keep the alignment. */
struct allocation {
    size_t size;
    size_t reserved;
};

static void *arena_allocate(void *data, size_t size)
{
    struct budget *budget = data;
    struct allocation *header = NULL;
    if (size < SIZE_MAX - sizeof *header) {
        header = arena_alloc(budget->arena, sizeof *header + size);
    }
    if (header == NULL) {
        budget->exhausted = true;
        return NULL;
    }
    header->size = size;
    return header + 1;
}

static void arena_release(void *data, void *ptr)
{
    (void)data;
    (void)ptr; /* freed with the arena */
}

/* Which fields have texts of several lines, with tabs and line ends; other control characters hide
 * things in logs and terminals. NULL: all of them. */
typedef bool (*has_lines_fn)(const char *message, const char *field);

static bool text_is_sound(const char *text, const ProtobufCMessageDescriptor *message,
                          const char *field, has_lines_fn has_lines)
{
    struct slice bytes = slice_str(text);
    if (text == NULL || text == protobuf_c_empty_string) {
        return true;
    }
    const struct allocation *header = (const struct allocation *)(const void *)text - 1;
    bool has_nul = header->size != bytes.len + 1;
    return !has_nul &&
           (utf8_is_printable(bytes) ||
            ((has_lines == NULL || has_lines(message->name, field)) && utf8_is_text(bytes)));
}

/* What google.protobuf.Timestamp and Duration may be (timestamp.proto, duration.proto). What is beyond
 * that could be neither computed with nor shown. */
static const int64_t TIME_MIN_S = -62135596800; /* 0001-01-01T00:00:00Z */
static const int64_t TIME_MAX_S = 253402300799; /* 9999-12-31T23:59:59Z */
static const int64_t SPAN_MAX_S = 315576000000; /* 10,000 years */
enum { NANOS_MAX = 999999999 };

static bool timestamp_is_sound(const Google__Protobuf__Timestamp *time)
{
    return time->seconds >= TIME_MIN_S && time->seconds <= TIME_MAX_S && time->nanos >= 0 &&
           time->nanos <= NANOS_MAX;
}

/* Seconds and nanoseconds have one sign. */
static bool duration_is_sound(const Google__Protobuf__Duration *span)
{
    bool has_two_signs =
        (span->seconds < 0 && span->nanos > 0) || (span->seconds > 0 && span->nanos < 0);
    return span->seconds >= -SPAN_MAX_S && span->seconds <= SPAN_MAX_S &&
           span->nanos >= -NANOS_MAX && span->nanos <= NANOS_MAX && !has_two_signs;
}

static bool time_is_sound(const ProtobufCMessage *message)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        return timestamp_is_sound((const void *)message);
    }
    return message->descriptor != &google__protobuf__duration__descriptor ||
           duration_is_sound((const void *)message);
}

static const void *member(const ProtobufCMessage *message, unsigned offset)
{
    return (const uint8_t *)message + offset;
}

/* How many values a field has, and where the first is. */
static size_t values_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        const void *const **first)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *first = *(const void *const *const *)member(message, field->offset);
        return *(const size_t *)member(message, field->quantifier_offset);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        *(const uint32_t *)member(message, field->quantifier_offset) != field->id) {
        return 0;
    }
    *first = (const void *const *)member(message, field->offset);
    return **first == NULL ? 0 : 1;
}

/* Walk all strings and times, level by level on a small stack of our own: no recursion over input. */
struct walk {
    const ProtobufCMessage *message;
    unsigned field;
    size_t value;
};

/* Look at one field's next value: NULL, or why it is bad; a submessage is pushed. */
static const char *visit(struct walk *stack, int *depth, has_lines_fn has_lines)
{
    struct walk *top = &stack[*depth];
    const ProtobufCFieldDescriptor *field = &top->message->descriptor->fields[top->field];
    bool text = field->type == PROTOBUF_C_TYPE_STRING;
    const void *const *first = NULL;
    size_t count =
        text || field->type == PROTOBUF_C_TYPE_MESSAGE ? values_of(top->message, field, &first) : 0;
    if (top->value >= count) {
        top->field++;
        top->value = 0;
        return NULL;
    }
    const void *value = first[top->value++];
    if (text) {
        return text_is_sound(value, top->message->descriptor, field->name, has_lines) ? NULL
                                                                                      : BAD_TEXT;
    }
    if (!time_is_sound(value)) {
        return BAD_TIME;
    }
    stack[++*depth] = (struct walk){.message = value};
    return *depth + 1 < NESTING_MAX ? NULL : BAD_TEXT;
}

/* The path of the value that was looked at last, as BadRequest names fields:
 * template.names[1].text. */
static void write_path(const struct walk *stack, int depth, char path[PB_PATH_MAX])
{
    size_t at = 0;
    for (int i = 0; i <= depth && at < PB_PATH_MAX; i++) {
        const ProtobufCFieldDescriptor *field =
            &stack[i].message->descriptor->fields[stack[i].field];
        const char *dot = i == 0 ? "" : ".";
        at += (size_t)(field->label == PROTOBUF_C_LABEL_REPEATED
                           ? snprintf(path + at, PB_PATH_MAX - at, "%s%s[%zu]", dot, field->name,
                                      stack[i].value - 1)
                           : snprintf(path + at, PB_PATH_MAX - at, "%s%s", dot, field->name));
    }
}

static const char *find_flaw(const ProtobufCMessage *message, has_lines_fn has_lines,
                             char path[PB_PATH_MAX])
{
    struct walk stack[NESTING_MAX] = {{.message = message}};
    int depth = 0;
    while (depth >= 0) {
        if (stack[depth].field >= stack[depth].message->descriptor->n_fields) {
            depth--;
            continue;
        }
        const char *why = visit(stack, &depth, has_lines);
        if (why != NULL) {
            write_path(stack, depth, path);
            return why;
        }
    }
    return NULL;
}

rc pb_unpack(struct arena *arena, const ProtobufCMessageDescriptor *type, struct slice bytes,
             ProtobufCMessage **out, struct err *err)
{
    struct pb_flaw flaw;
    return pb_unpack_request(arena, type, bytes, NULL, &flaw, out, err);
}

rc pb_unpack_request(struct arena *arena, const ProtobufCMessageDescriptor *type,
                     struct slice bytes, has_lines_fn has_lines, struct pb_flaw *flaw,
                     ProtobufCMessage **out, struct err *err)
{
    *flaw = (struct pb_flaw){0};
    ENSURE(bytes.len <= PB_QUICK_MAX || pb_is_quick(type, bytes), err, R_MESSAGE_TOO_LARGE);
    struct budget budget = {.arena = arena};
    budget.allocator = (ProtobufCAllocator){
        .alloc = arena_allocate, .free = arena_release, .allocator_data = &budget};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &budget.allocator, bytes.len, bytes.ptr);
    if (message == NULL) {
        FAIL(err, budget.exhausted ? R_ARENA_EXHAUSTED : R_PROTO_MALFORMED, "%s of %zu bytes",
             type->name, bytes.len);
    }
    flaw->why = find_flaw(message, has_lines, flaw->path);
    if (flaw->why == BAD_TIME) {
        FAIL(err, R_FIELD_INVALID, "time of %s", flaw->path);
    }
    if (flaw->why != NULL) {
        FAIL(err, has_lines == NULL ? R_PROTO_MALFORMED : R_FIELD_INVALID, "text of %s",
             flaw->path);
    }
    *out = message;
    return OK;
}

rc pb_pack(struct arena *arena, const ProtobufCMessage *message, struct slice *out, struct err *err)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, len);
    ARENA_ENSURE(bytes, err);
    *out = slice_of(bytes, protobuf_c_message_pack(message, bytes));
    return OK;
}
