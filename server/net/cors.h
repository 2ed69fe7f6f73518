/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol): those that the configuration
 * names may call, and read what is answered; of others no call is taken, whatever their browser thinks.
 * Credentials of the browser (cookies, certificates) are never asked for. */
#pragma once

#include "net/net_framing.h"

/* Whether a page asks; and whether of an origin that may. */
bool cors_has_origin(const struct net_request *request);
bool cors_is_allowed(const struct net_config *config, const struct net_request *request);
/* Whether a browser asks first if it may call. */
bool cors_is_preflight(const struct net_request *request);
/* Add to an answer's head what a browser wants to read. */
void cors_add(const struct net_config *config, const struct net_request *request,
              struct net_head *head);
