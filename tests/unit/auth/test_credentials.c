/* SPDX-License-Identifier: Apache-2.0 */
/* From certificates and tokens to a component, a user, or both; and whom their role lets in. */
#include "auth_world.h"

#include "methods.h"
#include "obs/metrics.h"

/* What of the caller the flow found, looked at by its first step. */
static struct seen {
    char component[32], user[64];
    enum token_binding binding;
    struct tenant_id tenant;
} seen;

static step looks_at_the_caller(struct call *c)
{
    const struct caller *caller = caller_of(c);
    const char *user = subject_has_user(&caller->subject) ? caller->subject.user.addresses[0] : "";
    snprintf(seen.component, sizeof seen.component, "%s", caller->subject.component.name);
    snprintf(seen.user, sizeof seen.user, "%s", user);
    seen.binding = caller->component_binding;
    seen.tenant = caller_tenant(caller);
    return STEP_NEXT;
}

static int set_up(void **state)
{
    (void)auth_set_up(state);
    seen = (struct seen){0};
    toy.on[F1] = looks_at_the_caller;
    return 0;
}

static void assert_seen(const char *component, const char *user)
{
    assert_string_equal(seen.component, component);
    assert_string_equal(seen.user, user);
}

/* Refused, and recorded before it was told, for that reason. */
static void assert_refused_and_recorded(const struct net_stream *s, enum reason reason)
{
    assert_refused(s, reason);
    assert_int_equal(fake_store.entry_count, 1);
    assert_int_equal(fake_store.entries[0].given.reason, reason);
    assert_int_equal(s->reads, 0);
    fake_store.entry_count = 0;
    fake_store.story[0] = '\0';
}

/* Refused, and counted for that reason: nobody is known, so there is no record. */
static void assert_refused_and_counted(const struct net_stream *s, enum reason reason)
{
    static int64_t counted[R_COUNT_];
    int64_t now = metric_value(M_UNAUTHENTICATED, reason_info(reason)->name, NULL);
    assert_refused(s, reason);
    assert_int_equal(fake_store.entry_count, 0);
    assert_int_equal(now, counted[reason] + 1);
    assert_int_equal(s->reads, 0);
    counted[reason] = now;
    fake_store.story[0] = '\0';
}

/* --- nobody --------------------------------------------------------------------------------------- */

static void without_a_credential_nobody_is_let_in(void **state)
{
    (void)state;
    static const char *const none[] = {"",           "Bearer",      "Bearer ",
                                       "Basic YTpi", "Bearertoken", "Token x"};
    assert_refused(call_flow(&TOY_FLOW), R_CREDENTIAL_MISSING);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        with_header("authorization", none[i]);
        assert_refused(call_flow(&TOY_FLOW), R_CREDENTIAL_MISSING);
    }
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE)); /* of no component */
    assert_refused(call_flow(&TOY_FLOW), R_CREDENTIAL_MISSING);
    assert_asked("");
}

/* Whoever stands before us may take the other one of two: neither is believed. */
static void of_two_credentials_none_counts(void **state)
{
    (void)state;
    const char *alice = bearer(CONTOSO_ISS, ALICE);
    const char *edge = bearer(COMPONENT_ISS, EDGE);
    const char *pairs[][2] = {
        {alice, alice}, {alice, edge}, {edge, alice}, {alice, ""}, {"", alice}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        with_header("authorization", pairs[i][0]);
        with_header("authorization", pairs[i][1]);
        assert_refused_and_counted(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
        with_header("authorization", pairs[i][0]);
        with_header("authorization", pairs[i][1]);
        assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
    }
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
}

/* --- users ---------------------------------------------------------------------------------------- */

static void a_user_is_known_by_their_token(void **state)
{
    (void)state;
    static const char *const schemes[] = {"Bearer", "bearer", "BEARER"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        with_header("authorization",
                    arena_printf(world.arena, "%s %s", schemes[i], token_of(CONTOSO_ISS, ALICE)));
        struct net_stream *s = call_flow(&TOY_FLOW);
        assert_served(s);
        assert_seen("", "alice@contoso.com");
        assert_true(seen.tenant.u.b[0] == CONTOSO);
        assert_logged(s, "\"caller\":\"alice@contoso.com\"");
        assert_asked("issuer tenant");
    }
}

/* A user carries nobody, and of two users none counts: whoever stands before us may look at the other one. */
static void of_two_users_none_counts(void **state)
{
    (void)state;
    const char *carried[] = {token_of(MANY_ISS, BOB), token_of(CONTOSO_ISS, ALICE), "garbage"};
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        with_header("authorization", bearer(CONTOSO_ISS, ALICE));
        with_header("x-chancery-user-token", carried[i]);
        assert_refused_and_counted(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("authorization", bearer(CONTOSO_ISS, ALICE));
        with_header("x-chancery-user-token", carried[i]);
        assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
    }
}

/* --- components ----------------------------------------------------------------------------------- */

static void a_component_is_known_by_its_certificate(void **state)
{
    (void)state;
    with_certificate(GATEWAY_CERTIFICATE);
    struct net_stream *s = call_flow(&TOY_FLOW);
    assert_served(s);
    assert_seen("edge", "");
    assert_int_equal(seen.binding, BINDING_MTLS);
    assert_logged(s, "\"caller\":\"edge\"");
    assert_asked("component");
    with_certificate(OTHER_CERTIFICATE);
    assert_refused_and_counted(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
}

static void a_component_is_known_by_its_token(void **state)
{
    (void)state;
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_served(call_flow(&TOY_FLOW));
    assert_seen("edge", "");
    assert_int_equal(seen.binding, BINDING_NONE);
    assert_asked("issuer subject tenant");
    with_header("authorization", bearer(COMPONENT_ISS, ",\"sub\":\"nobody\""));
    assert_refused_and_counted(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
    /* Who is an admin, the platform's issuers say. */
    with_header("authorization", bearer(COMPONENT_ISS, ",\"sub\":\"boss\""));
    assert_refused_and_counted(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
}

static void a_certificate_and_a_token_name_the_same(void **state)
{
    (void)state;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_served(call_flow(&TOY_FLOW));
    assert_int_equal(seen.binding, BINDING_MTLS);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("authorization", bearer(COMPONENT_ISS, ",\"sub\":\"other\""));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
}

/* A certificate that nobody registered is good for the token that is bound to it, and for no other. */
static void an_unknown_certificate_counts_for_its_token(void **state)
{
    (void)state;
    with_certificate(OTHER_CERTIFICATE);
    with_header("authorization",
                bearer(COMPONENT_ISS, arena_printf(world.arena, EDGE "%s",
                                                   bound_to_certificate(OTHER_CERTIFICATE))));
    assert_served(call_flow(&TOY_FLOW));
    assert_seen("edge", "");
    assert_int_equal(seen.binding, BINDING_MTLS);
    assert_asked("component issuer subject"); /* bound: whether the tenant insists is not asked */
    with_certificate(OTHER_CERTIFICATE);
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_refused_and_counted(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
    with_certificate(OTHER_CERTIFICATE);
    with_header("authorization", bearer(CONTOSO_ISS, ALICE));
    assert_refused_and_counted(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
}

static void a_tenant_may_insist_on_bound_components(void **state)
{
    (void)state;
    world.contoso_tenant.view.needs_bound_components = true;
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_UNBOUND);
    with_certificate(GATEWAY_CERTIFICATE);
    assert_served(call_flow(&TOY_FLOW));
}

static void a_component_of_a_tenant_that_is_gone_is_unknown(void **state)
{
    (void)state;
    fake_store.tenants[0] = NULL;
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
}

static void the_platforms_components_have_no_tenant_to_insist(void **state)
{
    (void)state;
    world.components.tenant = TENANT_PLATFORM;
    fake_store.components[1].row.component.tenant = TENANT_PLATFORM;
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_served(call_flow(&TOY_FLOW));
    assert_asked("issuer subject");
    assert_true(ID_IS_ZERO(seen.tenant));
}

/* --- components for users ------------------------------------------------------------------------- */

static void a_component_carries_a_users_token(void **state)
{
    (void)state;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_FLOW));
    assert_seen("edge", "alice@contoso.com");
    assert_asked("component issuer tenant");
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_FLOW));
    assert_seen("edge", "alice@contoso.com");
}

static void a_certificate_may_come_with_a_users_own_token(void **state)
{
    (void)state;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("authorization", bearer(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_FLOW));
    assert_seen("edge", "alice@contoso.com");
    assert_asked("component issuer tenant");
}

/* Certificate and metadata have said all, and yet what `authorization` says besides must fit. */
static void a_certificate_a_token_and_a_user_fit_together(void **state)
{
    (void)state;
    const char *alice = token_of(CONTOSO_ISS, ALICE);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    with_header("x-chancery-user-token", alice);
    assert_served(call_flow(&TOY_FLOW));
    assert_seen("edge", "alice@contoso.com");
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("authorization", "Bearer garbage");
    with_header("x-chancery-user-token", alice);
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("authorization", bearer(COMPONENT_ISS, ",\"sub\":\"other\""));
    with_header("x-chancery-user-token", alice);
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_COMPONENT_UNKNOWN);
}

/* A gateway that has lost its user's token must not be let in as itself. */
static void a_header_without_a_token_names_nobody(void **state)
{
    (void)state;
    static const char *const none[] = {"", "Bearer", "Bearer ", "DPoP ", "Basic YTpi", "Token x"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("authorization", none[i]);
        assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
    }
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", "");
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    with_header("x-chancery-user-token", "");
    assert_refused_and_counted(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
}

static void component_is_the_platforms(enum role role)
{
    struct subject_component *edge = &fake_store.components[0].row.component;
    edge->tenant = TENANT_PLATFORM;
    edge->role = role;
}

/* A token may be stolen: that a component carries it proves nothing, unless it is one of the user's tenant. */
static void a_component_vouches_for_its_tenants_users(void **state)
{
    (void)state;
    const char *others[] = {token_of(MANY_ISS, BOB),
                            token_of(CONSUMER_ISS, ",\"email\":\"carol@example.com\"")};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("x-chancery-user-token", others[i]);
        assert_refused_and_recorded(call_flow(&TOY_FLOW), R_COMPONENT_TENANT);
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("authorization", arena_printf(world.arena, "Bearer %s", others[i]));
        assert_refused_and_recorded(call_flow(&TOY_FLOW), R_COMPONENT_TENANT);
        with_header("authorization", bearer(COMPONENT_ISS, EDGE));
        with_header("x-chancery-user-token", others[i]);
        assert_refused_and_recorded(call_flow(&TOY_FLOW), R_COMPONENT_TENANT);
    }
    component_is_the_platforms(ROLE_GATEWAY);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_COMPONENT_TENANT);
    component_is_the_platforms(ROLE_PORTAL);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("x-chancery-user-token", others[i]);
        assert_served(call_flow(&TOY_FLOW));
    }
    assert_seen("edge", "carol@example.com");
}

/* Be it known by its certificate or by its token, from the cache or not. */
static void a_disabled_tenant_has_no_components(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        fake_store.is_remembered = i == 1;
        fake_store.components[0].row.is_of_active_tenant = false;
        fake_store.components[1].row.is_of_active_tenant = false;
        with_certificate(GATEWAY_CERTIFICATE);
        assert_refused_and_recorded(call_flow(&TOY_CACHED), R_TENANT_DISABLED);
        with_header("authorization", bearer(COMPONENT_ISS, EDGE));
        assert_refused_and_recorded(call_flow(&TOY_CACHED), R_TENANT_DISABLED);
    }
    assert_string_equal(fake_store.entries[0].component, "edge");
    assert_true(fake_store.entries[0].given.tenant.u.b[0] == CONTOSO);
}

static void a_component_is_no_user(void **state)
{
    (void)state;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(COMPONENT_ISS, EDGE));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_TYPE);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", "garbage");
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
}

static void a_tenant_may_insist_on_bound_users(void **state)
{
    (void)state;
    world.contoso_tenant.view.needs_bound_users = true;
    with_header("authorization", bearer(CONTOSO_ISS, ALICE));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_UNBOUND);
    with_certificate(OTHER_CERTIFICATE);
    with_header("authorization",
                bearer(CONTOSO_ISS, arena_printf(world.arena, ALICE "%s",
                                                 bound_to_certificate(OTHER_CERTIFICATE))));
    assert_served(call_flow(&TOY_FLOW));
    /* Behind a component it is the component that sends. */
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_FLOW));
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    fake_store.entry_count = 0;
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_UNBOUND);
    /* The portal's certificate says nothing of who has the user's token. */
    component_is_the_platforms(ROLE_PORTAL);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_refused_and_recorded(call_flow(&TOY_FLOW), R_TOKEN_UNBOUND);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token",
                token_of(CONTOSO_ISS, arena_printf(world.arena, ALICE "%s",
                                                   bound_to_certificate(GATEWAY_CERTIFICATE))));
    assert_served(call_flow(&TOY_FLOW));
}

/* --- roles ---------------------------------------------------------------------------------------- */

static void roles_fit_methods(void **state)
{
    (void)state;
    struct subject_component *edge = &fake_store.components[0].row.component;
    for (enum role role = ROLE_GATEWAY; role <= ROLE_PLATFORM_ADMIN; role++) {
        const struct method *method = rpc_find_method(TOY_CACHED.method, NULL);
        bool fits = (method->roles & 1U << role) != 0;
        edge->role = role;
        with_certificate(GATEWAY_CERTIFICATE);
        struct net_stream *s = call_flow(&TOY_CACHED);
        if (fits) {
            assert_served(s);
        } else {
            assert_refused_and_recorded(s, R_COMPONENT_ROLE);
        }
    }
}

/* No method of the schema demands it today; whoever writes one finds it kept. */
static void a_method_may_require_a_user(void **state)
{
    (void)state;
    struct method method = *rpc_find_method(TOY_FLOW.method, NULL);
    method.user = METHOD_USER_REQUIRED;
    for (int i = 0; i < 2; i++) {
        world.request.path = TOY_FLOW.method;
        with_certificate(GATEWAY_CERTIFICATE);
        if (i == 1) {
            with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
        }
        struct net_stream *s = toy_open_with(&world.request);
        world.request = fake_net_request("");
        toy_call(s)->method = &method;
        toy_body(s);
        toy_settle();
        if (i == 0) {
            assert_refused(s, R_USER_TOKEN_REQUIRED);
        } else {
            assert_served(s);
        }
    }
}

/* A portal reads for somebody, always. */
static void a_portal_brings_a_user(void **state)
{
    (void)state;
    fake_store.components[0].row.component.role = ROLE_PORTAL;
    with_certificate(GATEWAY_CERTIFICATE);
    assert_refused(call_flow(&TOY_FLOW), R_USER_TOKEN_REQUIRED);
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_FLOW));
}

/* --- what fails on the way ------------------------------------------------------------------------- */

static void a_database_that_fails_decides_nothing(void **state)
{
    (void)state;
    static const char *const words[] = {"component", "issuer", "subject", "tenant"};
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        fake_store.failing = words[i];
        with_header("authorization", bearer(COMPONENT_ISS, EDGE));
        if (strcmp(words[i], "component") == 0) {
            with_certificate(GATEWAY_CERTIFICATE);
        }
        assert_refused(call_flow(&TOY_FLOW), R_DATABASE_UNAVAILABLE);
    }
    assert_int_equal(fake_store.entry_count, 0); /* no decision, so no record */
}

static void caches_answer_where_the_flow_trusts_them(void **state)
{
    (void)state;
    fake_store.is_remembered = true;
    with_certificate(GATEWAY_CERTIFICATE);
    with_header("x-chancery-user-token", token_of(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_CACHED));
    with_header("authorization", bearer(MANY_ISS, BOB));
    assert_served(call_flow(&TOY_CACHED));
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_served(call_flow(&TOY_CACHED));
    assert_asked("");
    with_header("authorization", bearer(COMPONENT_ISS, EDGE));
    assert_served(call_flow(&TOY_FLOW)); /* trusts nothing */
    assert_asked("issuer subject tenant");
}

/* The client goes while the database is asked, at each of its questions. */
static void who_goes_cancels_what_is_asked(void **state)
{
    (void)state;
    static const char *const words[] = {"component", "component issuer", "component issuer mapping",
                                        "component issuer mapping tenant"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        fake_store.is_held = true;
        with_certificate(GATEWAY_CERTIFICATE);
        with_header("x-chancery-user-token", token_of(MANY_ISS, BOB));
        struct net_stream *s = call_flow(&TOY_FLOW);
        for (size_t j = 0; j < i; j++) {
            fake_store_release();
            fake_store.is_held = true;
            toy_settle();
        }
        assert_asked(words[i]);
        assert_int_equal(fake_store.in_flight, 1);
        fake_net_close(s);
        assert_int_equal(fake_store.in_flight, 0);
        assert_int_equal(fake_store.canceled, i + 1);
    }
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, auth_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_a_credential_nobody_is_let_in),
        TEST(of_two_credentials_none_counts),
        TEST(a_user_is_known_by_their_token),
        TEST(of_two_users_none_counts),
        TEST(a_component_is_known_by_its_certificate),
        TEST(a_component_is_known_by_its_token),
        TEST(a_certificate_and_a_token_name_the_same),
        TEST(an_unknown_certificate_counts_for_its_token),
        TEST(a_tenant_may_insist_on_bound_components),
        TEST(a_component_of_a_tenant_that_is_gone_is_unknown),
        TEST(the_platforms_components_have_no_tenant_to_insist),
        TEST(a_component_carries_a_users_token),
        TEST(a_certificate_may_come_with_a_users_own_token),
        TEST(a_certificate_a_token_and_a_user_fit_together),
        TEST(a_header_without_a_token_names_nobody),
        TEST(a_component_vouches_for_its_tenants_users),
        TEST(a_disabled_tenant_has_no_components),
        TEST(a_component_is_no_user),
        TEST(a_tenant_may_insist_on_bound_users),
        TEST(roles_fit_methods),
        TEST(a_method_may_require_a_user),
        TEST(a_portal_brings_a_user),
        TEST(a_database_that_fails_decides_nothing),
        TEST(caches_answer_where_the_flow_trusts_them),
        TEST(who_goes_cancels_what_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
