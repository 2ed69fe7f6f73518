/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes for the caller. Any thread. */
#pragma once

#include <chancery/session.h>

#include "base/slice.h"

/* Copies; never NULL. */
chancery_buffer *buffer_of(struct slice bytes);
