/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/signal.h"

#include <string.h>

#define CAEP "https://schemas.openid.net/secevent/caep/event-type/"
#define RISC "https://schemas.openid.net/secevent/risc/event-type/"
#define SSF "https://schemas.openid.net/secevent/ssf/event-type/"

static const struct {
    const char *type;
    enum signal_effect effect;
} events[] = {
    {CAEP "session-revoked", SIGNAL_ENDS_TOKENS},
    {CAEP "credential-change", SIGNAL_ENDS_TOKENS},
    {CAEP "token-claims-change", SIGNAL_ENDS_TOKENS},
    {CAEP "assurance-level-change", SIGNAL_NOTED},
    {CAEP "device-compliance-change", SIGNAL_NOTED},
    {CAEP "session-established", SIGNAL_NOTED},
    {CAEP "session-presented", SIGNAL_NOTED},
    {CAEP "risk-level-change", SIGNAL_NOTED},
    {RISC "account-disabled", SIGNAL_DISABLES},
    {RISC "account-purged", SIGNAL_DISABLES},
    {RISC "account-enabled", SIGNAL_ENABLES},
    {RISC "account-credential-change-required", SIGNAL_ENDS_TOKENS},
    {RISC "credential-compromise", SIGNAL_ENDS_TOKENS},
    {RISC "identifier-changed", SIGNAL_ENDS_TOKENS},
    {RISC "identifier-recycled", SIGNAL_ENDS_TOKENS},
    {RISC "sessions-revoked", SIGNAL_ENDS_TOKENS},
    {RISC "opt-in", SIGNAL_NOTED},
    {RISC "opt-out-initiated", SIGNAL_NOTED},
    {RISC "opt-out-cancelled", SIGNAL_NOTED},
    {RISC "opt-out-effective", SIGNAL_NOTED},
    {RISC "recovery-activated", SIGNAL_NOTED},
    {RISC "recovery-information-changed", SIGNAL_NOTED},
    {SSF "verification", SIGNAL_VERIFIES},
    {SSF "stream-updated", SIGNAL_STREAM},
};

/* A new credential takes nothing away; one that was changed or is gone may have been stolen (CAEP 1.0 §3.3). */
static bool adds_credential(struct slice type, struct slice change)
{
    return slice_eq_str(type, CAEP "credential-change") && slice_eq_str(change, "create");
}

enum { EVENT_COUNT = sizeof events / sizeof events[0] };

static size_t find(struct slice type)
{
    size_t i = 0;
    while (i < EVENT_COUNT && !slice_eq_str(type, events[i].type)) {
        i++;
    }
    return i;
}

const char *signal_type_name(struct slice type)
{
    size_t i = find(type);
    return i == EVENT_COUNT ? "unknown" : strrchr(events[i].type, '/') + 1;
}

enum signal_effect signal_effect_of(struct slice type, struct slice change)
{
    size_t i = find(type);
    if (i == EVENT_COUNT) {
        return SIGNAL_UNKNOWN;
    }
    return adds_credential(type, change) ? SIGNAL_NOTED : events[i].effect;
}

bool signal_is_about_person(enum signal_effect effect)
{
    switch (effect) {
    case SIGNAL_ENDS_TOKENS:
    case SIGNAL_DISABLES:
    case SIGNAL_ENABLES:
        return true;
    case SIGNAL_UNKNOWN:
    case SIGNAL_NOTED:
    case SIGNAL_VERIFIES:
    case SIGNAL_STREAM:
        break;
    }
    return false;
}

bool signal_stream_parse(struct slice text, enum signal_stream *out)
{
    static const char *const states[] = {[SIGNAL_STREAM_ENABLED] = "enabled",
                                         [SIGNAL_STREAM_PAUSED] = "paused",
                                         [SIGNAL_STREAM_DISABLED] = "disabled"};
    for (int i = SIGNAL_STREAM_ENABLED; i <= SIGNAL_STREAM_DISABLED; i++) {
        if (slice_eq_str(text, states[i])) {
            *out = (enum signal_stream)i;
            return true;
        }
    }
    return false;
}
