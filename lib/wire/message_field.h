/* SPDX-License-Identifier: Apache-2.0 */
/* How protobuf-c lays out the fields of a message. */
#pragma once

#include <protobuf-c/protobuf-c.h>

/* Bytes of one value of a field, as a member or an element of its array. */
size_t message_value_size(const ProtobufCFieldDescriptor *field);
