/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/hashmap.h"
#include "base/ids.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/texts.h"
#include "base/utf8.h"

static void buf_error_is_sticky(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO(arena_free_at) struct arena *a = arena_new(2000);
    struct buf b;
    struct slice out;
    buf_init(&b, a);
    buf_printf(&b, "%s-%d", "x", 7);
    buf_add_u32(&b, 0x01020304);
    assert_ok(buf_finish(&b, &out, &err), &err);
    assert_true(slice_eq(out, slice_of("x-7\x01\x02\x03\x04", 7)));
    buf_expect(&b, SIZE_MAX);
    assert_ok(buf_finish(&b, &out, &err), &err); /* nobody has written so much */
    buf_expect(&b, 5000);
    assert_fails(buf_finish(&b, &out, &err), &err, R_ARENA_EXHAUSTED);
    buf_extend(&b, 5000);
    buf_add_str(&b, "y");
    assert_fails(buf_finish(&b, &out, &err), &err, R_ARENA_EXHAUSTED);
}

static void base64url_is_strict(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO(arena_free_at) struct arena *a = arena_new(65536);
    struct slice out;
    /* RFC 4648 §10 without padding. */
    static const char *const pairs[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_string_equal(base64url_dup(a, slice_str(pairs[i][0])), pairs[i][1]);
        assert_ok(base64url_decode(a, slice_str(pairs[i][1]), &out, &err), &err);
        assert_true(slice_eq_str(out, pairs[i][0]));
    }
    static const char *const bad[] = {"Z",      "Zg==", "Zh",  "Zm9",  "Zm 9v",
                                      "Zm9v\n", "+m8",  "/m8", "Zm9vY"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(base64url_decode(a, slice_str(bad[i]), &out, &err), &err, R_FIELD_INVALID);
    }
    assert_string_equal(base64_dup(a, slice_str("foob")), "Zm9vYg==");
    assert_ok(base64_decode(a, slice_str("Zm9vYg=="), &out, &err), &err);
    assert_true(slice_eq_str(out, "foob"));
    assert_fails(base64_decode(a, slice_str("Zm9vYg="), &out, &err), &err, R_FIELD_INVALID);
}

/* Any byte at any place of texts of each length: a digit of the alphabet that is meant, or refused. */
static void base64_takes_digits_only(void **state)
{
    (void)state;
    static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t len = 2; len <= 9; len++) {
        for (size_t at = 0; at < len && len % 4 != 1; at++) {
            for (int byte = 0; byte < 256; byte++) {
                uint8_t text[] = "AAAAAAAAA", out[8];
                size_t n, spare = at + 1 == len ? (len % 4 == 2 ? 15 : len % 4 == 3 ? 3 : 0) : 0;
                text[at] = (uint8_t)byte;
                const char *in_url = byte == 0 ? NULL : strchr(url, byte);
                const char *in_std = byte == 0 ? NULL : strchr(std, byte);
                bool fits_url = in_url != NULL && ((size_t)(in_url - url) & spare) == 0;
                bool fits_std = in_std != NULL && ((size_t)(in_std - std) & spare) == 0;
                bool is_padding = byte == '=' && at + 1 == len && len % 4 == 0;
                assert_int_equal(
                    base64url_decode_to(slice_of(text, len), out, sizeof out, &n, NULL).ok,
                    fits_url);
                assert_int_equal(
                    base64_decode_any_to(slice_of(text, len), out, sizeof out, &n, NULL).ok,
                    fits_url || fits_std || is_padding);
            }
        }
    }
}

static void uuids_round_trip(void **state)
{
    (void)state;
    struct err err = {0};
    struct uuid id = uuid_v7(1700000000123456);
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    assert_int_equal(text[14], '7');
    assert_memory_equal(text, "018bcfe5-687b", 13);
    struct uuid back;
    assert_ok(uuid_parse(slice_str(text), &back, &err), &err);
    assert_true(uuid_eq(id, back));
    assert_fails(uuid_parse(slice_str("018bcfe5-687b"), &back, &err), &err, R_FIELD_INVALID);
    text[8] = '0';
    assert_fails(uuid_parse(slice_str(text), &back, &err), &err, R_FIELD_INVALID);
}

/* The grammar of RFC 3629 §4, at each end of each of its ranges; and the same in a longer text,
 * where eight bytes are looked at in one go. */
static void utf8_line_shows_as_it_reads(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"Gr\xc3\xbc\xc3\x9f"
         "e",
         "Gr\xc3\xbc\xc3\x9f"
         "e"},
        {"a\r\n\tb", "a   b"},
        {"a\xe2\x80\xa8"
         "b\xc2\x85",
         "a b "},
        {"\x1b[31m", "\xef\xbf\xbd[31m"},
        {"\xe2\x80\xae", "\xef\xbf\xbd"},
        {"\xe2\x81\xa9", "\xef\xbf\xbd"},
        {"\xff"
         "a\xc3",
         "\xef\xbf\xbd"
         "a\xef\xbf\xbd"},
        {"\xd8\xb9\xe2\x80\x8f", "\xd8\xb9\xe2\x80\x8f"}, /* a mark of direction is no turn */
        {"123456789012345\xc3\xbc", "123456789012345"},   /* no half characters */
    };
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_same = strcmp(rows[i].text, rows[i].line) == 0;
        assert_string_equal(utf8_line(arena, slice_str(rows[i].text), 16), rows[i].line);
        assert_int_equal(utf8_is_printable(slice_str(rows[i].text)), is_same || i == 8);
        assert_true(utf8_is_printable(slice_str(rows[i].line)));
    }
    AUTO(arena_free_at) struct arena *small = arena_new(64);
    assert_null(utf8_line(small, slice_str("a"), 4096));
}

static void utf8_refuses_what_rfc3629_refuses(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "abc",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xc3\xa9",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xe6\x97\xa5",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf0\x9f\x94\x91",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",          "\xbf",          "\xc0\x80",         "\xc1\xbf",         "\xc3",
        "\xc3z",         "\xe6\x97",      "\xe6z\xa5",        "\xe6\x97z",        "\xe0\x9f\xbf",
        "\xed\xa0\x80",  "\xed\xbf\xbf",  "\xf0\x8f\xbf\xbf", "\xf0\x9f\x94",     "\xf0z\x94\x91",
        "\xf0\x9fz\x91", "\xf0\x9f\x94z", "\xf4\x90\x80\x80", "\xf8\x90\x80\x80", "\xff"};
    char longer[64];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(longer, sizeof longer, "0123456789 %s 0123456789", good[i]);
        assert_true(utf8_is_valid(slice_str(good[i])));
        assert_true(utf8_is_valid(slice_str(longer)) && utf8_is_text(slice_str(longer)));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(longer, sizeof longer, "0123456789 %s 0123456789", bad[i]);
        assert_false(utf8_is_valid(slice_str(bad[i])) || utf8_is_valid(slice_str(longer)));
        assert_false(utf8_is_printable(slice_str(bad[i])) || utf8_is_printable(slice_str(longer)));
        assert_false(utf8_is_text(slice_str(bad[i])) || utf8_is_text(slice_str(longer)));
    }
}

/* At each place of a word, and behind the last whole one. */
static void utf8_sees_controls_wherever_they_stand(void **state)
{
    (void)state;
    for (uint8_t c = 0; c < 0x80; c++) {
        bool is_printable = c >= 0x20 && c != 0x7f;
        bool is_text = c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
        for (size_t at = 0; at < 19; at++) {
            uint8_t text[19];
            memset(text, ' ', sizeof text);
            text[at] = c;
            assert_true(utf8_is_valid(slice_of(text, sizeof text)));
            assert_int_equal(utf8_is_printable(slice_of(text, sizeof text)), is_printable);
            assert_int_equal(utf8_is_text(slice_of(text, sizeof text)), is_text);
        }
    }
    assert_false(utf8_is_printable(slice_str("\xc2\x80")));
    assert_false(utf8_is_printable(slice_str("\xc2\x9f")));
    assert_true(utf8_is_printable(slice_str("\xc2\xa0")));
}

static void hashmap_evicts_the_least_recent(void **state)
{
    (void)state;
    struct hashmap *map = hashmap_new(100, NULL);
    static int values[200];
    char key[8];
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "k%d", i);
        hashmap_put(map, slice_str(key), &values[i]);
        assert_ptr_equal(hashmap_get(map, slice_str("k0")), &values[0]); /* keeps it recent */
    }
    assert_int_equal(hashmap_count(map), 100);
    assert_ptr_equal(hashmap_get(map, slice_str("k199")), &values[199]);
    assert_null(hashmap_get(map, slice_str("k50")));
    assert_true(hashmap_remove(map, slice_str("k199")));
    assert_false(hashmap_remove(map, slice_str("k199")));
    hashmap_free(map);
}

static void put_for(struct hashmap *map, uint8_t owner, int i, size_t bytes)
{
    static int value;
    char key[32];
    snprintf(key, sizeof key, "%u/%d", owner, i);
    hashmap_put_owned(map, slice_str(key), &value, (struct uuid){{owner}}, bytes);
}

static int held_by(struct hashmap *map, uint8_t owner, int count)
{
    int held = 0;
    char key[32];
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%u/%d", owner, i);
        held += hashmap_get(map, slice_str(key)) != NULL;
    }
    return held;
}

/* Whoever holds most gives first: nobody's flood takes what others hold. */
static void hashmap_owners_have_their_shares(void **state)
{
    (void)state;
    struct hashmap *map = hashmap_new_shared(100, 100 * 1000, NULL);
    for (int i = 0; i < 10; i++) {
        put_for(map, 1, i, 1);
    }
    for (int i = 0; i < 1000; i++) {
        put_for(map, 2, i, 1);
    }
    assert_int_equal(hashmap_count(map), 100);
    assert_int_equal(held_by(map, 1, 10), 10);
    /* One alone may hold all; a second one gets up to half of it. */
    for (int i = 0; i < 1000; i++) {
        put_for(map, 3, i, 1);
    }
    assert_int_equal(held_by(map, 1, 10), 10);
    assert_int_equal(held_by(map, 2, 1000), 45);
    assert_int_equal(held_by(map, 3, 1000), 45);
    hashmap_free(map);
}

static void hashmap_is_bounded_in_bytes(void **state)
{
    (void)state;
    struct hashmap *map = hashmap_new_shared(100, 100 * 1000, xfree);
    struct uuid one = {{1}}, two = {{2}};
    hashmap_put_owned(map, slice_str("two"), xcalloc(1, 1), two, 1);
    for (int i = 0; i < 50; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i);
        hashmap_put_owned(map, slice_str(key), xcalloc(1, 1), one, 24 * 1000);
    }
    assert_int_equal(hashmap_count(map), 5);
    assert_non_null(hashmap_get(map, slice_str("two")));
    hashmap_charge(map, slice_str("k49"), 60 * 1000); /* it has grown */
    assert_int_equal(hashmap_count(map), 3);
    assert_non_null(hashmap_get(map, slice_str("k49")));
    assert_non_null(hashmap_get(map, slice_str("two")));
    hashmap_charge(map, slice_str("nobody"), 1);
    hashmap_put_owned(map, slice_str("k49"), xcalloc(1, 1), one,
                      200 * 1000); /* freed, and the old one too */
    assert_null(hashmap_get(map, slice_str("k49")));
    assert_non_null(hashmap_get(map, slice_str("two")));
    hashmap_charge(map, slice_str("two"), 200 * 1000); /* it goes with the next one that comes */
    hashmap_put_owned(map, slice_str("k50"), xcalloc(1, 1), one, 1);
    assert_null(hashmap_get(map, slice_str("two")));
    assert_non_null(hashmap_get(map, slice_str("k50")));
    hashmap_clear(map);
    assert_int_equal(hashmap_count(map), 0);
    hashmap_free(map);
}

static void secret_files_must_be_private(void **state)
{
    (void)state;
    struct err err = {0};
    struct secret *s = NULL;
    char path[256];
    temporary_path(path, sizeof path, "chancery-secret-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_fails(secret_from_file(path, 64, &s, &err), &err, R_ROOT_KEY_INVALID); /* empty */
    assert_int_equal(write(fd, "0123456789abcdef", 16), 16);
    assert_fails(secret_from_file(path, 8, &s, &err), &err, R_ROOT_KEY_INVALID); /* too large */
    assert_ok(secret_from_file(path, 64, &s, &err), &err);
    struct secret *copy = secret_copy(slice_str("0123456789abcdef"));
    assert_true(secret_eq(s, copy));
    secret_free(copy);
    secret_free(s);
    fchmod(fd, 0640);
    assert_fails(secret_from_file(path, 64, &s, &err), &err, R_ROOT_KEY_MODE);
    close(fd);
    unlink(path);
    assert_fails(secret_from_file(path, 64, &s, &err), &err, R_ROOT_KEY_UNREADABLE);
}

static rc check_mode(const char *path, uid_t owner, mode_t mode, enum secret_readers readers)
{
    const struct stat st = {.st_uid = owner, .st_mode = S_IFREG | mode};
    struct err err = {0};
    rc result = secret_check_mode(path, &st, readers, &err);
    assert_int_equal(err.reason, result.ok ? R_NONE : R_FILE_MODE);
    return result;
}

static void who_may_read_a_secret(void **state)
{
    const enum secret_readers given = SECRET_OWNER_OR_GROUP_OF_ROOTS;
    (void)state;
    assert_true(check_mode("/k", 0, 0600, SECRET_OWNER).ok);
    assert_true(check_mode("/k", 7, 0600, given).ok);
    assert_false(check_mode("/k", 0, 0640, SECRET_OWNER).ok);
    assert_true(check_mode("/k", 0, 0640, given).ok);
    assert_false(check_mode("/k", 7, 0640, given).ok); /* its owner could let anybody in */
    assert_false(check_mode("/k", 0, 0660, given).ok);
    assert_false(check_mode("/k", 0, 0604, given).ok);
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/unit", 1);
    assert_true(check_mode("/run/credentials/unit/k", 7, 0440, SECRET_OWNER).ok);
    assert_false(check_mode("/run/credentials/unit/k", 7, 0444, SECRET_OWNER).ok);
    assert_false(check_mode("/run/credentials/units/k", 7, 0440, SECRET_OWNER).ok);
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void reasons_are_complete(void **state)
{
    (void)state;
    for (int i = R_NONE + 1; i < R_COUNT_; i++) {
        const struct reason_info *info = reason_info((enum reason)i);
        assert_int_equal(reason_by_name(info->name), i);
        assert_true(info->code > GRPC_OK && info->code <= GRPC_UNAUTHENTICATED);
        assert_true(strlen(info->text) > 10 && info->text[strlen(info->text) - 1] == '.');
        assert_true(strlen(info->advice) > 5 && info->advice[strlen(info->advice) - 1] == '.');
    }
    assert_int_equal(reason_by_name("NO_SUCH"), R_NONE);
    assert_ptr_equal(reason_info(R_NONE), reason_info(R_INTERNAL));
}

static void times_are_written_in_utc(void **state)
{
    (void)state;
    char text[RFC3339_BYTES];
    clock_rfc3339(1700000000123456, text);
    assert_string_equal(text, "2023-11-14T22:13:20.123456Z");
    clock_rfc3339(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
}

static void times_that_exist_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } good[] = {{"1970-01-01T00:00:00Z", 0},
                {"2027-01-31T12:00:00Z", 1801396800},
                {"2027-01-31t12:00:00z", 1801396800},
                {"2027-01-31T13:00:00+01:00", 1801396800},
                {"2027-01-31T06:30:00.123456789-05:30", 1801396800},
                {"2028-02-29T00:00:00Z", 1835395200},
                {"0001-01-01T00:00:00Z", -62135596800},
                {"9999-12-31T23:59:59Z", 253402300799}};
    static const char *const bad[] = {"",
                                      "2027-02-31T00:00:00Z",
                                      "2027-02-29T00:00:00Z",
                                      "2027-13-01T00:00:00Z",
                                      "2027-00-10T00:00:00Z",
                                      "2027-01-00T00:00:00Z",
                                      "2027-04-31T00:00:00Z",
                                      "2027-01-31T24:00:00Z",
                                      "2027-01-31T12:60:00Z",
                                      "2027-01-31T23:59:60Z",
                                      "2027-01-31",
                                      "2027-01-31T12:00:00",
                                      "2027-01-31 12:00:00Z",
                                      "2027-1-31T12:00:00Z",
                                      "2027-01-31T12:00:00Zx",
                                      "2027-01-31T12:00:00.Z",
                                      "2027-01-31T12:00:00+24:00",
                                      "2027-01-31T12:00:00+0100",
                                      "2027-01-31T12:00:00+01:60",
                                      "0000-01-01T00:00:00Z",
                                      "0001-01-01T00:00:00+00:01",
                                      " 2027-01-31T12:00:00Z",
                                      "+027-01-31T12:00:00Z",
                                      "12027-01-31T12:00:00Z"};
    struct unix_time time;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(clock_parse_rfc3339(good[i].text, &time));
        assert_int_equal(time.s, good[i].s);
        assert_false(clock_parse_date(good[i].text, &time));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (clock_parse_rfc3339(bad[i], &time)) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_true(clock_parse_date("2027-01-31", &time));
    assert_int_equal(time.s, 1801353600);
    assert_false(clock_parse_date("2027-02-31", &time) || clock_parse_date("2027-01-31 ", &time) ||
                 clock_parse_date("2027-01-3", &time));
}

static void numbers_and_texts_are_written(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *text, *json;
    } cases[] = {
        {0, "", "0\"\""},
        {-7, "o'neil", "-7\"o'neil\""},
        {1795521600, "\"a\\b\"", "1795521600\"\\\"a\\\\b\\\"\""},
        {INT64_MAX, "\b\f\n\r\t\x01\x1f", "9223372036854775807\"\\b\\f\\n\\r\\t\\u0001\\u001f\""},
        {INT64_MIN, "gr\xc3\xbc\xc3\x9f/\x7f", "-9223372036854775808\"gr\xc3\xbc\xc3\x9f/\x7f\""},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf buf;
        struct slice out;
        buf_init(&buf, arena);
        buf_add_number(&buf, cases[i].number);
        buf_add_json_text(&buf, cases[i].text);
        assert_true(buf_finish(&buf, &out, NULL).ok);
        assert_string_equal(arena_dup(arena, out), cases[i].json);
    }
    arena_free(arena);
}

static void texts_end_with_null(void **state)
{
    const char *const two[] = {"", "b", NULL};
    (void)state;
    assert_int_equal(texts_count(two), 2);
    assert_int_equal(texts_count(two + 2), 0);
    assert_int_equal(texts_count(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_error_is_sticky),
        cmocka_unit_test(numbers_and_texts_are_written),
        cmocka_unit_test(texts_end_with_null),
        cmocka_unit_test(base64url_is_strict),
        cmocka_unit_test(base64_takes_digits_only),
        cmocka_unit_test(uuids_round_trip),
        cmocka_unit_test(utf8_refuses_what_rfc3629_refuses),
        cmocka_unit_test(utf8_line_shows_as_it_reads),
        cmocka_unit_test(times_that_exist_are_read),
        cmocka_unit_test(utf8_sees_controls_wherever_they_stand),
        cmocka_unit_test(hashmap_evicts_the_least_recent),
        cmocka_unit_test(hashmap_owners_have_their_shares),
        cmocka_unit_test(hashmap_is_bounded_in_bytes),
        cmocka_unit_test(secret_files_must_be_private),
        cmocka_unit_test(who_may_read_a_secret),
        cmocka_unit_test(reasons_are_complete),
        cmocka_unit_test(times_are_written_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
