/* SPDX-License-Identifier: Apache-2.0 */
#include "library/context.h"

#include <stdatomic.h>

#include "base/mem.h"

/* Lock-free, so that a signal handler may cancel. */
struct chancery_context {
    atomic_llong timeout_ms;
    atomic_bool is_canceled;
};

chancery_context *chancery_context_new(void)
{
    return xcalloc(1, sizeof(chancery_context));
}

void chancery_context_free(chancery_context *context)
{
    xfree(context);
}

void chancery_context_set_timeout(chancery_context *context, int64_t milliseconds)
{
    atomic_store(&context->timeout_ms, milliseconds);
}

void chancery_context_cancel(chancery_context *context)
{
    atomic_store(&context->is_canceled, true);
}

static bool is_canceled(void *context)
{
    return atomic_load(&((chancery_context *)context)->is_canceled);
}

struct client_limits context_limits(chancery_context *context, int64_t default_ms)
{
    int64_t own_ms = context == NULL ? 0 : atomic_load(&context->timeout_ms);
    int64_t ms = own_ms > 0 ? own_ms : default_ms;
    return (struct client_limits){
        .deadline = ms > 0 ? mono_add_ms(clock_mono(), ms) : (struct mono_time){0},
        .is_canceled = context == NULL ? NULL : is_canceled,
        .arg = context,
    };
}
