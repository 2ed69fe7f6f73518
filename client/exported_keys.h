/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's keys as ExportKeys gave them, and what they open without the authority (docs/formats.md §4.4). Loop thread. */
#pragma once

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/jwk.h"

enum { EXPORTED_KEYS_MAX = 1024 * 1024 }; /* bytes of a set, as it comes */

struct exported_keys;

/* Read a set as it came, a compact JWE to `key`; or one that somebody has decrypted, a JWK set, and then there is no key.
 * Lends from the arena, which holds what is secret until it is freed. R_INPUT_INVALID. */
rc exported_keys_read(struct arena *arena, struct slice set, const struct jwk_private *key,
                      const struct exported_keys **out, struct err *err);
/* Whether it came without encryption. */
bool exported_keys_are_bare(struct slice set);
/* The content key of a publishing license, whoever has made it; the caller's to free. R_INPUT_NOT_PROTECTED for what is no
 * license, R_INPUT_INVALID for one of another tenant or by a version that is not in the set, R_INPUT_DAMAGED. */
rc exported_keys_open(const struct exported_keys *keys, struct arena *arena, struct slice license,
                      struct secret **content_key, struct err *err);
