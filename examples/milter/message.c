/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mark.h"

/* Reading, wrapping and replacing keep some copies of a mail; base64 makes them a third larger. */
enum {
    COPIES = 10,
    RECIPIENTS_MAX = 1000,
    FIELD_MAX = 60000 /* Postfix cuts what is longer than 100 KiB */
};

struct memory {
    atomic_size_t left;
};

bool header_is_trace(const char *name)
{
    return strcasecmp(name, "Received") == 0 || strcasecmp(name, "Return-Path") == 0;
}

struct memory *memory_new(size_t bytes)
{
    struct memory *memory = calloc(1, sizeof *memory);
    if (memory != NULL) {
        atomic_init(&memory->left, bytes);
    }
    return memory;
}

static bool memory_take(struct memory *memory, size_t bytes)
{
    size_t left = atomic_load(&memory->left);
    while (left >= bytes) {
        if (atomic_compare_exchange_weak(&memory->left, &left, left - bytes)) {
            return true;
        }
    }
    return false;
}

struct message *message_new(struct memory *memory, size_t most)
{
    struct message *message = calloc(1, sizeof *message);
    if (message != NULL) {
        message->memory = memory;
        message->most = most;
    }
    return message;
}

void message_free(struct message *message)
{
    if (message == NULL) {
        return;
    }
    for (size_t i = 0; i < message->recipient_count; i++) {
        free(message->recipients[i]);
    }
    for (size_t i = 0; i < message->header_count; i++) {
        explicit_bzero(message->headers[i].value, strlen(message->headers[i].value));
        free(message->headers[i].name);
        free(message->headers[i].value);
    }
    for (size_t i = 0; i < NOTED_COUNT; i++) {
        free(message->noted[i].first);
    }
    if (message->text != NULL) {
        explicit_bzero(message->text, message->room);
    }
    free(message->text);
    free(message->headers);
    free(message->recipients);
    free(message->sender);
    atomic_fetch_add(&message->memory->left, message->charged);
    free(message);
}

/* --- envelope --------------------------------------------------------------------------------- */

/* A path of SMTP without its angle brackets (RFC 5321 §4.1.2); NULL without memory. */
static char *address_of(const char *path)
{
    size_t len = strlen(path);
    bool is_in_brackets = len >= 2 && path[0] == '<' && path[len - 1] == '>';
    return is_in_brackets ? strndup(path + 1, len - 2) : strndup(path, len);
}

void message_set_sender(struct message *message, const char *path)
{
    free(message->sender);
    message->sender = address_of(path);
    message->is_short = message->is_short || message->sender == NULL;
}

void message_add_recipient(struct message *message, const char *path)
{
    char *address = address_of(path);
    char **moved =
        message->recipient_count >= RECIPIENTS_MAX
            ? NULL
            : reallocarray(message->recipients, message->recipient_count + 1, sizeof *moved);
    if (moved != NULL) {
        message->recipients = moved;
    }
    if (moved == NULL || address == NULL) {
        free(address);
        message->is_short = true;
        return;
    }
    message->recipients[message->recipient_count++] = address;
}

/* --- text ------------------------------------------------------------------------------------- */

static bool make_room(struct message *message, size_t more)
{
    size_t room = message->room == 0 ? 16384 : message->room;
    while (room < message->len + more) {
        room *= 2;
    }
    if (room == message->room) {
        return true;
    }
    size_t charge = (room - message->room) * COPIES;
    char *moved = memory_take(message->memory, charge) ? malloc(room) : NULL;
    message->charged += moved == NULL ? 0 : charge;
    if (moved == NULL) {
        message->is_short = true;
        return false;
    }
    if (message->text != NULL) {
        memcpy(moved, message->text, message->len);
        explicit_bzero(message->text, message->room);
        free(message->text);
    }
    message->text = moved;
    message->room = room;
    return true;
}

static void add(struct message *message, const void *bytes, size_t len)
{
    if (message->is_too_large || message->is_short) {
        return;
    }
    if (len > message->most - message->len) {
        message->is_too_large = true;
        return;
    }
    if (len > 0 && make_room(message, len)) {
        memcpy(message->text + message->len, bytes, len);
        message->len += len;
    }
}

/* Folded lines come with LF alone. */
static void add_value(struct message *message, const char *value)
{
    for (const char *at = value; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        bool has_cr = len > 0 && at[len - 1] == '\r';
        add(message, at, len - (at[len] == '\n' && has_cr ? 1 : 0));
        if (at[len] == '\n') {
            add(message, "\r\n", 2);
        }
        at += len + (at[len] == '\n' ? 1 : 0);
    }
}

static void note(struct message *message, const char *name, const char *value)
{
    static const char *const names[] = {MARK_HEADER, "Message-ID", "Date"};
    message->field_count++;
    for (size_t i = 0; i < NOTED_COUNT; i++) {
        struct noted *noted = &message->noted[i];
        if (strcasecmp(names[i], name) == 0 && noted->count++ == 0) {
            noted->first = strdup(value);
        }
    }
}

void message_add_header(struct message *message, const char *name, const char *value)
{
    note(message, name, value);
    if (message->is_too_large || message->is_short) {
        return;
    }
    struct header *moved =
        message->header_count >= HEADERS_MAX
            ? NULL
            : reallocarray(message->headers, message->header_count + 1, sizeof *moved);
    struct header kept = {strdup(name), strdup(value)};
    if (moved != NULL) {
        message->headers = moved;
    }
    if (moved == NULL || kept.name == NULL || kept.value == NULL) {
        free(kept.name);
        free(kept.value);
        message->is_too_large = message->is_too_large || message->header_count >= HEADERS_MAX;
        message->is_short = message->is_short || message->header_count < HEADERS_MAX;
        return;
    }
    message->headers[message->header_count++] = kept;
    add(message, name, strlen(name));
    add(message, ":", 1);
    add_value(message, value);
    add(message, "\r\n", 2);
}

void message_end_headers(struct message *message)
{
    add(message, "\r\n", 2);
    message->header_len = message->is_too_large || message->is_short ? 0 : message->len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where the field ends that begins at `at`, its folded lines included. */
static const char *field_end(const char *at, const char *end)
{
    do {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        at = line_end == NULL ? end : line_end + 1;
    } while (at < end && is_blank(*at));
    return at;
}

static bool field_is_plain(const char *at, const char *end)
{
    const char *colon = memchr(at, ':', (size_t)(end - at));
    size_t len = colon == NULL ? 0 : (size_t)(colon - at);
    while (len > 0 && is_blank(at[len - 1])) {
        len--;
    }
    bool ok = len > 0 && end - at <= FIELD_MAX;
    for (size_t i = 0; ok && i < len; i++) {
        ok = at[i] > ' ' && at[i] < 0x7f;
    }
    for (; ok && colon < end; colon++) {
        ok = *colon != '\0' && (*colon != '\r' || (colon + 1 < end && colon[1] == '\n'));
    }
    return ok;
}

bool header_is_plain(const char *text, size_t len)
{
    const char *at = text, *end = text + len;
    bool ok = true;
    while (ok && at < end && *at != '\n' && !(*at == '\r' && at + 1 < end && at[1] == '\n')) {
        const char *next = field_end(at, end);
        ok = field_is_plain(at, next);
        at = next;
    }
    return ok;
}

static void note_field(struct message *message, const char *at, const char *end)
{
    const char *colon = memchr(at, ':', (size_t)(end - at));
    size_t len = colon == NULL ? 0 : (size_t)(colon - at);
    while (len > 0 && is_blank(at[len - 1])) {
        len--;
    }
    char *name = strndup(at, len);
    char *value = colon == NULL ? NULL : strndup(colon + 1, (size_t)(end - colon) - 1);
    if (name != NULL && value != NULL) {
        note(message, name, value);
    }
    free(name);
    free(value);
}

void message_note_header(struct message *message, const char *text, size_t len)
{
    const char *at = text, *end = text + len;
    while (at < end && *at != '\n' && *at != '\r') {
        const char *next = field_end(at, end);
        note_field(message, at, next);
        at = next;
    }
}

void message_add_body(struct message *message, const void *bytes, size_t len)
{
    add(message, bytes, len);
}

struct message *message_without_way(const struct message *message)
{
    struct message *copy = message_new(message->memory, message->most);
    for (size_t i = 0; copy != NULL && i < message->header_count; i++) {
        const struct header *header = &message->headers[i];
        if (strcasecmp(header->name, MARK_HEADER) != 0 && !header_is_trace(header->name)) {
            message_add_header(copy, header->name, header->value);
        }
    }
    if (copy != NULL) {
        message_end_headers(copy);
        message_add_body(copy, message->text + message->header_len,
                         message->len - message->header_len);
    }
    return copy;
}
