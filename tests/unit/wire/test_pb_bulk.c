/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages may be unpacked in one turn although they are large: those that are large by a few
 * texts. */
#include "chancery_test.h"

#include "base/mem.h"
#include "chancery/v1/delivery.pb-c.h"
#include "wire/pb.h"
#include "wire/pb_bulk.h"

static const ProtobufCMessageDescriptor *const TYPE =
    &chancery__v1__evaluate_message_request__descriptor;

/* A packed request with a body of so many bytes, and a message id of so many, and then `more`. */
static struct slice packed(size_t body, size_t id, struct slice more)
{
    Chancery__V1__EvaluateMessageRequest request;
    Chancery__V1__MessageFacts facts;
    chancery__v1__evaluate_message_request__init(&request);
    chancery__v1__message_facts__init(&facts);
    char *text = xcalloc(id + 1, 1);
    memset(text, 'x', id);
    facts.message_id = text;
    request.facts = &facts;
    request.body = (ProtobufCBinaryData){.len = body, .data = xcalloc(body + 1, 1)};
    size_t len = protobuf_c_message_get_packed_size(&request.base);
    uint8_t *bytes = xcalloc(len + more.len + 1, 1);
    protobuf_c_message_pack(&request.base, bytes);
    if (more.len > 0) {
        memcpy(bytes + len, more.ptr, more.len);
    }
    xfree(request.body.data);
    xfree(text);
    return slice_of(bytes, len + more.len);
}

static bool is_quick(size_t body, size_t id, struct slice more)
{
    struct slice message = packed(body, id, more);
    bool quick = pb_is_quick(TYPE, message);
    xfree((void *)(uintptr_t)message.ptr);
    return quick;
}

static void a_large_text_is_quick_and_a_large_rest_is_not(void **state)
{
    (void)state;
    assert_true(is_quick(0, 0, SLICE_NONE));
    assert_true(is_quick(4 << 20, 1000, SLICE_NONE));
    assert_true(is_quick(4 << 20, PB_QUICK_MAX - 64, SLICE_NONE));
    assert_false(is_quick(4 << 20, PB_QUICK_MAX, SLICE_NONE));
    assert_false(is_quick(0, PB_QUICK_MAX, SLICE_NONE));
}

static void many_texts_are_not_quick(void **state)
{
    (void)state;
    uint8_t field[] = {0x12, 0x00}; /* body, empty */
    uint8_t fields[2 * PB_BULK_FIELDS_MAX];
    for (size_t i = 0; i < PB_BULK_FIELDS_MAX; i++) {
        memcpy(fields + 2 * i, field, sizeof field);
    }
    assert_true(is_quick(1 << 20, 0, slice_of(fields, sizeof fields - 2)));
    assert_false(is_quick(1 << 20, 0, slice_of(fields, sizeof fields)));
}

static void what_is_malformed_is_not_quick(void **state)
{
    (void)state;
    static const uint8_t broken[][3] = {
        {0x12, 0x05, 0x00}, {0x13, 0x00, 0x00}, {0x12, 0xff, 0xff}, {0x09, 0x00, 0x00}};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_false(is_quick(1 << 20, 0, slice_of(broken[i], 3)));
    }
}

static void unpacking_asks(void **state)
{
    (void)state;
    struct arena *arena = arena_new(8 << 20);
    struct slice quick = packed(2 << 20, 100, SLICE_NONE);
    struct slice slow = packed(0, PB_QUICK_MAX, SLICE_NONE);
    ProtobufCMessage *message;
    struct err err = {0};
    assert_true(pb_unpack(arena, TYPE, quick, &message, &err).ok);
    assert_false(pb_unpack(arena, TYPE, slow, &message, &err).ok);
    assert_int_equal(err.reason, R_MESSAGE_TOO_LARGE);
    xfree((void *)(uintptr_t)quick.ptr);
    xfree((void *)(uintptr_t)slow.ptr);
    arena_free(arena);
}

static void types_have_bulk_or_not(void **state)
{
    (void)state;
    assert_true(pb_has_bulk(TYPE));
    assert_false(pb_has_bulk(&chancery__v1__decide_delivery_request__descriptor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_text_is_quick_and_a_large_rest_is_not),
        cmocka_unit_test(many_texts_are_not_quick),
        cmocka_unit_test(what_is_malformed_is_not_quick),
        cmocka_unit_test(unpacking_asks),
        cmocka_unit_test(types_have_bulk_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
