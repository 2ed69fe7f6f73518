/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/request_id.h"

#include "auth/caller.h"
#include "base/buf.h"
#include "service/common/request.h"
#include "wire/pb.h"

/* Who asks: the component, and the user whom the audit log names. */
static void add_caller(struct buf *bytes, const struct caller *caller)
{
    const struct uuid component = caller->subject.component.id.u;
    buf_add(bytes, slice_of(component.b, sizeof component.b));
    buf_add_str(bytes, caller->who.user);
    buf_add_byte(bytes, '\0');
}

step request_id_read(struct call *c, const char *text, struct request_id *out)
{
    struct slice request, all;
    struct buf bytes;
    step result = request_uuid(c, "request_id", text, &out->id);
    if (step_failed(result) || uuid_is_zero(out->id)) {
        return result;
    }
    if (!pb_pack(call_arena(c), call_request(c), &request, call_err(c)).ok) {
        return STEP_FAILED;
    }
    buf_init(&bytes, call_arena(c));
    add_caller(&bytes, caller_of(c));
    buf_add(&bytes, request);
    return buf_finish(&bytes, &all, call_err(c)).ok
               ? step_from(hash_sha256(all, out->hash, call_err(c)))
               : STEP_FAILED;
}

step request_id_check(struct call *c, const struct request_id *asked, struct slice made)
{
    return slice_eq(slice_of(asked->hash, SHA256_BYTES), made)
               ? STEP_NEXT
               : call_fail(c, R_REQUEST_ID_REUSED, "another request had this id");
}

struct slice request_id_hash(const struct request_id *asked)
{
    return uuid_is_zero(asked->id) ? SLICE_NONE : slice_of(asked->hash, SHA256_BYTES);
}
