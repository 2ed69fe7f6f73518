/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc/grpc_text.h"

#include <string.h>

#include "base/encode.h"

int64_t grpc_timeout_parse(const char *text)
{
    int64_t value = 0;
    size_t digits = 0;
    while (text[digits] >= '0' && text[digits] <= '9' && digits < 9) {
        value = value * 10 + (text[digits] - '0');
        digits++;
    }
    if (digits == 0 || digits > 8 || text[digits] == '\0' || text[digits + 1] != '\0') {
        return -1;
    }
    switch (text[digits]) {
    case 'H':
        value *= 3600000;
        break;
    case 'M':
        value *= 60000;
        break;
    case 'S':
        value *= 1000;
        break;
    case 'm':
        break;
    case 'u':
        value = value / 1000;
        break;
    case 'n':
        value = value / 1000000;
        break;
    default:
        return -1;
    }
    return value < 1 ? 1 : value; /* no time at all is not "as long as it takes" */
}

char *grpc_percent_encode(struct arena *arena, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_array(arena, strlen(text) + 1, 3);
    size_t n = 0;
    for (; out != NULL && *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c <= 0x7e && c != '%') {
            out[n++] = (char)c;
            continue;
        }
        out[n++] = '%';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    return out;
}

char *grpc_binary_encode(struct arena *arena, struct slice bytes)
{
    char *text = base64_dup(arena, bytes);
    if (text != NULL) {
        text[strcspn(text, "=")] = '\0';
    }
    return text;
}
