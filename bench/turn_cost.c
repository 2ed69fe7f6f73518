/* SPDX-License-Identifier: Apache-2.0 */
/* What callers can make a worker do between two looks at its sockets, without any network: names that are normalized,
 * and each method's largest message, unpacked. Prints the CPU time of the best of some rounds. A turn of the loop is to
 * last no longer than about 5 ms: names yield between items, messages can't. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "domain/values/address.h"
#include "methods.h"
#include "wire/pb.h"

enum { ROUNDS = 5, NAMES = 1000, TEXT_MAX = 1024, MARGIN = 64, LABEL_REPEATS = 24 };

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- names ---------------------------------------------------------------------------------- */

static char texts[NAMES][TEXT_MAX];

/* A number stands between the parts, the same twice. */
static void write_texts(const char *before, const char *between, const char *after)
{
    for (int i = 0; i < NAMES; i++) {
        snprintf(texts[i], TEXT_MAX, "%s%d%s%d%s", before, i, between, i, after);
    }
}

/* The longest labels that there are, four of them; `last` decides whether they have to be mapped. */
static void write_long_texts(const char *last)
{
    char label[2 * LABEL_REPEATS + 1];
    for (size_t i = 0; i < LABEL_REPEATS; i++) {
        memcpy(label + 2 * i, i % 2 == 0 ? "ä" : "ü", 3);
    }
    for (int i = 0; i < NAMES; i++) {
        snprintf(texts[i], TEXT_MAX, "Ж%d@%s%d%s.%s%s.%s%s.%s%s.de", i, label, i, last, label, last,
                 label, last, label, last);
    }
}

static void measure_names(const char *what)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new(1 << 20);
        struct address_batch batch;
        address_batch_init(&batch, arena);
        double start = cpu_us();
        for (int i = 0; i < NAMES; i++) {
            const char *out;
            CH_ASSERT(address_batch_normalize(&batch, slice_str(texts[i]), &out, NULL).ok);
        }
        double took = cpu_us() - start;
        best = round == 0 || took < best ? took : best;
        arena_free(arena);
    }
    printf("%8.2f us  %s\n", best / NAMES, what);
}

static void names(void)
{
    puts("one address:");
    write_texts("Person", "@contoso", ".com");
    measure_names("ASCII, each of another domain");
    write_texts("person", "@bücher", ".example");
    measure_names("a U-label, each another");
    for (int i = 0; i < NAMES; i++) {
        snprintf(texts[i], TEXT_MAX, "person%d@xn--bcher-kva.example", i);
    }
    measure_names("an A-label, all the same");
    write_texts("Женя", "@bücher", ".example");
    measure_names("a local part and a U-label");
    write_long_texts("ü");
    measure_names("four labels of 63 bytes");
    write_long_texts("Ü");
    measure_names("the same, to be mapped");
}

/* --- messages ------------------------------------------------------------------------------- */

static uint8_t *message;
static size_t message_len;

static void put_varint(size_t value)
{
    for (; value >= 0x80; value >>= 7) {
        message[message_len++] = (uint8_t)(value | 0x80);
    }
    message[message_len++] = (uint8_t)value;
}

static void put_field(const ProtobufCFieldDescriptor *field, const char *content, size_t len)
{
    put_varint(field->id << 3 | 2); /* a length and that many bytes */
    put_varint(len);
    memcpy(message + message_len, content, len);
    message_len += len;
}

static void fill(const ProtobufCFieldDescriptor *field, const char *content, size_t len, size_t max)
{
    for (message_len = 0; message_len + len + MARGIN / 4 <= max;) {
        put_field(field, content, len);
    }
}

struct worst {
    double us;
    char what[96];
};

static void measure_message(const struct method *method, const char *field, const char *what,
                            struct worst *worst)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new((1 << 20) + 4 * method->max_request_bytes);
        ProtobufCMessage *out;
        double start = cpu_us();
        rc ignored = pb_unpack(arena, method->request, slice_of(message, message_len), &out, NULL);
        double took = cpu_us() - start;
        best = round == 0 || took < best ? took : best;
        arena_free(arena);
        (void)ignored;
    }
    if (best > worst->us) {
        worst->us = best;
        snprintf(worst->what, sizeof worst->what, "%s: %s", field, what);
    }
}

/* Empty values, small ones, and one that is as long as may be; of a message also many with one small field. */
static void measure_field(const struct method *method, const ProtobufCFieldDescriptor *field,
                          struct worst *worst)
{
    const size_t max = method->max_request_bytes;
    CH_ASSERT(max > MARGIN);
    fill(field, "", 0, max);
    measure_message(method, field->name, "empty ones", worst);
    fill(field, "a", 1, max);
    measure_message(method, field->name, "of one byte", worst);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        fill(field, "\x0a\x01\x61", 3, max); /* field 1: "a" */
        measure_message(method, field->name, "with one small field", worst);
        return;
    }
    size_t len = (max - MARGIN) / 2 * 2;
    char *text = malloc(len);
    CH_ASSERT(text != NULL);
    for (size_t i = 0; i < len; i++) {
        text[i] = "ü"[i % 2];
    }
    message_len = 0;
    put_field(field, text, len);
    measure_message(method, field->name, "a long text", worst);
    free(text);
}

static void messages(void)
{
    puts("the largest message of each method:");
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        struct worst worst = {.us = 0};
        message = malloc(METHODS[i].max_request_bytes + MARGIN);
        CH_ASSERT(message != NULL);
        for (unsigned f = 0; f < METHODS[i].request->n_fields; f++) {
            const ProtobufCFieldDescriptor *field = &METHODS[i].request->fields[f];
            if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES ||
                field->type == PROTOBUF_C_TYPE_MESSAGE) {
                measure_field(&METHODS[i], field, &worst);
            }
        }
        printf("%8.2f ms  %7zu bytes  %s (%s)\n", worst.us / 1e3, METHODS[i].max_request_bytes,
               METHODS[i].path, worst.what);
        free(message);
    }
}

int main(void)
{
    names();
    messages();
    return 0;
}
