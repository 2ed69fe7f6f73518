/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to OpenID providers: JSON over HTTPS, from the threads. */
#pragma once

#include <jansson.h>

#include "settings.h"

/* How a token endpoint knows us (RFC 6749 §2.3.1); all NULL: not asked. */
struct https_form {
    const char *body;            /* x-www-form-urlencoded; NULL: it is a GET */
    const char *user, *password; /* of HTTP Basic, encoded as the RFC wants it; or NULL */
};

/* The object that is answered with status 200; NULL if it isn't. No other protocol, no redirection, at
 * most 256 KiB. */
json_t *https_ask(const struct settings *settings, const char *url, const struct https_form *form);
