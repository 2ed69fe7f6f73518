/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/channel.h"

const char *channel_name(enum channel channel)
{
    return channel == CHANNEL_NATIVE ? "native" : channel == CHANNEL_PORTAL ? "portal" : "";
}
