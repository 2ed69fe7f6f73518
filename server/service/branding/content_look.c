/* SPDX-License-Identifier: Apache-2.0 */
#include "service/branding/content_look.h"

#include "context/wait.h"
#include "service/common/offline_access.h"

step content_look_parse(struct call *c, ProtobufCBinaryData license)
{
    return license.len == 0 ? call_bad_field(c, "publishing_license", "It is required.")
                            : license_access_parse(c, slice_of(license.data, license.len), NULL);
}

static step go_on(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

step content_look_standing(struct call *c)
{
    return offline_access_standing(c, go_on);
}

step content_look_refuse(struct call *c, enum reason reason)
{
    const struct license_access *a = &content_look_of(c)->access;
    if (a->sealing->state == KEY_IS_REVOKED) {
        return call_fail(c, R_KEY_REVOKED, "sealing key %u", a->sealing->version);
    }
    if (reason == R_PORTAL_REQUIRED) {
        call_error_metadata(
            c, "portal_url",
            boundary_portal_url(&a->platform_record->view, a->tenant->view.boundary));
    }
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "decided");
}

static step looked(struct call *c)
{
    return wait_over(c, &content_look_of(c)->op.op.err);
}

step content_look_find(struct call *c)
{
    struct content_look *s = content_look_of(c);
    const char *name = s->access.policy.branding;
    s->op = (struct change_op){.scope = s->access.tenant->view.id, .who = caller_of(c)->who};
    wait_store_init(c, &s->op.op);
    branding_store_find_look(&s->op, name == NULL ? "" : name);
    return wait_store(c, looked, &s->op.op);
}
