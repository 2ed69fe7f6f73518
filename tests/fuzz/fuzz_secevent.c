/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a Security Event Token with a good signature: what an identity provider, or whoever controls one,
 * writes there, and what it changes of whom. */
#include <jansson.h>

#include "crypto/json_foreign.h"
#include "domain/decide/decide_signal.h"
#include "fuzz.h"
#include "identity/secevent.h"

static const char *const domains[] = {"example.com"}, *const issuers[] = {
                                                          "https://idp.example.com"};

static const struct signal_right right = {
    .domains = domains, .domain_count = 1, .subject_issuers = issuers, .subject_issuer_count = 1};

/* Whoever is meant was named, and nothing lies in the future. */
static void check(struct arena *arena, const struct secevent *event, struct unix_time latest)
{
    struct signal_change changes[SIGNAL_CHANGES_MAX];
    size_t count = 0;
    CH_ASSERT(event->event_count >= 1 && event->event_count <= SIGNAL_EVENTS_MAX);
    for (size_t i = 0; i < event->event_count; i++) {
        const struct signal_event *one = &event->events[i];
        struct err err = {0};
        CH_ASSERT(one->name_count <= SIGNAL_NAMES_MAX && one->at <= latest.s && one->at >= 0);
        CH_ASSERT(!signal_is_about_person(one->effect) || one->name_count > 0);
        ignore(decide_signal_changes(arena, &right, one, changes, &count, &err));
        CH_ASSERT(count <= (i + 1) * SIGNAL_NAMES_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    const struct issuer issuer = {.kind = ISSUER_SIGNALS, .clock_skew_s = 60};
    struct unix_time now = {1800000000}, latest = {now.s + issuer.clock_skew_s};
    struct err err = {0};
    struct token token = {.iss = "https://signals.example.com"};
    struct token_claims claims = {0};
    struct secevent event;
    json_t *payload = NULL;
    if (json_parse_foreign(arena, slice_of(data, size), TOKEN_BYTES_MAX, JSON_VALUES_MAX,
                           R_TOKEN_MALFORMED, &payload, &err)
            .ok) {
        token.payload = payload;
        ignore(secevent_check_time(&token, &issuer, now, &claims, &err));
        err_clear(&err);
        if (secevent_read(arena, &token, latest, &event, &err).ok) {
            check(arena, &event, latest);
        }
    }
    arena_free(arena);
    return 0;
}
