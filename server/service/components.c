/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService: CreateComponent. */
#include <string.h>

#include "chancery/v1/component.pb-c.h"
#include "domain/address.h"
#include "service/approvals.h"
#include "service/flows.h"
#include "service/reply.h"

enum { NAME_MAX_BYTES = 63, CERTIFICATES_MAX = 4, DOMAINS_MAX = 1000 };

struct components {
    struct admin admin; /* first */
    struct subject_component component;
    struct slice certificates[CERTIFICATES_MAX];
    size_t certificate_count;
};

static struct components *components_of(struct call *c)
{
    return call_state(c);
}

static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len <= NAME_MAX_BYTES && name[len] == '\0';
}

static step parse_certificates(struct call *c, const Chancery__V1__Component *from)
{
    struct components *s = components_of(c);
    if (from->n_certificate_sha256 < 1 || from->n_certificate_sha256 > CERTIFICATES_MAX) {
        return call_bad_field(c, "component.certificate_sha256", "There must be 1 to 4.");
    }
    for (size_t i = 0; i < from->n_certificate_sha256; i++) {
        const ProtobufCBinaryData *print = &from->certificate_sha256[i];
        if (print->len != 32) {
            return call_bad_field(c, "component.certificate_sha256",
                                  "Each is the SHA-256 of a certificate's DER: 32 bytes.");
        }
        s->certificates[s->certificate_count++] = slice_of(print->data, print->len);
    }
    return STEP_NEXT;
}

static step parse(struct call *c)
{
    const Chancery__V1__CreateComponentRequest *request = call_request(c);
    const Chancery__V1__Component *from = request->component;
    struct subject_component *component = &components_of(c)->component;
    if (from == NULL) {
        return call_bad_field(c, "component", "It is required.");
    }
    admin_of(c)->tenant_name = from->tenant;
    if (!is_name(from->name)) {
        return call_bad_field(c, "component.name", "It must match [a-z0-9-]{1,63}.");
    }
    if ((int)from->role < ROLE_GATEWAY || (int)from->role > ROLE_PLATFORM_ADMIN) {
        return call_bad_field(c, "component.role",
                              "It must be one of chancery.v1.Role but PUBLIC.");
    }
    const char **domains = ARENA_ARRAY(call_arena(c), const char *, from->n_sender_domains + 1);
    if (domains == NULL || from->n_sender_domains > DOMAINS_MAX) {
        return call_bad_field(c, "component.sender_domains", "At most 1,000.");
    }
    for (size_t i = 0; i < from->n_sender_domains; i++) {
        if (!domain_normalize(call_arena(c), slice_str(from->sender_domains[i]), &domains[i], NULL)
                 .ok) {
            return call_bad_field(c, "component.sender_domains",
                                  "Each must be a domain such as contoso.com.");
        }
    }
    *component = (struct subject_component){.name = from->name,
                                            .role = (enum role)from->role,
                                            .boundary = from->boundary,
                                            .sender_domains = domains,
                                            .sender_domain_count = from->n_sender_domains};
    return parse_certificates(c, from);
}

/* A portal answers for a whole boundary and a platform admin for all: the platform's to register. Whoever
 * acts for one tenant must be in one. */
static step check_role(struct call *c)
{
    const struct admin *admin = admin_of(c);
    enum role role = components_of(c)->component.role;
    bool is_platforms = role == ROLE_PORTAL || role == ROLE_PLATFORM_ADMIN;
    bool is_tenants = role == ROLE_DECRYPTOR || role == ROLE_TENANT_ADMIN || role == ROLE_CLIENT;
    if (is_platforms && (admin->tenant != NULL || !admin_is_platform(admin))) {
        return call_bad_field(
            c, "component.role",
            "Portals and platform admins are the platform's: leave the tenant empty.");
    }
    if (is_tenants && admin->tenant == NULL) {
        return call_bad_field(c, "component.tenant",
                              "Decryptors, clients and tenant admins belong to a tenant.");
    }
    return approvals_guard_admins(c, ROLE_NONE, role);
}

static step check_boundary(struct call *c)
{
    const char *name = components_of(c)->component.boundary;
    if (name[0] != '\0' && boundary_find(&caller_of(c)->found_platform->view, name) == NULL) {
        return call_bad_field(c, "component.boundary", "There is no such boundary.");
    }
    if (name[0] == '\0' && components_of(c)->component.role == ROLE_PORTAL) {
        return call_bad_field(c, "component.boundary",
                              "A portal must name the boundary for which it answers.");
    }
    return check_role(c);
}

static step check(struct call *c)
{
    const struct admin *admin = admin_of(c);
    struct subject_component *component = &components_of(c)->component;
    if (admin->tenant != NULL) {
        component->boundary = admin->tenant->view.boundary;
    }
    component->tenant = admin->scope;
    component->id.u = uuid_v7(call_unix_us(c));
    return caller_need_platform(c, check_boundary);
}

static step create(struct call *c)
{
    struct components *s = components_of(c);
    struct admin_op *op = admin_begin(c);
    op->approval.unless = approvals_guard_unless(c, ROLE_NONE, s->component.role);
    admin_create_component(op, &s->component, s->certificates, s->certificate_count);
    return admin_wait(c);
}

static step reply(struct call *c)
{
    const Chancery__V1__CreateComponentRequest *request = call_request(c);
    const struct components *s = components_of(c);
    Chancery__V1__CreateComponentResponse *r =
        ARENA_NEW(call_arena(c), Chancery__V1__CreateComponentResponse);
    Chancery__V1__Component *component = ARENA_NEW(call_arena(c), Chancery__V1__Component);
    if (r == NULL || component == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__create_component_response__init(r);
    *component = *request->component;
    component->component_id = reply_text(reply_uuid(c, s->component.id.u));
    component->tenant = reply_text(s->admin.tenant == NULL ? "" : s->admin.tenant->view.name);
    component->boundary = reply_text(s->component.boundary);
    component->etag = reply_text("1");
    r->component = component;
    return call_reply(c, &r->base);
}

const struct flow create_component_flow = {
    .method = "/chancery.v1.ComponentService/CreateComponent",
    .name = "create_component",
    .state_size = sizeof(struct components),
    .steps = {{"parse", parse, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"check", check, 0},
              {"create", create, STEP_COMMIT},
              {"reply", reply, 0}},
    .on_refusal = caller_refused,
};
