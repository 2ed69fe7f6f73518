/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's binary parameter format (the recv functions of src/backend/utils/adt). */
#include "store/pg/pg_params.h"

#include <string.h>

/* Microseconds between 1970-01-01 and PostgreSQL's epoch, 2000-01-01. */
static const int64_t EPOCH_US = 946684800LL * 1000000;
enum { ARRAY_HEADER = 20, ARRAY_EMPTY = 12, ELEMENT_HEADER = 4 };

/* Compiled anew for each type that it is called with: the gate encodes some 30 arrays for each
 * batch of decisions, and a switch per element would cost a fifth of that. */
#define PER_TYPE static inline __attribute__((always_inline))

/* Where a value lies in its C structure. */
static const void *at(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

static void put_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static void put_u64(uint8_t *to, uint64_t value)
{
    put_u32(to, (uint32_t)(value >> 32));
    put_u32(to + 4, (uint32_t)value);
}

/* --- one value -------------------------------------------------------------------------------- */

/* Bytes of a value; 0: that depends on the value. */
static inline size_t size_of(enum pg_type type)
{
    switch (type) {
    case PG_BOOL:
        return 1;
    case PG_INT2:
        return 2;
    case PG_INT4:
        return 4;
    case PG_INT8:
    case PG_TIMESTAMPTZ:
        return 8;
    case PG_UUID:
        return UUID_BYTES;
    case PG_TEXT:
    case PG_BYTEA:
    case PG_UNREAD:
        break;
    }
    return 0;
}

static bool is_zero(enum pg_type type, const void *value)
{
    return type == PG_UUID ? uuid_is_zero(*(const struct uuid *)value)
                           : *(const int64_t *)value == 0;
}

/* The value's bytes as C has them; without a pointer for NULL. */
PER_TYPE struct slice bytes_of(enum pg_type type, bool is_nullable, const void *value)
{
    const struct slice *bytes = value;
    switch (type) {
    case PG_TEXT:
        return slice_str(*(const char *const *)value);
    case PG_BYTEA:
        return bytes->ptr != NULL || is_nullable ? *bytes : slice_of("", 0);
    case PG_UUID:
    case PG_TIMESTAMPTZ:
        return is_nullable && is_zero(type, value) ? SLICE_NONE : slice_of(value, size_of(type));
    case PG_BOOL:
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
    case PG_UNREAD:
        break;
    }
    return slice_of(is_nullable ? *(const void *const *)value : value, size_of(type));
}

/* Write what bytes_of gave as PostgreSQL wants it: the same length, in network order. */
PER_TYPE void put(uint8_t *to, enum pg_type type, struct slice bytes)
{
    int64_t i8;
    int32_t i4;
    int16_t i2;
    switch (type) {
    case PG_INT8:
    case PG_TIMESTAMPTZ:
        memcpy(&i8, bytes.ptr, sizeof i8);
        put_u64(to, (uint64_t)(type == PG_INT8 ? i8 : i8 - EPOCH_US));
        return;
    case PG_INT4:
        memcpy(&i4, bytes.ptr, sizeof i4);
        put_u32(to, (uint32_t)i4);
        return;
    case PG_INT2:
        memcpy(&i2, bytes.ptr, sizeof i2);
        to[0] = (uint8_t)((uint16_t)i2 >> 8);
        to[1] = (uint8_t)i2;
        return;
    case PG_BOOL:
    case PG_BYTEA:
    case PG_TEXT:
    case PG_UUID:
    case PG_UNREAD:
        break;
    }
    if (bytes.len > 0) {
        memcpy(to, bytes.ptr, bytes.len);
    }
}

static void bind_one(struct pg_params *p, size_t i, const struct pg_field *field,
                     struct arena *arena, const void *value)
{
    struct slice bytes = bytes_of(field->type, field->is_nullable, value);
    if (bytes.ptr == NULL) {
        p->failed = p->failed || !field->is_nullable;
        return;
    }
    uint8_t *copy = arena_alloc(arena, bytes.len + 1); /* an empty value needs a pointer too */
    if (copy == NULL) {
        p->failed = true;
        return;
    }
    put(copy, field->type, bytes);
    p->values[i] = (const char *)copy;
    p->lengths[i] = (int)bytes.len;
}

/* --- arrays ----------------------------------------------------------------------------------- */

static const void *element_of(const struct pg_field *field, const struct pg_list *list, size_t i)
{
    return at(list->items, i * field->stride + field->offset);
}

/* Bytes of all elements, at most; false when one is missing that must be there. */
static bool measure(const struct pg_field *field, const struct pg_list *list, size_t *out)
{
    *out = size_of(field->type) * list->count;
    if (*out != 0) {
        return true;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct slice bytes = bytes_of(field->type, field->is_nullable, element_of(field, list, i));
        if (bytes.ptr == NULL && !field->is_nullable) {
            return false;
        }
        *out += bytes.len;
    }
    return true;
}

/* Write the elements, each behind its length, which is -1 for NULL; returns where they end. */
PER_TYPE uint8_t *put_elements(uint8_t *to, enum pg_type type, const struct pg_field *field,
                               const struct pg_list *list, bool *has_null)
{
    for (size_t i = 0; i < list->count; i++) {
        struct slice bytes = bytes_of(type, field->is_nullable, element_of(field, list, i));
        if (bytes.ptr == NULL) {
            *has_null = true;
            put_u32(to, UINT32_MAX);
        } else {
            put_u32(to, (uint32_t)bytes.len);
            put(to + ELEMENT_HEADER, type, bytes);
        }
        to += ELEMENT_HEADER + bytes.len;
    }
    return to;
}

static uint8_t *put_all(uint8_t *to, const struct pg_field *field, const struct pg_list *list,
                        bool *has_null)
{
    switch (field->type) {
    case PG_TEXT:
        return put_elements(to, PG_TEXT, field, list, has_null);
    case PG_UUID:
        return put_elements(to, PG_UUID, field, list, has_null);
    case PG_INT8:
        return put_elements(to, PG_INT8, field, list, has_null);
    case PG_BOOL:
        return put_elements(to, PG_BOOL, field, list, has_null);
    case PG_BYTEA:
    case PG_INT2:
    case PG_INT4:
    case PG_TIMESTAMPTZ:
    case PG_UNREAD:
        break;
    }
    return put_elements(to, field->type, field, list, has_null);
}

/* Dimensions, has-NULL flag, element type; length and lower bound of the only dimension; then the
 * elements. An array without elements has no dimension. */
static int put_array(uint8_t *to, const struct pg_field *field, const struct pg_list *list)
{
    bool has_null = false;
    const uint8_t *end = put_all(to + ARRAY_HEADER, field, list, &has_null);
    put_u32(to, list->count == 0 ? 0 : 1);
    put_u32(to + 4, has_null);
    put_u32(to + 8, (uint32_t)field->type);
    put_u32(to + 12, (uint32_t)list->count);
    put_u32(to + 16, 1);
    return list->count == 0 ? ARRAY_EMPTY : (int)(end - to);
}

static void bind_array(struct pg_params *p, size_t i, const struct pg_field *field,
                       struct arena *arena, const struct pg_list *list)
{
    size_t bytes = 0;
    bool is_there = list->items != NULL || list->count == 0;
    uint8_t *array = NULL;
    if (is_there && measure(field, list, &bytes)) {
        array = arena_alloc(arena, ARRAY_HEADER + ELEMENT_HEADER * list->count + bytes);
    }
    if (array == NULL) {
        p->failed = true;
        return;
    }
    p->lengths[i] = put_array(array, field, list);
    p->values[i] = (const char *)array;
}

struct pg_params pg_params_bind(struct arena *arena, const struct pg_statement *statement,
                                const void *values)
{
    struct pg_params p = {.statement = statement};
    CH_ASSERT(statement->param_count <= PG_PARAMS_MAX);
    for (size_t i = 0; i < statement->param_count; i++) {
        const struct pg_field *field = &statement->params[i];
        if (field->stride != 0) {
            bind_array(&p, i, field, arena, at(values, field->list));
        } else {
            bind_one(&p, i, field, arena, at(values, field->offset));
        }
    }
    return p;
}
