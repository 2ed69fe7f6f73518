/* SPDX-License-Identifier: Apache-2.0 */
/* LicensingService.PreLicense: licenses of one content for many recipients, before they ask (docs/policy.md §5.6).
 *
 *   parse       the license; how many recipients
 *   open        the license, once for all (common/license_access.c)
 *   known       what was protected offline, once for all (common/offline_access.c)
 *   key         the content key, once for all
 *   recipients  their addresses
 *   devices     what they have registered: one statement for all
 *   items       each recipient by themselves, as an item of a batch (pre_license_recipient.c); one pass of the gate
 *   reply
 *
 * What refuses the license refuses the call; everything else is a matter of each recipient. */
#include "service/licensing/pre_license.h"

#include "context/wait.h"
#include "service/common/batch.h"
#include "service/common/flows.h"
#include "service/common/offline_access.h"
#include "service/common/reply.h"

static struct pre_license *state_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse and recipients --------------------------------------------------------------------- */

static step parse(struct call *c)
{
    const Chancery__V1__PreLicenseRequest *request = pre_license_request(c);
    struct pre_license *p = state_of(c);
    size_t count = call_item_count(c);
    if (step_failed(request_count(c, "recipients", count, 1, PRE_LICENSE_RECIPIENTS_MAX))) {
        return STEP_FAILED;
    }
    address_batch_init(&p->batch, call_arena(c));
    p->addresses = ARENA_ARRAY(call_arena(c), const char *, count);
    p->thumbprints = ARENA_ARRAY(call_arena(c), const char *, count);
    if (p->addresses == NULL || p->thumbprints == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "recipients");
    }
    return license_access_parse(
        c, slice_of(request->publishing_license.data, request->publishing_license.len), NULL);
}

static step read_recipient(struct call *c, size_t index)
{
    const Chancery__V1__PreLicenseRecipient *recipient = pre_license_request(c)->recipients[index];
    struct pre_license *p = state_of(c);
    p->thumbprints[index] = recipient->device_thumbprint;
    if (!address_batch_normalize(&p->batch, slice_str(recipient->address), &p->addresses[index],
                                 NULL)
             .ok) {
        p->addresses[index] = "";
    }
    return STEP_NEXT;
}

static step recipients(struct call *c)
{
    return cursor_each(c, &state_of(c)->cursor, call_item_count(c), read_recipient, recipients);
}

/* --- known ------------------------------------------------------------------------------------ */

static step is_known(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

/* Whether its publisher still may is a question to the license, and not to each recipient. */
static step known(struct call *c)
{
    return offline_access_make_known(c, is_known);
}

/* --- key -------------------------------------------------------------------------------------- */

static step opened(struct call *c)
{
    struct license_access *a = license_access_of(c);
    a->opened = a->keys.content_opened;
    return wait_over(c, &a->keys.err);
}

static step key(struct call *c)
{
    license_access_begin_keys(c);
    keys_open_content(&license_access_of(c)->keys);
    return wait_keys(c, opened, &license_access_of(c)->keys);
}

/* --- devices ---------------------------------------------------------------------------------- */

static step found(struct call *c)
{
    return wait_over(c, &state_of(c)->find.op.err);
}

static step devices(struct call *c)
{
    struct pre_license *p = state_of(c);
    p->find.addresses = p->addresses;
    p->find.thumbprints = p->thumbprints;
    p->find.count = call_item_count(c);
    wait_store_init(c, &p->find.op);
    device_store_find(&p->find);
    return wait_store(c, found, &p->find.op);
}

const struct flow pre_license_flow = {
    .method = "/chancery.v1.LicensingService/PreLicense",
    .name = "pre_license",
    .state = FLOW_STATE(struct pre_license),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("open", license_access_open), STEP("known", known),
              STEP("key", key), STEP("recipients", recipients), STEP("devices", devices),
              ITEMS("items"), STEP("reply", batch_reply)},
    .item = &pre_license_recipient_item,
    .items_max = PRE_LICENSE_RECIPIENTS_MAX,
    .on_refusal = license_access_record_refusal,
};
