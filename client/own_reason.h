/* SPDX-License-Identifier: Apache-2.0 */
/* What fails on this side is never told in the authority's words. Pure; any thread. */
#pragma once

#include "base/err.h"

/* Reasons of the libraries that client and server share speak of requests, tokens and licenses, as
 * the authority does: the one that tells of the same thing on this side. */
enum reason own_reason(enum reason reason);
