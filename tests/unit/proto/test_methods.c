/* SPDX-License-Identifier: Apache-2.0 */
/* The generated table: complete, sorted, and nobody forgotten. */
#include "chancery_test.h"

#include <stdlib.h>
#include <string.h>

#include "methods.h"

static const struct method *find(const char *path)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(METHODS[i].path, path) == 0) {
            return &METHODS[i];
        }
    }
    return NULL;
}

/* Of ours alone it is for everybody: what is in its request is the credential. */
static const char SIGNALS[] = "/chancery.v1.SignalService/ReceiveSignal";

static void every_method_says_who_may_call_it(void **state)
{
    (void)state;
    assert_true(METHOD_COUNT > 80);
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct method *m = &METHODS[i];
        bool ours = strncmp(m->path, "/chancery.", 10) == 0;
        assert_true(i == 0 || strcmp(METHODS[i - 1].path, m->path) < 0);
        assert_true(m->roles != 0);
        bool is_open = !ours || strcmp(m->path, SIGNALS) == 0;
        assert_int_equal((m->roles & METHOD_ROLE_PUBLIC) != 0, is_open);
        assert_true(m->max_request_bytes >= 1024 && m->max_request_bytes <= 4 << 20);
        assert_non_null(m->request);
        assert_non_null(m->response);
    }
}

static const struct method *must_find(const char *path)
{
    const struct method *found = find(path);
    if (found == NULL) {
        fail_msg("no method %s", path);
        abort(); /* cmocka's fail does not return, but the compiler can't know */
    }
    return found;
}

static void the_main_methods_are_as_designed(void **state)
{
    (void)state;
    const struct method *acquire = must_find("/chancery.v1.LicensingService/AcquireLicense");
    assert_string_equal(acquire->request->name, "chancery.v1.AcquireLicenseRequest");
    assert_string_equal(acquire->response->name, "chancery.v1.AcquireLicenseResponse");
    assert_int_equal(acquire->user, METHOD_USER_OPTIONAL);
    assert_int_equal(acquire->roles, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4);
    const struct method *reflect =
        must_find("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    assert_true(reflect->client_streams && reflect->server_streams);
    assert_non_null(find("/grpc.health.v1.Health/Watch"));
    assert_null(find("/chancery.v1.LicensingService/Nothing"));
}

static void reflection_knows_every_symbol(void **state)
{
    (void)state;
    bool licensing = false;
    for (size_t i = 0; i < PROTO_SYMBOL_COUNT; i++) {
        assert_true(i == 0 || strcmp(PROTO_SYMBOLS[i - 1].name, PROTO_SYMBOLS[i].name) < 0);
        assert_true(PROTO_SYMBOLS[i].file < PROTO_FILE_COUNT);
        if (strcmp(PROTO_SYMBOLS[i].name, "chancery.v1.LicensingService") == 0) {
            const struct proto_file *file = &PROTO_FILES[PROTO_SYMBOLS[i].file];
            licensing = strcmp(file->name, "chancery/v1/licensing.proto") == 0 && file->len > 500;
        }
    }
    assert_true(licensing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_says_who_may_call_it),
        cmocka_unit_test(the_main_methods_are_as_designed),
        cmocka_unit_test(reflection_knows_every_symbol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
