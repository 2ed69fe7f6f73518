/* SPDX-License-Identifier: Apache-2.0 */
/* What is to go on after what: a call's stack of sub-flows and continuations.
 *
 * A step that needs something first says what is to follow (call_then) and begins it. The frames lie in the
 * call and not on the C stack, so that waiting anywhere keeps them, a client can't nest them, and each row
 * of a sub-flow has its name, its time and its fault point.
 *
 *   flow's row ─ call_then(have_tenant) ─ call_enter(LOAD) … its rows … NEXT ─▶ have_tenant ─ NEXT ─▶ next row */
#include <stdio.h>

#include "rpc/call_internal.h"

static struct frame *push(struct call *c, struct frame frame)
{
    CH_ASSERT(c->depth < FRAMES_MAX);
    c->frames[c->depth] = frame;
    return &c->frames[c->depth++];
}

void call_then(struct call *c, step_fn then)
{
    (void)push(c, (struct frame){.then = then});
}

void call_then_always(struct call *c, step_fn then)
{
    (void)push(c, (struct frame){.then = then, .always = true});
}

void call_forget_failure(struct call *c)
{
    err_clear(&c->err);
    c->metadata_count = 0;
    c->violation_count = 0;
    c->failed_row[0] = '\0';
}

void call_forgive(struct call *c, struct err *err)
{
    *err = c->err;
    call_forget_failure(c);
}

step call_enter(struct call *c, const struct subflow *sub)
{
    (void)push(c, (struct frame){.sub = sub});
    return (step){STEP_KIND_MOVED};
}

static const struct frame *innermost_table(const struct call *c)
{
    for (size_t i = c->depth; i > 0; i--) {
        if (c->frames[i - 1].sub != NULL) {
            return &c->frames[i - 1];
        }
    }
    return NULL;
}

const struct step_row *call_current_row(const struct call *c)
{
    const struct frame *frame = innermost_table(c);
    return frame == NULL ? &c->flow->steps[c->row] : &frame->sub->steps[frame->row];
}

const char *call_row_name(struct call *c)
{
    const struct frame *frame = innermost_table(c);
    const char *name = c->flow == NULL ? NULL : call_current_row(c)->name;
    if (frame != NULL) {
        snprintf(c->row_name, sizeof c->row_name, "%s.%s", frame->sub->name, name);
        return c->row_name;
    }
    return name == NULL ? "done" : name;
}

bool call_catch(struct call *c, step *result)
{
    while (c->depth > 0) {
        struct frame frame = c->frames[c->depth - 1];
        if (frame.sub != NULL) {
            call_trace_row(c, frame.sub->name, frame.sub->steps[frame.row].name, frame.row_started,
                           true);
        }
        c->depth--;
        if (!frame.always || c->is_over) {
            continue;
        }
        *result = frame.then(c);
        bool goes_on = result->kind == STEP_KIND_NEXT || result->kind == STEP_KIND_DONE;
        if (goes_on && c->err.reason != R_NONE) {
            *result = STEP_FAILED; /* heard, and not forgiven */
        }
        return true;
    }
    return false;
}

/* One row of the innermost sub-flow is done; after its last one the sub-flow is. */
static void finish_row(struct call *c, struct frame *frame, bool is_done)
{
    const struct step_row *row = &frame->sub->steps[frame->row];
    observe_step(c, frame->sub->name, row->name, frame->row_started);
    frame->row++;
    if (is_done || frame->sub->steps[frame->row].name == NULL) {
        c->depth--;
    }
}

bool call_advance_frames(struct call *c, step *result)
{
    if (c->depth == 0) {
        return false;
    }
    struct frame *top = &c->frames[c->depth - 1];
    if (top->sub == NULL) {
        step_fn then = top->then;
        c->depth--;
        if (result->kind == STEP_KIND_NEXT) {
            *result = then(c);
        } /* after DONE the rest of the table is skipped, with what was to follow in it */
        return true;
    }
    size_t depth = c->depth;
    finish_row(c, top, result->kind == STEP_KIND_DONE);
    *result = c->depth == depth ? (step){STEP_KIND_MOVED} : STEP_NEXT;
    return true;
}
