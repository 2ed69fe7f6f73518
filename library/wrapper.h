/* SPDX-License-Identifier: Apache-2.0 */
/* What a wrapper shows, as the client module puts it into mails. Any thread. */
#pragma once

#include <chancery/wrapper.h>

#include "client/mail.h"

/* Lent by the wrapper. */
struct mail_notice wrapper_notice(const chancery_wrapper *wrapper);
