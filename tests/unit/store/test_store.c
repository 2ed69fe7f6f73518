/* SPDX-License-Identifier: Apache-2.0 */
/* The store against a real PostgreSQL: migrations, views, lookups, and above all the gate. The tests
 * share one database and run in order. */
#include "chancery_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/gate/gate.h"
#include "store/migrate/migrate.h"
#include "store/resource/audit_store.h"
#include "store/resource/component_store.h"
#include "store/resource/content_store.h"
#include "store/resource/domain_store.h"
#include "store/resource/issuer_store.h"
#include "store/resource/template_store.h"
#include "store/resource/tenant_store.h"

static struct loop *loop;
static struct store *store;
static struct views *views;
static struct gate *gate;
static struct amendments *amendments;
static struct arena *arena;
static struct err err;
static int pending;

static const struct audit_who who = {.addresses = "bob@fabrikam.com b@fabrikam.com",
                                     .user = "bob@fabrikam.com",
                                     .component_name = "",
                                     .client_address = "127.0.0.1:1",
                                     .user_agent = "test",
                                     .correlation_id = "c1"};
static const struct tenant_id CONTOSO = {{{1}}};
static const struct template_id TEMPLATE = {{{7}}};

static void op_done(struct store_op *op)
{
    (void)op;
    if (--pending == 0) {
        loop_stop(loop);
    }
}

static void entry_done(struct gate_entry *entry)
{
    (void)entry;
    if (--pending == 0) {
        loop_stop(loop);
    }
}

static void stop_timer(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static void run_for(int64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer, loop, stop_timer);
    loop_timer_arm(&timer, ms);
    loop_run(loop);
    loop_timer_fini(&timer);
}

static void wait_op(void)
{
    pending = 1;
    loop_run(loop);
}

static void wait_ready(void)
{
    for (int i = 0; i < 100 && !store_is_ready(store); i++) {
        run_for(50);
    }
    assert_true(store_is_ready(store));
}

static void ignore_report(void *ctx, int version, const char *name)
{
    (void)version;
    (void)name;
    ++*(int *)ctx;
}

static int set_up(void **state)
{
    (void)state;
    static const char *const served[] = {NULL};
    const char *conninfo = getenv("CHANCERY_TEST_DB");
    if (conninfo == NULL) {
        fprintf(stderr, "CHANCERY_TEST_DB is not set: run me by tests/support/postgres.py\n");
        return -1;
    }
    loop = loop_new();
    store = store_new(loop, &(struct store_config){.conninfo = conninfo});
    views = views_new(store, served, 0);
    amendments = amendments_new(100);
    gate = gate_new(loop, store, amendments);
    arena = arena_new(16 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_free(store);
    gate_free(gate);
    amendments_free(amendments);
    views_free(views);
    arena_free(arena);
    loop_free(loop);
    return 0;
}

static void an_empty_database_is_too_old_and_migrates_once(void **state)
{
    (void)state;
    int applied = 0;
    run_for(300);
    assert_int_equal(store_problem(store), R_SCHEMA_TOO_OLD);
    const char *conninfo = getenv("CHANCERY_TEST_DB");
    assert_ok(migrate_apply(conninfo, ignore_report, &applied, &err), &err);
    assert_int_equal(applied, MIGRATION_COUNT);
    assert_ok(migrate_apply(conninfo, ignore_report, &applied, &err), &err);
    assert_int_equal(applied, MIGRATION_COUNT);
    wait_ready();
}

static struct change_op *admin(struct tenant_id scope)
{
    struct change_op *op = ARENA_NEW(arena, struct change_op);
    store_op_init(&op->op, store, arena, op_done, NULL);
    op->scope = scope;
    op->who = who;
    return op;
}

static struct domain_op *domain(struct tenant_id tenant, const char *name)
{
    struct domain_op *op = ARENA_NEW(arena, struct domain_op);
    store_op_init(&op->op, store, arena, op_done, NULL);
    op->tenant = tenant;
    op->who = who;
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
                                .license_cap_days = 30};
    struct new_key keys[] = {{KEY_SEALING, slice_of("sealed", 6), ""},
                             {KEY_SIGNING, slice_of("signing", 7), "{}"}};
    struct change_op *op = admin(TENANT_PLATFORM);
    tenant_store_create(op, &tenant, SUITE_P256, keys, 2);
    wait_op();
    assert_int_equal(op->op.err.reason, R_NONE);
    assert_true(op->created_at > 1700000000LL * 1000000);
    op = admin(TENANT_PLATFORM);
    tenant_store_create(op, &tenant, SUITE_P256, keys, 2);
    wait_op();
    assert_int_equal(op->op.err.reason, R_ALREADY_EXISTS);

    struct domain_op *d = domain(CONTOSO, "contoso.com");
    domain_store_add(d);
    wait_op();
    assert_int_equal(d->op.err.reason, R_NONE);
    d = domain(CONTOSO, "contoso.com");
    domain_store_verify(d, "asserted");
    wait_op();
    assert_int_equal(d->op.err.reason, R_NONE);
    op = admin(CONTOSO);
    tenant_store_get(op, "contoso");
    wait_op();
    assert_int_equal(op->tenant->domain_count, 1);
    assert_string_equal(op->tenant->verified[0], "true");
    assert_string_equal(op->tenant->proofs[0], "proof");
}

static struct template_row sample_template(void)
{
    static const char *const principals[] = {"domain:fabrikam.com", "recipients"};
    static const char *const rights[] = {"VIEW,PRINT", "EDIT,SIGN"};
    static const char *const en[] = {"en"}, *const name[] = {"Confidential"};
    return (struct template_row){.id = TEMPLATE,
                                 .offline_days = -1,
                                 .referral_contact = "help@contoso.com",
                                 .principals = principals,
                                 .rights = rights,
                                 .grant_count = 2,
                                 .name_languages = en,
                                 .name_texts = name,
                                 .name_count = 1};
}

static void load_tenant(struct tenant_id id, enum reason expected)
{
    struct view_load load;
    store_op_init(&load.op, store, arena, op_done, NULL);
    struct arena *own = arena_new(1 << 20);
    load.op.arena = own;
    views_load_tenant(views, &load, id);
    wait_op();
    assert_int_equal(load.op.err.reason, expected);
    arena_free(own);
}

static void a_view_has_what_was_stored(void **state)
{
    (void)state;
    struct template_row row = sample_template();
    struct change_op *op = admin(CONTOSO);
    template_store_create(op, &row, (struct uuid){{0}});
    wait_op();
    assert_int_equal(op->op.err.reason, R_NONE);
    assert_null(views_tenant(views, CONTOSO, arena));
    load_tenant(CONTOSO, R_NONE);
    load_tenant((struct tenant_id){{{99}}}, R_NOT_FOUND);
    const struct tenant_record *record = views_tenant(views, CONTOSO, arena);
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
    views_drop(views, CONTOSO.u);
    assert_null(views_tenant(views, CONTOSO, arena));
    assert_string_equal(record->view.name, "contoso");
    load_tenant(CONTOSO, R_NONE);
}

static void the_platform_has_four_boundaries(void **state)
{
    (void)state;
    struct view_load load;
    struct arena *own = arena_new(1 << 20);
    store_op_init(&load.op, store, own, op_done, NULL);
    views_load_platform(views, &load);
    wait_op();
    assert_int_equal(load.op.err.reason, R_NONE);
    arena_free(own);
    const struct platform_record *platform = views_platform(views, arena);
    assert_int_equal(platform->view.boundary_count, 4);
    assert_int_equal(boundary_find(&platform->view, "gcc-high")->suite, SUITE_P384);
    assert_true(boundary_find(&platform->view, "dod")->is_served);
}

static struct gate_entry entry_for(struct content_id content)
{
    const struct tenant_record *record = views_tenant(views, CONTOSO, arena);
    return (struct gate_entry){.tenant = CONTOSO,
                               .operation = "acquire_license",
                               .who = who,
                               .content = content,
                               .template = TEMPLATE,
                               .rights = "VIEW",
                               .channel = CHANNEL_NATIVE,
                               .scopes = {{.scope = CONTOSO.u, .epoch = record->epoch}},
                               .scope_count = 1,
                               .done = entry_done};
}

static void submit_one(struct gate_entry *entry)
{
    gate_submit(gate, entry);
    wait_op();
    assert_int_equal(entry->err.reason, R_NONE);
}

static const struct content_id CONTENT = {{{42}}};
static const struct gate_content new_content = {.owner = "alice@contoso.com",
                                                .issuer = "alice@contoso.com",
                                                .display_name = "Budget",
                                                .request_id = {{5}},
                                                .request_hash = {1, 2, 3}};

static void new_content_is_made_once_per_request_id(void **state)
{
    (void)state;
    struct gate_entry entry = entry_for(CONTENT);
    entry.operation = "protect";
    entry.new_content = &new_content;
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
    struct gate_entry again = entry_for((struct content_id){{{43}}});
    again.new_content = &new_content;
    submit_one(&again);
    assert_int_equal(again.verdict, GATE_ALREADY);
    assert_true(ID_EQ(again.made_content, CONTENT));
    assert_memory_equal(again.made_hash, new_content.request_hash, 32);
}

static size_t audit_count(const char *reason)
{
    struct audit_query query = {.tenant = CONTOSO, .reason = reason, .limit = 1000};
    store_op_init(&query.op, store, arena, op_done, NULL);
    audit_store_query(&query);
    wait_op();
    assert_int_equal(query.op.err.reason, R_NONE);
    return query.count;
}

static void decisions_are_recorded_in_one_batch(void **state)
{
    (void)state;
    struct gate_entry entries[200];
    size_t before = audit_count("NO_RIGHTS");
    pending = 200;
    for (int i = 0; i < 200; i++) {
        entries[i] = entry_for(CONTENT);
        entries[i].reason = R_NO_RIGHTS;
        entries[i].rights = "";
        gate_submit(gate, &entries[i]);
    }
    loop_run(loop);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(entries[i].err.reason, R_NONE);
        assert_int_equal(entries[i].verdict, GATE_RECORDED);
    }
    assert_int_equal(audit_count("NO_RIGHTS"), before + 200);
}

static void a_changed_template_makes_the_gate_say_stale(void **state)
{
    (void)state;
    struct gate_entry entry = entry_for(CONTENT);
    struct template_row row = sample_template();
    struct change_op *op = admin(CONTOSO);
    template_store_update(op, &row, 0);
    wait_op();
    assert_int_equal(op->op.err.reason, R_NONE);
    size_t before = audit_count("OK");
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_STALE);
    assert_int_equal(audit_count("OK"), before); /* nothing is recorded of what did not hold */
    views_drop(views, CONTOSO.u);
    load_tenant(CONTOSO, R_NONE);
    entry = entry_for(CONTENT);
    submit_one(&entry);
    assert_int_equal(entry.verdict, GATE_RECORDED);
    op = admin(CONTOSO);
    template_store_update(op, &row, 1); /* an old version */
    wait_op();
    assert_int_equal(op->op.err.reason, R_NOT_FOUND);
}

static void revoke(const char *user, bool restore)
{
    struct content_revoke r = {.tenant = CONTOSO,
                               .content = CONTENT,
                               .user = user,
                               .reason = "test",
                               .restore = restore,
                               .who = who};
    store_op_init(&r.op, store, arena, op_done, NULL);
    content_store_revoke(&r);
    wait_op();
    assert_int_equal(r.op.err.reason, R_NONE);
    assert_true(r.at > 0);
}

static void a_revocation_is_a_changed_fact(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        bool everybody, user_revoked;
    } rows[] = {
        {NULL, true, false}, {"b@fabrikam.com", false, true}, {"eve@fabrikam.com", false, false}};
    for (size_t i = 0; i < 3; i++) {
        struct gate_entry entry = entry_for(CONTENT);
        revoke(rows[i].user, false);
        submit_one(&entry);
        bool changed = rows[i].everybody || rows[i].user_revoked;
        assert_int_equal(entry.verdict, changed ? GATE_FACTS_CHANGED : GATE_RECORDED);
        if (changed) {
            assert_int_equal(entry.facts.is_revoked, rows[i].everybody);
            assert_int_equal(entry.facts.user_is_revoked, rows[i].user_revoked);
            entry.reason = R_REVOKED; /* decided again on what is true: now it is recorded */
            submit_one(&entry);
            assert_int_equal(entry.verdict, GATE_RECORDED);
        }
        revoke(rows[i].user, true);
    }
    struct content_find find;
    store_op_init(&find.op, store, arena, op_done, NULL);
    content_store_find(&find, CONTOSO, CONTENT);
    wait_op();
    assert_string_equal(find.row.owner, "alice@contoso.com");
    assert_int_equal(find.row.revoked_at, 0);
    assert_int_equal(find.row.revoked_user_count, 0);
}

/* A row that PostgreSQL refuses does not take the others of its batch with it. */
static void one_bad_row_fails_alone(void **state)
{
    (void)state;
    struct gate_entry entries[3];
    pending = 3;
    for (int i = 0; i < 3; i++) {
        entries[i] = entry_for(CONTENT);
    }
    entries[1].who.user_agent = "\xff\xfe"; /* not UTF-8 */
    for (int i = 0; i < 3; i++) {
        gate_submit(gate, &entries[i]);
    }
    loop_run(loop);
    assert_int_equal(entries[0].verdict, GATE_RECORDED);
    assert_int_equal(entries[0].err.reason, R_NONE);
    assert_int_equal(entries[2].err.reason, R_NONE);
    assert_int_equal(entries[1].err.reason, R_DATABASE_ERROR);
}

static void canceled_entries_and_operations_stay_silent(void **state)
{
    (void)state;
    struct gate_entry first = entry_for(CONTENT), second = entry_for(CONTENT);
    pending = 1;
    gate_submit(gate, &first);
    gate_cancel(gate, &first); /* before it was sent */
    gate_submit(gate, &second);
    run_for(0);
    gate_cancel(gate, &second); /* sent, or about to be */
    struct change_op *op = admin(CONTOSO);
    tenant_store_get(op, "contoso");
    store_op_cancel(&op->op);
    run_for(200);
    assert_int_equal(pending, 1);
}

static void lookups_find_components_and_issuers(void **state)
{
    (void)state;
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
    struct change_op *op = admin(CONTOSO);
    struct component_op registered = {.admin = {.scope = CONTOSO, .who = op->who}};
    store_op_init(&registered.admin.op, store, arena, op_done, NULL);
    component_store_create(&registered, &c);
    wait_op();
    assert_int_equal(registered.admin.op.err.reason, R_NONE);
    struct lookup found;
    struct lookups *lookups = lookups_new(10);
    store_op_init(&found.op, store, arena, op_done, NULL);
    assert_null(lookups_component(lookups, LOOKUP_COMPONENT, print, arena));
    lookups_submit(lookups, &found, LOOKUP_COMPONENT, print);
    wait_op();
    assert_string_equal(found.component->component.name, "edge");
    assert_string_equal(found.component->component.sender_domains[0], "contoso.com");
    assert_true(found.component->epoch > 0);

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
                                           .claim_groups = "",
                                           .claim_tenant = "",
                                           .claim_guest = "",
                                           .clock_skew_s = 60}};
    struct issuer_op made = {.scope = CONTOSO, .who = op->who};
    store_op_init(&made.op, store, arena, op_done, NULL);
    issuer_store_create(&made, &issuer, false);
    wait_op();
    assert_int_equal(made.op.err.reason, R_NONE);
    lookups_submit(lookups, &found, LOOKUP_ISSUER, slice_str("https://idp.contoso.com"));
    wait_op();
    assert_string_equal(found.issuer->jwks_json, "{\"keys\":[]}");
    assert_string_equal(found.issuer->algorithms[1], "RS256");
    lookups_submit(lookups, &found, LOOKUP_ISSUER, slice_str("https://idp.other.com"));
    wait_op();
    assert_int_equal(found.op.err.reason, R_NOT_FOUND);
    lookups_submit(lookups, &found, LOOKUP_TENANT_BY_DOMAIN, slice_str("contoso.com"));
    wait_op();
    assert_true(ID_EQ(found.tenant, CONTOSO));
    lookups_submit(lookups, &found, LOOKUP_TAKEN_DOMAIN, slice_str("contoso.com"));
    wait_op();
    const struct lookup_answer *known =
        lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, slice_str("contoso.com"));
    assert_true(known->is_found && known->epoch == found.answer.epoch);
    /* That there is none is remembered as well. */
    struct slice nobody = slice_str("nobody.example");
    assert_null(lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, nobody));
    lookups_submit(lookups, &found, LOOKUP_TAKEN_DOMAIN, nobody);
    wait_op();
    assert_int_equal(found.op.err.reason, R_NOT_FOUND);
    known = lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, nobody);
    assert_true(known != NULL && !known->is_found);
    lookups_drop(lookups, LOOKUP_TAKEN_DOMAIN, nobody);
    assert_null(lookups_answer(lookups, LOOKUP_TAKEN_DOMAIN, nobody));

    const struct component_row *held = lookups_component(lookups, LOOKUP_COMPONENT, print, arena);
    assert_string_equal(held->component.name, "edge");
    assert_non_null(lookups_issuer(lookups, "https://idp.contoso.com", arena));
    assert_null(lookups_issuer(lookups, "https://idp.other.com", arena));
    lookups_drop(lookups, LOOKUP_COMPONENT, print);
    assert_null(lookups_component(lookups, LOOKUP_COMPONENT, print, arena));
    assert_string_equal(held->component.name, "edge"); /* held by the arena */
    lookups_free(lookups);
}

static void a_full_pipeline_says_overloaded(void **state)
{
    (void)state;
    struct store *outer = store;
    struct store_config config = {.conninfo = getenv("CHANCERY_TEST_DB"), .in_flight_max = 1};
    struct lookup first, second;
    store = store_new(loop, &config);
    struct lookups *lookups = lookups_new(10);
    wait_ready();
    pending = 2;
    store_op_init(&first.op, store, arena, op_done, NULL);
    store_op_init(&second.op, store, arena, op_done, NULL);
    lookups_submit(lookups, &first, LOOKUP_TENANT_BY_NAME, slice_str("contoso"));
    lookups_submit(lookups, &second, LOOKUP_TENANT_BY_NAME, slice_str("contoso"));
    loop_run(loop);
    assert_int_equal(first.op.err.reason, R_NONE);
    assert_int_equal(second.op.err.reason, R_OVERLOADED);
    lookups_free(lookups);
    store_free(store);
    store = outer;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_database_is_too_old_and_migrates_once),
        cmocka_unit_test(a_tenant_is_made_with_its_keys),
        cmocka_unit_test(a_view_has_what_was_stored),
        cmocka_unit_test(the_platform_has_four_boundaries),
        cmocka_unit_test(new_content_is_made_once_per_request_id),
        cmocka_unit_test(decisions_are_recorded_in_one_batch),
        cmocka_unit_test(a_changed_template_makes_the_gate_say_stale),
        cmocka_unit_test(a_revocation_is_a_changed_fact),
        cmocka_unit_test(one_bad_row_fails_alone),
        cmocka_unit_test(canceled_entries_and_operations_stay_silent),
        cmocka_unit_test(lookups_find_components_and_issuers),
        cmocka_unit_test(a_full_pipeline_says_overloaded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
