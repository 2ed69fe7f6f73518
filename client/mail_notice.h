/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client only: the wrapper's part for people. */
#pragma once

#include "client/mail.h"
#include "client/mail_mime.h"

/* multipart/alternative of the text and the HTML; with a logo the HTML lies with it in
 * multipart/related (RFC 2387). The caller unrefs it. */
GMimeObject *mail_notice_part(const struct mail_notice *notice);
