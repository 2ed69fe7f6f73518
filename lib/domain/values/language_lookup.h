/* SPDX-License-Identifier: Apache-2.0 */
/* In which of several languages somebody reads a text. Pure; any thread. */
#pragma once

#include <stddef.h>

/* The place among `count` > 0 language tags of the one that is nearest to the wanted one, case left
 * aside. Order: the tag itself and what is left of it when subtags are cut from its end (RFC 4647
 * §3.4), where a script that the region implies counts as written (zh-TW is zh-Hant-TW) and regions
 * fall back to their parents of CLDR (es-MX to es-419, pt-AO to pt-PT); the language with no more
 * said; the language in the same script for another region; English; the first. A tag that is not
 * well-formed is nobody's. */
size_t language_lookup(const char *wanted, const char *const *tags, size_t count);
