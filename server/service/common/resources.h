/* SPDX-License-Identifier: Apache-2.0 */
/* Every resource of the service layer; resources.def is made of their definitions by
 * scripts/gen-registry. */
#pragma once

#include "service/common/resource.h"

#define RESOURCE(name) extern const struct resource name##_resource;
#include "service/resources.def"
#undef RESOURCE
