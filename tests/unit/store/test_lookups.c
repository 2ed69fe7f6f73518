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
    lookups_submit(&found, LOOKUP_COMPONENT, print);
    wait_all(1);
    assert_string_equal(found.component->component.name, "edge");
    assert_string_equal(found.component->component.sender_domains[0], "contoso.com");
    assert_true(found.component->epoch > 0 && found.component->is_of_active_tenant);
    assert_null(lookups_component(lookups, LOOKUP_COMPONENT, print, f.arena));
    lookups_remember_component(lookups, LOOKUP_COMPONENT, print, found.component);

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
    lookups_submit(&found, LOOKUP_ISSUER, slice_str("https://idp.contoso.com"));
    wait_all(1);
    assert_string_equal(found.issuer->jwks_json, "{\"keys\":[]}");
    assert_string_equal(found.issuer->algorithms[1], "RS256");
    assert_null(lookups_issuer(lookups, "https://idp.contoso.com", f.arena));
    lookups_remember_issuer(lookups, "https://idp.contoso.com", found.issuer, CONTOSO.u);
    lookups_submit(&found, LOOKUP_ISSUER, slice_str("https://idp.other.com"));
    assert_int_equal(wait_for(&found.op), R_NOT_FOUND);
    lookups_submit(&found, LOOKUP_TENANT_BY_DOMAIN, slice_str("contoso.com"));
    wait_all(1);
    assert_true(ID_EQ(found.tenant, CONTOSO));
    lookups_submit(&found, LOOKUP_TAKEN_DOMAIN, slice_str("contoso.com"));
    wait_all(1);
    struct slice taken = slice_str("contoso.com"), nobody = slice_str("nobody.example");
    assert_null(lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, taken)); /* asked is not verified */
    lookups_remember_answer(lookups, LOOKUP_TAKEN_DOMAIN, taken, &found.answer, CONTOSO.u);
    const struct lookup_answer *known = lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, taken);
    assert_true(known->is_found && known->epoch == found.answer.epoch);
    /* That there is none is remembered as well. */
    lookups_submit(&found, LOOKUP_TAKEN_DOMAIN, nobody);
    assert_int_equal(wait_for(&found.op), R_NOT_FOUND);
    lookups_remember_answer(lookups, LOOKUP_TAKEN_DOMAIN, nobody, &found.answer, CONTOSO.u);
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

/* One row for all the names of a template, by which tenants are told apart; a name holds for the row's epoch. */
static void a_template_is_remembered_once(void **state)
{
    (void)state;
    static const char *const names[] = {
        "https://entra.example/0197b7c0-7e5c-4c3e-8f4e-0123456789ab/v2.0",
        "https://entra.example/0197b7c0-7e5c-4c3e-8f4e-0123456789ac/v2.0"};
    run_sql("INSERT INTO issuer (tenant, issuer, boundary, kind, iss, audiences, algorithms, "
            "jwks_json) VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), "
            "'commercial', 2, 'https://entra.example/{tenantid}/v2.0', '{x}', '{ES256}', '{}')");
    struct lookups *lookups = lookups_new(10);
    struct lookup found[2];
    const struct issuer *rows[2];
    for (size_t i = 0; i < 2; i++) {
        prepare(&found[i].op);
        lookups_submit(&found[i], LOOKUP_ISSUER, slice_str(names[i]));
        wait_all(1);
        assert_null(lookups_issuer(lookups, names[i], f.arena));
        lookups_remember_issuer(lookups, names[i], found[i].issuer, CONTOSO.u);
        rows[i] = lookups_issuer(lookups, names[i], f.arena);
        assert_non_null(rows[i]);
    }
    assert_ptr_equal(rows[0], rows[1]);
    run_sql("SELECT epoch_raise('00000000-0000-0000-0000-000000000000')");
    prepare(&found[1].op);
    lookups_submit(&found[1], LOOKUP_ISSUER, slice_str(names[1]));
    wait_all(1);
    lookups_remember_issuer(lookups, names[1], found[1].issuer, CONTOSO.u);
    assert_null(lookups_issuer(lookups, names[0], f.arena));
    assert_ptr_equal(lookups_issuer(lookups, names[1], f.arena), found[1].issuer);
    lookups_drop(lookups, LOOKUP_ISSUER, slice_str(names[1]));
    assert_null(lookups_issuer(lookups, names[1], f.arena));
    lookups_free(lookups);
}

static struct issuer_op *issuers(void)
{
    struct issuer_op *op = ARENA_NEW(f.arena, struct issuer_op);
    *op = (struct issuer_op){.scope = CONTOSO};
    prepare(&op->op);
    return op;
}

static bool is_mapped(const char *iss)
{
    struct issuer_op *op = issuers();
    issuer_store_find_template(op, iss);
    assert_int_equal(wait_for(&op->op), R_NONE);
    return op->is_mapped;
}

static enum issuer_judgment judge(const char *iss, bool by_platform, enum issuer_proof proof)
{
    struct issuer_op *op = issuers();
    issuer_store_judge(op, iss, by_platform);
    assert_int_equal(wait_for(&op->op), R_NONE);
    assert_true(op->judgment != ISSUER_PROVEN || op->proof == proof);
    return op->judgment;
}

/* What stands for an iss where no exact issuer is registered, and what proves one. */
static void an_iss_is_proven_by_domain_mapping_or_word(void **state)
{
    (void)state;
    static const char own[] = "https://login.example/0197b7c0-7e5c-4c3e-8f4e-0123456789ab/v2.0";
    static const char other[] = "https://login.example/0197b7c0-7e5c-4c3e-8f4e-0123456789ac/v2.0";
    assert_int_equal(judge(own, false, ISSUER_PROOF_NONE), ISSUER_UNPROVEN);
    run_sql("INSERT INTO issuer (tenant, issuer, boundary, kind, iss, audiences, algorithms, "
            "jwks_json) VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), "
            "'commercial', 2, 'https://login.example/{tenantid}/v2.0', '{x}', '{ES256}', '{}')");
    assert_int_equal(judge(own, false, ISSUER_PROOF_NONE), ISSUER_UNPROVEN);
    assert_int_equal(judge(own, true, ISSUER_PROOF_PLATFORM), ISSUER_PROVEN);
    assert_false(is_mapped(own));
    run_sql("INSERT INTO issuer_tenant (issuer, value, tenant) SELECT issuer, "
            "'0197b7c0-7e5c-4c3e-8f4e-0123456789ab', t.tenant FROM issuer, tenant t WHERE iss ~ "
            "'tenantid' AND t.name = 'contoso'");
    assert_true(is_mapped(own) && is_mapped(other));
    assert_false(is_mapped("https://idp.contoso.com"));
    assert_int_equal(judge(own, false, ISSUER_PROOF_MAPPING), ISSUER_PROVEN);
    assert_int_equal(judge(own, true, ISSUER_PROOF_PLATFORM), ISSUER_PROVEN);
    assert_int_equal(judge(other, false, ISSUER_PROOF_NONE), ISSUER_UNPROVEN);
    /* The domain proves it, but the template means somebody else by it. */
    run_sql("INSERT INTO tenant_domain (tenant, domain, verified, proof) SELECT tenant, "
            "'login.example', true, '' FROM tenant WHERE name = 'contoso'");
    assert_int_equal(judge(own, false, ISSUER_PROOF_DOMAIN), ISSUER_PROVEN);
    assert_int_equal(judge(other, false, ISSUER_PROOF_NONE), ISSUER_COVERED);
    assert_int_equal(judge(other, true, ISSUER_PROOF_DOMAIN), ISSUER_PROVEN);
    run_sql("UPDATE tenant_domain SET verified = false WHERE domain = 'login.example'");
    assert_int_equal(judge("https://login.example/", false, ISSUER_PROOF_NONE), ISSUER_UNPROVEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_find_components_and_issuers),
        cmocka_unit_test(a_template_is_remembered_once),
        cmocka_unit_test(an_iss_is_proven_by_domain_mapping_or_word),
    };
    return cmocka_run_group_tests(tests, store_set_up_tenant, store_tear_down);
}
