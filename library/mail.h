/* SPDX-License-Identifier: Apache-2.0 */
/* A mail that was looked at, for other sources of the library. One thread. */
#pragma once

#include <chancery/mail.h>

#include "base/slice.h"
#include "client/mail.h"

/* GMime's and OpenSSL's own copies come on top. */
enum { MAIL_BUDGET = 6 * MAIL_BYTES_MAX };

/* The whole mail, which the caller lends. */
struct slice mail_bytes_of(const chancery_mail *mail);
/* Whether it looked protected, and the authority said that its license is none of its own. */
bool mail_is_disowned(const chancery_mail *mail);
