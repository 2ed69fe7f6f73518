/* SPDX-License-Identifier: Apache-2.0 */
/* Views: a tenant and the platform as they are stored, held by whoever uses them. */
#include "store_fixture.h"

#include "store/cache/views.h"
#include "store/resource/domain_store.h"
#include "store/resource/template_store.h"
#include "store/resource/tenant_store.h"

static const struct template_id TEMPLATE = {{{7}}};
static struct views *views;

static int set_up(void **state)
{
    static const char *const served[] = {NULL};
    int failed = store_set_up(state);
    views = views_new(f.store, served, 0);
    return failed;
}

static int tear_down(void **state)
{
    views_free(views);
    return store_tear_down(state);
}

static struct domain_op *domain(struct tenant_id tenant, const char *name)
{
    struct domain_op *op = ARENA_NEW(f.arena, struct domain_op);
    prepare(&op->op);
    op->tenant = tenant;
    op->who = WHO;
    op->domain = name;
    op->proof = "proof";
    return op;
}

static void a_tenant_is_made_with_its_keys(void **state)
{
    (void)state;
    struct tenant_row tenant = {.id = CONTOSO,
                                .name = "contoso",
                                .display_name = "Contoso",
                                .boundary = "commercial",
                                .license_cap_days = 30,
                                .transport_decryption = TRANSPORT_DECRYPTION_OFF};
    struct new_key keys[] = {{.purpose = KEY_SEALING,
                              .root_version = 1,
                              .wrapped = slice_str("sealed"),
                              .public_jwk = ""},
                             {.purpose = KEY_SIGNING,
                              .root_version = 1,
                              .wrapped = slice_str("signing"),
                              .public_jwk = "{}"}};
    struct change_op *op = change(TENANT_PLATFORM);
    tenant_store_create(op, &tenant, SUITE_P256, keys, 2);
    assert_int_equal(wait_for(&op->op), R_NONE);
    assert_true(op->created_at > 1700000000LL * 1000000);
    op = change(TENANT_PLATFORM);
    tenant_store_create(op, &tenant, SUITE_P256, keys, 2);
    assert_int_equal(wait_for(&op->op), R_ALREADY_EXISTS);

    struct domain_op *d = domain(CONTOSO, "contoso.com");
    domain_store_add(d);
    assert_int_equal(wait_for(&d->op), R_NONE);
    op = change(CONTOSO);
    domain_store_verify(op, "contoso.com", d->proof, "asserted");
    assert_int_equal(wait_for(&op->op), R_NONE);
    op = change(CONTOSO);
    tenant_store_get(op, "contoso");
    wait_all(1);
    assert_int_equal(op->tenant->domain_count, 1);
    assert_string_equal(op->tenant->verified[0], "true");
    assert_string_equal(op->tenant->proofs[0], "proof");
}

static void store_template(void)
{
    static const char *const principals[] = {"domain:fabrikam.com", "recipients"};
    static const char *const rights[] = {"VIEW,PRINT", "EDIT,SIGN"};
    static const char *const en[] = {"en"}, *const name[] = {"Confidential"};
    struct template_row row = {.id = TEMPLATE,
                               .offline_days = -1,
                               .referral_contact = "help@contoso.com",
                               .principals = principals,
                               .rights = rights,
                               .grant_count = 2,
                               .name_languages = en,
                               .name_texts = name,
                               .name_count = 1};
    struct change_op *op = change(CONTOSO);
    template_store_create(op, &row);
    assert_int_equal(wait_for(&op->op), R_NONE);
}

static void load_tenant(struct tenant_id id, enum reason expected)
{
    struct view_load load;
    struct arena *own = arena_new(1 << 20);
    prepare(&load.op);
    load.op.arena = own;
    views_load_tenant(views, &load, id);
    assert_int_equal(wait_for(&load.op), expected);
    arena_free(own);
}

static void a_view_has_what_was_stored(void **state)
{
    (void)state;
    store_template();
    assert_null(views_tenant(views, CONTOSO, f.arena));
    load_tenant(CONTOSO, R_NONE);
    load_tenant((struct tenant_id){{{99}}}, R_NOT_FOUND);
    const struct tenant_record *record = views_tenant(views, CONTOSO, f.arena);
    assert_non_null(record);
    assert_string_equal(record->view.name, "contoso");
    assert_int_equal(record->view.domain_count, 1);
    const struct template_policy *t = tenant_find_template(&record->view, TEMPLATE);
    assert_non_null(t);
    assert_true(t->is_valid);
    assert_int_equal(t->grant_count, 2);
    assert_int_equal(t->grants[0].principal.kind, PRINCIPAL_DOMAIN);
    assert_int_equal(t->grants[0].rights->bits, RIGHT_VIEW | RIGHT_PRINT);
    assert_string_equal(t->grants[1].rights->custom[0], "SIGN");
    const struct key_row *key = views_key(record, KEY_SIGNING, 0);
    assert_non_null(key);
    assert_int_equal(key->wrapped.len, 7);
    assert_null(views_key(record, KEY_SEALING, 2));
    /* The record outlives the cache's interest in it. */
    views_drop(views, CONTOSO.u, record->epoch);
    assert_null(views_tenant(views, CONTOSO, f.arena));
    assert_string_equal(record->view.name, "contoso");
    load_tenant(CONTOSO, R_NONE);
}

static void begin_load(struct view_load *load)
{
    prepare(&load->op);
    views_load_tenant(views, load, CONTOSO);
}

/* Templates in the same state are shared with the record before; those that changed are read, as others are. */
static void only_templates_that_changed_are_read(void **state)
{
    (void)state;
    const struct template_id other = {{{8}}};
    struct template_row row = {.id = other, .offline_days = -1, .referral_contact = ""};
    struct view_load loads[2];
    struct change_op *op = change(CONTOSO);
    template_store_create(op, &row);
    assert_int_equal(wait_for(&op->op), R_NONE);
    begin_load(&loads[0]);
    wait_all(1);
    op = change(CONTOSO);
    template_store_archive(op, other, true);
    assert_int_equal(wait_for(&op->op), R_NONE);
    begin_load(&loads[1]);
    wait_all(1);
    const struct tenant_view *before = &loads[0].found_tenant->view;
    const struct tenant_view *after = &loads[1].found_tenant->view;
    assert_int_equal(before->template_count, after->template_count);
    assert_ptr_equal(tenant_find_template(before, TEMPLATE)->grants,
                     tenant_find_template(after, TEMPLATE)->grants);
    assert_int_equal(tenant_find_template(before, other)->version + 1,
                     tenant_find_template(after, other)->version);
    op = change(CONTOSO);
    template_store_delete(op, other, false);
    assert_int_equal(wait_for(&op->op), R_NONE);
    begin_load(&loads[0]);
    wait_all(1);
    assert_null(tenant_find_template(&loads[0].found_tenant->view, other));
}

/* The first one asks alone; all who ask while it is on its way share the next one. */
static void loads_are_shared(void **state)
{
    (void)state;
    enum { MANY = 20 };
    struct view_load loads[MANY];
    for (int i = 0; i < MANY; i++) {
        begin_load(&loads[i]);
    }
    store_op_cancel(&loads[0].op);
    store_op_cancel(&loads[1].op);
    wait_all(MANY - 2);
    for (int i = 3; i < MANY; i++) {
        assert_int_equal(loads[i].op.err.reason, R_NONE);
        assert_ptr_equal(loads[i].found_tenant, loads[2].found_tenant);
    }
}

static void the_platform_has_four_boundaries(void **state)
{
    (void)state;
    struct view_load load;
    struct arena *own = arena_new(1 << 20);
    prepare(&load.op);
    load.op.arena = own;
    views_load_platform(views, &load);
    assert_int_equal(wait_for(&load.op), R_NONE);
    arena_free(own);
    const struct platform_record *platform = views_platform(views, f.arena);
    assert_int_equal(platform->view.boundary_count, 4);
    assert_int_equal(boundary_find(&platform->view, "gcc-high")->suite, SUITE_P384);
    assert_true(boundary_find(&platform->view, "dod")->is_served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenant_is_made_with_its_keys),
        cmocka_unit_test(a_view_has_what_was_stored),
        cmocka_unit_test(only_templates_that_changed_are_read),
        cmocka_unit_test(loads_are_shared),
        cmocka_unit_test(the_platform_has_four_boundaries),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
