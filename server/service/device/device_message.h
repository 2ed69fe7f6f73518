/* SPDX-License-Identifier: Apache-2.0 */
/* Inside service/device only: a device as its message, and whose devices there are. */
#pragma once

#include "chancery/v1/device.pb-c.h"
#include "rpc/call.h"
#include "store/resource/device_store.h"

/* Row: a person is of some tenant. Whether they are a member for certain shows only where that tenant is served. */
step device_tenant(struct call *c);
step device_check_member(struct call *c);
/* NULL over budget. */
Chancery__V1__Device *device_message_write(struct call *c, const struct device_row *row);
