/* SPDX-License-Identifier: Apache-2.0 */
/* What the largest JSON of each method costs a worker in one turn of the loop: read into protobuf's bytes, then
 * unpacked and checked. Prints the CPU time of the best of some rounds for the worst text of each method. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "methods.h"
#include "wire/json_name.h"
#include "wire/message_json.h"

enum { ROUNDS = 5, MARGIN = 256 };

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct worst {
    double read_us, us;
    char what[96];
};

static char *text;

static size_t put(size_t at, const char *piece)
{
    size_t len = strlen(piece);
    memcpy(text + at, piece, len);
    return at + len;
}

static void measure(const struct method *method, size_t len, const char *field, const char *what,
                    struct worst *worst)
{
    double best = 0, best_read = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new((1 << 20) + 4 * method->max_request_bytes);
        struct arena *scratch = arena_new(2 * len + 8192);
        struct pb_flaw flaw;
        struct slice bytes;
        ProtobufCMessage *out;
        double start = cpu_us();
        bool is_read =
            message_from_json(scratch, method->request, slice_of(text, len), &flaw, &bytes, NULL)
                .ok;
        double read = cpu_us() - start;
        if (is_read) {
            rc ignored = pb_unpack_request(arena, method->request, bytes, proto_has_lines, &flaw,
                                           &out, NULL);
            (void)ignored;
        }
        double took = cpu_us() - start;
        if (round == 0 || took < best) {
            best = took;
            best_read = read;
        }
        arena_free(arena);
        arena_free(scratch);
    }
    if (best > worst->us) {
        *worst = (struct worst){.read_us = best_read, .us = best};
        snprintf(worst->what, sizeof worst->what, "%s: %s", field, what);
    }
}

/* {"field":[item,item,…]}, or {"field":"…"} of one that is as long as may be. */
static void measure_with(const struct method *method, const ProtobufCFieldDescriptor *field,
                         const char *item, struct worst *worst)
{
    char name[JSON_NAME_BYTES];
    size_t max = method->max_request_bytes + method->max_request_bytes / 3;
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    json_name_of(field->name, name);
    size_t len = put(put(put(0, "{\""), name), is_list ? "\":[" : "\":\"");
    for (size_t first = len; len + strlen(item) + MARGIN < max;) {
        len = put(put(len, is_list && len > first ? "," : ""), item);
    }
    len = put(len, is_list ? "]}" : "\"}");
    measure(method, len, field->name, item, worst);
}

static void measure_field(const struct method *method, const ProtobufCFieldDescriptor *field,
                          struct worst *worst)
{
    static const char *const items[] = {"\"\"", "\"a\"", "\"\\u00fc\"",
                                        "{}",   "1",     "\"RIGHT_VIEW\""};
    static const char *const pieces[] = {"a", "\\u00fc", "\\ud83d\\ude00", "\\n", "AAAA", "ü", " "};
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    const char *const *from = is_list ? items : pieces;
    size_t count = is_list ? sizeof items / sizeof items[0] : sizeof pieces / sizeof pieces[0];
    for (size_t i = 0; i < count; i++) {
        measure_with(method, field, from[i], worst);
    }
    if (is_list && field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessageDescriptor *type = field->descriptor;
        char name[JSON_NAME_BYTES], item[2 * JSON_NAME_BYTES];
        json_name_of(type->fields[0].name, name);
        snprintf(item, sizeof item, "{\"%s\":\"a\"}", name);
        measure_with(method, field, item, worst);
    }
}

int main(void)
{
    puts("the largest JSON of each method, read and all:");
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        struct worst worst = {.us = 0};
        text = malloc(2 * METHODS[i].max_request_bytes + MARGIN);
        CH_ASSERT(text != NULL);
        for (unsigned f = 0; f < METHODS[i].request->n_fields; f++) {
            measure_field(&METHODS[i], &METHODS[i].request->fields[f], &worst);
        }
        printf("%8.2f %8.2f ms  %7zu bytes  %s (%s)\n", worst.read_us / 1e3, worst.us / 1e3,
               METHODS[i].max_request_bytes, METHODS[i].path, worst.what);
        free(text);
    }
    return 0;
}
