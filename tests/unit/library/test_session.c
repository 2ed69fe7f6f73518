/* SPDX-License-Identifier: Apache-2.0 */
/* What a session tells before it reaches any authority. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"

static chancery_options *options;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    options = chancery_options_new();
    chancery_options_set_server(options, "https://127.0.0.1:1");
    snprintf(path, sizeof path, "/tmp/chancery-token-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    chancery_options_free(options);
    return 0;
}

static chancery_error *open_it(void)
{
    chancery_session *session = NULL;
    chancery_error *error = chancery_session_open(options, &session);
    assert_true((error == NULL) == (session != NULL));
    chancery_session_close(session);
    return error;
}

static void write_token(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chancery_options_set_token_file(options, path);
}

static void what_does_not_fit_together_is_told(void **state)
{
    (void)state;
    assert_done(open_it());
    chancery_options_set_certificate(options, path, NULL);
    assert_reason(open_it(), "PROFILE_INVALID");
    chancery_options_set_certificate(options, NULL, NULL);
    chancery_options_set_ca_file(options, "/nowhere/ca.pem");
    assert_reason(open_it(), "FILE_UNREADABLE");
    chancery_options_set_ca_file(options, NULL);
    chancery_options_set_server(options, "http://rms.example.org");
    assert_reason(open_it(), "CONNECTION_UNPROTECTED");
    chancery_options_set_server(options, "gopher://x");
    assert_reason(open_it(), "PROFILE_INVALID");
    chancery_options_set_server(options, NULL);
    assert_reason(open_it(), "PROFILE_INVALID");
}

static void only_tokens_go_out(void **state)
{
    (void)state;
    write_token("abc.def\n");
    assert_done(open_it());
    write_token("");
    assert_reason(open_it(), "PROFILE_INVALID");
    write_token("abc\r\nx-header: y");
    assert_reason(open_it(), "PROFILE_INVALID");
    chancery_options_set_dpop_key_file(options, "/nowhere/key.pem");
    write_token("abc");
    assert_reason(open_it(), "INPUT_INVALID");
}

static int gives(void *arg, char *token, size_t size)
{
    const char *text = arg;
    if (text == NULL || strlen(text) >= size) {
        return -1;
    }
    memcpy(token, text, strlen(text) + 1);
    return 0;
}

static void a_function_gives_the_token(void **state)
{
    (void)state;
    static char token[] = "abc", none[] = " \n";
    chancery_options_set_token_function(options, gives, token);
    assert_done(open_it());
    chancery_options_set_token_function(options, gives, none);
    assert_reason(open_it(), "PROFILE_INVALID");
    chancery_options_set_token_function(options, gives, NULL);
    assert_reason(open_it(), "PROFILE_INVALID");
    chancery_options_set_token_file(options, path);
    assert_reason(open_it(), "PROFILE_INVALID");
}

/* No token to where it could be read on its way. */
static void a_token_needs_tls(void **state)
{
    (void)state;
    write_token("abc");
    chancery_options_set_server(options, "http://127.0.0.1:1");
    assert_reason(open_it(), "CONNECTION_UNPROTECTED");
    chancery_options_set_loopback_without_tls(options, 1);
    assert_done(open_it());
}

static void an_authority_that_is_away_may_have_done_it(void **state)
{
    (void)state;
    chancery_session *session = NULL;
    chancery_content *content = NULL;
    chancery_protection *protection = chancery_protection_new();
    chancery_protection_set_do_not_forward(protection);
    assert_done(chancery_session_open(options, &session));
    chancery_error *error = chancery_protect(session, protection, NULL, &content);
    assert_string_equal(chancery_error_reason(error), "AUTHORITY_UNREACHABLE");
    assert_int_equal(chancery_error_code(error), CHANCERY_CODE_NONE);
    assert_int_equal(chancery_error_may_be_done(error), 1);
    assert_int_equal(chancery_error_is_away(error), 1);
    assert_int_equal(chancery_error_is_away(NULL), 0);
    assert_int_equal(chancery_error_retry_delay(error), -1);
    assert_string_equal(chancery_error_request_id(error), "");
    assert_null(chancery_error_field_path(error, 0));
    assert_null(content);
    chancery_error_free(error);
    chancery_protection_free(protection);
    chancery_session_close(session);
}

static void a_canceled_context_asks_nobody(void **state)
{
    (void)state;
    chancery_session *session = NULL;
    chancery_buffer *answer = NULL;
    chancery_context *context = chancery_context_new();
    assert_done(chancery_session_open(options, &session));
    assert_reason(chancery_call(session, "X/Y/../Z", NULL, 0, context, &answer), "INPUT_INVALID");
    assert_reason(chancery_call(session, "TrackingService/ListContent", NULL, 0, context, &answer),
                  "AUTHORITY_UNREACHABLE");
    chancery_context_cancel(context);
    assert_reason(chancery_call(session, "TrackingService/ListContent", NULL, 0, context, &answer),
                  "CALL_CANCELED");
    chancery_context_free(context);
    chancery_session_close(session);
}

/* A request that no authority would take is refused here, and not cut. */
static void requests_have_an_end(void **state)
{
    (void)state;
    chancery_session *session = NULL;
    chancery_content *content = NULL;
    chancery_protection *protection = chancery_protection_new();
    assert_done(chancery_session_open(options, &session));
    for (int i = 0; i < 300000; i++) {
        chancery_protection_add_recipient(protection, "somebody.with.a.long.name@fabrikam.com");
    }
    assert_reason(chancery_protect(session, protection, NULL, &content), "INPUT_INVALID");
    chancery_protection_free(protection);
    chancery_session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_does_not_fit_together_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_tokens_go_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_function_gives_the_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_needs_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_authority_that_is_away_may_have_done_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_canceled_context_asks_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_have_an_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
