/* SPDX-License-Identifier: Apache-2.0 */
/* DeviceService: ListDevices and DeleteDevice, of one's own devices, or as an admin of everybody's in the tenant. */
#include <string.h>

#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "service/device/device_message.h"

struct devices {
    struct scope scope;  /* first */
    const char *address; /* as asked for, normalized; "": none */
    const char *const *addresses;
    size_t address_count;
    struct page page;
    struct device_list list;
    struct device_delete gone;
};

static struct devices *devices_of(const struct call *c)
{
    return call_state(c);
}

/* --- whose ------------------------------------------------------------------------------------ */

/* A person has them by all of their addresses, as long as they are a member; what they are shown names no others. */
static step choose_own(struct call *c)
{
    struct devices *d = devices_of(c);
    const struct subject_user *user = &caller_of(c)->subject.user;
    if (step_failed(device_check_member(c))) {
        return STEP_FAILED;
    }
    if (d->address[0] != '\0' && !subject_user_has_address(user, d->address)) {
        return call_fail(c, R_NOT_FOUND, "somebody else's");
    }
    d->addresses = user->addresses;
    d->address_count = user->address_count;
    return STEP_NEXT;
}

static step whose(struct call *c)
{
    struct devices *d = devices_of(c);
    if (subject_has_user(&caller_of(c)->subject)) {
        return choose_own(c);
    }
    d->addresses = &d->address;
    d->address_count = d->address[0] == '\0' ? 0 : 1;
    return STEP_NEXT;
}

/* --- ListDevices ------------------------------------------------------------------------------ */

/* A page begins behind "address thumbprint". */
static step read_key(struct call *c)
{
    struct devices *d = devices_of(c);
    const char *key;
    if (step_failed(page_read(c, &d->page)) || step_failed(page_after_text(c, &d->page, &key))) {
        return STEP_FAILED;
    }
    d->list.after_address = d->list.after_thumbprint = "";
    if (key[0] == '\0') {
        return STEP_NEXT;
    }
    const char *space = strrchr(key, ' ');
    if (space == NULL) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "not of this list");
    }
    d->list.after_address = arena_dup(call_arena(c), slice_of(key, (size_t)(space - key)));
    d->list.after_thumbprint = space + 1;
    return d->list.after_address == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "page") : STEP_NEXT;
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListDevicesRequest *request = list_devices_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return step_and(read_key(c),
                    request_address(c, "address", request->address, &devices_of(c)->address));
}

static step listed(struct call *c)
{
    return wait_over(c, &devices_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct devices *d = devices_of(c);
    d->list.tenant = scope_of(c)->tenant_id;
    d->list.addresses = d->addresses;
    d->list.address_count = d->address_count;
    d->list.limit = page_limit(&d->page);
    wait_store_init(c, &d->list.op);
    device_store_list(&d->list);
    return wait_store(c, listed, &d->list.op);
}

static void *write_row(struct call *c, size_t row)
{
    return device_message_write(c, &devices_of(c)->list.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    const struct device_row *device = &devices_of(c)->list.rows[row];
    const char *key = arena_printf(call_arena(c), "%s %s", device->address, device->thumbprint);
    return key == NULL ? SLICE_NONE : slice_str(key);
}

static step reply_list(struct call *c)
{
    const struct page_rows rows = {.list = {.type = &chancery__v1__device__descriptor,
                                            .count = devices_of(c)->list.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = devices_of(c)->list.op.is_cut};
    return page_send(c, &devices_of(c)->page, &rows, reply_list);
}

const struct flow list_devices_flow = {
    .method = "/chancery.v1.DeviceService/ListDevices",
    .name = "list_devices",
    .state = FLOW_STATE_ON(struct devices, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), STEP("tenant", device_tenant), SCOPE_TENANT_STEP,
              STEP("whose", whose), STEP("list", list), STEP("reply", reply_list)},
};

/* --- DeleteDevice ----------------------------------------------------------------------------- */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteDeviceRequest *request = delete_device_request(c);
    bool is_admin = !subject_has_user(&caller_of(c)->subject);
    step all = request_address(c, "address", request->address, &devices_of(c)->address);
    scope_of(c)->tenant_name = request->tenant;
    devices_of(c)->gone.thumbprint = request->thumbprint;
    if (request->thumbprint[0] == '\0') {
        all = step_and(all, call_bad_field(c, "thumbprint", "It is required."));
    }
    return is_admin && request->address[0] == '\0'
               ? step_and(all, call_bad_field(c, "address", "An admin must say whose it is."))
               : all;
}

static step removed(struct call *c)
{
    return wait_over(c, &devices_of(c)->gone.op.err);
}

static step remove_device(struct call *c)
{
    struct devices *d = devices_of(c);
    d->gone.tenant = scope_of(c)->tenant_id;
    d->gone.addresses = d->addresses;
    d->gone.address_count = d->address_count;
    d->gone.who = caller_of(c)->who;
    wait_store_init(c, &d->gone.op);
    device_store_delete(&d->gone);
    return wait_store(c, removed, &d->gone.op);
}

const struct flow delete_device_flow = {
    .method = "/chancery.v1.DeviceService/DeleteDevice",
    .name = "delete_device",
    .state = FLOW_STATE_ON(struct devices, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), STEP("tenant", device_tenant), SCOPE_TENANT_STEP,
              STEP("whose", whose), COMMIT("remove", remove_device), STEP("reply", reply_empty)},
};
