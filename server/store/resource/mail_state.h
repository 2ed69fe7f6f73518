/* SPDX-License-Identifier: Apache-2.0 */
/* What has become of a mail of our own, as its row says. */
#pragma once

enum mail_state { MAIL_WAITING = 1, MAIL_SENT = 2, MAIL_GIVEN_UP = 3, MAIL_NOBODYS = 4 };
/* On their way at once, of one kind in one worker. */
enum { MAILS_MAX = 16 };
