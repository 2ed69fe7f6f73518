/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRINGIFY_(x) #x

static const struct reason_info reasons[R_COUNT_] = {
#define REASON(name, code, public_name, audit, text, advice) \
    [R_##name] = {#name, STRINGIFY_(public_name), GRPC_##code, audit, text, advice},
#include "base/reasons.def"
#undef REASON
};

const struct reason_info *reason_info(enum reason reason)
{
    if (reason <= R_NONE || reason >= R_COUNT_) {
        return &reasons[R_INTERNAL];
    }
    return &reasons[reason];
}

enum reason reason_by_name(const char *name)
{
    for (int i = R_NONE + 1; i < R_COUNT_; i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            return (enum reason)i;
        }
    }
    return R_NONE;
}

rc err_raise(struct err *err, enum reason reason, const char *file, int line, const char *format,
             ...)
{
    if (err == NULL) {
        return (rc){false};
    }
    /* Formatted aside, so that a detail may quote the error it replaces. */
    char detail[ERR_DETAIL_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    err->reason = reason;
    err->file = file;
    err->line = line;
    err->check = NULL;
    memcpy(err->detail, detail, sizeof detail);
    return (rc){false};
}

rc err_raise_check(struct err *err, enum reason reason, const char *file, int line,
                   const char *check)
{
    if (err != NULL) {
        *err = (struct err){.reason = reason, .file = file, .line = line, .check = check};
    }
    return (rc){false};
}

const char *err_words(const struct err *err)
{
    return err->detail[0] != '\0' ? err->detail : reason_info(err->reason)->text;
}

bool err_is(const struct err *err, enum reason reason)
{
    return err != NULL && err->reason == reason;
}

void err_clear(struct err *err)
{
    if (err != NULL) {
        *err = (struct err){0};
    }
}

void err_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "chancery: broken invariant: %s at %s:%d\n", cond, file, line);
    abort();
}
