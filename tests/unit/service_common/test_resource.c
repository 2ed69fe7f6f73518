/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of fields: what they must have, what a mask means by them, and that fields are read once
 * each. */
#include "toy.h"

#include "chancery/v1/boundary.pb-c.h"
#include "service/common/resource.h"

enum { ELEMENTS = 12, ELEMENT_US = 1000 };

static char read_names[64];
static size_t elements;

static step read_it(const char *name)
{
    strncat(read_names, name, sizeof read_names - strlen(read_names) - 1);
    return STEP_NEXT;
}

static step read_suite(struct call *c, const void *message, void *row)
{
    (void)c, (void)message, (void)row;
    return read_it("suite ");
}

static step read_urls(struct call *c, const void *message, void *row)
{
    (void)c, (void)message, (void)row;
    return read_it("urls ");
}

static step begin_name(struct call *c, const void *message, void *row, struct resource_list *list)
{
    (void)message, (void)row;
    (void)read_it("name ");
    return resource_begin_texts(c, "toy.name", ELEMENTS, ELEMENTS, list) == NULL ? STEP_FAILED
                                                                                 : STEP_NEXT;
}

static step read_name(struct call *c, const void *message, void *list, size_t index)
{
    (void)c, (void)message;
    const struct mono_time began = clock_mono();
    while (clock_mono().ns - began.ns < ELEMENT_US * 1000LL) {
        continue;
    }
    assert_int_equal(index, elements++);
    ((const char **)list)[index] = "x";
    return STEP_NEXT;
}

#define FIELDS                                                                       \
    IMMUTABLE("boundary"), CHANGEABLE_LIST("display_name", begin_name, read_name),   \
        CHANGEABLE("suite", read_suite), BY_METHOD("fips"),                          \
        CHANGEABLE("authority_url", read_urls), CHANGEABLE("portal_url", read_urls), \
        OUTPUT_ONLY("built_in")

static const struct resource_field fields[] = {FIELDS};

static struct resource table(const struct resource_field *rows, size_t count)
{
    return (struct resource){.name = "boundary",
                             .message = &chancery__v1__boundary__descriptor,
                             .fields = rows,
                             .field_count = count};
}

static const struct resource *checked;

static void check(void)
{
    resource_check(checked);
}

static void assert_no_table(const struct resource_field *rows, size_t count)
{
    const struct resource resource = table(rows, count);
    checked = &resource;
    assert_aborts(check);
}

static void a_table_has_every_field(void **state)
{
    (void)state;
    const struct resource good = table(fields, 7);
    resource_check(&good);
    for (size_t missing = 0; missing < 7; missing++) {
        struct resource_field some[6];
        for (size_t i = 0; i < 6; i++) {
            some[i] = fields[i < missing ? i : i + 1];
        }
        assert_no_table(some, 6);
    }
}

static void rows_say_what_they_are(void **state)
{
    (void)state;
    const struct resource_field twice[] = {FIELDS, IMMUTABLE("boundary")};
    const struct resource_field unread[] = {FIELDS, CHANGEABLE("more", NULL)};
    const struct resource_field half[] = {FIELDS, CHANGEABLE_LIST("more", begin_name, NULL)};
    struct resource_field both[] = {FIELDS, CHANGEABLE("more", read_suite)};
    both[7].begin = begin_name;
    both[7].element = read_name;
    struct resource_field fixed[] = {FIELDS, IMMUTABLE("more")};
    fixed[7].read = read_suite;
    assert_no_table(twice, 8);
    assert_no_table(unread, 8);
    assert_no_table(half, 8);
    assert_no_table(both, 8);
    assert_no_table(fixed, 8);
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct resource resource;
static struct resource_reading reading;

static step reads(struct call *c)
{
    return resource_read(c, &resource, &reading, NULL, NULL, reads);
}

static void fields_are_read_once_over_several_turns(void **state)
{
    (void)state;
    resource = table(fields, 7);
    reading = (struct resource_reading){.left = resource_changeable(&resource)};
    read_names[0] = '\0';
    elements = 0;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = reads;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_unanswered(s); /* the list is long */
    toy_run_ms(100);
    assert_served(s);
    assert_string_equal(read_names, "name suite urls ");
    assert_int_equal(elements, ELEMENTS);
    assert_int_equal(reading.left, 0);
}

/* --- masks ------------------------------------------------------------------------------------ */

static Chancery__V1__Boundary message;
static resource_set found;

static step implies(struct call *c)
{
    return resource_read_mask(c, &resource, &message, NULL, &found);
}

static resource_set implied(void)
{
    found = 0;
    const struct net_stream *s = toy_ask(&TOY_FLOW);
    if (found == 0) {
        assert_refused(s, R_FIELD_INVALID);
    }
    return found;
}

static void populated_fields_are_meant_without_a_mask(void **state)
{
    (void)state;
    resource = table(fields, 7);
    chancery__v1__boundary__init(&message);
    char name[] = "dod", text[] = "Defense";
    toy_serve(&TOY_FLOW);
    toy.on[F1] = implies;
    message.boundary = name;
    message.built_in = true;
    message.fips = true;
    assert_int_equal(implied(), 0); /* none of these can be changed */
    message.display_name = text;
    assert_int_equal(implied(), resource_field(&resource, "display_name"));
    message.suite = CHANCERY__V1__CRYPTO_SUITE__CRYPTO_SUITE_P384;
    assert_int_equal(implied(), resource_field(&resource, "display_name") |
                                    resource_field(&resource, "suite"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_table_has_every_field),
        TEST(rows_say_what_they_are),
        TEST(fields_are_read_once_over_several_turns),
        TEST(populated_fields_are_meant_without_a_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
