/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/ only: what client.c sets up and client_call.c uses. */
#pragma once

#include <curl/curl.h>

#include "base/buf.h"
#include "client/client.h"

struct client {
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    char *base;   /* "https://host:port" */
    char *server; /* as people know it, "unix:/path" too */
    bool is_unix;
    int64_t timeout_ms;
    struct client_limits limits;
    struct {
        struct jwk_private *key; /* NULL: calls carry no proof */
        char *token, *authority_url;
    } dpop;
};
