/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as Connect has them: a status of HTTP, and JSON with a code, a sentence and details.
 * Source: https://connectrpc.com/docs/protocol#error-codes. Inside server/net/connect and server/net/scim. */
#pragma once

#include "net/net_framing.h"

int connect_error_http_status(enum grpc_code code);
/* A text of JSON. It is UTF-8. */
void connect_error_write_text(struct slice text, struct bytes *out);
/* {"code":"not_found","message":"…","details":[{"type":"google.rpc.ErrorInfo","value":"…"}]} */
void connect_error_write(const struct net_status *status, struct bytes *out);
