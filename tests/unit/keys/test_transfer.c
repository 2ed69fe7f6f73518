/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that enter and leave (docs/formats.md §4.4). */
#include "key_samples.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "crypto/jwe.h"
#include "crypto/jwk_secret.h"
#include "crypto/key_import.h"

static const struct uuid IMPORT = {{7}}, OTHER_IMPORT = {{8}};

/* Of this process. */
static size_t threads(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *one = readdir(tasks); one != NULL; one = readdir(tasks)) {
        count += one->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}

static void prepare(struct keys_op *op)
{
    keys_op_init(op, keys, arena, done, NULL);
    op->tenant = CONTOSO;
    op->boundary = "commercial";
    op->suite = KEYS_P256;
    op->import = IMPORT;
    op->version = 2;
}

/* --- leaving ---------------------------------------------------------------------------------- */

static void a_set_leaves_to_the_customer_alone(void **state)
{
    (void)state;
    enum { MANY = 40 }; /* several turns */
    struct sample s;
    struct keys_op op;
    struct keys_exported all[MANY];
    AUTO(secret_free_at) struct secret *text = NULL;
    make(&s, KEYS_P384);
    for (size_t i = 0; i < MANY; i++) {
        all[i] =
            (struct keys_exported){.ref = i % 2 == 0 ? s.sealing : s.signing, .is_active = i == 0};
    }
    prepare(&op);
    op.client = client_key;
    op.exporting = all;
    op.exporting_count = MANY;
    run(&op, keys_export);
    assert_int_equal(op.err.reason, R_NONE);
    assert_ok(jwe_decrypt_long(client, op.key_set, 1 << 20, R_INTERNAL, &text, &err), &err);
    char *json = arena_dup(arena, secret_use(text));
    assert_non_null(strstr(json, "{\"tenant\":\"01000000-0000-0000-0000-000000000000\","
                                 "\"boundary\":\"commercial\",\"keys\":[{\"k\":\""));
    assert_non_null(strstr(json,
                           "\"kid\":\"sealing-1\",\"purpose\":\"sealing\",\"state\":\"active\","
                           "\"version\":1},{\"crv\":\"P-384\""));
    size_t count = 0;
    for (const char *at = strstr(json, "\"kid\""); at != NULL; at = strstr(at + 1, "\"kid\"")) {
        count++;
    }
    assert_int_equal(count, MANY);
    opening(&s, &op); /* and stays here */
    run(&op, keys_issue);
    assert_int_equal(op.err.reason, R_NONE);
}

static void prepare_export(struct keys_op *op, const struct keys_exported *all, size_t count)
{
    prepare(op);
    op->client = client_key;
    op->exporting = all;
    op->exporting_count = count;
}

/* However many ask: nothing of it is in the secure heap, and who goes leaves nothing behind. */
static void one_set_leaves_at_a_time(void **state)
{
    (void)state;
    enum { MANY = 464, AT_ONCE = 20 };
    static struct keys_exported all[MANY];
    struct sample s;
    struct keys_op first, others[AT_ONCE];
    bool finished = false;
    make(&s, KEYS_P384);
    for (size_t i = 0; i < MANY; i++) {
        all[i] = (struct keys_exported){.ref = s.signing};
    }
    prepare_export(&first, all, MANY);
    first.user = &finished;
    keys_export(&first);
    for (size_t i = 0; i < AT_ONCE; i++) {
        prepare_export(&others[i], all, MANY);
        run(&others[i], keys_export);
        assert_int_equal(others[i].err.reason, R_OVERLOADED);
        assert_null(others[i].key_set.ptr);
    }
    assert_false(finished);
    assert_non_null(keys->exports);
    keys_op_cancel(&first);
    assert_null(keys->exports);
    prepare_export(&first, all, MANY);
    run(&first, keys_export);
    assert_int_equal(first.err.reason, R_NONE);
    assert_true(first.key_set.len > MANY);
    assert_null(keys->exports);
}

/* One that is another's spoils all: a set with a gap is none. */
static void a_row_that_is_not_ours_does_not_leave(void **state)
{
    (void)state;
    struct sample s;
    struct keys_op op;
    make(&s, KEYS_P256);
    struct keys_exported moved = {.ref = s.sealing};
    moved.ref.version = 9;
    prepare(&op);
    op.client = client_key;
    op.exporting = &moved;
    op.exporting_count = 1;
    run(&op, keys_export);
    assert_int_equal(op.err.reason, R_KEYS_UNAVAILABLE);
    assert_null(op.key_set.ptr);
    assert_null(keys->exports);
}

/* --- entering --------------------------------------------------------------------------------- */

static void make_import(struct keys_op *op)
{
    prepare(op);
    run(op, keys_make_import);
    assert_int_equal(op->err.reason, R_NONE);
}

static struct slice wrap(const struct keys_op *import, const struct secret *key)
{
    struct jwk_public *pub = NULL;
    struct slice wrapped;
    assert_ok(jwk_public_parse(slice_str(import->import_jwk), R_INTERNAL, &pub, &err), &err);
    assert_ok(import_key_wrap(arena, pub, key, &wrapped, &err), &err);
    jwk_public_free(pub);
    return wrapped;
}

static void enter(struct keys_op *op, const struct keys_op *import, enum key_purpose purpose,
                  const struct secret *key, const char *thumbprint)
{
    prepare(op);
    op->import_wrapped = import->import_wrapped;
    op->imported = wrap(import, key);
    op->thumbprint = slice_str(thumbprint);
    op->set[0].purpose = purpose;
    run(op, keys_import);
}

static void a_sealing_key_enters(void **state)
{
    (void)state;
    struct keys_op import, op;
    AUTO(secret_free_at) struct secret *key = secret_random(32);
    AUTO(secret_free_at) struct secret *zeros = secret_new(32);
    AUTO(secret_free_at) struct secret *again = NULL;
    char thumbprint[JWK_THUMBPRINT_TEXT], other[JWK_THUMBPRINT_TEXT];
    make_import(&import);
    assert_ok(jwk_symmetric_thumbprint(key, thumbprint, &err), &err);
    assert_ok(jwk_symmetric_thumbprint(zeros, other, &err), &err);
    enter(&op, &import, KEY_SEALING, key, thumbprint);
    assert_int_equal(op.err.reason, R_NONE);
    assert_int_equal(op.flaw, KEYS_IMPORT_SOUND);
    struct keys_ref ref = {CONTOSO, "commercial", KEY_SEALING, 2, op.set[0].wrapped};
    assert_ok(key_decrypt(keys, arena, &ref, &again, &err), &err);
    assert_true(secret_eq(key, again));
    enter(&op, &import, KEY_SEALING, key, other);
    assert_int_equal(op.flaw, KEYS_IMPORT_OTHER);
    enter(&op, &import, KEY_SEALING, zeros, other);
    assert_int_equal(op.flaw, KEYS_IMPORT_KIND);
    enter(&op, &import, KEY_SIGNING, key, thumbprint);
    assert_int_equal(op.flaw, KEYS_IMPORT_KIND);
    assert_null(op.set[0].wrapped.ptr);
}

static void an_import_key_is_bound_to_its_import(void **state)
{
    (void)state;
    struct keys_op import, op;
    AUTO(secret_free_at) struct secret *key = secret_random(32);
    make_import(&import);
    prepare(&op);
    op.import = OTHER_IMPORT;
    op.import_wrapped = import.import_wrapped;
    op.imported = wrap(&import, key);
    op.set[0].purpose = KEY_SEALING;
    run(&op, keys_import);
    assert_int_equal(op.err.reason, R_KEYS_UNAVAILABLE);
    op.import_wrapped = SLICE_NONE;
    op.err = (struct err){0};
    run(&op, keys_import);
    assert_int_equal(op.err.reason, R_KEYS_UNAVAILABLE);
}

/* Who goes while it is made leaves it to the next one; and only so many wait, each of another tenant. */
static void making_is_left_and_bounded(void **state)
{
    (void)state;
    enum { WAITING_MAX = 8 };
    static struct keys_op waiting[WAITING_MAX];
    struct keys_op op;
    bool finished = false;
    for (size_t i = 0; i < WAITING_MAX; i++) {
        prepare(&waiting[i]);
        waiting[i].tenant.u.b[15] = (uint8_t)i;
        waiting[i].user = &finished;
        keys_make_import(&waiting[i]);
    }
    prepare(&op);
    op.tenant.u.b[15] = WAITING_MAX;
    run(&op, keys_make_import);
    assert_int_equal(op.err.reason, R_OVERLOADED);
    for (size_t i = 0; i < WAITING_MAX; i++) {
        keys_op_cancel(&waiting[i]);
    }
    make_import(&op);
    assert_false(finished);
    assert_null(keys->maker); /* it was the one that was begun for those who went */
}

static void a_tenant_leaves_room_for_others(void **state)
{
    (void)state;
    struct keys_op first, again, other;
    bool finished = false;
    prepare(&first);
    first.user = &finished;
    keys_make_import(&first);
    prepare(&again);
    run(&again, keys_make_import);
    assert_int_equal(again.err.reason, R_OVERLOADED);
    assert_false(finished);
    prepare(&other);
    other.tenant.u.b[15] = 1;
    other.user = &finished;
    keys_make_import(&other);
    assert_int_equal(other.err.reason, R_NONE);
    keys_op_cancel(&first);
    keys_op_cancel(&other);
}

/* The thread has ended when the custodian has: nothing of it runs while the process ends. */
static void the_thread_goes_with_the_custodian(void **state)
{
    (void)state;
    enum { TRIES = 20, EXIT_MS = 100 /* for the system to forget it; a key takes longer */ };
    struct keys *own = NULL;
    struct keys_op op;
    bool finished = false;
    for (size_t i = 0; i < TRIES; i++) {
        own = keys_new(loop, secret_random(ROOT_KEY_BYTES), 0);
        prepare(&op);
        op.keys = own;
        op.user = &finished;
        keys_make_import(&op);
        assert_non_null(own->maker);
        keys_op_cancel(&op);
        keys_free(own);
        for (size_t ms = 0; ms < EXIT_MS && threads() > 1; ms++) {
            usleep(1000);
        }
        assert_int_equal(threads(), 1);
    }
    assert_false(finished);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_leaves_to_the_customer_alone),
        cmocka_unit_test(one_set_leaves_at_a_time),
        cmocka_unit_test(a_row_that_is_not_ours_does_not_leave),
        cmocka_unit_test(a_sealing_key_enters),
        cmocka_unit_test(an_import_key_is_bound_to_its_import),
        cmocka_unit_test(making_is_left_and_bounded),
        cmocka_unit_test(the_thread_goes_with_the_custodian),
        cmocka_unit_test(a_tenant_leaves_room_for_others),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
