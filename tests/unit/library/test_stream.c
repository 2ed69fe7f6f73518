/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of the library: pushed and pulled in pieces of every size, cut, changed, and misused. */
#include <stdlib.h>

#include "fixture.h"

enum { ROOM = 512 * 1024, RECORD_TEXT = 65536 - 17 };

static chancery_content *content;
static struct memory sealed, opened;
static uint8_t plain[ROOM / 2];

static int set_up(void **state)
{
    (void)state;
    content = NULL;
    sealed = (struct memory){.bytes = calloc(1, ROOM), .room = ROOM};
    opened = (struct memory){.bytes = calloc(1, ROOM), .room = ROOM};
    content = content_with_key();
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(i * 7 + i / 251);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chancery_content_free(content);
    free(sealed.bytes);
    free(opened.bytes);
    return 0;
}

static void seal(size_t size, size_t piece)
{
    chancery_sealer *sealer = NULL;
    sealed.len = sealed.at = 0;
    assert_done(chancery_sealer_new(content, memory_write, &sealed, &sealer));
    for (size_t at = 0; at < size; at += piece) {
        assert_done(chancery_sealer_add(sealer, plain + at, size - at < piece ? size - at : piece));
    }
    assert_done(chancery_sealer_finish(sealer));
    chancery_sealer_free(sealer);
}

/* Push all of the file in such pieces; the error of the first call that fails. */
static chancery_error *push(size_t piece)
{
    chancery_opener *opener = chancery_opener_new(memory_write, &opened);
    chancery_error *error = NULL;
    size_t taken, license_size, at = 0;
    bool is_started = false;
    opened.len = 0;
    while (error == NULL && at < sealed.len) {
        size_t left = sealed.len - at;
        error = chancery_opener_add(opener, sealed.bytes + at, left < piece ? left : piece, &taken);
        at += taken;
        if (error == NULL && !is_started &&
            chancery_opener_license(opener, &license_size) != NULL) {
            error = chancery_opener_start(opener, content);
            is_started = true;
        }
    }
    error = error == NULL ? chancery_opener_finish(opener) : error;
    chancery_opener_free(opener);
    return error;
}

static chancery_error *pull(size_t most, size_t piece)
{
    chancery_reader *reader = NULL;
    size_t got = 1;
    sealed.at = opened.len = 0;
    sealed.most = most;
    chancery_error *error = chancery_reader_new(memory_read, &sealed, &reader);
    if (error == NULL) {
        error = chancery_reader_start(reader, content);
    }
    while (error == NULL && got > 0) {
        error = chancery_reader_read(reader, opened.bytes + opened.len, piece, &got);
        opened.len += got;
    }
    chancery_reader_free(reader);
    return error;
}

static void assert_same(size_t size)
{
    assert_int_equal(opened.len, size);
    assert_memory_equal(opened.bytes, plain, size);
}

static void pieces_of_every_size_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        0, 1, RECORD_TEXT - 1, RECORD_TEXT, RECORD_TEXT + 1, 3 * RECORD_TEXT, 200000};
    static const size_t pieces[] = {1000, RECORD_TEXT, 65536, 190001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t j = 0; j < sizeof pieces / sizeof pieces[0]; j++) {
            seal(sizes[i], pieces[j]);
            assert_done(push(pieces[j]));
            assert_same(sizes[i]);
            assert_done(pull(pieces[j], pieces[3 - j]));
            assert_same(sizes[i]);
        }
    }
    seal(300, 1);
    assert_done(push(1));
    assert_same(300);
    assert_done(pull(1, 1));
    assert_same(300);
}

/* Nothing is given out but records that have verified, and a file that was cut is never whole. */
static void what_was_cut_or_changed_is_refused(void **state)
{
    (void)state;
    seal(100, 100);
    size_t whole = sealed.len;
    for (size_t len = 0; len < whole; len++) {
        chancery_error *error;
        sealed.len = len;
        error = push(7);
        assert_non_null(error);
        chancery_error_free(error);
        assert_int_equal(opened.len, 0);
        error = pull(0, 64);
        assert_non_null(error);
        chancery_error_free(error);
    }
    sealed.len = whole;
    sealed.bytes[whole - 1] ^= 1;
    assert_reason(push(4096), "INPUT_DAMAGED");
    assert_int_equal(opened.len, 0);
    assert_reason(pull(0, 4096), "INPUT_DAMAGED");
    sealed.bytes[whole - 1] ^= 1;
    sealed.len = whole + 1;
    assert_reason(pull(0, 4096), "INPUT_DAMAGED");
    sealed.bytes[0] = 'c';
    assert_reason(push(4096), "INPUT_NOT_PROTECTED");
    assert_reason(pull(0, 4096), "INPUT_NOT_PROTECTED");
}

static void a_damaged_second_record_leaves_the_first(void **state)
{
    (void)state;
    seal(RECORD_TEXT + 10, RECORD_TEXT);
    sealed.bytes[sealed.len - 1] ^= 1;
    assert_reason(push(1000), "INPUT_DAMAGED");
    assert_same(RECORD_TEXT);
    assert_reason(pull(0, 1000), "INPUT_DAMAGED");
    assert_same(RECORD_TEXT);
}

static void a_full_disk_ends_the_stream(void **state)
{
    (void)state;
    chancery_sealer *sealer = NULL;
    sealed.room = 1000;
    assert_done(chancery_sealer_new(content, memory_write, &sealed, &sealer));
    assert_reason(chancery_sealer_add(sealer, plain, 2 * RECORD_TEXT), "FILE_UNWRITABLE");
    assert_reason(chancery_sealer_add(sealer, plain, 1), "INPUT_INVALID");
    assert_reason(chancery_sealer_finish(sealer), "INPUT_INVALID");
    chancery_sealer_free(sealer);
}

static ptrdiff_t broken(void *arg, void *data, size_t size)
{
    (void)arg, (void)data, (void)size;
    return -1;
}

static void a_source_that_breaks_is_told(void **state)
{
    (void)state;
    chancery_reader *reader = NULL;
    assert_reason(chancery_reader_new(broken, NULL, &reader), "FILE_UNREADABLE");
}

static void a_key_of_another_content_is_refused(void **state)
{
    (void)state;
    seal(10, 10);
    chancery_content *own = content;
    content = content_with_key();
    assert_reason(push(4096), "INPUT_INVALID");
    assert_reason(pull(0, 4096), "INPUT_INVALID");
    chancery_content_free(content);
    content = own;
}

static void without_a_key_nothing_begins(void **state)
{
    (void)state;
    chancery_content *keyless = NULL;
    chancery_sealer *sealer = NULL;
    chancery_reader *reader = NULL;
    unsigned char key[CHANCERY_KEY_BYTES];
    char byte;
    size_t size, got;
    seal(10, 10);
    const void *license = chancery_content_license(content, &size);
    assert_done(chancery_content_from_license(license, size, &keyless));
    assert_string_equal(chancery_content_id(keyless), chancery_content_id(content));
    assert_int_equal(chancery_content_has_key(keyless), 0);
    assert_reason(chancery_sealer_new(keyless, memory_write, &sealed, &sealer), "INPUT_INVALID");
    assert_reason(chancery_content_copy_key(keyless, key), "INPUT_INVALID");
    assert_done(chancery_reader_new(memory_read, &sealed, &reader));
    assert_reason(chancery_reader_start(reader, keyless), "INPUT_INVALID");
    assert_reason(chancery_reader_read(reader, &byte, 1, &got), "INPUT_INVALID");
    assert_int_equal(got, 0);
    chancery_reader_free(reader);
    chancery_content_free(keyless);
}

static void what_is_no_license_is_no_content(void **state)
{
    (void)state;
    chancery_content *made = NULL;
    assert_reason(chancery_content_from_license("x", 1, &made), "INPUT_NOT_PROTECTED");
    assert_reason(chancery_content_from_license(NULL, 0, &made), "INPUT_NOT_PROTECTED");
    assert_reason(chancery_content_from_id("x", &made), "INPUT_INVALID");
    assert_null(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_of_every_size_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_cut_or_changed_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_second_record_leaves_the_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_ends_the_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_source_that_breaks_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_of_another_content_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_key_nothing_begins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_license_is_no_content, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
