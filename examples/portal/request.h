/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser asks for: which page, who, and the form that comes with it. What is not wanted is refused
 * by its header, before its body is read. */
#pragma once

#include "exchange.h"

struct exchange *request_new(struct portal *portal, struct MHD_Connection *connection,
                             const char *method, const char *path);
void request_free(struct exchange *exchange);
/* The status with which it is refused before its body came, and why; 0: it isn't. */
unsigned request_refusal(struct exchange *exchange, enum text *problem);
/* A piece of the body. False: it is too much or too slow, and the connection is closed. */
bool request_take_piece(struct exchange *exchange, const char *data, size_t *size);
/* All of the body is there. */
void request_end(struct exchange *exchange);
