/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client only: mails as GMime has them. Its first use starts GMime; after
 * that any thread. */
#pragma once

#include <gmime/gmime.h>

#include "base/arena.h"

/* Of the part with the publishing license, under application. */
#define MAIL_LICENSE_SUBTYPE "x-chancery-license"

/* Of the wrapper's header: the content's id. Mail programs don't copy it when people forward or answer. */
#define MAIL_CONTENT_HEADER "X-Chancery-Content"

void mail_mime_start(void);
/* Whether GMime can be given these bytes: R_INPUT_INVALID beyond what it can take. */
rc mail_mime_check(struct slice mail, struct err *err);
/* NULL if the bytes can't be parsed as a mail, or mail_mime_check refuses them. The caller unrefs it. */
GMimeMessage *mail_mime_parse(struct slice bytes);
/* Copy what was written to a memory stream, then free the stream, and with it the array. */
rc mail_mime_take(struct arena *arena, GMimeStream *stream, struct slice *out, struct err *err);
