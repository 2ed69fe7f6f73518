/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "crypto/json.h"
#include "identity/secevent.h"

static rc need(struct arena *arena, const json_t *object, const char *name, size_t max,
               const char **out, struct err *err)
{
    struct slice text;
    TRY(json_need_text(object, name, R_SIGNAL_INVALID, &text, err));
    ENSURE(text.len > 0 && text.len <= max, err, R_SIGNAL_INVALID);
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* Longer than any address that counts: it is refused as one, or not at all. */
enum { TEXT_MAX = 1024 };

static rc add_address(struct arena *arena, const json_t *subject, struct signal_event *out,
                      struct err *err)
{
    struct signal_name *name = &out->names[out->name_count++];
    *name = (struct signal_name){.kind = SIGNAL_BY_ADDRESS, .iss = ""};
    return need(arena, subject, "email", TEXT_MAX, &name->text, err);
}

static rc add_subject(struct arena *arena, const json_t *subject, struct signal_event *out,
                      struct err *err)
{
    struct signal_name *name = &out->names[out->name_count++];
    *name = (struct signal_name){.kind = SIGNAL_BY_SUBJECT};
    TRY(need(arena, subject, "iss", ISSUER_ISS_MAX, &name->iss, err));
    return need(arena, subject, "sub", TOKEN_SUBJECT_MAX, &name->text, err);
}

static rc add_opaque(struct arena *arena, const json_t *subject, struct signal_event *out,
                     struct err *err)
{
    struct signal_name *name = &out->names[out->name_count++];
    *name = (struct signal_name){.kind = SIGNAL_BY_OPAQUE, .iss = ""};
    return need(arena, subject, "id", TOKEN_SUBJECT_MAX, &name->text, err);
}

/* The formats of single names (RFC 9493 §3.2). By others, such as a telephone's number, nobody is known here. */
static rc add_name(struct arena *arena, const json_t *subject, struct slice format,
                   struct signal_event *out, struct err *err)
{
    static const struct {
        const char *format;
        rc (*add)(struct arena *arena, const json_t *subject, struct signal_event *out,
                  struct err *err);
    } formats[] = {
        {"email", add_address},
        {"iss_sub", add_subject},
        {"iss-sub", add_subject}, /* RISC before RFC 9493 */
        {"opaque", add_opaque},
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (slice_eq_str(format, formats[i].format)) {
            ENSURE(out->name_count < SIGNAL_NAMES_MAX, err, R_SIGNAL_INVALID);
            return formats[i].add(arena, subject, out, err);
        }
    }
    return OK;
}

static rc read_format(const json_t *subject, struct slice *out, struct err *err)
{
    ENSURE(json_is_object(subject), err, R_SIGNAL_INVALID);
    TRY(json_get_text(subject, "format", R_SIGNAL_INVALID, out, err));
    return out->len > 0 ? OK : json_get_text(subject, "subject_type", R_SIGNAL_INVALID, out, err);
}

/* Several names of one person (RFC 9493 §3.2.8); they have no others within. */
static rc add_aliases(struct arena *arena, const json_t *subject, struct signal_event *out,
                      struct err *err)
{
    const json_t *list = json_object_get(subject, "identifiers");
    ENSURE(json_array_size(list) > 0, err, R_SIGNAL_INVALID);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct slice format;
        TRY(read_format(json_array_get(list, i), &format, err));
        TRY(add_name(arena, json_array_get(list, i), format, out, err));
    }
    return OK;
}

static rc add_simple(struct arena *arena, const json_t *subject, struct signal_event *out,
                     struct err *err)
{
    struct slice format;
    TRY(read_format(subject, &format, err));
    return slice_eq_str(format, "aliases") ? add_aliases(arena, subject, out, err)
                                           : add_name(arena, subject, format, out, err);
}

/* Of a complex subject the user is meant, whatever session or device stands beside. What says no format and has a user
 * is one, too (drafts of SSF). */
rc secevent_read_subject(struct arena *arena, const void *subject, struct signal_event *out,
                         struct err *err)
{
    const json_t *user = json_object_get(subject, "user");
    struct slice format;
    TRY(read_format(subject, &format, err));
    bool is_complex = slice_eq_str(format, "complex") || (format.len == 0 && user != NULL);
    ENSURE(is_complex || format.len > 0, err, R_SIGNAL_INVALID);
    if (!is_complex) {
        return add_simple(arena, subject, out, err);
    }
    return user == NULL ? OK : add_simple(arena, user, out, err);
}
