/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tenant/super_user_principal.h"

#define COMPONENT_PREFIX "component:"

step super_user_principal_read(struct call *c, const char *text, struct super_user_principal *out)
{
    static const size_t prefix = sizeof COMPONENT_PREFIX - 1;
    struct slice all = slice_str(text);
    struct principal principal;
    struct slice id =
        slice_starts_with(all, COMPONENT_PREFIX) ? slice_cut(all, prefix, all.len) : all;
    if (uuid_parse(id, &out->component.u, NULL).ok) {
        char canonical[UUID_TEXT_BYTES];
        uuid_format(out->component.u, canonical);
        out->is_component = true;
        out->text = arena_printf(call_arena(c), COMPONENT_PREFIX "%s", canonical);
    } else if (principal_parse(call_arena(c), all, &principal, NULL).ok &&
               (principal.kind == PRINCIPAL_USER || principal.kind == PRINCIPAL_GROUP)) {
        out->kind = principal.kind;
        out->address = principal.name;
        out->text = principal_format(call_arena(c), &principal);
    } else {
        return call_bad_field(
            c, "principal", "It must be user: or group: and an address, or the id of a component.");
    }
    return out->text == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "principal") : STEP_NEXT;
}
