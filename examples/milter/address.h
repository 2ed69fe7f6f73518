/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as MTAs read them. Any thread. */
#pragma once

#include <stdbool.h>

enum { DOMAIN_MAX_BYTES = 256 };

/* A domain as DNS has it: small letters, IDNA's A-labels, no dot behind. False if it is none that anybody
 * could mean. */
bool domain_normalize(const char *domain, char out[DOMAIN_MAX_BYTES]);
/* That of an address; false if there is none. */
bool domain_of(const char *address, char out[DOMAIN_MAX_BYTES]);
/* Why an MTA may deliver to another address than the one that is written; NULL: it doesn't. The rules
 * would have been asked about the wrong one. */
const char *address_reroutes(const char *recipient);
/* The domain that MTAs may make of a sender's local part (user%domain@relay, domain!user@relay); false if
 * there is none. */
bool domain_within(const char *sender, char out[DOMAIN_MAX_BYTES]);
