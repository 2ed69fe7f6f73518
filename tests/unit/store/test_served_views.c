/* SPDX-License-Identifier: Apache-2.0 */
/* What a node loads of tenants whose boundary it does not serve: who they are, and nothing else.
 * And whose people readers are, with the epochs on which the caller decided. */
#include "store_fixture.h"

#include "store/cache/views.h"
#include "store/resource/reader_store.h"

static const struct tenant_id NORTHWIND = {{{1}}}, AGENCY = {{{2}}};

/* Two tenants, of two boundaries, each with a row of everything. */
static const char ROWS[] =
    "INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days) VALUES"
    " ('01000000-0000-0000-0000-000000000000', 'northwind', '', 'commercial', 1, 30),"
    " ('02000000-0000-0000-0000-000000000000', 'agency', '', 'gcc-high', 1, 30);"
    "INSERT INTO tenant_domain (tenant, domain, verified, proof)"
    " SELECT tenant, name || '.example', true, '' FROM tenant;"
    "INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped)"
    " SELECT tenant, 1, 1, 1, 1, 'x' FROM tenant;"
    "INSERT INTO exclusion (tenant, kind, value) SELECT tenant, 2, 'app' FROM tenant;"
    "INSERT INTO denial (tenant, side, partner)"
    " SELECT tenant, side, 'domain:rival.example' FROM tenant, unnest(ARRAY[1, 2]) AS side;"
    "INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at)"
    " SELECT tenant, 'user:x@' || name || '.example', 'r', 'x', now() FROM tenant;"
    "INSERT INTO template (tenant, template, offline_days, grant_principals, grant_rights, name_languages, name_texts)"
    " SELECT tenant, tenant, 0, '{owner}', '{VIEW}', '{en}', '{T}' FROM tenant;"
    "INSERT INTO partner_exception (exception, content_tenant, reader_tenant)"
    " SELECT c.tenant, c.tenant, r.tenant FROM tenant c, tenant r WHERE c.tenant <> r.tenant;"
    "INSERT INTO partner_consent (exception, tenant) SELECT exception, t.tenant FROM partner_exception, tenant t;"
    "UPDATE tenant SET has_directory = true; INSERT INTO directory (tenant) SELECT tenant FROM tenant;"
    "INSERT INTO directory_entry (tenant, address, kind, guest) VALUES"
    " ('01000000-0000-0000-0000-000000000000', 'guest@northwind.example', 1, true);"
    "INSERT INTO directory_name (tenant, address, entry) SELECT tenant, a, address FROM directory_entry,"
    " unnest(ARRAY[address, 'g@northwind.example']) AS a;"
    "INSERT INTO epoch (scope, epoch) VALUES ('01000000-0000-0000-0000-000000000000', 1)";

static int set_up(void **state)
{
    int failed = store_set_up(state);
    run_sql(ROWS);
    return failed;
}

static const struct tenant_record *load(struct views *views, struct tenant_id id)
{
    struct view_load *load = ARENA_NEW(f.arena, struct view_load);
    prepare(&load->op);
    views_load_tenant(views, load, id);
    assert_int_equal(wait_for(&load->op), R_NONE);
    return load->found_tenant;
}

static void check_identity(const struct tenant_record *t, const char *boundary, const char *domain)
{
    assert_string_equal(t->view.boundary, boundary);
    assert_int_equal(t->view.domain_count, 1);
    assert_string_equal(t->view.domains[0], domain);
    assert_int_equal(t->view.partner_count, 1);
    assert_int_equal(t->view.denials[t->view.denial_count - 1].side, DENIAL_CONTENT);
}

static void check_rest(const struct tenant_record *t, size_t count)
{
    assert_int_equal(t->key_count, count);
    assert_int_equal(t->view.template_count, count);
    assert_int_equal(t->view.exclusion_count, count);
    assert_int_equal(t->view.super_user_count, count);
    assert_int_equal(t->view.denial_count, count + 1); /* that of content is read of all */
}

static void of_other_boundaries_only_who_people_are(void **state)
{
    (void)state;
    static const char *const served[] = {"dod", "gcc-high", NULL};
    struct views *views = views_new(f.store, served, 0);
    const struct tenant_record *own = load(views, AGENCY), *other = load(views, NORTHWIND);
    check_identity(own, "gcc-high", "agency.example");
    check_rest(own, 1);
    check_identity(other, "commercial", "northwind.example");
    check_rest(other, 0);
    views_free(views);
}

static void a_node_without_a_list_loads_all(void **state)
{
    (void)state;
    static const char *const served[] = {NULL};
    struct views *views = views_new(f.store, served, 0);
    check_rest(load(views, AGENCY), 1);
    check_rest(load(views, NORTHWIND), 1);
    views_free(views);
}

static void find(struct readers_find *find, int64_t epoch, const char *const *addresses,
                 size_t count, const char *const *served)
{
    const struct gate_scope scopes[] = {{.scope = TENANT_PLATFORM.u, .epoch = 0},
                                        {.scope = NORTHWIND.u, .epoch = epoch}};
    prepare(&find->op);
    static const struct tenant_view sender = {.name = "northwind"};
    reader_store_find(find, &(struct readers_question){.tenant = &sender,
                                                       .sender = "a@northwind.example",
                                                       .scopes = scopes,
                                                       .scope_count = 2,
                                                       .addresses = addresses,
                                                       .address_count = count,
                                                       .served = served});
    assert_int_equal(wait_for(&find->op), R_NONE);
}

static const char *const ALL[] = {NULL};

static void readers_are_found_by_domain(void **state)
{
    (void)state;
    static const char *const addresses[] = {"kim@gmail.com", "b@northwind.example",
                                            "a@agency.example", "b@northwind.example", ""};
    struct readers_find found;
    find(&found, 1, addresses, 5, ALL);
    assert_false(found.is_stale);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.rows[0].address, "a@agency.example");
    assert_string_equal(found.rows[0].reader.boundary, "gcc-high");
    assert_true(ID_EQ(found.rows[0].reader.tenant, AGENCY));
    assert_string_equal(found.rows[1].address, "b@northwind.example");
    assert_true(ID_EQ(found.rows[1].reader.tenant, NORTHWIND));
    find(&found, 1, addresses, 1, ALL);
    assert_int_equal(found.count, 0);
}

/* By whatever name of theirs; but not by a directory of another boundary. */
static void guests_are_no_members(void **state)
{
    (void)state;
    static const char *const addresses[] = {"guest@northwind.example", "g@northwind.example"},
                             *const high[] = {"gcc-high", NULL},
                             *const low[] = {"commercial", NULL};
    struct readers_find found;
    find(&found, 1, addresses, 2, ALL);
    assert_int_equal(found.count, 2);
    assert_true(ID_IS_ZERO(found.rows[0].reader.tenant) && ID_IS_ZERO(found.rows[1].reader.tenant));
    assert_string_equal(found.rows[0].reader.boundary, "commercial");
    find(&found, 1, addresses, 1, low);
    assert_true(ID_IS_ZERO(found.rows[0].reader.tenant));
    find(&found, 1, addresses, 1, high);
    assert_true(ID_EQ(found.rows[0].reader.tenant, NORTHWIND));
}

static void an_epoch_that_moved_is_stale(void **state)
{
    (void)state;
    static const char *const addresses[] = {"b@northwind.example"};
    struct readers_find found;
    find(&found, 0, addresses, 1, ALL);
    assert_true(found.is_stale);
    find(&found, 2, addresses, 1, ALL);
    assert_true(found.is_stale);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_other_boundaries_only_who_people_are),
        cmocka_unit_test(a_node_without_a_list_loads_all),
        cmocka_unit_test(readers_are_found_by_domain),
        cmocka_unit_test(guests_are_no_members),
        cmocka_unit_test(an_epoch_that_moved_is_stale),
    };
    return cmocka_run_group_tests(tests, set_up, store_tear_down);
}
