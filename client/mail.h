/* SPDX-License-Identifier: Apache-2.0 */
/* Protected mails: a wrapper message that any mail program shows, with the publishing license as one part and
 * the mail itself as CMS AuthEnvelopedData (RFC 5083, AES-256-GCM) as another. docs/formats.md §8.
 *
 * The sealed bytes are the mail exactly as it was, byte for byte. OpenSSL opens CMS in memory, at about four times
 * the size, so mails are bounded; larger things are files (content_file.h). */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/secret.h"

enum { MAIL_BYTES_MAX = 64 * 1024 * 1024 };

struct mail_wrapping {
    struct slice mail; /* RFC 5322 */
    struct slice license;
    struct content_id content;
    const char *portal_url; /* "": none is named in the text for people */
};

/* What the envelope of a mail says, for choosing owner, recipients and display name. In the arena. */
struct mail_envelope {
    const char *from;    /* address; "" if there is none */
    const char *subject; /* decoded; "" */
    const char **to;     /* addresses of To and Cc */
    size_t to_count;
};
MUST rc mail_read_envelope(struct arena *arena, struct slice mail, struct mail_envelope *out,
                           struct err *err);

/* Make the wrapper. From, To, Cc, Subject, Date and Message-ID are those of the mail. */
MUST rc mail_wrap(struct arena *arena, const struct mail_wrapping *wrapping,
                  const struct secret *content_key, struct slice *out, struct err *err);
/* Find license and CMS object in a wrapper. R_LICENSE_MALFORMED when it is none. */
struct mail_parts {
    struct slice license, sealed;
};
MUST rc mail_unwrap(struct arena *arena, struct slice wrapper, struct mail_parts *out,
                    struct err *err);
/* Open the CMS object; nothing is given out before the tag has verified. R_LICENSE_FORGED. */
MUST rc mail_open(struct arena *arena, struct slice sealed, const struct secret *content_key,
                  struct slice *out, struct err *err);
