/* SPDX-License-Identifier: Apache-2.0 */
/* Mails that the authority itself writes, as SMTP carries them (RFC 5322). Any thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/slice.h"

/* A text in one language, of server/mail/texts. */
struct mail_text {
    const char *language, *subject, *body;
};
extern const struct mail_text PASSCODE_TEXTS[], NOTICE_TEXTS[];
extern const size_t PASSCODE_TEXT_COUNT, NOTICE_TEXT_COUNT;

struct mail_head {
    const char *from, *from_name; /* an address in ASCII; UTF-8 of at most 45 bytes, "" without */
    const char *to;               /* normalized */
    struct uuid id; /* the Message-ID is made of it: the same mail, sent again, has the same */
    struct unix_time now;
};

struct passcode_message {
    struct mail_head envelope;
    const char *language; /* what the reader would like; the nearest one is taken */
    const char *code, *reference;
    unsigned minutes;
};
/* The whole message, with CRLF at the ends of its lines and nowhere else, in ASCII but for an address that isn't
 * (RFC 6532). R_ARENA_EXHAUSTED. */
rc mail_message_passcode(struct arena *arena, const struct passcode_message *message,
                         struct slice *out, struct err *err);

/* What became of one content within some minutes, for its owner. In all languages, because nobody knows theirs. */
struct notice_message {
    struct mail_head envelope;
    const char *name; /* under which it was protected; "" without */
    struct content_id content;
    int64_t opened, refused;   /* how often */
    const char *const *events; /* a line each */
    size_t event_count;        /* fewer than opened and refused where there were many */
};
/* As above. */
rc mail_message_notice(struct arena *arena, const struct notice_message *message, struct slice *out,
                       struct err *err);
/* An address as SMTP and headers have it: quoted where it must be. NULL over budget. */
const char *mail_message_address(struct arena *arena, const char *address);
