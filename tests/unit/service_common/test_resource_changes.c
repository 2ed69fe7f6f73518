/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two states of a resource: every field that a request can set. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "chancery/v1/boundary.pb-c.h"
#include "chancery/v1/component.pb-c.h"
#include "chancery/v1/issuer.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "service/common/resource_changes.h"

static struct arena *arena;
static struct approval_changes changes;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    approval_changes_init(&changes, arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* "field: before > after" of each. */
static void assert_changes(const char *expected)
{
    char text[2048] = "";
    for (size_t i = 0; i < changes.count; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, "%s%s: %s > %s", i == 0 ? "" : "\n",
                       changes.list[i].field, changes.list[i].before, changes.list[i].after);
    }
    assert_false(changes.failed);
    assert_string_equal(text, expected);
    approval_changes_init(&changes, arena);
}

static step read_nothing(struct call *c, const void *message, void *row)
{
    (void)c, (void)message, (void)row;
    return STEP_NEXT;
}

/* Of each resource some fields; those that are not named can be set. */
static struct resource of(const char *name, const ProtobufCMessageDescriptor *type)
{
    struct resource_field *fields = ARENA_ARRAY(arena, struct resource_field, type->n_fields);
    for (unsigned i = 0; i < type->n_fields; i++) {
        bool is_etag = strcmp(type->fields[i].name, "etag") == 0;
        fields[i] =
            (struct resource_field){.name = type->fields[i].name,
                                    .behavior = is_etag ? FIELD_OUTPUT_ONLY : FIELD_CHANGEABLE,
                                    .read = read_nothing};
    }
    return (struct resource){
        .name = name, .message = type, .fields = fields, .field_count = type->n_fields};
}

static void scalars_and_lists(void **state)
{
    (void)state;
    struct resource resource = of("issuer", &chancery__v1__issuer__descriptor);
    Chancery__V1__Issuer before, after;
    chancery__v1__issuer__init(&before);
    chancery__v1__issuer__init(&after);
    char *one[] = {(char[]){"x"}, (char[]){"y"}}, *other[] = {(char[]){"y"}, (char[]){"z"}};
    before.kind = CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_TENANT;
    after.kind = CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_COMPONENT;
    before.audiences = one;
    after.audiences = other;
    before.n_audiences = after.n_audiences = 2;
    before.keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_URL;
    before.jwks_url = (char[]){"https://a"};
    after.keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_JSON;
    after.jwks_json = (char[]){"{}"};
    before.disabled = true;
    after.clock_skew_seconds = 60;
    before.etag = (char[]){"1"};
    after.etag = (char[]){"2"};
    resource_changes_add(&changes, &resource, &before, &after, 0);
    assert_changes("issuer.kind: ISSUER_KIND_TENANT > ISSUER_KIND_COMPONENT\n"
                   "issuer.audiences: x > \n"
                   "issuer.audiences:  > z\n"
                   "issuer.jwks_url: https://a > \n"
                   "issuer.jwks_json:  > {}\n"
                   "issuer.clock_skew_seconds: 0 > 60\n"
                   "issuer.disabled: true > false");
    resource_changes_add(&changes, &resource, &before, &before, 0);
    assert_changes("");
}

static void parts_of_a_message(void **state)
{
    (void)state;
    struct resource resource = of("issuer", &chancery__v1__issuer__descriptor);
    Chancery__V1__Issuer before, after;
    Chancery__V1__ClaimMapping claims;
    chancery__v1__issuer__init(&before);
    chancery__v1__issuer__init(&after);
    chancery__v1__claim_mapping__init(&claims);
    char *aliases[] = {(char[]){"upn"}};
    claims.address = (char[]){"sub"};
    claims.aliases = aliases;
    claims.n_aliases = 1;
    after.claims = &claims;
    resource_changes_add(&changes, &resource, &before, &after, 0);
    assert_changes("issuer.claims.address:  > sub\nissuer.claims.aliases:  > upn");
    resource_changes_add(&changes, &resource, &before, &after, resource_field(&resource, "claims"));
    assert_changes("");
}

/* What is made shows what it has; what is removed, what it had. */
static void a_resource_that_comes_or_goes(void **state)
{
    (void)state;
    struct resource resource = of("component", &chancery__v1__component__descriptor);
    Chancery__V1__Component component;
    uint8_t print[] = {0xab, 0x01};
    ProtobufCBinaryData prints[] = {{2, print}};
    chancery__v1__component__init(&component);
    component.name = (char[]){"mx1"};
    component.certificate_sha256 = prints;
    component.n_certificate_sha256 = 1;
    resource_changes_add(&changes, &resource, NULL, &component, 0);
    assert_changes("component.name:  > mx1\ncomponent.certificate_sha256:  > ab01");
    resource_changes_add(&changes, &resource, &component, NULL, 0);
    assert_changes("component.name: mx1 > \ncomponent.certificate_sha256: ab01 > ");
}

static void times_and_lists_of_messages(void **state)
{
    (void)state;
    struct resource resource = of("template", &chancery__v1__template__descriptor);
    Chancery__V1__Template before, after;
    Chancery__V1__Expiry date, days;
    Chancery__V1__LocalizedText name, *names[] = {&name};
    Google__Protobuf__Timestamp time;
    chancery__v1__template__init(&before);
    chancery__v1__template__init(&after);
    chancery__v1__expiry__init(&date);
    chancery__v1__expiry__init(&days);
    chancery__v1__localized_text__init(&name);
    google__protobuf__timestamp__init(&time);
    time.seconds = 1800000000;
    date.kind_case = CHANCERY__V1__EXPIRY__KIND_TIME;
    date.time = &time;
    days.kind_case = CHANCERY__V1__EXPIRY__KIND_DAYS;
    days.days = 30;
    name.language = (char[]){"en"};
    name.text = (char[]){"Secret"};
    before.expiry = &date;
    after.expiry = &days;
    after.names = names;
    after.n_names = 1;
    resource_changes_add(&changes, &resource, &before, &after, 0);
    assert_changes("template.names:  > {\"language\":\"en\",\"text\":\"Secret\"}\n"
                   "template.expiry.time: 2027-01-15T08:00:00.000000Z > \n"
                   "template.expiry.days:  > 30");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_and_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_of_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_resource_that_comes_or_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_and_lists_of_messages, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
