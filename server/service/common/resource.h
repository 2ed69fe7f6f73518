/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as tables of their fields: which the caller may set and change, and how each is read
 * (AIP-134, AIP-161, AIP-203).
 *
 *   static const struct resource_field fields[] = {
 *       OUTPUT_ONLY("template_id"), CHANGEABLE("names", read_names),
 *       CHANGEABLE_LIST("scope", begin_scope, read_scope), …};
 *
 * To create one, all changeable fields are read into an empty row; to update one, those of the mask
 * into the row as it is stored. Every field of the message stands in its table, or the daemon
 * doesn't start. */
#pragma once

#include "google/protobuf/field_mask.pb-c.h"
#include "rpc/call.h"

enum field_behavior {
    FIELD_CHANGEABLE,
    FIELD_IMMUTABLE,   /* said when it is created, or what names it */
    FIELD_BY_METHOD,   /* other methods change it */
    FIELD_OUTPUT_ONLY, /* set by the server; of requests only the etag is looked at */
};

/* The list that is being read: how many elements it has, and what they are read into, in the call's
 * arena. */
struct resource_list {
    size_t count;
    void *elements;
};

/* How a field is checked and taken over from the message into the row; neither can wait. Fields
 * that make sense only together have one reader, which runs once. */
typedef step (*resource_read_fn)(struct call *c, const void *message, void *row);
/* A list that may be long is begun by the one: count it and make room, let the row have it. The
 * other reads each of its elements, with a new turn of the loop in between when it takes long. */
typedef step (*resource_begin_fn)(struct call *c, const void *message, void *row,
                                  struct resource_list *list);
typedef step (*resource_element_fn)(struct call *c, const void *message, void *elements,
                                    size_t index);

struct resource_field {
    const char *name; /* of the field; or of a oneof, beside each of its fields */
    enum field_behavior behavior;
    /* Of a changeable field either the first, or the two others. */
    resource_read_fn read;
    resource_begin_fn begin;
    resource_element_fn element;
};

/* Rows of a table. */
#define CHANGEABLE(field, reader)         \
    {                                     \
        .name = (field), .read = (reader) \
    }
#define CHANGEABLE_LIST(field, begin_fn, element_fn)                  \
    {                                                                 \
        .name = (field), .begin = (begin_fn), .element = (element_fn) \
    }
#define IMMUTABLE(field)                               \
    {                                                  \
        .name = (field), .behavior = (FIELD_IMMUTABLE) \
    }
#define BY_METHOD(field)                               \
    {                                                  \
        .name = (field), .behavior = (FIELD_BY_METHOD) \
    }
#define OUTPUT_ONLY(field)                               \
    {                                                    \
        .name = (field), .behavior = (FIELD_OUTPUT_ONLY) \
    }

enum { RESOURCE_FIELDS_MAX = 32 };

struct resource {
    const char *name; /* of the field in which requests have it: "template" */
    const ProtobufCMessageDescriptor *message;
    const struct resource_field *fields;
    size_t field_count;
};

/* Some of a resource's fields: bits by their place in its table. */
typedef uint32_t resource_set;

/* All that can be changed. */
resource_set resource_changeable(const struct resource *resource);
/* The field of this name, which the table has. */
resource_set resource_field(const struct resource *resource, const char *name);
/* Which fields an update changes: those that the mask names; with "*" all that can be changed;
 * without a mask, or with an empty one, those of them that are populated in the message.
 * R_FIELD_INVALID names the message that is missing, or the path that names no field that can be
 * changed. */
step resource_read_mask(struct call *c, const struct resource *resource, const void *message,
                        const Google__Protobuf__FieldMask *mask, resource_set *out);
/* Their names with spaces between, as a sentence has them; NULL over budget. */
const char *resource_names(struct call *c, const struct resource *resource, resource_set fields);
/* In a flow's state: what is still to be read, and where it stands. Begins as {.left = fields}. */
struct resource_reading {
    resource_set left;
    struct resource_list list; /* .elements NULL: no list is being read */
    size_t next;               /* of its elements */
};
/* Take the fields over into the row. `self` is the step to which the call comes back when it
 * yields, and which does nothing but this. */
step resource_read(struct call *c, const struct resource *resource,
                   struct resource_reading *reading, const void *message, void *row, step_fn self);
/* For resource_begin_fn: begin a list of texts; NULL: it has too many, or there is no room, and the
 * call has failed. */
const char **resource_begin_texts(struct call *c, const char *field, size_t count, size_t max,
                                  struct resource_list *list);
/* Abort unless each field of the message stands in the table, and everything that can be changed
 * has a reader. */
void resource_check(const struct resource *resource);
