/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/conf only: what opens wrapped root keys. */
#pragma once

#include "base/err.h"
#include "chancery/config/v1/config.pb-c.h"

/* R_CONFIG_INVALID */
rc conf_openers_check(Chancery__Config__V1__RootKeyOpener *const *openers, size_t count,
                      struct err *err);
