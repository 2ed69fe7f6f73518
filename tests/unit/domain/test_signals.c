/* SPDX-License-Identifier: Apache-2.0 */
/* Of whom a transmitter of signals may speak, what its events change, and when a person's token counts no longer
 * (docs/signals.md §3 to §5). */
#include "chancery_test.h"

#include "domain/decide/decide_signal.h"

#define CAEP "https://schemas.openid.net/secevent/caep/event-type/"
#define RISC "https://schemas.openid.net/secevent/risc/event-type/"

static const char *const domains[] = {"contoso.com"}, *const issuers[] = {"https://idp",
                                                                          "https://two"};

static const struct signal_right right = {
    .domains = domains, .domain_count = 1, .subject_issuers = issuers, .subject_issuer_count = 2};

static enum signal_effect effect(const char *type, const char *change)
{
    return signal_effect_of(slice_str(type), slice_str(change));
}

static void what_events_mean(void **state)
{
    (void)state;
    assert_int_equal(effect(CAEP "session-revoked", ""), SIGNAL_ENDS_TOKENS);
    assert_int_equal(effect(CAEP "credential-change", "create"), SIGNAL_NOTED);
    assert_int_equal(effect(CAEP "credential-change", "revoke"), SIGNAL_ENDS_TOKENS);
    assert_int_equal(effect(CAEP "credential-change", ""), SIGNAL_ENDS_TOKENS);
    assert_int_equal(effect(CAEP "session-revoked", "create"), SIGNAL_ENDS_TOKENS);
    assert_int_equal(effect(CAEP "device-compliance-change", ""), SIGNAL_NOTED);
    assert_int_equal(effect(RISC "account-disabled", ""), SIGNAL_DISABLES);
    assert_int_equal(effect(RISC "account-purged", ""), SIGNAL_DISABLES);
    assert_int_equal(effect(RISC "account-enabled", ""), SIGNAL_ENABLES);
    assert_int_equal(effect(CAEP "account-enabled", ""), SIGNAL_UNKNOWN);
    assert_int_equal(effect("session-revoked", ""), SIGNAL_UNKNOWN);
    assert_string_equal(signal_type_name(slice_str(RISC "account-disabled")), "account-disabled");
    assert_string_equal(signal_type_name(slice_str("https://else/session-revoked")), "unknown");
}

static void states_of_a_stream(void **state)
{
    (void)state;
    enum signal_stream stream = SIGNAL_STREAM_UNSAID;
    assert_true(signal_stream_parse(slice_str("disabled"), &stream));
    assert_int_equal(stream, SIGNAL_STREAM_DISABLED);
    assert_false(signal_stream_parse(slice_str(""), &stream));
    assert_false(signal_stream_parse(slice_str("Enabled"), &stream));
}

static struct signal_event event_of(enum signal_effect does, enum signal_name_kind kind,
                                    const char *iss, const char *text)
{
    return (struct signal_event){
        .effect = does, .at = 1000, .names = {{kind, iss, text}}, .name_count = 1};
}

static void names_that_count(void **state)
{
    (void)state;
    static const struct {
        enum signal_name_kind kind;
        const char *iss, *text, *name; /* NULL: it may not speak of that */
    } rows[] = {
        {SIGNAL_BY_ADDRESS, "", "Al@CONTOSO.com", "al@contoso.com"},
        {SIGNAL_BY_ADDRESS, "", "al@mail.contoso.com", NULL},
        {SIGNAL_BY_ADDRESS, "", "al@fabrikam.com", NULL},
        {SIGNAL_BY_ADDRESS, "", "al", NULL},
        {SIGNAL_BY_SUBJECT, "https://idp", "7", "https://idp 7"},
        {SIGNAL_BY_SUBJECT, "https://two", "a b", "https://two a b"},
        {SIGNAL_BY_SUBJECT, "https://idp/", "7", NULL},
        {SIGNAL_BY_OPAQUE, "", "7", "https://idp 7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new(64 * 1024);
        struct signal_event event =
            event_of(SIGNAL_DISABLES, rows[i].kind, rows[i].iss, rows[i].text);
        struct signal_change changes[SIGNAL_CHANGES_MAX];
        struct err err = {0};
        size_t count = 0;
        rc result = decide_signal_changes(arena, &right, &event, changes, &count, &err);
        assert_int_equal(result.ok, rows[i].name != NULL);
        assert_int_equal(err.reason, rows[i].name != NULL ? R_NONE : R_SIGNAL_SUBJECT);
        assert_int_equal(count, rows[i].name != NULL);
        if (count == 1) {
            assert_string_equal(changes[0].name, rows[i].name);
            assert_int_equal(changes[0].kind, rows[i].kind == SIGNAL_BY_ADDRESS
                                                  ? SIGNAL_BY_ADDRESS
                                                  : SIGNAL_BY_SUBJECT);
        }
        arena_free(arena);
    }
}

static void what_they_change(void **state)
{
    (void)state;
    static const struct {
        enum signal_effect effect;
        enum signal_turn turn;
        int64_t not_before;
        size_t count;
    } rows[] = {
        {SIGNAL_DISABLES, SIGNAL_TURN_OFF, 0, 1},        {SIGNAL_ENABLES, SIGNAL_TURN_ON, 0, 1},
        {SIGNAL_ENDS_TOKENS, SIGNAL_TURN_NONE, 1000, 1}, {SIGNAL_NOTED, SIGNAL_TURN_NONE, 0, 0},
        {SIGNAL_UNKNOWN, SIGNAL_TURN_NONE, 0, 0},        {SIGNAL_VERIFIES, SIGNAL_TURN_NONE, 0, 0},
        {SIGNAL_STREAM, SIGNAL_TURN_NONE, 0, 0},
    };
    struct arena *arena = arena_new(64 * 1024);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signal_event event = event_of(rows[i].effect, SIGNAL_BY_OPAQUE, "", "7");
        struct signal_change changes[SIGNAL_CHANGES_MAX] = {{.kind = SIGNAL_BY_ADDRESS}};
        struct err err = {0};
        size_t count = 0;
        assert_ok(decide_signal_changes(arena, &right, &event, changes, &count, &err), &err);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(changes[0].turn, rows[i].turn);
        assert_int_equal(changes[0].not_before, rows[i].not_before);
    }
    arena_free(arena);
}

/* Of several names those of which it may not speak are left out. */
static void one_name_that_counts_is_enough(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct signal_event event =
        event_of(SIGNAL_DISABLES, SIGNAL_BY_ADDRESS, "", "x@private.example");
    struct signal_change changes[SIGNAL_CHANGES_MAX];
    struct err err = {0};
    size_t count = 0;
    event.names[event.name_count++] = (struct signal_name){SIGNAL_BY_ADDRESS, "", "x@contoso.com"};
    assert_ok(decide_signal_changes(arena, &right, &event, changes, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_string_equal(changes[0].name, "x@contoso.com");
    arena_free(arena);
}

static void when_a_token_counts(void **state)
{
    (void)state;
    static const struct {
        struct signal_state state;
        int64_t issued_at;
        enum reason reason;
    } rows[] = {
        {{false, 0}, 0, R_NONE},
        {{false, 0}, 1000, R_NONE},
        {{false, 1000}, 0, R_SESSION_REVOKED},
        {{false, 1000}, 999, R_SESSION_REVOKED},
        {{false, 1000}, 1000, R_SESSION_REVOKED},
        {{false, 1000}, 1001, R_NONE},
        {{true, 0}, 1001, R_ACCOUNT_DISABLED},
        {{true, 1000}, 999, R_ACCOUNT_DISABLED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(decide_signaled(&rows[i].state, (struct unix_time){rows[i].issued_at}),
                         rows[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_events_mean),
        cmocka_unit_test(states_of_a_stream),
        cmocka_unit_test(names_that_count),
        cmocka_unit_test(what_they_change),
        cmocka_unit_test(one_name_that_counts_is_enough),
        cmocka_unit_test(when_a_token_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
