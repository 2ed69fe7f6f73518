/* SPDX-License-Identifier: Apache-2.0 */
/* Language tags. Pure; any thread. */
#pragma once

#include "base/slice.h"

enum { LANGUAGE_MAX = 35 /* bytes; RFC 5646 §4.4.1 */ };

/* Whether the tag is well-formed (RFC 5646 §2.2.9), such as de-CH or zh-Hant-TW; grandfathered
 * ones, which have successors of this form, are not. Whether the language exists is not looked
 * at. */
bool language_tag_is_valid(struct slice tag);
/* Cut the next subtag off what is left of a tag; empty when nothing is left. */
struct slice language_next_subtag(struct slice *rest);
