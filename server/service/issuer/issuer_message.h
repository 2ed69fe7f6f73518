/* SPDX-License-Identifier: Apache-2.0 */
/* An issuer between its message and its row. */
#pragma once

#include "chancery/v1/issuer.pb-c.h"
#include "service/common/resources.h"
#include "store/resource/issuer_store.h"

/* A row as a message; NULL over budget. `tenant`: the short name, "" for the platform's. */
Chancery__V1__Issuer *issuer_message_write(struct call *c, const struct issuer_row *row,
                                           const char *tenant);
