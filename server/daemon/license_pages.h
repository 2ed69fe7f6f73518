/* SPDX-License-Identifier: Apache-2.0 */
/* What readers of use licenses look up: for each tenant its metadata (RFC 8414) and the keys that sign
 * its licenses (RFC 7517). docs/formats.md §7 says where they are.
 *
 * Anybody may ask, so a page costs one indexed statement, few are asked at a time, and the rest wait
 * in line. A tenant that is unknown, disabled or of a boundary that is not served here gets what an
 * unknown path gets. Loop thread only. */
#pragma once

#include "context/services.h"
#include "net/net.h"

struct license_pages;

/* `boundaries`: the served ones, NULL-terminated; none: all. Borrows both. */
struct license_pages *license_pages_new(const struct services *services,
                                        const char *const *boundaries);
/* All their streams must be closed. */
void license_pages_free(struct license_pages *pages);
/* Answer a GET of such a page, sooner or later. False: it is none. */
bool license_pages_open(struct license_pages *pages, struct net_stream *stream,
                        const struct net_request *request);
/* A stream was closed. False: it was none that waits for such a page. */
bool license_pages_closed(struct license_pages *pages, const struct net_stream *stream);
