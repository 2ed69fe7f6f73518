/* SPDX-License-Identifier: Apache-2.0 */
#include "library/batch.h"

#include <chancery/content.h>

rc batch_check(size_t count, struct err *err)
{
    if (count == 0 || count > CHANCERY_BATCH_MAX) {
        FAIL(err, R_INPUT_INVALID, "a batch has 1 to 100 items");
    }
    return OK;
}

static chancery_error *not_answered(void)
{
    struct err err = {0};
    const struct client_refusal nobody = {.code = 0};
    (void)err_raise(&err, R_AUTHORITY_UNREACHABLE, __FILE__, __LINE__,
                    "its answer doesn't say of each item what came of it");
    return failure_of_call(&err, &nobody);
}

chancery_error *failure_of_item(const Chancery__V1__ItemError *item)
{
    struct err none = {0};
    if (item == NULL || item->code <= 0) {
        return not_answered();
    }
    struct client_refusal told = {
        .code = item->code, .reason = item->reason, .sentence = item->message, .retry_ms = -1};
    const size_t most = sizeof told.metadata / sizeof told.metadata[0];
    for (size_t i = 0; i < item->n_metadata && i < most; i++) {
        told.metadata[i].key = item->metadata[i]->key;
        told.metadata[i].value = item->metadata[i]->value;
        told.metadata_count = i + 1;
    }
    const size_t most_fields = sizeof told.fields / sizeof told.fields[0];
    for (size_t i = 0; i < item->n_field_violations && i < most_fields; i++) {
        told.fields[i].field = item->field_violations[i]->field;
        told.fields[i].description = item->field_violations[i]->description;
        told.field_count = i + 1;
    }
    return failure_of_call(&none, &told);
}
