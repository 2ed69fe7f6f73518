/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tenant/tenant_message.h"

#include <string.h>

#include "domain/relations/key_life.h"
#include "domain/values/approval.h"
#include "domain/values/principal.h"
#include "service/common/etag.h"
#include "service/common/limits.h"
#include "service/common/policy_fields.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/tenant/limits_message.h"

/* --- reading ---------------------------------------------------------------------------------- */

static step read_cap(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    row->license_cap_days = from->license_cap_days;
    return from->license_cap_days <= LICENSE_CAP_DAYS_MAX
               ? STEP_NEXT
               : call_bad_field(c, "tenant.license_cap_days", "It may be at most 365.");
}

static step read_display_name(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    row->display_name = from->display_name;
    return request_text(c, "tenant.display_name", from->display_name, DISPLAY_NAME_MAX);
}

static step begin_onboarding(struct call *c, const void *message, void *out,
                             struct resource_list *list)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    row->onboarding_count = from->n_onboarding;
    row->onboarding =
        resource_begin_texts(c, "tenant.onboarding", from->n_onboarding, POLICY_GRANTS_MAX, list);
    return row->onboarding == NULL ? STEP_FAILED : STEP_NEXT;
}

static step read_onboarding(struct call *c, const void *message, void *elements, size_t index)
{
    const Chancery__V1__Tenant *from = message;
    const char **onboarding = elements;
    return policy_fields_read_principal(c, "tenant.onboarding", index, from->onboarding[index],
                                        &onboarding[index]);
}

static step begin_do_not_track(struct call *c, const void *message, void *out,
                               struct resource_list *list)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    row->do_not_track_count = from->n_do_not_track;
    row->do_not_track = resource_begin_texts(c, "tenant.do_not_track", from->n_do_not_track,
                                             DO_NOT_TRACK_MAX, list);
    return row->do_not_track == NULL ? STEP_FAILED : STEP_NEXT;
}

static step read_do_not_track(struct call *c, const void *message, void *elements, size_t index)
{
    const Chancery__V1__Tenant *from = message;
    const char **groups = elements, *text = from->do_not_track[index];
    struct principal principal;
    if (!principal_parse(call_arena(c), slice_str(text), &principal, NULL).ok ||
        principal.kind != PRINCIPAL_GROUP) {
        return call_bad_field(c, arena_printf(call_arena(c), "tenant.do_not_track[%zu]", index),
                              "It must be group: and an address.");
    }
    groups[index] = principal_format(call_arena(c), &principal);
    return groups[index] == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "groups") : STEP_NEXT;
}

static step read_state(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    row->state = from->state;
    return row->state == TENANT_ACTIVE || row->state == TENANT_IS_DISABLED
               ? STEP_NEXT
               : call_bad_field(c, "tenant.state", "It must be ACTIVE or DISABLED.");
}

static step read_two_person(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    uint32_t asked = 0;
    for (size_t i = 0; i < from->n_two_person; i++) {
        int operation = (int)from->two_person[i];
        if (operation < APPROVAL_CONTENT_ACCESS || operation > APPROVAL_LOWER_REQUIREMENT) {
            return call_bad_field(c, "tenant.two_person", "An operation is unknown.");
        }
        asked |= 1U << operation;
    }
    row->approvals = approval_requirement(asked);
    return STEP_NEXT;
}

static step read_bound_users(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    (void)c;
    row->needs_bound_users = from->require_bound_user_tokens;
    return STEP_NEXT;
}

static step read_bound_components(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    (void)c;
    row->needs_bound_components = from->require_bound_component_tokens;
    return STEP_NEXT;
}

/* A switch, as a bit of the row's. */
static step read_switch(struct tenant_row *row, enum tenant_switch which, bool is_on)
{
    row->switches = is_on ? row->switches | which : row->switches & ~(uint32_t)which;
    return STEP_NEXT;
}

static step read_do_not_forward(struct call *c, const void *message, void *out)
{
    (void)c;
    return read_switch(out, TENANT_DO_NOT_FORWARD_OFF,
                       ((const Chancery__V1__Tenant *)message)->do_not_forward_off);
}

static step read_encrypt_only(struct call *c, const void *message, void *out)
{
    (void)c;
    return read_switch(out, TENANT_ENCRYPT_ONLY_OFF,
                       ((const Chancery__V1__Tenant *)message)->encrypt_only_off);
}

static step read_social_identities(struct call *c, const void *message, void *out)
{
    (void)c;
    return read_switch(out, TENANT_SOCIAL_OFF,
                       ((const Chancery__V1__Tenant *)message)->social_identities_off);
}

static step read_attachments(struct call *c, const void *message, void *out)
{
    (void)c;
    return read_switch(out, TENANT_ATTACHMENTS_FREED,
                       ((const Chancery__V1__Tenant *)message)->attachments_freed);
}

static step read_reject(struct call *c, const void *message, void *out)
{
    (void)c;
    return read_switch(out, TENANT_REJECTS_WITHOUT_RIGHTS,
                       ((const Chancery__V1__Tenant *)message)->reject_without_rights);
}

static step read_journal(struct call *c, const void *message, void *out)
{
    (void)c;
    return read_switch(out, TENANT_JOURNALS_IN_CLEAR,
                       ((const Chancery__V1__Tenant *)message)->journal_decryption);
}

static step read_notify_owners(struct call *c, const void *message, void *out)
{
    (void)c;
    return read_switch(out, TENANT_NOTIFIES_OWNERS,
                       ((const Chancery__V1__Tenant *)message)->notify_owners);
}

static step read_transport(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    int asked = (int)from->transport_decryption;
    row->transport_decryption =
        asked == 0 ? TRANSPORT_DECRYPTION_OFF : (enum transport_decryption)asked;
    return asked >= 0 && asked <= TRANSPORT_DECRYPTION_MANDATORY
               ? STEP_NEXT
               : call_bad_field(c, "tenant.transport_decryption",
                                "It must be OFF, OPTIONAL or MANDATORY.");
}

static step read_passcodes_off(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    (void)c;
    row->has_passcodes_off = from->disable_passcodes;
    return STEP_NEXT;
}

static step read_key_rotation(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Tenant *from = message;
    struct tenant_row *row = out;
    row->key_rotation_days = from->key_rotation_days;
    return key_life_may_rotate_after(from->key_rotation_days)
               ? STEP_NEXT
               : call_bad_field(c, "tenant.key_rotation_days",
                                "It must be 30 to 3650 days, or 0 for by hand only.");
}

static const struct resource_field fields[] = {
    OUTPUT_ONLY("tenant_id"),
    IMMUTABLE("tenant"),
    CHANGEABLE("display_name", read_display_name),
    IMMUTABLE("boundary"),
    CHANGEABLE("state", read_state),
    CHANGEABLE("license_cap_days", read_cap),
    BY_METHOD("domains"),
    CHANGEABLE_LIST("onboarding", begin_onboarding, read_onboarding),
    OUTPUT_ONLY("etag"),
    OUTPUT_ONLY("create_time"),
    CHANGEABLE("two_person", read_two_person),
    CHANGEABLE("require_bound_user_tokens", read_bound_users),
    CHANGEABLE("require_bound_component_tokens", read_bound_components),
    CHANGEABLE("do_not_forward_off", read_do_not_forward),
    CHANGEABLE("encrypt_only_off", read_encrypt_only),
    CHANGEABLE("social_identities_off", read_social_identities),
    CHANGEABLE("attachments_freed", read_attachments),
    CHANGEABLE("reject_without_rights", read_reject),
    CHANGEABLE("disable_passcodes", read_passcodes_off),
    CHANGEABLE("transport_decryption", read_transport),
    CHANGEABLE("journal_decryption", read_journal),
    CHANGEABLE("notify_owners", read_notify_owners),
    CHANGEABLE_LIST("do_not_track", begin_do_not_track, read_do_not_track),
    CHANGEABLE("key_rotation_days", read_key_rotation),
    CHANGEABLE("limits", limits_message_read),
};

const struct resource tenant_resource = {
    .name = "tenant",
    .message = &chancery__v1__tenant__descriptor,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};

/* --- writing ---------------------------------------------------------------------------------- */

Chancery__V1__Domain *tenant_message_write_domain(struct call *c, struct domain_state domain)
{
    struct arena *arena = call_arena(c);
    char *record = arena_printf(arena, "%s%s", DOMAIN_RECORD_LABEL, domain.name);
    char *value = arena_printf(arena, "%s%s", DOMAIN_RECORD_PREFIX, domain.proof);
    Chancery__V1__Domain *d = call_message(c, &chancery__v1__domain__descriptor);
    if (d == NULL || record == NULL || value == NULL) {
        return NULL;
    }
    d->name = reply_text(domain.name);
    d->verified = domain.is_verified;
    d->proof = reply_text(domain.proof);
    d->record_name = record;
    d->record_value = value;
    return d;
}

static bool write_two_person(struct call *c, uint32_t approvals, Chancery__V1__Tenant *t)
{
    t->two_person =
        ARENA_ARRAY(call_arena(c), Chancery__V1__ApprovalOperation, APPROVAL_LOWER_REQUIREMENT + 1);
    for (int i = APPROVAL_CONTENT_ACCESS; t->two_person != NULL && i <= APPROVAL_LOWER_REQUIREMENT;
         i++) {
        if ((approvals & 1U << i) != 0) {
            t->two_person[t->n_two_person++] = (Chancery__V1__ApprovalOperation)i;
        }
    }
    return t->two_person != NULL;
}

static bool write_domains(struct call *c, const struct tenant_row *row, Chancery__V1__Tenant *t)
{
    t->domains = ARENA_ARRAY(call_arena(c), Chancery__V1__Domain *, row->domain_count + 1);
    for (size_t i = 0; t->domains != NULL && i < row->domain_count; i++) {
        struct domain_state domain = {.name = row->domains[i],
                                      .proof = row->proofs[i],
                                      .is_verified = strcmp(row->verified[i], "true") == 0};
        t->domains[i] = tenant_message_write_domain(c, domain);
        if (t->domains[i] == NULL) {
            return false;
        }
        t->n_domains++;
    }
    return t->domains != NULL;
}

Chancery__V1__Tenant *tenant_message_write(struct call *c, const struct tenant_row *row)
{
    Chancery__V1__Tenant *t = call_message(c, &chancery__v1__tenant__descriptor);
    if (t == NULL) {
        return NULL;
    }
    t->tenant_id = reply_text(reply_uuid(c, row->id.u));
    t->tenant = reply_text(row->name);
    t->display_name = reply_text(row->display_name);
    t->boundary = reply_text(row->boundary);
    t->state = (Chancery__V1__TenantState)row->state;
    t->license_cap_days = (uint32_t)row->license_cap_days;
    t->n_onboarding = row->onboarding_count;
    t->onboarding = reply_texts(c, row->onboarding, row->onboarding_count);
    t->n_do_not_track = row->do_not_track_count;
    t->do_not_track = reply_texts(c, row->do_not_track, row->do_not_track_count);
    t->etag = reply_text(etag_write(c, row->mark));
    t->create_time = reply_time(c, row->created_at);
    t->require_bound_user_tokens = row->needs_bound_users;
    t->require_bound_component_tokens = row->needs_bound_components;
    t->do_not_forward_off = (row->switches & TENANT_DO_NOT_FORWARD_OFF) != 0;
    t->encrypt_only_off = (row->switches & TENANT_ENCRYPT_ONLY_OFF) != 0;
    t->social_identities_off = (row->switches & TENANT_SOCIAL_OFF) != 0;
    t->attachments_freed = (row->switches & TENANT_ATTACHMENTS_FREED) != 0;
    t->reject_without_rights = (row->switches & TENANT_REJECTS_WITHOUT_RIGHTS) != 0;
    t->disable_passcodes = row->has_passcodes_off;
    t->transport_decryption = (Chancery__V1__TransportDecryption)row->transport_decryption;
    t->notify_owners = (row->switches & TENANT_NOTIFIES_OWNERS) != 0;
    t->journal_decryption = (row->switches & TENANT_JOURNALS_IN_CLEAR) != 0;
    t->key_rotation_days = row->key_rotation_days;
    return write_domains(c, row, t) && write_two_person(c, row->approvals, t) &&
                   limits_message_write(c, &row->limits, t)
               ? t
               : NULL;
}
