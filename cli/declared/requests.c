/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/requests.h"

#include <string.h>

#include "cli/declared/fields.h"

const struct method *request_method(struct session *s, const char *service, const char *method,
                                    const char **name)
{
    const char *path = arena_printf(s->arena, "/chancery.v1.%s/%s", service, method);
    CH_ASSERT(path != NULL); /* a session's arena is far larger than a name */
    *name = path + strlen("/chancery.v1.");
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(METHODS[i].path, path) == 0) {
            return &METHODS[i];
        }
    }
    CH_ASSERT(false);
    return NULL;
}

/* A domain is named by itself where it is claimed and given up. */
static const char *name_within(const struct kind *kind, const char *field)
{
    bool is_domain = kind == &KINDS[KIND_DOMAIN] && strcmp(field, "domain") == 0;
    return is_domain ? "name" : field;
}

ProtobufCMessage *request_new(struct session *s, const struct method *method,
                              const struct kind *kind, const char *tenant,
                              ProtobufCMessage *resource)
{
    const ProtobufCMessageDescriptor *type = method->request;
    ProtobufCMessage *request = arena_zalloc(s->arena, type->sizeof_message);
    CH_ASSERT(request != NULL); /* a session's arena is far larger than a request */
    protobuf_c_message_init(type, request);
    for (unsigned i = 0; resource != NULL && i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->descriptor == kind->type) {
            *(ProtobufCMessage **)(void *)((char *)request + field->offset) = resource;
        } else if (field->type == PROTOBUF_C_TYPE_STRING) {
            field_set_text(request, field->name,
                           field_text(resource, name_within(kind, field->name)));
        }
    }
    field_set_text(request, "tenant", tenant);
    return request;
}
