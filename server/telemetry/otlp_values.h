/* SPDX-License-Identifier: Apache-2.0 */
/* What messages of both signals have: attributes, and who sends. In an arena; a full one is noticed by whoever packs, because
 * what has no room is left out (arena_is_exceeded). */
#pragma once

#include "base/arena.h"
#include "chancery/otlp/v1/otlp.pb-c.h"

/* protobuf-c wants char *; nobody writes through it. */
static inline char *otlp_text(const char *value)
{
    return (char *)(uintptr_t)value;
}

/* Borrows. */
struct otlp_sender {
    const char *service;  /* service.name */
    const char *version;  /* service.version */
    const char *instance; /* service.instance.id: one for all workers of a node */
};

enum { OTLP_ATTRIBUTES_MAX = 12 };
struct otlp_attributes {
    struct arena *arena;
    Chancery__Otlp__V1__KeyValue *list[OTLP_ATTRIBUTES_MAX];
    size_t count;
};

/* Borrow the texts. */
void otlp_add_text(struct otlp_attributes *to, const char *key, const char *value);
void otlp_add_number(struct otlp_attributes *to, const char *key, int64_t value);
/* Give them to a message; an array of it in the arena. */
void otlp_give_attributes(const struct otlp_attributes *from, Chancery__Otlp__V1__KeyValue ***list,
                          size_t *count);

/* NULL: no room. */
Chancery__Otlp__V1__Resource *otlp_resource(struct arena *arena, const struct otlp_sender *sender);
Chancery__Otlp__V1__InstrumentationScope *otlp_scope(struct arena *arena,
                                                     const struct otlp_sender *sender);
