/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/request_id.h"

#include "auth/caller.h"
#include "base/buf.h"
#include "service/common/request.h"
#include "wire/pb.h"

/* Each part ends where it can't be taken for the next one. Who asks: the component, and the user
 * whom the audit log names. */
static rc add_all(struct call *c, const struct ProtobufCMessage *asked, struct slice *out)
{
    const struct caller *caller = caller_of(c);
    const struct uuid component = caller->subject.component.id.u;
    struct slice request;
    struct buf bytes;
    TRY(pb_pack(call_arena(c), asked, &request, call_err(c)));
    buf_init(&bytes, call_arena(c));
    buf_add_str(&bytes, call_flow_name(c));
    buf_add_byte(&bytes, 0);
    buf_add(&bytes, slice_of(component.b, sizeof component.b));
    buf_add_str(&bytes, caller->who.user);
    buf_add_byte(&bytes, 0);
    buf_add(&bytes, request);
    return buf_finish(&bytes, out, call_err(c));
}

step request_id_read(struct call *c, const char *text, const struct ProtobufCMessage *asked,
                     struct request_id *out)
{
    struct slice all;
    step result = request_uuid(c, "request_id", text, &out->id);
    if (step_failed(result) || text[0] == '\0') {
        return result;
    }
    if (uuid_is_zero(out->id)) {
        return call_bad_field(c, "request_id", "It must not be all zeros.");
    }
    return add_all(c, asked, &all).ok ? step_from(hash_sha256(all, out->hash, call_err(c)))
                                      : STEP_FAILED;
}

bool request_id_made(const struct request_id *asked, struct slice made)
{
    return slice_eq(slice_of(asked->hash, SHA256_BYTES), made);
}

step request_id_check(struct call *c, const struct request_id *asked, struct slice made)
{
    return request_id_made(asked, made)
               ? STEP_NEXT
               : call_fail(c, R_REQUEST_ID_REUSED, "another request had this id");
}

struct act_request request_id_note(const struct request_id *asked, struct uuid made)
{
    return (struct act_request){
        .id = asked->id, .hash = slice_of(asked->hash, SHA256_BYTES), .made = made};
}
