/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a token names, by each kind of issuer: the sub-flow `identify`. */
#include "auth_world.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct subject_user seen;
static char addresses[256], groups[256];

/* Keep the user, whose texts go with the call. */
static step looks_at_the_user(struct call *c)
{
    const struct caller *caller = caller_of(c);
    const struct subject_user *user = &caller->subject.user;
    addresses[0] = groups[0] = '\0';
    for (size_t i = 0; i < user->address_count; i++) {
        strncat(addresses, user->addresses[i], sizeof addresses - strlen(addresses) - 1);
        strncat(addresses, ";", sizeof addresses - strlen(addresses) - 1);
    }
    for (size_t i = 0; i < user->group_count; i++) {
        strncat(groups, user->groups[i], sizeof groups - strlen(groups) - 1);
        strncat(groups, ";", sizeof groups - strlen(groups) - 1);
    }
    seen = *user;
    return STEP_NEXT;
}

static int set_up(void **state)
{
    (void)auth_set_up(state);
    toy.on[F1] = looks_at_the_user;
    return 0;
}

static struct net_stream *ask(const char *iss, const char *members)
{
    with_header("authorization", bearer(iss, members));
    return call_flow(&TOY_FLOW);
}

/* --- a tenant's issuer ------------------------------------------------------------------------------ */

static void a_tenants_issuer_names_its_members(void **state)
{
    (void)state;
    static const char *aliases[] = {"upn"};
    world.contoso.claim_aliases = aliases;
    world.contoso.claim_alias_count = 1;
    assert_served(ask(CONTOSO_ISS, ALICE ",\"upn\":\"al@contoso.com\""));
    assert_string_equal(addresses, "alice@contoso.com;al@contoso.com;");
    assert_true(seen.tenant.u.b[0] == CONTOSO && !seen.is_guest && !seen.is_maybe_guest);
    assert_refused(ask(CONTOSO_ISS, ",\"email\":\"mallory@fabrikam.com\""), R_TOKEN_NO_ADDRESS);
    assert_refused(ask("https://nobody.example.org", ALICE), R_TOKEN_ISSUER_UNKNOWN);
    assert_served(ask(CONTOSO_ISS, ALICE ",\"acct\":1"));
    assert_true(seen.is_guest);
}

/* Its issuer speaks for nobody, and neither does one of many tenants. */
static void a_disabled_tenant_has_no_members(void **state)
{
    (void)state;
    world.contoso_tenant.view.state = world.fabrikam_tenant.view.state = TENANT_IS_DISABLED;
    for (int i = 0; i < 2; i++) {
        fake_store.is_remembered = i == 1;
        with_header("authorization", bearer(CONTOSO_ISS, ALICE));
        assert_refused(call_flow(&TOY_CACHED), R_TENANT_DISABLED);
        with_header("authorization", bearer(MANY_ISS, BOB));
        assert_refused(call_flow(&TOY_CACHED), R_TENANT_DISABLED);
    }
    /* Nor does anybody else for its addresses. */
    assert_refused(ask(CONSUMER_ISS, ALICE ",\"email_verified\":true"), R_TOKEN_NO_ADDRESS);
}

static void a_tenant_that_is_gone_has_no_members(void **state)
{
    (void)state;
    fake_store.tenants[0] = NULL;
    assert_refused(ask(CONTOSO_ISS, ALICE), R_TOKEN_NO_ADDRESS);
}

/* An issuer is believed in its own boundary only. */
static void an_issuer_of_another_boundary_names_nobody(void **state)
{
    (void)state;
    world.contoso.boundary = "gcc-high";
    assert_refused(ask(CONTOSO_ISS, ALICE), R_TOKEN_NO_ADDRESS);
}

static void a_bad_token_names_nobody(void **state)
{
    (void)state;
    static const char *const bad[] = {"garbage", "a.b.c", "", "a b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        with_header("authorization", arena_printf(world.arena, "Bearer %s ", bad[i]));
        assert_refused(call_flow(&TOY_FLOW), R_TOKEN_MALFORMED);
    }
    assert_refused(ask(CONTOSO_ISS, ALICE ",\"nbf\":4102444800"), R_TOKEN_NOT_YET_VALID);
    world.contoso.jwks_json = "{\"keys\":[]}";
    assert_refused(ask(CONTOSO_ISS, ALICE), R_ISSUER_KEYS_INVALID);
}

/* --- an issuer of many tenants ----------------------------------------------------------------------- */

static void an_issuer_of_many_tenants_needs_a_mapping(void **state)
{
    (void)state;
    assert_served(ask(MANY_ISS, BOB));
    assert_string_equal(addresses, "bob@fabrikam.com;");
    assert_true(seen.tenant.u.b[0] == FABRIKAM);
    assert_asked("issuer mapping tenant");
    assert_refused(ask(MANY_ISS, ",\"email\":\"bob@fabrikam.com\",\"tid\":\"t-other\""),
                   R_TOKEN_NO_ADDRESS);
    assert_asked("issuer mapping");
    assert_refused(ask(MANY_ISS, ",\"email\":\"bob@fabrikam.com\""), R_TOKEN_NO_ADDRESS);
    assert_asked("issuer"); /* names no tenant: nothing to ask */
    char longest[TENANT_VALUE_MAX + 2];
    memset(longest, 't', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_refused(
        ask(MANY_ISS,
            arena_printf(world.arena, ",\"email\":\"b@fabrikam.com\",\"tid\":\"%s\"", longest)),
        R_TOKEN_NO_ADDRESS);
    assert_asked("issuer"); /* can't be mapped */
}

static void a_mapping_that_cannot_be_read_is_no_answer(void **state)
{
    (void)state;
    fake_store.failing = "mapping";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    assert_refused(ask(MANY_ISS, BOB), R_DATABASE_UNAVAILABLE);
    assert_int_equal(fake_store.entry_count, 0);
}

/* --- consumers and passcodes -------------------------------------------------------------------------- */

static void consumers_belong_to_no_tenant(void **state)
{
    (void)state;
    assert_served(ask(CONSUMER_ISS, ",\"email\":\"carol@example.com\""));
    assert_string_equal(addresses, "carol@example.com;");
    assert_true(ID_IS_ZERO(seen.tenant));
    assert_string_equal(seen.boundary, BOUNDARY_EXTERNAL);
    assert_asked("issuer taken");
    /* Addresses of a tenant's domain are the tenant's to say. */
    assert_refused(ask(CONSUMER_ISS, ALICE ",\"email_verified\":true"), R_TOKEN_NO_ADDRESS);
    assert_asked("issuer taken");
    assert_refused(ask(CONSUMER_ISS, ",\"email\":\"no address\""), R_TOKEN_NO_ADDRESS);
    assert_asked("issuer");
    static const char *aliases[] = {"user"};
    world.consumer.claim_aliases = aliases;
    world.consumer.claim_alias_count = 1;
    assert_refused(ask(CONSUMER_ISS, ",\"user\":\"carol@example.com\",\"email_verified\":true"),
                   R_TOKEN_NO_ADDRESS);
    assert_asked("issuer"); /* an alias is nothing to ask about */
    fake_store.failing = "taken";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    assert_refused(ask(CONSUMER_ISS, ",\"email\":\"carol@example.com\""), R_DATABASE_UNAVAILABLE);
}

static void passcodes_are_not_built(void **state)
{
    (void)state;
    assert_refused(ask(PASSCODE_ISS, ",\"email\":\"carol@example.com\""), R_TOKEN_TYPE);
}

/* --- groups ---------------------------------------------------------------------------------------------- */

static void groups_of_the_token_count_in_the_tenants_domains(void **state)
{
    (void)state;
    assert_served(
        ask(CONTOSO_ISS, ALICE ",\"groups\":[\"all@contoso.com\",\"board@fabrikam.com\"]"));
    assert_string_equal(groups, "all@contoso.com;");
    assert_asked("issuer tenant");
    char many[16 * 1024] = ALICE ",\"groups\":[\"g0@contoso.com\"";
    for (int i = 1; i < 400; i++) {
        char one[32];
        snprintf(one, sizeof one, ",\"g%d@contoso.com\"", i);
        strncat(many, one, sizeof many - strlen(many) - 1);
    }
    strncat(many, "]", sizeof many - strlen(many) - 1);
    assert_served(ask(CONTOSO_ISS, many));
    assert_int_equal(seen.group_count, 400);
}

static void a_directory_adds_what_it_knows(void **state)
{
    (void)state;
    static const char *const aliases[] = {"al@contoso.com", "al@fabrikam.com"};
    static const char *const more[] = {"board@contoso.com"};
    world.contoso_tenant.view.has_directory = true;
    world.person = (struct directory_person){.is_visible = true,
                                             .is_guest = true,
                                             .aliases = aliases,
                                             .alias_count = 2,
                                             .groups = more,
                                             .group_count = 1,
                                             .epoch = 6};
    assert_served(ask(CONTOSO_ISS, ALICE ",\"groups\":[\"all@contoso.com\",\"0c5-object-id\"]"));
    assert_string_equal(addresses, "alice@contoso.com;al@contoso.com;");
    assert_string_equal(groups, "all@contoso.com;board@contoso.com;");
    assert_true(seen.is_guest && !seen.is_maybe_guest);
    assert_asked("issuer tenant person:1+2"); /* one address; groups of both kinds */
    world.person.is_guest = false;
    assert_served(ask(CONTOSO_ISS, ALICE ",\"acct\":1"));
    assert_true(seen.is_guest); /* whichever of the two says so */
    world.person.is_visible = false;
    assert_served(ask(CONTOSO_ISS, ALICE));
    assert_true(!seen.is_guest && seen.is_maybe_guest);
    fake_store.story[0] = '\0';
    fake_store.failing = "person:1+0";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    assert_refused(ask(CONTOSO_ISS, ALICE), R_DATABASE_UNAVAILABLE);
}

/* Of people of tenants that have a transmitter; by each address and by the subject. */
static void what_is_signaled_is_asked_for(void **state)
{
    (void)state;
    static const char sub[] = ALICE ",\"sub\":\"7\"";
    int64_t now = clock_unix().s; /* when tokens of this test are issued, or a little later */
    fake_store.last_signal = (struct known_signal){.state = {.is_disabled = true}, .epoch = 4};
    assert_served(ask(CONTOSO_ISS, sub));
    world.contoso_tenant.view.has_signals = true;
    assert_refused(ask(CONTOSO_ISS, sub), R_ACCOUNT_DISABLED);
    assert_asked(
        "issuer tenant issuer tenant signals:2 gate"); /* they are proven, so it is recorded */
    fake_store.last_signal = (struct known_signal){.state = {.not_before = now + 600}, .epoch = 5};
    assert_refused(ask(CONTOSO_ISS, sub), R_SESSION_REVOKED);
    fake_store.last_signal.state.not_before = now - 1;
    assert_served(ask(CONTOSO_ISS, sub));
    fake_store.story[0] = '\0';
    fake_store.failing = "signals:2";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    assert_refused(ask(CONTOSO_ISS, sub), R_DATABASE_UNAVAILABLE);
}

/* The gate compares what is assumed. */
static void what_is_assumed_of_signals_is_used_by_who_trusts_it(void **state)
{
    (void)state;
    world.contoso_tenant.view.has_signals = true;
    fake_store.is_remembered = true;
    with_header("authorization", bearer(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_CACHED));
    fake_store.assumed_signal = (struct known_signal){.state = {.is_disabled = true}, .epoch = 4};
    with_header("authorization", bearer(CONTOSO_ISS, ALICE));
    assert_refused(call_flow(&TOY_CACHED), R_ACCOUNT_DISABLED);
    assert_asked("gate"); /* and compares what the refusal rests on */
}

static void too_many_groups_are_refused(void **state)
{
    (void)state;
    static const char *many[SUBJECT_GROUPS_MAX + 1];
    for (size_t i = 0; i <= SUBJECT_GROUPS_MAX; i++) {
        many[i] = arena_printf(world.arena, "g%zu@contoso.com", i);
    }
    world.contoso_tenant.view.has_directory = true;
    world.person.groups = many;
    world.person.group_count = SUBJECT_GROUPS_MAX + 1;
    assert_refused(ask(CONTOSO_ISS, ALICE), R_TOO_MANY_GROUPS);
}

/* Another boundary's directory is not for this node to read: nobody is a member for certain. */
static void another_boundarys_directory_is_not_asked(void **state)
{
    (void)state;
    world.contoso_tenant.view.has_directory = true;
    fake_store.served[0] = "gcc-high";
    assert_served(ask(CONTOSO_ISS, ALICE));
    assert_true(seen.is_maybe_guest);
    assert_asked("issuer tenant");
}

static void what_is_remembered_of_people_is_used_by_who_trusts_it(void **state)
{
    (void)state;
    world.contoso_tenant.view.has_directory = true;
    fake_store.is_remembered = true;
    with_header("authorization", bearer(CONTOSO_ISS, ALICE));
    assert_served(call_flow(&TOY_CACHED));
    with_header("authorization", bearer(CONSUMER_ISS, ",\"email\":\"carol@example.com\""));
    assert_served(call_flow(&TOY_CACHED));
    assert_asked("");
}

static void a_components_token_is_good_before_it_names_one(void **state)
{
    (void)state;
    const struct token_claims claims = {0};
    struct identified who = {0};
    assert_false(identified_is_component(&who));
    who.issuer = &world.components;
    assert_false(identified_is_component(&who)); /* not verified */
    who.check.claims = &claims;
    assert_true(identified_is_component(&who));
    who.issuer = &world.contoso;
    assert_false(identified_is_component(&who));
}

/* --- an issuer that lets us wait ------------------------------------------------------------------------ */

/* A socket that takes connections and says nothing. */
static int silent_server(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "https://127.0.0.1:%u/jwks", ntohs(address.sin_port));
    return fd;
}

/* The fetch goes on for whoever asks next; who went is told nothing, and the one who stays gets the reason. */
static void who_goes_while_keys_are_fetched_is_forgotten(void **state)
{
    (void)state;
    char url[64];
    int fd = silent_server(url);
    const struct identity_config config = {.allow_loopback = true, .fetch_timeout_ms = 1000};
    identity_free(world.services.identity);
    world.services.identity = identity_new(toy.loop, &config);
    world.contoso.jwks_url = url;
    world.contoso.jwks_json = "";
    struct net_stream *goes = ask(CONTOSO_ISS, ALICE);
    struct net_stream *stays = ask(CONTOSO_ISS, ALICE);
    toy_run_ms(20);
    assert_unanswered(goes);
    assert_string_equal(call_row_name(toy_call(goes)), "identify.verify");
    fake_net_close(goes);
    assert_int_equal(rpc_calls_active(toy.rpc), 1);
    for (int i = 0; i < 50 && stays->finishes == 0; i++) {
        toy_run_ms(100);
    }
    assert_refused(stays, R_ISSUER_UNREACHABLE);
    assert_logged(goes, "\"reason\":\"CANCELLED\"");
    assert_int_equal(fake_store.entry_count, 0); /* of who stayed: nobody knows them */
    close(fd);
}

/* The deadline is the client's, and shorter than the fetch. */
static void a_deadline_ends_the_wait_for_keys(void **state)
{
    (void)state;
    char url[64];
    int fd = silent_server(url);
    const struct identity_config config = {.allow_loopback = true, .fetch_timeout_ms = 5000};
    identity_free(world.services.identity);
    world.services.identity = identity_new(toy.loop, &config);
    world.contoso.jwks_url = url;
    world.contoso.jwks_json = "";
    world.request.timeout_ms = 50;
    struct net_stream *s = ask(CONTOSO_ISS, ALICE);
    toy_run_ms(150);
    assert_refused(s, R_DEADLINE_EXCEEDED);
    assert_logged(s, "\"step\":\"identify.verify\"");
    assert_int_equal(s->reads, 0);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, auth_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_tenants_issuer_names_its_members),
        TEST(a_disabled_tenant_has_no_members),
        TEST(a_tenant_that_is_gone_has_no_members),
        TEST(an_issuer_of_another_boundary_names_nobody),
        TEST(a_bad_token_names_nobody),
        TEST(an_issuer_of_many_tenants_needs_a_mapping),
        TEST(a_mapping_that_cannot_be_read_is_no_answer),
        TEST(consumers_belong_to_no_tenant),
        TEST(passcodes_are_not_built),
        TEST(groups_of_the_token_count_in_the_tenants_domains),
        TEST(a_directory_adds_what_it_knows),
        TEST(what_is_signaled_is_asked_for),
        TEST(what_is_assumed_of_signals_is_used_by_who_trusts_it),
        TEST(too_many_groups_are_refused),
        TEST(another_boundarys_directory_is_not_asked),
        TEST(what_is_remembered_of_people_is_used_by_who_trusts_it),
        TEST(a_components_token_is_good_before_it_names_one),
        TEST(who_goes_while_keys_are_fetched_is_forgotten),
        TEST(a_deadline_ends_the_wait_for_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
