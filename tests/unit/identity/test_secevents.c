/* SPDX-License-Identifier: Apache-2.0 */
/* Security Event Tokens: the checks of RFC 8417 and SSF 1.0, and the examples of CAEP, RISC and SSF. */
#include "token_fixture.h"

#include "identity/secevent.h"

#define SET ISS ",\"aud\":\"chancery\",\"iat\":1799999990"
#define DISABLED \
    "\"events\":{\"https://schemas.openid.net/secevent/risc/event-type/account-disabled\":{}}"
#define PERSON "\"sub_id\":{\"format\":\"email\",\"email\":\"al@contoso.com\"}"

static struct issuer transmitter(void)
{
    struct issuer row = f.issuer;
    row.kind = ISSUER_SIGNALS;
    row.id.u.b[1] = 11;
    return row;
}

static rc check(const char *typ, const char *payload)
{
    const struct token_claims *claims;
    struct issuer row = transmitter();
    err_clear(&f.err);
    return check_token(sign_by(f.signer, typ, payload), &row, NOW, &claims);
}

static void only_its_own_type(void **state)
{
    (void)state;
    static const char payload[] = "{" SET "}";
    assert_ok(check("secevent+jwt", payload), &f.err);
    assert_ok(check("application/SECEVENT+jwt", payload), &f.err);
    assert_fails(check("JWT", payload), &f.err, R_TOKEN_TYPE);
    assert_fails(check(NULL, payload), &f.err, R_TOKEN_TYPE);
    assert_fails(check("at+jwt", payload), &f.err, R_TOKEN_TYPE);
    const struct token_claims *claims;
    err_clear(&f.err);
    assert_fails(
        check_token(sign_by(f.signer, "secevent+jwt", "{" GOOD "}"), &f.issuer, NOW, &claims),
        &f.err, R_TOKEN_TYPE);
    err_clear(&f.err);
    struct issuer row = transmitter();
    assert_fails(check_token(sign_by(f.stranger, "secevent+jwt", payload), &row, NOW, &claims),
                 &f.err, R_TOKEN_KEY_UNKNOWN);
}

static void times_and_audience(void **state)
{
    (void)state;
    static const struct {
        const char *members;
        enum reason reason;
    } rows[] = {
        {"\"aud\":\"chancery\",\"iat\":1800000060", R_NONE},
        {"\"aud\":[\"x\",\"chancery\"],\"iat\":1800000000", R_NONE},
        {"\"aud\":\"chancery\",\"iat\":1800000061", R_TOKEN_NOT_YET_VALID},
        {"\"aud\":\"chancery\",\"iat\":1799395200", R_NONE},
        {"\"aud\":\"chancery\",\"iat\":1799395199", R_TOKEN_EXPIRED},
        {"\"aud\":\"chancery\",\"iat\":1800000000,\"exp\":1799999941", R_NONE},
        {"\"aud\":\"chancery\",\"iat\":1800000000,\"exp\":1799999940", R_TOKEN_EXPIRED},
        {"\"aud\":\"chancery\",\"iat\":1800000000,\"exp\":\"x\"", R_TOKEN_CLAIM_INVALID},
        {"\"aud\":\"chancery\",\"iat\":\"1800000000\"", R_TOKEN_CLAIM_INVALID},
        {"\"aud\":\"chancery\",\"iat\":-1", R_TOKEN_CLAIM_INVALID},
        {"\"aud\":\"chancery\"", R_TOKEN_CLAIM_INVALID},
        {"\"aud\":\"else\",\"iat\":1800000000", R_TOKEN_AUDIENCE},
        {"\"iat\":1800000000", R_TOKEN_AUDIENCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rc result = check("secevent+jwt", arena_printf(f.arena, "{" ISS ",%s}", rows[i].members));
        assert_int_equal(result.ok, rows[i].reason == R_NONE);
        assert_int_equal(f.err.reason, rows[i].reason);
    }
}

static rc read(const char *payload, struct secevent *out)
{
    struct token token;
    struct slice text = sign_by(f.signer, "secevent+jwt", payload);
    err_clear(&f.err);
    TRY(token_peek(f.identity, f.arena, text, &token, &f.err));
    return secevent_read(f.arena, &token, (struct unix_time){NOW + 60}, out, &f.err);
}

/* CAEP 1.0 §3.1.1.1, figure of session-revoked with a complex subject. */
static void example_of_caep(void **state)
{
    (void)state;
    struct secevent event;
    assert_ok(
        read(
            "{\"iss\":\"https://idp.example.com/123456789/\",\"jti\":\"24c63fb56e5a2d77a6b512616ca9fa24\","
            "\"iat\":1615305159,\"aud\":\"https://sp.example.com/caep\",\"txn\":8675309,"
            "\"sub_id\":{\"format\":\"complex\",\"session\":{\"format\":\"opaque\","
            "\"id\":\"dMTlD|1600802906337.16|16008.16\"},\"user\":{\"format\":\"iss_sub\","
            "\"iss\":\"https://idp.example.com/123456789/\",\"sub\":\"dMTlD|1600802906337.16\"},"
            "\"tenant\":{\"format\":\"opaque\",\"id\":\"123456789\"}},"
            "\"events\":{\"https://schemas.openid.net/secevent/caep/event-type/session-revoked\":{"
            "\"event_timestamp\":1615304991,\"initiating_entity\":\"policy\","
            "\"reason_admin\":{\"en\":\"Landspeed Policy Violation: C076E82F\"}}}}",
            &event),
        &f.err);
    const struct signal_event *one = &event.events[0];
    assert_int_equal(event.event_count, 1);
    assert_string_equal(one->type, "session-revoked");
    assert_int_equal(one->effect, SIGNAL_ENDS_TOKENS);
    assert_int_equal(one->at, 1615304991);
    assert_int_equal(one->name_count, 1);
    assert_int_equal(one->names[0].kind, SIGNAL_BY_SUBJECT);
    assert_string_equal(one->names[0].iss, "https://idp.example.com/123456789/");
    assert_string_equal(one->names[0].text, "dMTlD|1600802906337.16");
}

/* RISC 1.0 §2.2 in its form before RFC 9493, and RFC 9493 §3.2.8. */
static void subjects(void **state)
{
    (void)state;
    struct secevent event;
    assert_ok(read("{\"iss\":\"x\",\"jti\":\"1\",\"iat\":1508184845,\"events\":{"
                   "\"https://schemas.openid.net/secevent/risc/event-type/account-disabled\":{"
                   "\"subject\":{\"subject_type\":\"iss-sub\",\"iss\":\"https://idp.example.com/\","
                   "\"sub\":\"7375626A656374\"},\"reason\":\"hijacking\"}}}",
                   &event),
              &f.err);
    assert_int_equal(event.events[0].effect, SIGNAL_DISABLES);
    assert_int_equal(event.events[0].at, 1508184845);
    assert_string_equal(event.events[0].names[0].text, "7375626A656374");
    assert_ok(read("{\"iss\":\"x\",\"jti\":\"1\",\"iat\":1,\"toe\":2.5," DISABLED
                   ",\"sub_id\":{\"format\":\"aliases\",\"identifiers\":["
                   "{\"format\":\"email\",\"email\":\"user@example.com\"},"
                   "{\"format\":\"phone_number\",\"phone_number\":\"+12065550100\"},"
                   "{\"format\":\"opaque\",\"id\":\"7\"}]}}",
                   &event),
              &f.err);
    assert_int_equal(event.events[0].at, 3); /* at the end of the second */
    assert_int_equal(event.events[0].name_count, 2);
    assert_int_equal(event.events[0].names[1].kind, SIGNAL_BY_OPAQUE);
}

/* SSF 1.0 §8.1.4: about the stream, and nobody is named. */
static void examples_of_ssf(void **state)
{
    (void)state;
    struct secevent event;
    assert_ok(read("{\"jti\":\"123456\",\"iss\":\"https://transmitter.example.com\","
                   "\"aud\":\"receiver.example.com\",\"iat\":1493856000,\"sub_id\":{"
                   "\"format\":\"opaque\",\"id\":\"f67e39a0a4d34d56b3aa1bc4cff0069f\"},\"events\":{"
                   "\"https://schemas.openid.net/secevent/ssf/event-type/verification\":{"
                   "\"state\":\"VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo=\"},"
                   "\"https://schemas.openid.net/secevent/ssf/event-type/stream-updated\":{"
                   "\"status\":\"paused\",\"reason\":\"License is not valid\"}}}",
                   &event),
              &f.err);
    assert_int_equal(event.event_count, 2);
    assert_int_equal(event.events[0].effect, SIGNAL_VERIFIES);
    assert_int_equal(event.events[1].stream, SIGNAL_STREAM_PAUSED);
    assert_int_equal(event.events[0].name_count + event.events[1].name_count, 0);
}

#define REST "\"iss\":\"x\",\"jti\":\"1\",\"iat\":1"
#define SUBJECT(value) "{" REST "," DISABLED ",\"sub_id\":" value "}"

static void what_is_no_event(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        enum reason reason;
    } rows[] = {
        {"{\"iss\":\"x\",\"iat\":1," DISABLED "," PERSON "}", R_SIGNAL_INVALID},
        {"{\"iss\":\"x\",\"jti\":\"\",\"iat\":1," DISABLED "," PERSON "}", R_SIGNAL_INVALID},
        {"{\"iss\":\"x\",\"jti\":7,\"iat\":1," DISABLED "," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST "," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST ",\"events\":{}," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST ",\"events\":[{}]," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST ",\"events\":{\"x\":7}," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST ",\"events\":{\"x\":{\"change_type\":7}}," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST ",\"events\":{\"x\":{}}}", R_NONE}, /* whom it is about is not asked */
        {"{" REST "," DISABLED ",\"toe\":1800000061," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST "," DISABLED ",\"toe\":\"x\"," PERSON "}", R_SIGNAL_INVALID},
        {"{" REST "," DISABLED ",\"toe\":1800000060," PERSON "}", R_NONE},
        {"{" REST "," DISABLED "}", R_SIGNAL_INVALID},
        {SUBJECT("\"al@contoso.com\""), R_SIGNAL_INVALID},
        {SUBJECT("{\"email\":\"al@contoso.com\"}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":7,\"email\":\"al@contoso.com\"}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":\"email\"}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":\"email\",\"email\":\"\"}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":\"iss_sub\",\"iss\":\"x\"}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":\"opaque\",\"id\":7}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":\"aliases\",\"identifiers\":[]}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":\"aliases\",\"identifiers\":[7]}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"format\":\"aliases\",\"identifiers\":[{\"format\":\"aliases\"}]}"),
         R_SIGNAL_SUBJECT},
        {SUBJECT("{\"format\":\"complex\",\"session\":{\"format\":\"opaque\",\"id\":\"1\"}}"),
         R_SIGNAL_SUBJECT},
        {SUBJECT("{\"format\":\"complex\",\"user\":7}"), R_SIGNAL_INVALID},
        {SUBJECT("{\"user\":{\"format\":\"email\",\"email\":\"al@contoso.com\"}}"), R_NONE},
        {SUBJECT("{\"format\":\"phone_number\",\"phone_number\":\"+1\"}"), R_SIGNAL_SUBJECT},
        {SUBJECT("{\"format\":\"did\"}"), R_SIGNAL_SUBJECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secevent event;
        rc result = read(rows[i].payload, &event);
        if (f.err.reason != rows[i].reason) {
            print_error("row %zu\n", i);
        }
        assert_int_equal(result.ok, rows[i].reason == R_NONE);
        assert_int_equal(f.err.reason, rows[i].reason);
    }
}

static void too_many_names_or_events(void **state)
{
    (void)state;
    struct secevent event;
    const char *names = "{\"format\":\"opaque\",\"id\":\"0\"}", *events = "\"e0\":{}";
    for (int i = 1; i <= SIGNAL_NAMES_MAX; i++) {
        names = arena_printf(f.arena, "%s,{\"format\":\"opaque\",\"id\":\"%d\"}", names, i);
        events = arena_printf(f.arena, "%s,\"e%d\":{}", events, i);
    }
    assert_fails(read(arena_printf(f.arena,
                                   "{" REST "," DISABLED
                                   ",\"sub_id\":{\"format\":\"aliases\",\"identifiers\":[%s]}}",
                                   names),
                      &event),
                 &f.err, R_SIGNAL_INVALID);
    assert_fails(read(arena_printf(f.arena, "{" REST ",\"events\":{%s}}", events), &event), &f.err,
                 R_SIGNAL_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_its_own_type),        cmocka_unit_test(times_and_audience),
        cmocka_unit_test(example_of_caep),          cmocka_unit_test(subjects),
        cmocka_unit_test(examples_of_ssf),          cmocka_unit_test(what_is_no_event),
        cmocka_unit_test(too_many_names_or_events),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
