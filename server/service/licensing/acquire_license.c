/* SPDX-License-Identifier: Apache-2.0 */
/* LicensingService.AcquireLicense: from a publishing license and an identity to a use license.
 *
 *   parse   what the client says of itself, its key
 *   open    the license's clear header, the content's tenant, its key, the sealed policy
 *   groups  of the content's tenant, for a reader from elsewhere (common/outside_groups.c)
 *   decide  pure, over what was gathered (domain/decide/decide_access.c)
 *   quota   of the caller's tenant: is there a license left? (auth/quota.h)
 *   gate    is it still true? then record it: the commit
 *   issue   wrap the content key to the client's key, sign the license
 *   reply
 *
 * The steps from open to gate are shared (common/license_access.c), and so is issue (license_issue.c). A refusal is recorded by the
 * same gate before it is told. When the gate finds that something changed, the flow goes on again
 * from where the change can matter. */
#include "service/common/flows.h"
#include "service/licensing/license_issue.h"

static step read_purpose(struct call *c, Chancery__V1__LicensePurpose purpose)
{
    struct license_access *a = license_access_of(c);
    switch (purpose) {
    case CHANCERY__V1__LICENSE_PURPOSE__LICENSE_PURPOSE_UNSPECIFIED:
        return STEP_NEXT;
    case CHANCERY__V1__LICENSE_PURPOSE__LICENSE_PURPOSE_TAKE_PROTECTION_OFF:
        a->needs_export = true;
        a->what_for = "to take the protection off";
        return STEP_NEXT;
    case CHANCERY__V1__LICENSE_PURPOSE__LICENSE_PURPOSE_TRANSPORT_SCAN:
        a->purpose = FOR_SCAN;
        a->what_for = "to scan it on its way";
        return STEP_NEXT;
    case CHANCERY__V1__LICENSE_PURPOSE__LICENSE_PURPOSE_JOURNAL:
        a->purpose = FOR_JOURNAL;
        a->what_for = "for a journal";
        return STEP_NEXT;
    case _CHANCERY__V1__LICENSE_PURPOSE_IS_INT_SIZE:
        break;
    }
    return call_bad_field(c, "purpose", "It must be one that there is.");
}

static step parse(struct call *c)
{
    const Chancery__V1__AcquireLicenseRequest *request = acquire_license_request(c);
    struct license_access *a = license_access_of(c);
    struct slice jwk = slice_str(request->client_public_jwk);
    a->is_opening = true;
    if (step_failed(read_purpose(c, request->purpose))) {
        return STEP_FAILED;
    }
    if (!keys_read_client(services_of(c)->keys, call_arena(c), jwk, &a->client_key, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    return license_access_parse(
        c, slice_of(request->publishing_license.data, request->publishing_license.len),
        request->client);
}

/* --- reply ------------------------------------------------------------------------------------ */

static step reply(struct call *c)
{
    Chancery__V1__AcquireLicenseResponse *r = use_license_message(c);
    return r == NULL ? STEP_FAILED : acquire_license_reply(c, r);
}

const struct flow acquire_license_flow = {
    .method = "/chancery.v1.LicensingService/AcquireLicense",
    .name = "acquire_license",
    .state = FLOW_STATE(struct license_access),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("open", license_access_open),
              STEP("groups", license_access_groups), STEP("decide", license_access_decide),
              STEP("quota", license_access_quota), GATE("gate", license_access_gate),
              STEP("issue", use_license_issue), STEP("reply", reply)},
    .on_refusal = license_access_record_refusal,
};
