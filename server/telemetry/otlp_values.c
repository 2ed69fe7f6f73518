/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/otlp_values.h"

static Chancery__Otlp__V1__AnyValue *add(struct otlp_attributes *to, const char *key)
{
    Chancery__Otlp__V1__KeyValue *pair = ARENA_NEW(to->arena, Chancery__Otlp__V1__KeyValue);
    Chancery__Otlp__V1__AnyValue *value = ARENA_NEW(to->arena, Chancery__Otlp__V1__AnyValue);
    CH_ASSERT(to->count < OTLP_ATTRIBUTES_MAX);
    if (pair == NULL || value == NULL) {
        return NULL;
    }
    chancery__otlp__v1__key_value__init(pair);
    chancery__otlp__v1__any_value__init(value);
    pair->key = otlp_text(key);
    pair->value = value;
    to->list[to->count++] = pair;
    return value;
}

void otlp_add_text(struct otlp_attributes *to, const char *key, const char *text)
{
    Chancery__Otlp__V1__AnyValue *value = add(to, key);
    if (value != NULL) {
        value->value_case = CHANCERY__OTLP__V1__ANY_VALUE__VALUE_STRING_VALUE;
        value->string_value = otlp_text(text);
    }
}

void otlp_add_number(struct otlp_attributes *to, const char *key, int64_t number)
{
    Chancery__Otlp__V1__AnyValue *value = add(to, key);
    if (value != NULL) {
        value->value_case = CHANCERY__OTLP__V1__ANY_VALUE__VALUE_INT_VALUE;
        value->int_value = number;
    }
}

void otlp_give_attributes(const struct otlp_attributes *from, Chancery__Otlp__V1__KeyValue ***list,
                          size_t *count)
{
    *list = ARENA_ARRAY(from->arena, Chancery__Otlp__V1__KeyValue *, from->count + 1);
    *count = *list == NULL ? 0 : from->count;
    for (size_t i = 0; i < *count; i++) {
        (*list)[i] = from->list[i];
    }
}

Chancery__Otlp__V1__Resource *otlp_resource(struct arena *arena, const struct otlp_sender *sender)
{
    struct otlp_attributes attributes = {.arena = arena};
    Chancery__Otlp__V1__Resource *resource = ARENA_NEW(arena, Chancery__Otlp__V1__Resource);
    if (resource != NULL) {
        chancery__otlp__v1__resource__init(resource);
        otlp_add_text(&attributes, "service.name", sender->service);
        otlp_add_text(&attributes, "service.version", sender->version);
        otlp_add_text(&attributes, "service.instance.id", sender->instance);
        otlp_give_attributes(&attributes, &resource->attributes, &resource->n_attributes);
    }
    return resource;
}

Chancery__Otlp__V1__InstrumentationScope *otlp_scope(struct arena *arena,
                                                     const struct otlp_sender *sender)
{
    Chancery__Otlp__V1__InstrumentationScope *scope =
        ARENA_NEW(arena, Chancery__Otlp__V1__InstrumentationScope);
    if (scope != NULL) {
        chancery__otlp__v1__instrumentation_scope__init(scope);
        scope->name = otlp_text("chancery");
        scope->version = otlp_text(sender->version);
    }
    return scope;
}
