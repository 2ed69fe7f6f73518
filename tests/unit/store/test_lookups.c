/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups: what a caller presents, found and remembered. */
#include "store_fixture.h"

#include "store/cache/lookups.h"
#include "store/resource/component_store.h"
#include "store/resource/domain_store.h"
#include "store/resource/issuer_store.h"

static struct domain_op domain(const char *name)
{
    struct domain_op op = {.tenant = CONTOSO, .who = WHO, .domain = name, .proof = "proof"};
    prepare(&op.op);
    return op;
}

static void verify_domain(const char *name)
{
    struct domain_op op = domain(name);
    domain_store_add(&op);
    assert_int_equal(wait_for(&op.op), R_NONE);
    struct change_op *verified = change(CONTOSO);
    domain_store_verify(verified, name, op.proof, "asserted");
    assert_int_equal(wait_for(&verified->op), R_NONE);
}

static void lookups_find_components_and_issuers(void **state)
{
    (void)state;
    verify_domain("contoso.com");
    static const uint8_t fingerprint[32] = {1, 2, 3};
    static const char *const domains[] = {"contoso.com"}, *const algs[] = {"ES256", "RS256"};
    struct slice print = slice_of(fingerprint, 32);
    struct component_record c = {.component = {.id = {{{11}}},
                                               .name = "edge",
                                               .role = ROLE_GATEWAY,
                                               .tenant = CONTOSO,
                                               .boundary = "commercial",
                                               .sender_domains = domains,
                                               .sender_domain_count = 1},
                                 .issuer = {{{13}}},
                                 .subject = "edge-1",
                                 .fingerprints = print};
    struct change_op *registered = change(CONTOSO);
    component_store_create(registered, &c);
    assert_int_equal(wait_for(&registered->op), R_NONE);
    struct lookup found;
    struct lookups *lookups = lookups_new(10);
    prepare(&found.op);
    assert_null(lookups_component(lookups, LOOKUP_COMPONENT, print, f.arena));
    lookups_submit(lookups, &found, LOOKUP_COMPONENT, print);
    wait_all(1);
    assert_string_equal(found.component->component.name, "edge");
    assert_string_equal(found.component->component.sender_domains[0], "contoso.com");
    assert_true(found.component->epoch > 0 && found.component->is_of_active_tenant);

    struct issuer_row issuer = {.issuer = {.id = {{{12}}},
                                           .boundary = "commercial",
                                           .kind = ISSUER_TENANT,
                                           .iss = "https://idp.contoso.com",
                                           .audiences = domains,
                                           .audience_count = 1,
                                           .algorithms = algs,
                                           .algorithm_count = 2,
                                           .jwks_url = "",
                                           .jwks_json = "{\"keys\":[]}",
                                           .claim_address = "",
                                           .claim_verified = "",
                                           .claim_groups = "",
                                           .claim_tenant = "",
                                           .claim_guest = "",
                                           .clock_skew_s = 60}};
    struct change_op *made = change(CONTOSO);
    issuer_store_create(made, &issuer, false);
    assert_int_equal(wait_for(&made->op), R_NONE);
    lookups_submit(lookups, &found, LOOKUP_ISSUER, slice_str("https://idp.contoso.com"));
    wait_all(1);
    assert_string_equal(found.issuer->jwks_json, "{\"keys\":[]}");
    assert_string_equal(found.issuer->algorithms[1], "RS256");
    lookups_submit(lookups, &found, LOOKUP_ISSUER, slice_str("https://idp.other.com"));
    assert_int_equal(wait_for(&found.op), R_NOT_FOUND);
    lookups_submit(lookups, &found, LOOKUP_TENANT_BY_DOMAIN, slice_str("contoso.com"));
    wait_all(1);
    assert_true(ID_EQ(found.tenant, CONTOSO));
    lookups_submit(lookups, &found, LOOKUP_TAKEN_DOMAIN, slice_str("contoso.com"));
    wait_all(1);
    const struct lookup_answer *known =
        lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, slice_str("contoso.com"));
    assert_true(known->is_found && known->epoch == found.answer.epoch);
    /* That there is none is remembered as well. */
    struct slice nobody = slice_str("nobody.example");
    assert_null(lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, nobody));
    lookups_submit(lookups, &found, LOOKUP_TAKEN_DOMAIN, nobody);
    assert_int_equal(wait_for(&found.op), R_NOT_FOUND);
    known = lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, nobody);
    assert_true(known != NULL && !known->is_found);
    lookups_drop(lookups, LOOKUP_TAKEN_DOMAIN, nobody);
    assert_null(lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, nobody));

    const struct component_row *held = lookups_component(lookups, LOOKUP_COMPONENT, print, f.arena);
    assert_string_equal(held->component.name, "edge");
    assert_non_null(lookups_issuer(lookups, "https://idp.contoso.com", f.arena));
    assert_null(lookups_issuer(lookups, "https://idp.other.com", f.arena));
    lookups_drop(lookups, LOOKUP_COMPONENT, print);
    assert_null(lookups_component(lookups, LOOKUP_COMPONENT, print, f.arena));
    assert_string_equal(held->component.name, "edge"); /* held by the arena */
    lookups_free(lookups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_find_components_and_issuers),
    };
    return cmocka_run_group_tests(tests, store_set_up_tenant, store_tear_down);
}
