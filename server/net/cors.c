/* SPDX-License-Identifier: Apache-2.0 */
#include "net/cors.h"

#include <string.h>

#include "net/header_value.h"

static const char ORIGIN[] = "origin";
static const char METHODS_ALLOWED[] = "GET, HEAD, POST";
static const char HEADERS_ALLOWED[] =
    "accept, authorization, connect-accept-encoding, connect-content-encoding, "
    "connect-protocol-version, connect-timeout-ms, content-encoding, content-type, dpop, "
    "grpc-accept-encoding, grpc-encoding, grpc-timeout, if-none-match, traceparent, "
    "x-chancery-user-token, x-grpc-web, x-user-agent";
static const char HEADERS_EXPOSED[] =
    "connect-accept-encoding, connect-content-encoding, content-encoding, etag, "
    "grpc-accept-encoding, grpc-encoding, grpc-message, grpc-status, grpc-status-details-bin, "
    "retry-after, www-authenticate";
static const char MAX_AGE_SECONDS[] = "7200"; /* no browser keeps it for longer */

bool cors_has_origin(const struct net_request *request)
{
    return net_request_header(request, ORIGIN) != NULL;
}

bool cors_is_allowed(const struct net_config *config, const struct net_request *request)
{
    if (header_value_count(request, ORIGIN) != 1) {
        return false;
    }
    const char *origin = net_request_header(request, ORIGIN);
    for (size_t i = 0; i < config->origin_count; i++) {
        if (strcmp(config->origins[i], origin) == 0) {
            return true;
        }
    }
    return false;
}

bool cors_is_preflight(const struct net_request *request)
{
    return strcmp(request->method, "OPTIONS") == 0 && cors_has_origin(request) &&
           net_request_header(request, "access-control-request-method") != NULL;
}

void cors_add(const struct net_config *config, const struct net_request *request,
              struct net_head *head)
{
    if (config->origin_count == 0) {
        return;
    }
    net_head_add(head, "vary", ORIGIN); /* also where there is none: a cache must know */
    if (request->method == NULL || !cors_is_allowed(config, request)) {
        return;
    }
    net_head_add(head, "access-control-allow-origin", net_request_header(request, ORIGIN));
    if (!cors_is_preflight(request)) {
        net_head_add(head, "access-control-expose-headers", HEADERS_EXPOSED);
        return;
    }
    net_head_add(head, "access-control-allow-methods", METHODS_ALLOWED);
    net_head_add(head, "access-control-allow-headers", HEADERS_ALLOWED);
    net_head_add(head, "access-control-max-age", MAX_AGE_SECONDS);
}
