/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers as distinct types, so that a tenant can't be passed where a content is meant.
 * All are 16 bytes: UUIDs (RFC 9562), version 7 where we make them. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { UUID_BYTES = 16, UUID_TEXT_BYTES = 37 /* 36 characters and a NUL */ };

struct uuid {
    uint8_t b[UUID_BYTES];
};

struct tenant_id {
    struct uuid u;
};
struct content_id {
    struct uuid u;
};
struct template_id {
    struct uuid u;
};
struct issuer_id {
    struct uuid u;
};
struct component_id {
    struct uuid u;
};
struct approval_id {
    struct uuid u;
};
struct rule_id {
    struct uuid u;
};
/* One audit event, and one decision. */
struct event_id {
    struct uuid u;
};

/* The platform's own scope: rows that belong to no tenant. */
extern const struct tenant_id TENANT_PLATFORM;

/* Make a UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, 74 random bits. Aborts if the system has
 * no random numbers. */
struct uuid uuid_v7(int64_t unix_us);
/* When a UUIDv7 was made, in milliseconds since 1970, as it says itself. */
int64_t uuid_v7_ms(struct uuid id);
/* Make 128 random bits: a UUID of no version, for what must not be guessed. Aborts like uuid_v7. */
struct uuid uuid_random(void);
/* Make a mark, as mark_new of the database does: 62 random bits, never 0. It stands for one state of
 * something and comes never again, also when the database goes back. Aborts like uuid_v7. */
int64_t mark_new(void);
/* Write the canonical text, lower case. */
void uuid_format(struct uuid id, char out[UUID_TEXT_BYTES]);
/* Parse the canonical text in either case; R_FIELD_INVALID otherwise. */
rc uuid_parse(struct slice text, struct uuid *out, struct err *err);
bool uuid_eq(struct uuid a, struct uuid b);
bool uuid_is_zero(struct uuid a);
int uuid_compare(struct uuid a, struct uuid b);

#define ID_EQ(a, c) uuid_eq((a).u, (c).u)
#define ID_IS_ZERO(a) uuid_is_zero((a).u)
