/* SPDX-License-Identifier: Apache-2.0 */
/* What a dev authority holds: four tenants in two boundaries with their issuers, gateways and
 * admins, and two portals. All of it is made through the API, as an admin would make it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/secret.h"
#include "chancery/v1/boundary.pb-c.h"
#include "chancery/v1/component.pb-c.h"
#include "chancery/v1/issuer.pb-c.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/dev/dev.h"
#include "client/client.h"
#include "client/proof.h"
#include "crypto/json.h"
#include "crypto/jws.h"

const struct dev_tenant DEV_TENANTS[] = {
    {"contoso", "Contoso", "commercial", "contoso.com"},
    {"fabrikam", "Fabrikam", "commercial", "fabrikam.com"},
    {"adatum", "A. Datum Defense", "gcc-high", "adatum.us"},
    {"wingtip", "Wingtip Aerospace", "gcc-high", "wingtip.us"},
};
const size_t DEV_TENANT_COUNT = sizeof DEV_TENANTS / sizeof DEV_TENANTS[0];

enum { GATEWAY = 1, PORTAL = 2, TENANT_ADMIN = 5 };
const struct dev_component DEV_COMPONENTS[] = {
    {"contoso-gateway", "contoso", GATEWAY, "", "contoso.com"},
    {"contoso-admin", "contoso", TENANT_ADMIN, "", ""},
    {"fabrikam-gateway", "fabrikam", GATEWAY, "", "fabrikam.com"},
    {"fabrikam-admin", "fabrikam", TENANT_ADMIN, "", ""},
    {"adatum-gateway", "adatum", GATEWAY, "", "adatum.us"},
    {"adatum-admin", "adatum", TENANT_ADMIN, "", ""},
    {"wingtip-gateway", "wingtip", GATEWAY, "", "wingtip.us"},
    {"wingtip-admin", "wingtip", TENANT_ADMIN, "", ""},
    {"commercial-portal", "", PORTAL, "commercial", ""},
    {"gcc-high-portal", "", PORTAL, "gcc-high", ""},
};
const size_t DEV_COMPONENT_COUNT = sizeof DEV_COMPONENTS / sizeof DEV_COMPONENTS[0];

static char *field(const char *text)
{
    return (char *)(uintptr_t)text; /* protobuf-c wants char *; requests are only read */
}

static const char *issuer_name(const struct dev *dev, const char *domain)
{
    return arena_printf(dev->arena, "https://idp.%s", domain);
}

/* Make something, unless an earlier start has made it. */
static rc make(const struct dev *dev, struct client *client, const char *method,
               const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
               struct err *err)
{
    struct client_refusal refusal;
    ProtobufCMessage *response = NULL;
    if (client_call(client, dev->arena, method, request, type, &response, &refusal, err).ok ||
        refusal.code == GRPC_ALREADY_EXISTS) {
        err_clear(err);
        return OK;
    }
    FAIL(err, R_STARTUP_FAILED, "%s: %s %s", method, refusal.reason, refusal.sentence);
}

/* --- boundaries ------------------------------------------------------------------------------- */

static rc set_portal(const struct dev *dev, struct client *client, Chancery__V1__Boundary *boundary,
                     struct err *err)
{
    Chancery__V1__UpdateBoundaryRequest request;
    Google__Protobuf__FieldMask mask;
    char *paths[] = {field("portal_url")};
    chancery__v1__update_boundary_request__init(&request);
    google__protobuf__field_mask__init(&mask);
    request.boundary = boundary;
    request.update_mask = &mask;
    mask.paths = paths;
    mask.n_paths = 1;
    boundary->portal_url =
        arena_printf(dev->arena, "https://portal.example/%s", boundary->boundary);
    return make(dev, client, "BoundaryService/UpdateBoundary", &request.base,
                &chancery__v1__update_boundary_response__descriptor, err);
}

/* Give boundaries a portal's address, for refused readers to be told; an address that is set
 * stays. */
static rc make_portals(const struct dev *dev, struct client *client, struct err *err)
{
    struct client_refusal refusal;
    ProtobufCMessage *response = NULL;
    Chancery__V1__ListBoundariesRequest request;
    chancery__v1__list_boundaries_request__init(&request);
    TRY(client_call(client, dev->arena, "BoundaryService/ListBoundaries", &request.base,
                    &chancery__v1__list_boundaries_response__descriptor, &response, &refusal, err));
    const Chancery__V1__ListBoundariesResponse *r = (const void *)response;
    for (size_t i = 0; i < r->n_boundaries; i++) {
        if (r->boundaries[i]->portal_url[0] == '\0') {
            TRY(set_portal(dev, client, r->boundaries[i], err));
        }
    }
    return OK;
}

/* --- issuers ---------------------------------------------------------------------------------- */

/* Read the key in a file; make both if the file doesn't exist. */
static rc key_at(const char *path, struct jwk_private **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *pem = NULL;
    if (dev_exists(path)) {
        return proof_key_read(path, out, err);
    }
    TRY(jwk_private_generate(JWK_EC_P256, out, err));
    TRY(jwk_private_to_pem(*out, &pem, err));
    return dev_write_new(path, secret_use(pem), err);
}

static rc issuer_key(const struct dev *dev, const char *domain, struct jwk_private **out,
                     struct err *err)
{
    TRY(dev_mkdir(dev_path(dev, "issuers"), err));
    return key_at(dev_path(dev, "issuers/%s.key", domain), out, err);
}

static void key_free_at(struct jwk_private **key)
{
    jwk_private_free(*key);
}

static rc make_issuer(const struct dev *dev, struct client *client, const char *tenant,
                      const char *domain, struct err *err)
{
    AUTO(key_free_at) struct jwk_private *key = NULL;
    Chancery__V1__CreateIssuerRequest request;
    Chancery__V1__Issuer issuer;
    char *audiences[] = {field("chancery")}, *algorithms[] = {field("ES256")},
         *domains[] = {field(domain)};
    chancery__v1__create_issuer_request__init(&request);
    chancery__v1__issuer__init(&issuer);
    TRY(issuer_key(dev, domain, &key, err));
    request.issuer = &issuer;
    issuer.tenant = field(tenant);
    issuer.kind = tenant[0] != '\0' ? CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_TENANT
                                    : CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_CONSUMER;
    issuer.boundary = field(tenant[0] != '\0' ? "" : "commercial");
    issuer.issuer = field(issuer_name(dev, domain));
    issuer.audiences = audiences;
    issuer.n_audiences = 1;
    issuer.algorithms = algorithms;
    issuer.n_algorithms = 1;
    issuer.domains = domains;
    issuer.n_domains = tenant[0] != '\0' ? 0 : 1;
    issuer.clock_skew_seconds = 60;
    issuer.keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_JSON;
    issuer.jwks_json =
        arena_printf(dev->arena, "{\"keys\":[%s]}",
                     jwk_public_json(dev->arena, jwk_private_public(key), "sig", "ES256"));
    return make(dev, client, "IssuerService/CreateIssuer", &request.base,
                &chancery__v1__create_issuer_response__descriptor, err);
}

/* RFC 9449 §6.1: the thumbprint of the key to which the token is bound. */
static rc bind_to(const struct dev *dev, json_t *claims, const char *path, struct err *err)
{
    AUTO(key_free_at) struct jwk_private *key = NULL;
    TRY(key_at(path, &key, err));
    struct slice thumbprint = jwk_thumbprint(jwk_private_public(key));
    const char *jkt = base64url_dup(dev->arena, thumbprint);
    ARENA_ENSURE(jkt, err);
    json_object_set_new(claims, "cnf", json_pack("{s:s}", "jkt", jkt));
    return OK;
}

rc dev_token(const struct dev *dev, const char *address, int64_t minutes, const char *key_file,
             const char **out, struct err *err)
{
    AUTO(key_free_at) struct jwk_private *key = NULL;
    struct slice payload, token;
    const char *at = strrchr(address, '@');
    const char *path = at == NULL ? "" : dev_path(dev, "issuers/%s.key", at + 1);
    if (at == NULL || strchr(at, '/') != NULL || !dev_exists(path)) {
        FAIL(err, R_NOT_FOUND, "no issuer of this dev authority speaks for %s", address);
    }
    int64_t now = clock_unix().s;
    json_t *claims = json_object();
    TRY(json_own(dev->arena, claims, err));
    json_object_set_new(claims, "iss", json_string(issuer_name(dev, at + 1)));
    json_object_set_new(claims, "aud", json_string("chancery"));
    json_object_set_new(claims, "email", json_string(address));
    json_object_set_new(claims, "email_verified", json_true());
    json_object_set_new(claims, "iat", json_integer(now));
    json_object_set_new(claims, "exp", json_integer(now + minutes * 60));
    if (key_file != NULL) {
        TRY(bind_to(dev, claims, key_file, err));
    }
    TRY(json_dump(dev->arena, claims, &payload, err));
    TRY(issuer_key(dev, at + 1, &key, err));
    TRY(jws_sign(dev->arena, key, "JWT", payload, &token, err));
    *out = arena_dup(dev->arena, token);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* --- tenants ---------------------------------------------------------------------------------- */

static rc make_domain(const struct dev *dev, struct client *client, const struct dev_tenant *t,
                      struct err *err)
{
    Chancery__V1__AddDomainRequest add;
    Chancery__V1__VerifyDomainRequest verify;
    chancery__v1__add_domain_request__init(&add);
    chancery__v1__verify_domain_request__init(&verify);
    add.tenant = verify.tenant = field(t->name);
    add.domain = verify.domain = field(t->domain);
    verify.asserted = true;
    TRY(make(dev, client, "TenantService/AddDomain", &add.base,
             &chancery__v1__add_domain_response__descriptor, err));
    return make(dev, client, "TenantService/VerifyDomain", &verify.base,
                &chancery__v1__verify_domain_response__descriptor, err);
}

static rc make_tenant(const struct dev *dev, struct client *client, const struct dev_tenant *t,
                      struct err *err)
{
    Chancery__V1__CreateTenantRequest request;
    Chancery__V1__Tenant tenant;
    chancery__v1__create_tenant_request__init(&request);
    chancery__v1__tenant__init(&tenant);
    request.tenant = &tenant;
    tenant.tenant = field(t->name);
    tenant.display_name = field(t->display_name);
    tenant.boundary = field(t->boundary);
    TRY(make(dev, client, "TenantService/CreateTenant", &request.base,
             &chancery__v1__create_tenant_response__descriptor, err));
    TRY(make_domain(dev, client, t, err));
    return make_issuer(dev, client, t->name, t->domain, err);
}

static rc make_component(const struct dev *dev, struct client *client,
                         const struct dev_component *c, struct err *err)
{
    unsigned char print[32];
    ProtobufCBinaryData prints[] = {{sizeof print, print}};
    char *domains[] = {field(c->domain)};
    Chancery__V1__CreateComponentRequest request;
    Chancery__V1__Component component;
    chancery__v1__create_component_request__init(&request);
    chancery__v1__component__init(&component);
    TRY(dev_fingerprint(dev, c->name, print, err));
    request.component = &component;
    component.tenant = field(c->tenant);
    component.name = field(c->name);
    component.role = (Chancery__V1__Role)c->role;
    component.boundary = field(c->boundary);
    component.certificate_sha256 = prints;
    component.n_certificate_sha256 = 1;
    component.sender_domains = domains;
    component.n_sender_domains = c->domain[0] != '\0' ? 1 : 0;
    return make(dev, client, "ComponentService/CreateComponent", &request.base,
                &chancery__v1__create_component_response__descriptor, err);
}

/* --- profiles --------------------------------------------------------------------------------- */

static rc write_profile(const struct dev *dev, const char *name, bool has_certificate,
                        const char *token, struct err *err)
{
    const char *certificate =
        has_certificate ? arena_printf(dev->arena, "certificate_file: %s\nkey_file: %s\n",
                                       dev_quoted(dev, dev_path(dev, "certificates/%s.pem", name)),
                                       dev_quoted(dev, dev_path(dev, "certificates/%s.key", name)))
                        : "";
    const char *text = arena_printf(
        dev->arena, "server: https://127.0.0.1:%s\nca_file: %s\n%s%s%s%s", dev->port,
        dev_quoted(dev, dev_path(dev, "certificates/ca.pem")), certificate,
        token == NULL ? "" : "token_file: ", token == NULL ? "" : token, token == NULL ? "" : "\n");
    ARENA_ENSURE(text, err);
    return dev_write_new(dev_path(dev, "profiles/%s.yaml", name), slice_str(text), err);
}

static rc write_profiles(const struct dev *dev, struct err *err)
{
    TRY(dev_mkdir(dev_path(dev, "profiles"), err));
    TRY(write_profile(dev, "platform-admin", true, NULL, err));
    for (size_t i = 0; i < DEV_COMPONENT_COUNT; i++) {
        TRY(write_profile(dev, DEV_COMPONENTS[i].name, true, NULL, err));
    }
    return OK;
}

static rc make_all(const struct dev *dev, struct client *client, struct err *err)
{
    TRY(make_portals(dev, client, err));
    for (size_t i = 0; i < DEV_TENANT_COUNT; i++) {
        TRY(make_tenant(dev, client, &DEV_TENANTS[i], err));
    }
    TRY(make_issuer(dev, client, "", DEV_CONSUMER_DOMAIN, err));
    for (size_t i = 0; i < DEV_COMPONENT_COUNT; i++) {
        TRY(make_component(dev, client, &DEV_COMPONENTS[i], err));
    }
    return write_profiles(dev, err);
}

rc dev_tenants(struct dev *dev, struct err *err)
{
    struct client *client = NULL;
    struct client_config config = {
        .server = arena_printf(dev->arena, "https://127.0.0.1:%s", dev->port),
        .ca_file = dev_path(dev, "certificates/ca.pem"),
        .certificate_file = dev_path(dev, "certificates/platform-admin.pem"),
        .key_file = dev_path(dev, "certificates/platform-admin.key"),
    };
    TRY(client_new(&config, &client, err));
    rc result = make_all(dev, client, err);
    client_free(client);
    return result;
}
