/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/approval_request.h"

#include "methods.h"
#include "wire/pb.h"
#include "wire/pb_split.h"

static bool is_secret(const void *type, uint32_t number)
{
    const ProtobufCMessageDescriptor *of = type;
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(of, number);
    return field != NULL && proto_is_secret(of->name, field->name);
}

static bool has_secrets(const ProtobufCMessageDescriptor *type)
{
    bool any = false;
    for (unsigned i = 0; !any && i < type->n_fields; i++) {
        any = proto_is_secret(type->name, type->fields[i].name);
    }
    return any;
}

rc approval_request_pack(struct arena *arena, const ProtobufCMessage *message,
                         struct approval_row *row, struct err *err)
{
    struct pb_parting parting = {.is_apart = is_secret, .of = message->descriptor};
    TRY(pb_pack(arena, message, &parting.rest, err));
    if (has_secrets(message->descriptor)) {
        TRY(pb_part(arena, parting.rest, &parting, err));
    }
    row->request = parting.rest;
    row->secret = parting.apart;
    return OK;
}
