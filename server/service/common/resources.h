/* SPDX-License-Identifier: Apache-2.0 */
/* Every resource of the service layer (resources.def). */
#pragma once

#include "service/common/resource.h"

#define RESOURCE(name) extern const struct resource name##_resource;
#include "service/common/resources.def"
#undef RESOURCE
