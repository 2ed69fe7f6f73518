/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/channel.h"

#include <string.h>

static const char *const NAMES[] = {
    [CHANNEL_NONE] = "", [CHANNEL_NATIVE] = "native", [CHANNEL_PORTAL] = "portal"};

const char *channel_name(enum channel channel)
{
    return NAMES[channel];
}

enum channel channel_of(const char *name)
{
    enum channel channel = CHANNEL_PORTAL;
    while (channel != CHANNEL_NONE && strcmp(NAMES[channel], name) != 0) {
        channel--;
    }
    return channel;
}
