/* SPDX-License-Identifier: Apache-2.0 */
/* What identity providers signal about people: the events of CAEP 1.0, RISC 1.0 and SSF 1.0, and what
 * each means here (docs/signals.md §4). Pure; any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

enum {
    SIGNAL_NAMES_MAX = 16,  /* of one subject */
    SIGNAL_EVENTS_MAX = 16, /* of one token */
    /* A token may come so late, because its transmitter tries again for days. */
    SIGNAL_AGE_MAX_S = 7 * 24 * 3600,
};

/* What becomes of a person, or of the stream. */
enum signal_effect {
    SIGNAL_UNKNOWN,     /* an event that this version does not know: acknowledged, nothing more */
    SIGNAL_NOTED,       /* one that is known, and after which nothing is to be done here */
    SIGNAL_ENDS_TOKENS, /* what was issued until then counts no longer */
    SIGNAL_DISABLES,    /* nothing counts */
    SIGNAL_ENABLES,     /* it counts again */
    SIGNAL_VERIFIES,    /* the stream is there; no person is meant */
    SIGNAL_STREAM,      /* it was switched on or off; likewise */
};

/* Numbers of chancery.v1.SignalStreamState. */
enum signal_stream {
    SIGNAL_STREAM_UNSAID = 0,
    SIGNAL_STREAM_ENABLED = 1,
    SIGNAL_STREAM_PAUSED = 2,
    SIGNAL_STREAM_DISABLED = 3,
};

/* By what a person is named (RFC 9493). The first two are numbers of the column signal_state.kind. */
enum signal_name_kind {
    SIGNAL_BY_ADDRESS = 1,
    SIGNAL_BY_SUBJECT = 2, /* iss and sub */
    SIGNAL_BY_OPAQUE = 3,  /* sub alone */
};

struct signal_name {
    enum signal_name_kind kind;
    const char *iss; /* of SIGNAL_BY_SUBJECT; else "" */
    const char *text;
};

struct signal_event {
    const char *type; /* signal_type_name: "session-revoked" */
    enum signal_effect effect;
    int64_t at; /* seconds by the provider's clock, at the end of the one that has begun */
    enum signal_stream stream;                  /* of SIGNAL_STREAM */
    struct signal_name names[SIGNAL_NAMES_MAX]; /* of the person: any of them */
    size_t name_count;
};

/* The last part of a type that is known, static; else "unknown". */
const char *signal_type_name(struct slice type);
/* What an event of this type means; `change` is the change_type of credential-change, else "". */
enum signal_effect signal_effect_of(struct slice type, struct slice change);
/* Whether an event with that effect is about a person, who must be named then. */
bool signal_is_about_person(enum signal_effect effect);
/* Of stream-updated; false: there is no such state. */
bool signal_stream_parse(struct slice text, enum signal_stream *out);
