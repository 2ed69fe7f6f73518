/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/batch.h"

#include "chancery/v1/publishing.pb-c.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"
#include "service/common/request.h"

step batch_count(struct call *c)
{
    return request_count(c, "requests", call_item_count(c), 1, BATCH_ITEMS_MAX);
}

/* --- refusals --------------------------------------------------------------------------------- */

static bool add_metadata(struct call *c, Chancery__V1__ItemError *error,
                         const struct call_outcome *refused)
{
    size_t count = refused->metadata_count;
    error->metadata = ARENA_ARRAY(call_arena(c), Chancery__V1__ItemErrorMetadata *, count + 1);
    for (size_t i = 0; error->metadata != NULL && i < count; i++) {
        Chancery__V1__ItemErrorMetadata *pair =
            call_message(c, &chancery__v1__item_error_metadata__descriptor);
        if (pair == NULL) {
            return false;
        }
        pair->key = reply_text(refused->metadata[i].key);
        pair->value = reply_text(refused->metadata[i].value);
        error->metadata[error->n_metadata++] = pair;
    }
    return error->metadata != NULL;
}

static bool add_violations(struct call *c, Chancery__V1__ItemError *error,
                           const struct call_outcome *refused)
{
    size_t count = refused->violation_count;
    Chancery__V1__ItemFieldViolation **list =
        ARENA_ARRAY(call_arena(c), Chancery__V1__ItemFieldViolation *, count + 1);
    error->field_violations = list;
    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = call_message(c, &chancery__v1__item_field_violation__descriptor);
        if (list[i] == NULL) {
            return false;
        }
        list[i]->field = reply_text(refused->violations[i].key);
        list[i]->description = reply_text(refused->violations[i].value);
        error->n_field_violations++;
    }
    return list != NULL;
}

static const ProtobufCMessage *error_of(struct call *c, const struct call_outcome *refused)
{
    const struct reason_info *info = reason_info(refused->reason);
    Chancery__V1__ItemError *error = call_message(c, &chancery__v1__item_error__descriptor);
    if (error == NULL || !add_metadata(c, error, refused) || !add_violations(c, error, refused)) {
        return NULL;
    }
    error->code = (int32_t)info->code;
    error->reason = reply_text(info->public_name);
    error->message = reply_text(info->text);
    return &error->base;
}

/* --- results ---------------------------------------------------------------------------------- */

/* NULL over budget. */
static void *result_of(struct call *c, const ProtobufCMessageDescriptor *type, size_t index)
{
    struct call_outcome outcome = call_item_outcome(c, index);
    void *result = call_message(c, type);
    const ProtobufCMessage *value = outcome.reply == NULL ? error_of(c, &outcome) : outcome.reply;
    if (result == NULL || value == NULL) {
        return NULL;
    }
    const ProtobufCFieldDescriptor *field = proto_field_of(type, false, value->descriptor);
    *(const void **)proto_field_at(result, field) = value;
    *(uint32_t *)(void *)((char *)result + field->quantifier_offset) = field->id; /* of the oneof */
    return result;
}

step batch_reply(struct call *c)
{
    const ProtobufCMessageDescriptor *type = call_method(c)->response;
    const ProtobufCFieldDescriptor *field = &type->fields[0];
    size_t count = call_item_count(c);
    void *response = call_message(c, type);
    void **results = ARENA_ARRAY(call_arena(c), void *, count);
    if (response == NULL || results == NULL) {
        return reply_over_budget(c);
    }
    for (size_t i = 0; i < count; i++) {
        results[i] = result_of(c, field->descriptor, i);
        if (results[i] == NULL) {
            return reply_over_budget(c);
        }
    }
    *(void ***)proto_field_at(response, field) = results;
    *proto_field_count_at(response, field) = count;
    return call_reply(c, response);
}
