/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/rate_check.h"

#include <stdio.h>

#include "auth/network.h"
#include "auth/rate_limits.h"
#include "base/buf.h"

enum { TEXT_BYTES = 128 };

static step refuse(struct call *c, const struct rate_refusal *refusal)
{
    const char *kind = rate_kind_name(refusal->ask->kind);
    char text[TEXT_BYTES], number[TEXT_BYTES];
    (void)snprintf(number, sizeof number, "%u", refusal->limit);
    (void)snprintf(text, sizeof text, "%s: at most %u calls a second.", kind, refusal->limit);
    call_error_metadata(c, "rate_limit_of", kind);
    call_error_metadata(c, "calls_per_second", number);
    call_note_quota(c, kind, text, refusal->wait_ns / 1000000 + 1);
    return call_fail(c, R_RATE_LIMITED, "%s", text);
}

static step check(struct call *c, const struct rate_ask *asks, size_t count, uint32_t calls,
                  uint32_t counted)
{
    struct rate_limits *limits = services_of(c)->rate_limits;
    struct rate_refusal refusal;
    return rate_limits_take(limits, asks, count, calls, counted, &refusal) ? STEP_NEXT
                                                                           : refuse(c, &refusal);
}

step rate_check_public(struct call *c)
{
    struct network from = network_of(call_peer_address(c));
    struct rate_ask ask = {.kind = RATE_NETWORK, .whom = slice_str(from.text)};
    return from.has_address ? check(c, &ask, 1, 1, 0) : STEP_NEXT;
}

step rate_check_network(struct call *c)
{
    if (caller_of(c)->is_network_counted) {
        return STEP_NEXT;
    }
    caller_of(c)->is_network_counted = true;
    return rate_check_public(c);
}

/* As whom they are asked: those who look after a tenant, each kind apart, or 0, as all others. Not by what they ask for:
 * much of what admins use anybody may ask for too. */
static uint8_t apart_as(const struct caller *caller)
{
    enum role role =
        subject_has_component(&caller->subject) ? caller->subject.component.role : ROLE_CLIENT;
    bool is_apart = role == ROLE_TENANT_ADMIN || role == ROLE_PLATFORM_ADMIN ||
                    role == ROLE_AUDITOR || role == ROLE_PROVISIONER;
    return is_apart ? (uint8_t)role : 0;
}

/* Whom a limit is of: as whom they are asked, tenant, and who in it. NULL over budget. */
static bool name(struct call *c, struct tenant_id tenant, struct slice who, struct slice *out)
{
    struct buf text;
    uint8_t apart = apart_as(caller_of(c));
    buf_init(&text, call_arena(c));
    buf_add(&text, slice_of(&apart, 1));
    buf_add(&text, slice_of(tenant.u.b, UUID_BYTES));
    buf_add(&text, who);
    return buf_finish(&text, out, call_err(c)).ok;
}

struct asks {
    struct rate_ask items[RATE_KINDS];
    size_t count;
};

static bool add(struct call *c, struct asks *asks, enum rate_kind kind, struct tenant_id tenant,
                struct slice who, uint32_t own_limit)
{
    struct rate_ask *ask = &asks->items[asks->count++];
    *ask = (struct rate_ask){.kind = kind, .own_limit = own_limit};
    return name(c, tenant, who, &ask->whom);
}

/* Who asks for little is asked first, so that one person's calls that are refused don't count for their tenant. The
 * platform's own components, among them its admins, have no limit; whom they carry have. */
static step check_caller(struct call *c, uint32_t calls, uint32_t counted)
{
    const struct caller *caller = caller_of(c);
    const struct subject_component *component = &caller->subject.component;
    struct tenant_id tenant = caller_tenant(caller);
    struct asks asks = {.count = 0};
    bool ok = true;
    if (subject_has_user(&caller->subject)) {
        ok = add(c, &asks, RATE_PRINCIPAL, tenant, slice_str(caller->who.user),
                 caller->limits.principal_calls_per_second);
    }
    if (subject_has_component(&caller->subject) && !ID_IS_ZERO(component->tenant)) {
        ok = ok && add(c, &asks, RATE_COMPONENT, component->tenant,
                       slice_of(component->id.u.b, UUID_BYTES), caller->component_calls_per_second);
    }
    if (!ID_IS_ZERO(tenant)) {
        ok = ok && add(c, &asks, RATE_TENANT, tenant, SLICE_NONE, caller->limits.calls_per_second);
    }
    return ok ? check(c, asks.items, asks.count, calls, counted) : STEP_FAILED;
}

step rate_check_caller(struct call *c)
{
    if (caller_of(c)->is_counted) {
        return STEP_NEXT;
    }
    caller_of(c)->is_counted = true;
    return check_caller(c, 1, 0);
}

step rate_check_items(struct call *c, size_t count)
{
    return count > 1 ? check_caller(c, (uint32_t)count, 1) : STEP_NEXT;
}
