/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be protected, and how, as the authority is asked. One thread. */
#pragma once

#include <chancery/content.h>

#include "base/err.h"
#include "chancery/v1/publishing.pb-c.h"

/* Lent. R_INPUT_INVALID if there was no room for all of it. */
rc protection_request(const chancery_protection *protection,
                      const Chancery__V1__ProtectRequest **out, struct err *err);
/* Keep what is told of protected content beside its license: who was refused, where it is read, when it ends (seconds
 * since 1970; 0: never). Copies. R_ARENA_EXHAUSTED. */
rc protection_told(chancery_content *content, const char *const *refused, size_t count,
                   const char *portal_url, int64_t expire_time, struct err *err);
/* What was protected, as the authority answers; the content is the caller's to free.
 * R_AUTHORITY_UNREACHABLE if it is not whole. */
rc protection_answer(const chancery_session *session, const Chancery__V1__ProtectResponse *r,
                     chancery_content **out, struct err *err);
