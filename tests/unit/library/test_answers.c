/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that don't fit the question: whoever answers may be a proxy, or lie. */
#include "fixture.h"

#include "library/batch.h"
#include "library/deliveries.h"

static Chancery__V1__RecipientDelivery bob, eve;
static char bobs[] = "bob@fabrikam.com", eves[] = "eve@fabrikam.com";
static const char *const asked[] = {bobs, eves};

/* Whether these deliveries are an answer for both. */
static bool fits(Chancery__V1__RecipientDelivery *first, Chancery__V1__RecipientDelivery *second,
                 size_t count)
{
    struct err err = {0};
    Chancery__V1__RecipientDelivery *items[] = {first, second, second};
    const chancery_deliveries deliveries = {.items = items, .count = count};
    chancery__v1__recipient_delivery__init(&bob);
    chancery__v1__recipient_delivery__init(&eve);
    bob.recipient = bobs;
    eve.recipient = eves;
    rc result = deliveries_check(&deliveries, asked, 2, &err);
    assert_true(result.ok || err.reason == R_AUTHORITY_UNREACHABLE);
    return result.ok;
}

/* A gateway that is told of nobody who can't be reached would send. */
static void deliveries_are_those_of_the_recipients(void **state)
{
    (void)state;
    assert_true(fits(&bob, &eve, 2));
    assert_false(fits(&bob, &eve, 0));
    assert_false(fits(&bob, &eve, 1));
    assert_false(fits(&bob, &eve, 3));
    assert_false(fits(&eve, &bob, 2));
    assert_false(fits(&bob, &bob, 2));
}

static void an_item_without_an_outcome_may_be_done(void **state)
{
    (void)state;
    Chancery__V1__ItemError granted; /* status OK is no error */
    chancery__v1__item_error__init(&granted);
    const Chancery__V1__ItemError *const items[] = {NULL, &granted};
    for (size_t i = 0; i < 2; i++) {
        chancery_error *error = failure_of_item(items[i]);
        assert_int_equal(chancery_error_code(error), 0);
        assert_int_equal(chancery_error_may_be_done(error), 1);
        assert_int_equal(chancery_error_is_away(error), 0); /* it has answered */
        assert_reason(error, "AUTHORITY_UNREACHABLE");
    }
}

static void an_items_error_is_a_copy(void **state)
{
    (void)state;
    char reason[] = "NO_RIGHTS", key[] = "referral_contact", value[] = "help@contoso.com";
    Chancery__V1__ItemErrorMetadata pair, *pairs[12];
    Chancery__V1__ItemError item;
    chancery__v1__item_error_metadata__init(&pair);
    chancery__v1__item_error__init(&item);
    item.code = GRPC_PERMISSION_DENIED;
    item.reason = reason;
    pair.key = key;
    pair.value = value;
    for (size_t i = 0; i < 12; i++) {
        pairs[i] = &pair;
    }
    item.metadata = pairs;
    item.n_metadata = 12;
    chancery_error *error = failure_of_item(&item);
    memset(value, 'x', sizeof value - 1);
    assert_int_equal(chancery_error_metadata_count(error), 8);
    assert_string_equal(chancery_error_metadata(error, "referral_contact"), "help@contoso.com");
    assert_int_equal(chancery_error_may_be_done(error), 0);
    assert_reason(error, "NO_RIGHTS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deliveries_are_those_of_the_recipients),
        cmocka_unit_test(an_item_without_an_outcome_may_be_done),
        cmocka_unit_test(an_items_error_is_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
