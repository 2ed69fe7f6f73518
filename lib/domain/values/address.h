/* SPDX-License-Identifier: Apache-2.0 */
/* Mail addresses in the one form in which they are compared and stored. Everything behind this
 * header compares bytes. Pure; any thread.
 *
 * Local parts may hold UTF-8 (RFC 6531). They are compared in lower case, of all scripts, and in
 * NFC, as RFC 8265 §3.3 does it; nothing is folded beyond that (ß is not ss, ı is not i), because
 * two mailboxes could become one. Refused are invisible and unassigned characters, and those that
 * stand for others: the Kelvin sign, fullwidth letters, ligatures. For domains see domain_name.h:
 * there DNS itself takes such characters for the others (UTS #46), so that nothing is lent.
 *
 * They are what mail has, and not what RFC 5321 would like: longer than 64 bytes (what Exchange and forwarders make
 * of another address: IMCEAEX-…, SRS0=…), and with dots side by side or before the "@" (Japanese carriers). The
 * latter may be quoted, as SMTP asks for; no other quoted ones, which have several spellings. */
#pragma once

#include "base/arena.h"
#include "domain/values/domain_name.h"

enum {
    ADDRESS_LOCAL_MAX = 512, /* bytes: more fit into no command of SMTP (RFC 5321 §4.5.3.1.4) */
    ADDRESS_MAX = ADDRESS_LOCAL_MAX + 1 + DOMAIN_MAX,
};

/* Bring an address into its stored form; R_FIELD_INVALID when it is not one. */
rc address_normalize(struct arena *arena, struct slice text, const char **out, struct err *err);

/* Many addresses, one after the other: a mail's recipients share few domains, so the domain of
 * the address before is not normalized again. Texts must live as long as the batch. Ten thousand
 * addresses take longer than a turn of the loop may: callers yield between items. */
struct address_batch {
    struct arena *arena;
    struct slice given; /* the last domain, as it was given */
    const char *domain; /* and normalized; lent by the last outcome */
};
void address_batch_init(struct address_batch *batch, struct arena *arena);
rc address_batch_normalize(struct address_batch *batch, struct slice text, const char **out,
                           struct err *err);

/* Whether a text has the form of an address: what mail may have, although nobody can be named by it. */
bool address_has_form(struct slice text);
/* The domain of a normalized address. Lends; "" when there is no "@". */
const char *address_domain(const char *address);
