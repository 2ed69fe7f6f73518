/* SPDX-License-Identifier: Apache-2.0 */
#include "service/issuer/tenant_value.h"

#include <string.h>

#include "base/utf8.h"
#include "domain/values/issuer_template.h"
#include "service/common/reply.h"

step tenant_value_read(struct call *c, const char *value)
{
    size_t len = strlen(value);
    return len > 0 && len <= TENANT_VALUE_MAX && utf8_is_printable(slice_str(value))
               ? STEP_NEXT
               : call_bad_field(c, "value",
                                "It must be a value of the issuer's tenant claim: 1 to 128 bytes.");
}

step tenant_value_check_issuer(struct call *c, const struct issuer *issuer)
{
    return issuer->kind == ISSUER_MULTI_TENANT
               ? STEP_NEXT
               : call_bad_field(c, "issuer_id", "It must be a multi-tenant issuer.");
}

step tenant_value_normalize(struct call *c, const struct issuer *issuer, const char *value,
                            const char **out)
{
    struct uuid id;
    *out = value;
    if (step_failed(tenant_value_check_issuer(c, issuer))) {
        return STEP_FAILED;
    }
    if (!issuer_template_has_braces(issuer->iss)) {
        return STEP_NEXT;
    }
    if (!uuid_parse(slice_str(value), &id, NULL).ok) {
        return call_bad_field(c, "value", "Under a template it must be the tenant's UUID.");
    }
    *out = reply_uuid(c, id);
    return *out == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "value") : STEP_NEXT;
}
