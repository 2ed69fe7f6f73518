/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/encode.h"
#include "base/ids.h"

const struct tenant_id TENANT_PLATFORM = {{{0}}};

struct uuid uuid_random(void)
{
    struct uuid id;
    if (RAND_bytes(id.b, sizeof id.b) != 1) {
        abort();
    }
    return id;
}

struct uuid uuid_v7(int64_t unix_us)
{
    struct uuid id = uuid_random();
    uint64_t ms = (uint64_t)(unix_us / 1000);
    for (int i = 0; i < 6; i++) {
        id.b[i] = (uint8_t)(ms >> (8 * (5 - i)));
    }
    id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f)); /* version 7 */
    id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f)); /* variant 10 */
    return id;
}

int64_t mark_new(void)
{
    struct uuid random = uuid_random();
    uint64_t bits;
    memcpy(&bits, random.b, sizeof bits);
    return (int64_t)(bits & (INT64_MAX - 1)) + 1;
}

int64_t uuid_v7_ms(struct uuid id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) {
        ms = ms << 8 | id.b[i];
    }
    return ms;
}

static bool is_dash_position(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

/* By hand, because printf takes a fiftieth of a license for it. */
void uuid_format(struct uuid id, char out[UUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (is_dash_position(at)) {
            out[at++] = '-';
        }
        out[at++] = digits[id.b[i] >> 4];
        out[at++] = digits[id.b[i] & 0x0f];
    }
    out[at] = '\0';
}

rc uuid_parse(struct slice text, struct uuid *out, struct err *err)
{
    ENSURE(text.len == UUID_TEXT_BYTES - 1, err, R_FIELD_INVALID);
    char hex[2 * UUID_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (is_dash_position(i)) {
            ENSURE(text.ptr[i] == '-', err, R_FIELD_INVALID);
            continue;
        }
        hex[n++] = (char)text.ptr[i];
    }
    return hex_decode(slice_of(hex, sizeof hex), out->b, sizeof out->b, err);
}

bool uuid_eq(struct uuid a, struct uuid b)
{
    return memcmp(a.b, b.b, UUID_BYTES) == 0;
}

bool uuid_is_zero(struct uuid a)
{
    static const struct uuid zero;
    return uuid_eq(a, zero);
}

int uuid_compare(struct uuid a, struct uuid b)
{
    return memcmp(a.b, b.b, UUID_BYTES);
}
