/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf fields read in place: what protobuf-c reads is read alike, and what is not in order
 * is refused. */
#include "chancery_test.h"

#include <string.h>

#include "wire/pb_fields.h"

static void fields_are_lent_in_their_order(void **state)
{
    (void)state;
    static const char message[] = "\x08\x96\x01\x12\x03"
                                  "abc\x12\x00\x98\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    struct pb_fields fields = pb_fields_of(slice_of(message, sizeof message - 1));
    struct pb_field field;
    assert_true(pb_next_field(&fields, &field));
    assert_int_equal(field.number, 1);
    assert_false(field.is_bytes);
    assert_int_equal(field.value, 150);
    assert_true(pb_next_field(&fields, &field));
    assert_int_equal(field.number, 2);
    assert_true(field.is_bytes);
    assert_ptr_equal(field.bytes.ptr, message + 5);
    assert_true(slice_eq_str(field.bytes, "abc"));
    assert_true(pb_next_field(&fields, &field)); /* again: a repeated one */
    assert_int_equal(field.bytes.len, 0);
    assert_true(pb_next_field(&fields, &field));
    assert_int_equal(field.number, 51);
    assert_true(field.value == UINT64_MAX);
    assert_false(pb_next_field(&fields, &field));
    assert_false(fields.is_malformed);
}

static void what_is_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\x08", 1},                                              /* a tag alone */
        {"\x08\x80", 2},                                          /* a varint without its end */
        {"\x00\x01", 2},                                          /* field 0 */
        {"\x12\x02x", 3},                                         /* longer than what is there */
        {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},     /* 2⁶⁴ − 1 bytes */
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},     /* a varint of 65 bits */
        {"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12}, /* of eleven bytes */
        {"\x09xxxxxxxx", 9},                                      /* 64 bits: none of ours */
        {"\x0b\x0c", 2},                                          /* a group */
        {"\x10\x01\x08\x01", 4},                                  /* field 2 before field 1 */
        {"\x80\x80\x80\x80\x10\x01", 6},                          /* field 2²⁹ */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pb_fields fields = pb_fields_of(slice_of(rows[i].bytes, rows[i].len));
        struct pb_field field;
        while (pb_next_field(&fields, &field)) {
        }
        assert_true(fields.is_malformed);
        assert_false(pb_next_field(&fields, &field)); /* and it stays so */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_lent_in_their_order),
        cmocka_unit_test(what_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
