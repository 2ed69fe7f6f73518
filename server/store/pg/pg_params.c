/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's binary parameter format (the send and recv functions of src/backend/utils/adt). */
#include <string.h>

#include "store/pg/pg_params.h"

/* Microseconds between 1970-01-01 and PostgreSQL's epoch, 2000-01-01. */
static const int64_t EPOCH_US = 946684800LL * 1000000;
enum { ARRAY_HEADER = 20 };

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static void put_u64(uint8_t *at, uint64_t value)
{
    put_u32(at, (uint32_t)(value >> 32));
    put_u32(at + 4, (uint32_t)value);
}

void pg_params_init(struct pg_params *p, struct arena *arena)
{
    *p = (struct pg_params){.arena = arena};
}

/* A NULL pointer is SQL's NULL, so an empty value needs a pointer. */
static uint8_t *add(struct pg_params *p, const void *ptr, size_t len)
{
    CH_ASSERT(p->count < PG_PARAMS_MAX);
    uint8_t *copy = arena_alloc(p->arena, len + 1);
    if (copy == NULL) {
        p->failed = true;
        return NULL;
    }
    if (len > 0 && ptr != NULL) {
        memcpy(copy, ptr, len);
    }
    copy[len] = '\0';
    p->values[p->count] = (const char *)copy;
    p->lengths[p->count++] = (int)len;
    return copy;
}

static void add_null(struct pg_params *p)
{
    CH_ASSERT(p->count < PG_PARAMS_MAX);
    p->values[p->count++] = NULL;
}

void pg_add_uuid(struct pg_params *p, struct uuid id)
{
    add(p, id.b, UUID_BYTES);
}

void pg_add_uuid_or_null(struct pg_params *p, struct uuid id)
{
    if (uuid_is_zero(id)) {
        add_null(p);
    } else {
        pg_add_uuid(p, id);
    }
}

void pg_add_text(struct pg_params *p, const char *text)
{
    if (text == NULL) {
        add_null(p);
    } else {
        add(p, text, strlen(text));
    }
}

void pg_add_bytes(struct pg_params *p, struct slice bytes)
{
    add(p, bytes.ptr, bytes.len);
}

void pg_add_bool(struct pg_params *p, bool value)
{
    uint8_t byte = value;
    add(p, &byte, 1);
}

void pg_add_int2(struct pg_params *p, int value)
{
    uint8_t bytes[2] = {(uint8_t)((unsigned)value >> 8), (uint8_t)value};
    add(p, bytes, sizeof bytes);
}

void pg_add_int4(struct pg_params *p, int32_t value)
{
    uint8_t bytes[4];
    put_u32(bytes, (uint32_t)value);
    add(p, bytes, sizeof bytes);
}

void pg_add_int8(struct pg_params *p, int64_t value)
{
    uint8_t bytes[8];
    put_u64(bytes, (uint64_t)value);
    add(p, bytes, sizeof bytes);
}

void pg_add_time(struct pg_params *p, int64_t unix_us)
{
    if (unix_us == 0) {
        add_null(p);
    } else {
        pg_add_int8(p, unix_us - EPOCH_US);
    }
}

/* --- arrays ------------------------------------------------------------------------------------ */

void pg_array_begin(struct pg_array *array, struct pg_params *p, enum pg_type type, size_t count,
                    size_t bytes_max)
{
    size_t len = ARRAY_HEADER + 4 * count + bytes_max;
    *array = (struct pg_array){.params = p};
    array->start = add(p, NULL, len);
    if (array->start == NULL) {
        return;
    }
    array->at = array->start + ARRAY_HEADER;
    array->end = array->start + len;
    put_u32(array->start + 8, (uint32_t)type);
}

static uint8_t *element(struct pg_array *array, size_t len, uint32_t length_field)
{
    if (array->start == NULL) {
        return NULL;
    }
    CH_ASSERT((size_t)(array->end - array->at) >= 4 + len);
    put_u32(array->at, length_field);
    uint8_t *data = array->at + 4;
    array->at = data + len;
    array->count++;
    return data;
}

void pg_array_bytes(struct pg_array *array, const void *ptr, size_t len)
{
    uint8_t *data = element(array, len, (uint32_t)len);
    if (data != NULL && len > 0) {
        memcpy(data, ptr, len);
    }
}

void pg_array_text(struct pg_array *array, const char *text)
{
    if (text == NULL) {
        pg_array_null(array);
    } else {
        pg_array_bytes(array, text, strlen(text));
    }
}

void pg_array_int8(struct pg_array *array, int64_t value)
{
    uint8_t bytes[8];
    put_u64(bytes, (uint64_t)value);
    pg_array_bytes(array, bytes, sizeof bytes);
}

void pg_array_bool(struct pg_array *array, bool value)
{
    uint8_t byte = value;
    pg_array_bytes(array, &byte, 1);
}

void pg_array_null(struct pg_array *array)
{
    array->has_null = true;
    (void)element(array, 0, UINT32_MAX);
}

void pg_array_end(struct pg_array *array)
{
    if (array->start == NULL) {
        return;
    }
    bool is_empty = array->count == 0;
    put_u32(array->start, is_empty ? 0 : 1);    /* dimensions */
    put_u32(array->start + 4, array->has_null); /* has NULLs */
    put_u32(array->start + 12, array->count);   /* length of the dimension */
    put_u32(array->start + 16, 1);              /* its lower bound */
    size_t len = is_empty ? 12 : (size_t)(array->at - array->start);
    array->params->lengths[array->params->count - 1] = (int)len;
}

void pg_add_texts(struct pg_params *p, const char *const *texts, size_t count)
{
    struct pg_array array;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += strlen(texts[i]);
    }
    pg_array_begin(&array, p, PG_TEXT, count, bytes);
    for (size_t i = 0; i < count; i++) {
        pg_array_text(&array, texts[i]);
    }
    pg_array_end(&array);
}
