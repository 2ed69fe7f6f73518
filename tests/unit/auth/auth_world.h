/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call, in the tests of server/auth: contoso with its issuer, fabrikam by an issuer of many tenants, consumers,
 * components with certificates and tokens. The engine, tokens, keys and proofs are the real ones; net and store are
 * fakes. */
#pragma once

#include "toy.h"

#include "auth/authenticate.h"
#include "auth/boundary_guard.h"
#include "auth/caller.h"
#include "auth/decision_log.h"
#include "auth/facts.h"
#include "auth/refusals.h"
#include "crypto/jwk.h"
#include "fake_store.h"

#define CONTOSO_ISS "https://idp.contoso.com"
#define MANY_ISS "https://idp.example.net"
#define CONSUMER_ISS "https://consumers.example.net"
#define PASSCODE_ISS "https://passcodes.example.net"
#define COMPONENT_ISS "https://components.contoso.com"
#define AUTHORITY_URL "https://rms.example.org"

/* The first byte of an id tells which one it is. */
enum { CONTOSO = 0xc0, FABRIKAM = 0xfa, GATEWAY = 0x6a, ADMIN = 0xad };

struct auth_world {
    struct arena *arena;
    struct jwk_private *signer; /* of every issuer's tokens */
    struct jwk_private *device; /* to which tokens may be bound */
    struct issuer contoso, many, consumer, passcode, components;
    struct tenant_record contoso_tenant, fabrikam_tenant;
    struct platform_record platform;
    struct directory_person person;
    struct services services;
    struct net_request request; /* of the next call; its headers are a test's to add */
};
extern struct auth_world world;

int auth_set_up(void **state);
int auth_tear_down(void **state);

/* A token of this issuer, good for ten minutes, with these members: ",\"email\":\"al@contoso.com\"". */
const char *token_of(const char *iss, const char *members);
/* The same as a whole header: "Bearer …" or "DPoP …". */
const char *bearer(const char *iss, const char *members);
/* Members that bind a token: to `device`, or to the certificate of these 32 bytes. */
const char *bound_to_device(void);
const char *bound_to_certificate(const uint8_t fingerprint[32]);
/* A proof of `device` for a token and a method. */
const char *proof_for(const char *token, const char *path);
#define ALICE ",\"email\":\"alice@contoso.com\""
#define BOB ",\"email\":\"bob@fabrikam.com\",\"tid\":\"t-fabrikam\""
#define EDGE ",\"sub\":\"edge\""

/* Headers of the next call. */
void with_header(const char *name, const char *value);
extern const uint8_t GATEWAY_CERTIFICATE[32], OTHER_CERTIFICATE[32];
void with_certificate(const uint8_t fingerprint[32]);
/* Make the call, with an empty body, and begin a new request. */
struct net_stream *call_flow(const struct flow *flow);

#define assert_asked(expected)                           \
    do {                                                 \
        assert_string_equal(fake_store.story, expected); \
        fake_store.story[0] = '\0';                      \
    } while (0)
