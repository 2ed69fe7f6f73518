/* SPDX-License-Identifier: Apache-2.0 */
/* Who may protect without asking. Immutable; any thread. */
#pragma once

#include <chancery/publisher.h>

#include "wire/publisher_certificate.h"

struct chancery_publisher {
    struct arena *arena;
    struct jwk_private *key;
    struct jwk_public *exchange; /* the tenant's */
    struct slice certificate_text;
    struct publisher_certificate certificate;
    const char *exchange_jwk, *authority_url, *portal_url;
    char serial[UUID_TEXT_BYTES];
};
