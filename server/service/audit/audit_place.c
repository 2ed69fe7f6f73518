/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/audit_place.h"

#include <string.h>

#include "service/common/list_token.h"

/* The end of the year 9999: the log has nothing later, and nothing before 1970. */
static const int64_t LATEST_US = 253402300799999999;

/* The log is read up to a second ago, so a clock that is set back by half of one does no harm. */
enum { SET_BACK_US = 500 * 1000 };

static bool is_time(int64_t us)
{
    return us >= 0 && us <= LATEST_US;
}

step audit_place_read(struct call *c, const char *token, struct audit_place *place)
{
    struct slice key;
    struct audit_place read;
    if (step_failed(list_token_read(c, token, &key)) || key.len == 0) {
        return key.len == 0 && token[0] == '\0' ? STEP_NEXT : STEP_FAILED;
    }
    if (key.len != sizeof read) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "a key of %zu bytes", key.len);
    }
    memcpy(&read, key.ptr, sizeof read);
    /* A token belongs to its stream, but is not secret: anybody can make one. */
    if (!is_time(read.at) || !is_time(read.end) || !is_time(read.asked_at) ||
        !is_time(read.kept_since) || !is_time(read.checked_at)) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "a time that no event has");
    }
    read.history.system[sizeof read.history.system - 1] = '\0';
    read.history.timeline[sizeof read.history.timeline - 1] = '\0';
    *place = read;
    return STEP_NEXT;
}

char *audit_place_token(struct call *c, const struct audit_place *place)
{
    struct audit_place *key = ARENA_NEW(call_arena(c), struct audit_place);
    if (key == NULL) {
        return NULL;
    }
    *key = *place;
    return list_token_make(c, slice_of(key, sizeof *key));
}

rc audit_place_check(const struct audit_place *place, const struct audit_settled *now,
                     int64_t passed_us, struct err *err)
{
    const struct audit_history *was = &place->history, *is = &now->history;
    if (place->asked_at == 0) {
        return OK;
    }
    if (strcmp(was->system, is->system) != 0 || strcmp(was->timeline, is->timeline) != 0) {
        FAIL(err, R_LOG_WENT_BACK, "cluster %s on timeline %s", is->system, is->timeline);
    }
    if (is->number < was->number || (is->number == was->number && is->mark != was->mark)) {
        FAIL(err, R_LOG_WENT_BACK, "marked fewer times");
    }
    if (now->asked_at + SET_BACK_US < place->asked_at + passed_us) {
        FAIL(err, R_LOG_WENT_BACK, "the clock was set back");
    }
    /* Pages are statements of their own: some may have been read after a month had gone. */
    if (now->kept_since > place->kept_since && now->kept_since > place->checked_at) {
        FAIL(err, R_LOG_DROPPED, "a month behind the place is gone");
    }
    return OK;
}
