/* SPDX-License-Identifier: Apache-2.0 */
/* One mail as the MTA hands it over: envelope, headers, body. Bounded; one thread per mail. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Memory that all mails share, for as long as the process lasts. */
struct memory;
struct memory *memory_new(size_t bytes);

struct header {
    char *name, *value; /* as they came; lines of the value end with LF */
};

/* What shows the way that a mail took stays; loops are found by it (RFC 5321 §6.3). */
bool header_is_trace(const char *name);
/* Whether an MTA hands on the header of this mail as it is, field by field (RFC 5322 §2.2). */
bool header_is_plain(const char *text, size_t len);

enum { HEADERS_MAX = 4096 /* that are kept */ };

/* Fields that are looked at wherever they stand, also behind the last one that is kept. */
enum noted_field { NOTED_MARK, NOTED_MESSAGE_ID, NOTED_DATE, NOTED_COUNT };

struct noted {
    size_t count;
    char *first; /* the value of the first one; NULL: there is none, or no memory */
};

struct message {
    struct memory *memory;
    size_t most;  /* bytes that are kept */
    char *sender; /* of the envelope, without brackets; "" for bounces */
    char **recipients;
    size_t recipient_count;
    struct header *headers; /* in order */
    size_t header_count;
    size_t field_count; /* of the header, with those that are not kept */
    struct noted noted[NOTED_COUNT];
    char *text; /* headers and body, lines ending with CR LF, as the mail is sent */
    size_t len, room;
    size_t header_len; /* of `text`, the empty line included; 0: the headers are not complete */
    size_t charged;    /* of the shared memory */
    bool is_too_large; /* the rest was not kept */
    bool is_short;     /* there was no memory for it: later */
};

struct message *message_new(struct memory *memory, size_t most);
void message_free(struct message *message);
/* These keep what they can, and mark what was too much. */
void message_set_sender(struct message *message, const char *path);
void message_add_recipient(struct message *message, const char *path);
/* `value` with its leading space, as SMFIP_HDR_LEADSPC has it. */
void message_add_header(struct message *message, const char *name, const char *value);
void message_end_headers(struct message *message);
void message_add_body(struct message *message, const void *bytes, size_t len);
/* Count and note the fields of a header that stands in a text, and keep nothing else of it. */
void message_note_header(struct message *message, const char *text, size_t len);
/* A copy without marks and without the way that the mail took; NULL or short without memory. The headers must be
 * complete. */
struct message *message_without_way(const struct message *message);
