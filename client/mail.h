/* SPDX-License-Identifier: Apache-2.0 */
/* Protected mails: a wrapper message that any mail program shows, with the publishing license as
 * one part and the mail itself, as CMS AuthEnvelopedData (RFC 5083, AES-256-GCM), as another
 * (docs/formats.md §8).
 *
 * What is sealed is the mail without Bcc, otherwise byte for byte. OpenSSL opens CMS in memory, about four times the
 * size, so mails are bounded; whatever is larger is protected as a file (content_file.h). */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/secret.h"

enum { MAIL_BYTES_MAX = 64 * 1024 * 1024 };

struct mail_wrapping {
    struct slice mail; /* RFC 5322 */
    struct slice license;
    struct content_id content;
    const char *portal_url; /* named in the text for people; "": none */
};

/* What a mail's header says, for choosing owner, recipients and display name. Lent by the arena. */
struct mail_envelope {
    const char *from;    /* the first address; "" if there is none */
    const char *subject; /* decoded; "" if there is none */
    const char **to;     /* addresses of To and Cc, those in groups too */
    size_t to_count;
};
/* R_INPUT_INVALID if it can't be parsed as a mail. */
rc mail_read_envelope(struct arena *arena, struct slice mail, struct mail_envelope *out,
                      struct err *err);

/* Make the wrapper. It has of the mail's header what mail systems need (docs/formats.md §8).
 * R_MESSAGE_TOO_LARGE beyond MAIL_BYTES_MAX. */
rc mail_wrap(struct arena *arena, const struct mail_wrapping *wrapping,
             const struct secret *content_key, struct slice *out, struct err *err);
struct mail_parts {
    struct slice license, sealed; /* lent by the arena */
};
/* Find license and CMS object in a wrapper, or in a mail that has it attached. R_INPUT_NOT_PROTECTED if it lacks one of them. */
rc mail_unwrap(struct arena *arena, struct slice wrapper, struct mail_parts *out, struct err *err);
/* Open the CMS object. Nothing is given out before the tag has verified: R_INPUT_DAMAGED. */
rc mail_open(struct arena *arena, struct slice sealed, const struct secret *content_key,
             struct slice *out, struct err *err);
