/* SPDX-License-Identifier: Apache-2.0 */
/* Request ids of admins: what an act has made is noted in its transaction, once and for good. */
#include "store_fixture.h"

#include "store/resource/request_store.h"
#include "store/resource/template_store.h"

static const struct uuid REQUEST = {{7}};
static const struct template_id FIRST = {{{21}}}, SECOND = {{{22}}};
static const uint8_t HASH[32] = {1, 2, 3};

static enum reason create(struct template_id id)
{
    static const char *const principals[] = {"owner"}, *const rights[] = {"VIEW"};
    static const char *const en[] = {"en"}, *const name[] = {"T"};
    struct template_row row = {.id = id,
                               .offline_days = -1,
                               .referral_contact = "",
                               .principals = principals,
                               .rights = rights,
                               .grant_count = 1,
                               .name_languages = en,
                               .name_texts = name,
                               .name_count = 1};
    struct change_op *op = change(CONTOSO);
    op->request =
        (struct act_request){.id = REQUEST, .hash = slice_of(HASH, sizeof HASH), .made = id.u};
    template_store_create(op, &row);
    return wait_for(&op->op);
}

static struct request_find *find(struct uuid request, struct tenant_id tenant)
{
    struct request_find *find = ARENA_NEW(f.arena, struct request_find);
    *find = (struct request_find){.tenant = tenant, .request = request};
    prepare(&find->op);
    request_store_find(find);
    (void)wait_for(&find->op);
    return find;
}

static void an_act_is_done_once_for_an_id(void **state)
{
    (void)state;
    assert_int_equal(find(REQUEST, CONTOSO)->op.err.reason, R_NOT_FOUND);
    assert_int_equal(create(FIRST), R_NONE);
    const struct request_find *found = find(REQUEST, CONTOSO);
    assert_int_equal(found->op.err.reason, R_NONE);
    assert_true(uuid_eq(found->made, FIRST.u));
    assert_true(slice_eq(found->hash, slice_of(HASH, sizeof HASH)));
    assert_int_equal(create(SECOND), R_ALREADY_EXISTS);
    assert_int_equal(count_audit("create_template", NULL), 1);
    assert_true(uuid_eq(find(REQUEST, CONTOSO)->made, FIRST.u));
}

static void an_id_outlives_what_it_made(void **state)
{
    (void)state;
    struct change_op *op = change(CONTOSO);
    template_store_delete(op, FIRST, false);
    assert_int_equal(wait_for(&op->op), R_NONE);
    assert_true(uuid_eq(find(REQUEST, CONTOSO)->made, FIRST.u));
    assert_int_equal(create(SECOND), R_ALREADY_EXISTS);
}

static void an_id_is_of_one_tenant(void **state)
{
    (void)state;
    static const struct tenant_id OTHER = {{{99}}};
    assert_int_equal(find(REQUEST, OTHER)->op.err.reason, R_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_act_is_done_once_for_an_id),
        cmocka_unit_test(an_id_outlives_what_it_made),
        cmocka_unit_test(an_id_is_of_one_tenant),
    };
    return cmocka_run_group_tests(tests, store_set_up_tenant, store_tear_down);
}
