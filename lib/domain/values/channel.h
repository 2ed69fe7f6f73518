/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: where a person reads, in an application of their own or in a portal's page. Pure;
 * any thread. */
#pragma once

/* By the numbers of chancery.v1.Channel. */
enum channel { CHANNEL_NONE = 0, CHANNEL_NATIVE = 1, CHANNEL_PORTAL = 2 };

/* "native" or "portal"; "" for CHANNEL_NONE. */
const char *channel_name(enum channel channel);
/* The channel of that name; CHANNEL_NONE for any other text. */
enum channel channel_of(const char *name);
