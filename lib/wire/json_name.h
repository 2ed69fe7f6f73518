/* SPDX-License-Identifier: Apache-2.0 */
/* The names that fields have in JSON. Pure; any thread. */
#pragma once

#include "base/slice.h"

/* protobuf's JSON name: authority_url → authorityUrl. At most 63 characters. */
enum { JSON_NAME_BYTES = 64 };
void json_name_of(const char *name, char out[JSON_NAME_BYTES]);
/* And back; false: it is too long. Names that digits follow a line in don't come back. */
bool json_name_to_proto(struct slice name, char out[JSON_NAME_BYTES]);
