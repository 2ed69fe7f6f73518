/* SPDX-License-Identifier: Apache-2.0 */
/* What values of headers say. Pure. */
#pragma once

#include "net/net_framing.h"

/* Whether a content-type is this one, with no parameter but charset=utf-8 (RFC 9110 §8.3.1). NULL is none. */
bool header_value_is_type(const char *value, const char *type);
/* Whether a request is a POST of this content type and no other: of two, somebody before us may have looked
 * at the other. */
bool header_value_is_post_of(const struct net_request *request, const char *type);
/* Whether a list (accept-encoding) names a token, and not as what is not wanted (;q=0). NULL is empty. */
bool header_value_lists(const char *list, const char *token);
/* Of content-encoding and its like; NULL: identity. */
enum net_compression header_value_compression(const char *value);
/* How a body is compressed as a whole, and whether its answer may be: content-encoding and accept-encoding. */
void header_value_read_encoding(const struct net_request *request, struct net_encoding *out);
/* How many headers of a request have a name. */
size_t header_value_count(const struct net_request *request, const char *name);
/* What content-length says; NET_LENGTH_UNKNOWN without one. */
size_t header_value_length(const struct net_request *request);
