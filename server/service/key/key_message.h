/* SPDX-License-Identifier: Apache-2.0 */
/* A key version as its message, and what requests say of one. */
#pragma once

#include "chancery/v1/key.pb-c.h"
#include "rpc/call.h"
#include "store/resource/key_store.h"

step key_message_read_purpose(struct call *c, Chancery__V1__KeyPurpose asked,
                              enum key_purpose *out);
/* NULL over budget. */
Chancery__V1__Key *key_message_write(struct call *c, const struct tenant_key_row *row);
