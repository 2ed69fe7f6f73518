/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's binary parameter format (the recv functions of src/backend/utils/adt). */
#include "store/pg/pg_params.h"

#include <string.h>

/* Microseconds between 1970-01-01 and PostgreSQL's epoch, 2000-01-01. */
static const int64_t EPOCH_US = 946684800LL * 1000000;
enum { ARRAY_HEADER = 20, ARRAY_EMPTY = 12, ELEMENT_HEADER = 4 };

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

/* --- one value --------------------------------------------------------------------------------- */

/* Bytes of a value; 0: that depends on the value. */
static size_t size_of(enum pg_type type)
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
static struct slice bytes_of(const struct pg_field *field, const void *value)
{
    const struct slice *bytes = value;
    switch (field->type) {
    case PG_TEXT:
        return slice_str(*(const char *const *)value);
    case PG_BYTEA:
        return bytes->ptr != NULL || field->is_nullable ? *bytes : slice_of("", 0);
    case PG_UUID:
    case PG_TIMESTAMPTZ:
        return field->is_nullable && is_zero(field->type, value)
                   ? SLICE_NONE
                   : slice_of(value, size_of(field->type));
    case PG_BOOL:
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
    case PG_UNREAD:
        break;
    }
    return slice_of(field->is_nullable ? *(const void *const *)value : value, size_of(field->type));
}

/* Write what bytes_of gave as PostgreSQL wants it: the same length, in network order. */
static void put(uint8_t *to, enum pg_type type, struct slice bytes)
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
    struct slice bytes = bytes_of(field, value);
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

/* --- arrays ------------------------------------------------------------------------------------ */

/* Bytes of all elements, at most; false when one is missing that must be there. */
static bool measure(const struct pg_field *field, const struct pg_list *list, size_t *out)
{
    *out = size_of(field->type) * list->count;
    if (*out != 0) {
        return true;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct slice bytes = bytes_of(field, at(list->items, i * field->stride + field->offset));
        if (bytes.ptr == NULL && !field->is_nullable) {
            return false;
        }
        *out += bytes.len;
    }
    return true;
}

/* Dimensions, has-NULL flag, element type; length and lower bound of the only dimension; then each element behind its
 * length, which is -1 for NULL. An array without elements has no dimension. */
static int put_array(uint8_t *to, const struct pg_field *field, const struct pg_list *list)
{
    uint8_t *element = to + ARRAY_HEADER;
    bool has_null = false;
    for (size_t i = 0; i < list->count; i++) {
        struct slice bytes = bytes_of(field, at(list->items, i * field->stride + field->offset));
        put_u32(element, bytes.ptr == NULL ? UINT32_MAX : (uint32_t)bytes.len);
        if (bytes.ptr != NULL) {
            put(element + ELEMENT_HEADER, field->type, bytes);
        }
        has_null = has_null || bytes.ptr == NULL;
        element += ELEMENT_HEADER + bytes.len;
    }
    put_u32(to, list->count == 0 ? 0 : 1);
    put_u32(to + 4, has_null);
    put_u32(to + 8, (uint32_t)field->type);
    put_u32(to + 12, (uint32_t)list->count);
    put_u32(to + 16, 1);
    return list->count == 0 ? ARRAY_EMPTY : (int)(element - to);
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
    struct pg_params p = {.statement = statement, .count = (int)statement->param_count};
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
