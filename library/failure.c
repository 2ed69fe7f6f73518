/* SPDX-License-Identifier: Apache-2.0 */
#include "library/failure.h"

#include <string.h>

#include "base/mem.h"
#include "client/own_reason.h"

struct chancery_error {
    struct arena *arena; /* has all texts */
    const char *detail;
    bool may_be_done;
    struct client_refusal told; /* code 0: of this side */
};

enum { ERROR_BUDGET = 1024 * 1024 };

static const char *copy(struct arena *arena, const char *text)
{
    const char *kept = text == NULL ? NULL : arena_strdup(arena, text);
    return kept == NULL ? "" : kept;
}

chancery_error *failure_of(const struct err *err)
{
    const struct reason_info *info = reason_info(own_reason(err->reason));
    chancery_error *error = xcalloc(1, sizeof *error);
    struct arena *arena = arena_new_small(ERROR_BUDGET);
    *error = (chancery_error){
        .arena = arena,
        .detail = copy(arena, err->detail),
        .told = {.reason = info->public_name, .sentence = info->text, .retry_ms = -1},
    };
    return error;
}

/* Whether an answer leaves open what has happened (grpc/grpc doc/statuscodes.md). */
static bool leaves_open(int code)
{
    return code == GRPC_CANCELLED || code == GRPC_UNKNOWN || code == GRPC_DEADLINE_EXCEEDED ||
           code == GRPC_INTERNAL || code == GRPC_UNAVAILABLE;
}

chancery_error *failure_of_call(const struct err *err, const struct client_refusal *refusal)
{
    if (refusal->code == 0) {
        chancery_error *error = failure_of(err);
        error->may_be_done =
            err->reason == R_AUTHORITY_UNREACHABLE || err->reason == R_CALL_CANCELED;
        error->told.is_silent = refusal->is_silent;
        return error;
    }
    chancery_error *error = xcalloc(1, sizeof *error);
    struct arena *arena = arena_new_small(ERROR_BUDGET);
    *error = (chancery_error){
        .arena = arena, .detail = "", .may_be_done = leaves_open(refusal->code), .told = *refusal};
    struct client_refusal *told = &error->told;
    told->reason = copy(arena, refusal->reason);
    told->sentence = copy(arena, refusal->sentence);
    for (size_t i = 0; i < told->metadata_count; i++) {
        told->metadata[i].key = copy(arena, refusal->metadata[i].key);
        told->metadata[i].value = copy(arena, refusal->metadata[i].value);
    }
    for (size_t i = 0; i < told->field_count; i++) {
        told->fields[i].field = copy(arena, refusal->fields[i].field);
        told->fields[i].description = copy(arena, refusal->fields[i].description);
    }
    return error;
}

int chancery_error_code(const chancery_error *error)
{
    return error == NULL ? CHANCERY_CODE_NONE : error->told.code;
}

const char *chancery_error_reason(const chancery_error *error)
{
    return error == NULL ? "" : error->told.reason;
}

const char *chancery_error_sentence(const chancery_error *error)
{
    return error == NULL ? "" : error->told.sentence;
}

const char *chancery_error_detail(const chancery_error *error)
{
    return error == NULL ? "" : error->detail;
}

int64_t chancery_error_retry_delay(const chancery_error *error)
{
    return error == NULL ? -1 : error->told.retry_ms;
}

int chancery_error_is_away(const chancery_error *error)
{
    bool is_away = error != NULL && (error->told.is_silent || error->told.code == GRPC_UNAVAILABLE);
    return is_away ? 1 : 0;
}

int chancery_error_may_be_done(const chancery_error *error)
{
    return error != NULL && error->may_be_done ? 1 : 0;
}

const char *chancery_error_request_id(const chancery_error *error)
{
    const char *id = chancery_error_metadata(error, "request_id");
    return id == NULL ? "" : id;
}

const char *chancery_error_metadata(const chancery_error *error, const char *key)
{
    for (size_t i = 0; error != NULL && i < error->told.metadata_count; i++) {
        if (strcmp(error->told.metadata[i].key, key) == 0) {
            return error->told.metadata[i].value;
        }
    }
    return NULL;
}

size_t chancery_error_metadata_count(const chancery_error *error)
{
    return error == NULL ? 0 : error->told.metadata_count;
}

const char *chancery_error_metadata_key(const chancery_error *error, size_t index)
{
    return index < chancery_error_metadata_count(error) ? error->told.metadata[index].key : NULL;
}

size_t chancery_error_field_count(const chancery_error *error)
{
    return error == NULL ? 0 : error->told.field_count;
}

const char *chancery_error_field_path(const chancery_error *error, size_t index)
{
    return index < chancery_error_field_count(error) ? error->told.fields[index].field : NULL;
}

const char *chancery_error_field_problem(const chancery_error *error, size_t index)
{
    return index < chancery_error_field_count(error) ? error->told.fields[index].description : NULL;
}

void chancery_error_free(chancery_error *error)
{
    if (error != NULL) {
        arena_free(error->arena);
        xfree(error);
    }
}
