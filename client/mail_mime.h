/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client only: mails as GMime has them. Its first use starts GMime; one thread. */
#pragma once

#include <gmime/gmime.h>

#include "base/arena.h"

/* Of the part with the publishing license, under application. */
#define MAIL_LICENSE_SUBTYPE "x-chancery-license"

void mail_mime_start(void);
/* NULL if the bytes can't be parsed as a mail. The caller unrefs it. */
GMimeMessage *mail_mime_parse(struct slice bytes);
/* Copy what was written to a memory stream, then free the stream, and with it the array. */
rc mail_mime_take(struct arena *arena, GMimeStream *stream, struct slice *out, struct err *err);
