/* SPDX-License-Identifier: Apache-2.0 */
#include "service/delivery/delivery_summary.h"

#include "base/buf.h"

static void count_one(const struct delivery_decision *decision, size_t place,
                      struct delivery_summary *out)
{
    if (decision->reason == R_FIELD_INVALID) {
        out->malformed++;
    } else if (decision->reason != R_NONE) {
        if (out->blocked < DELIVERY_BLOCKED_NAMED) {
            out->blocked_at[out->blocked] = place;
        }
        out->denied += decision->reason == R_PARTNER_DENIED;
        out->blocked++;
    } else if (decision->channel == CHANNEL_PORTAL) {
        out->portal++;
    } else {
        out->native++;
    }
}

void delivery_summary_make(const struct delivery_decision *decisions, size_t count,
                           struct delivery_summary *out)
{
    *out = (struct delivery_summary){0};
    for (size_t i = 0; i < count; i++) {
        count_one(&decisions[i], i, out);
    }
    if (out->native + out->portal == 0) {
        out->reason = out->blocked == 0             ? R_FIELD_INVALID
                      : out->denied == out->blocked ? R_PARTNER_DENIED
                                                    : R_BOUNDARY_BLOCKED;
    }
}

const char *delivery_summary_text(struct arena *arena, const struct delivery_summary *s,
                                  const char *sender, const char *const *addresses)
{
    struct buf text;
    struct slice all;
    buf_init(&text, arena);
    buf_printf(&text, "from %s: %zu native, %zu portal, %zu blocked, %zu no address", sender,
               s->native, s->portal, s->blocked, s->malformed);
    for (size_t i = 0; i < s->blocked && i < DELIVERY_BLOCKED_NAMED; i++) {
        buf_printf(&text, "%s%s", i == 0 ? "; blocked: " : ", ", addresses[s->blocked_at[i]]);
    }
    if (s->blocked > DELIVERY_BLOCKED_NAMED) {
        buf_printf(&text, " and %zu more", s->blocked - DELIVERY_BLOCKED_NAMED);
    }
    return buf_finish(&text, &all, NULL).ok ? arena_dup(arena, all) : NULL;
}
