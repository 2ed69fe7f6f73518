/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_authority.h"

#include "domain/values/address.h"
#include "domain/values/boundary.h"

static bool is_listed(const char *const *domains, size_t count, const char *domain)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(domains[i], domain) == 0) {
            return true;
        }
    }
    return false;
}

/* A member of a tenant: what lies in its verified domains counts, the rest is dropped. What the
 * token itself says is not verified counts nowhere. */
static enum reason as_member(const struct authority_question *q, struct subject_user *out)
{
    const struct tenant_view *tenant = q->tenant;
    if (tenant == NULL || strcmp(q->issuer->boundary, tenant->boundary) != 0) {
        return R_TOKEN_NO_ADDRESS; /* an issuer is believed in its own boundary only */
    }
    if (tenant->state != TENANT_ACTIVE) {
        return R_TENANT_DISABLED;
    }
    for (size_t i = 0; i < q->claims->address_count; i++) {
        const struct claimed_address *address = &q->claims->addresses[i];
        if (address->word != ADDRESS_DENIED &&
            tenant_has_domain(tenant, address_domain(address->text))) {
            out->addresses[out->address_count++] = address->text;
        }
    }
    out->tenant = tenant->id;
    out->tenant_name = tenant->name;
    out->boundary = tenant->boundary;
    out->is_guest = q->claims->is_guest;
    return out->address_count > 0 ? R_NONE : R_TOKEN_NO_ADDRESS;
}

/* A person of no known tenant. They have the one address that their issuer's registration means;
 * what other claims hold is what people have typed there. */
static enum reason as_consumer(const struct authority_question *q, struct subject_user *out)
{
    const struct issuer *issuer = q->issuer;
    const struct claimed_address *address = token_claims_primary(q->claims);
    if (address == NULL || address->word == ADDRESS_DENIED || q->is_domain_of_tenant) {
        return R_TOKEN_NO_ADDRESS;
    }
    if (address->word != ADDRESS_VERIFIED &&
        !is_listed(issuer->domains, issuer->domain_count, address_domain(address->text))) {
        return R_TOKEN_NO_ADDRESS;
    }
    out->addresses[out->address_count++] = address->text;
    return R_NONE;
}

/* Somebody to whose address we have mailed a code. Who is of a tenant signs in there: its rules and its word about who
 * is gone must not be gone around. */
static enum reason as_passcode(const struct authority_question *q, struct subject_user *out)
{
    const struct token_claims *claims = q->claims;
    const struct claimed_address *address = token_claims_primary(claims);
    if (q->content_tenant == NULL || q->content_tenant->state != TENANT_ACTIVE) {
        return R_TENANT_DISABLED;
    }
    if (q->content_tenant->has_passcodes_off) {
        return R_PASSCODES_OFF;
    }
    if (address == NULL || address->word != ADDRESS_VERIFIED || ID_IS_ZERO(claims->content) ||
        ID_IS_ZERO(claims->portal)) {
        return R_TOKEN_CLAIM_INVALID;
    }
    if (q->is_domain_of_tenant) {
        return R_TOKEN_NO_ADDRESS;
    }
    out->addresses[out->address_count++] = address->text;
    out->only_content = claims->content;
    out->only_portal = claims->portal;
    return R_NONE;
}

enum reason decide_authority(const struct authority_question *question, struct subject_user *out)
{
    *out =
        (struct subject_user){.tenant_name = "",
                              .boundary = BOUNDARY_EXTERNAL,
                              .sign_in = sign_in_by(question->issuer->kind, question->issuer->iss)};
    switch (question->issuer->kind) {
    case ISSUER_TENANT:
    case ISSUER_MULTI_TENANT:
        return as_member(question, out);
    case ISSUER_CONSUMER:
        return as_consumer(question, out);
    case ISSUER_PASSCODE:
        return as_passcode(question, out);
    case ISSUER_COMPONENT:
    case ISSUER_SIGNALS:
        break;
    }
    return R_TOKEN_TYPE;
}
