/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/list_token.h"

#include <string.h>

#include "auth/caller.h"
#include "base/buf.h"
#include "base/encode.h"
#include "crypto/hash.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"
#include "wire/pb.h"

enum { DIGEST_BYTES = 16 };

/* What differs from one part of a list to the next. */
static void forget_place(ProtobufCMessage *request)
{
    static const char *const names[] = {"page_size", "page_token", "resume_token"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(request->descriptor, names[i]);
        if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING) {
            *(char **)proto_field_at(request, field) = reply_text("");
        } else if (field != NULL) {
            *(int32_t *)proto_field_at(request, field) = 0;
        }
    }
}

/* The request without that. */
static step pack_question(struct call *c, struct slice *out)
{
    const ProtobufCMessageDescriptor *type = call_method(c)->request;
    ProtobufCMessage *copy = arena_alloc(call_arena(c), type->sizeof_message);
    if (copy == NULL) {
        return reply_over_budget(c);
    }
    memcpy(copy, call_request(c), type->sizeof_message);
    forget_place(copy);
    return step_from(pb_pack(call_arena(c), copy, out, call_err(c)));
}

/* What ties a key to this list: the method, whose list it is, and what was asked for. */
static step digest_of(struct call *c, struct slice key, uint8_t out[SHA256_BYTES])
{
    struct slice question, all;
    struct tenant_id tenant = caller_tenant(caller_of(c));
    struct buf text;
    if (step_failed(pack_question(c, &question))) {
        return STEP_FAILED;
    }
    buf_init(&text, call_arena(c));
    buf_add(&text, slice_of(tenant.u.b, sizeof tenant.u.b));
    buf_add_u32(&text, (uint32_t)key.len);
    buf_add(&text, key);
    buf_add_str(&text, call_method(c)->path);
    buf_add_byte(&text, '\0');
    buf_add(&text, question);
    return buf_finish(&text, &all, call_err(c)).ok ? step_from(hash_sha256(all, out, call_err(c)))
                                                   : STEP_FAILED;
}

char *list_token_make(struct call *c, struct slice key)
{
    uint8_t digest[SHA256_BYTES];
    struct slice all;
    struct buf bytes;
    if (step_failed(digest_of(c, key, digest))) {
        return NULL;
    }
    buf_init(&bytes, call_arena(c));
    buf_add(&bytes, slice_of(digest, DIGEST_BYTES));
    buf_add(&bytes, key);
    return buf_finish(&bytes, &all, call_err(c)).ok ? base64url_dup(call_arena(c), all) : NULL;
}

step list_token_read(struct call *c, const char *token, struct slice *key)
{
    uint8_t digest[SHA256_BYTES];
    struct slice bytes;
    *key = SLICE_NONE;
    if (token[0] == '\0') {
        return STEP_NEXT;
    }
    if (!base64url_decode(call_arena(c), slice_str(token), &bytes, NULL).ok ||
        bytes.len <= DIGEST_BYTES) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "no token of ours");
    }
    *key = slice_cut(bytes, DIGEST_BYTES, bytes.len);
    if (step_failed(digest_of(c, *key, digest))) {
        return STEP_FAILED;
    }
    return memcmp(bytes.ptr, digest, DIGEST_BYTES) == 0
               ? STEP_NEXT
               : call_fail(c, R_PAGE_TOKEN_INVALID, "a token of another list");
}
