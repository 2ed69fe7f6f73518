/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: one reason table, one error struct, one result type that can't be ignored.
 *
 * A fallible function returns `rc` and fills the `struct err` it was lent. The first error wins;
 * an upper layer may replace the reason (translate) by raising again. Any thread, no shared state.
 */
#pragma once

#include <stdbool.h>

/* Run fn(&variable) when the variable leaves its scope. */
#define AUTO(fn) __attribute__((cleanup(fn)))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Status codes of gRPC, by their numbers on the wire.
 * Source: grpc/grpc doc/statuscodes.md. */
enum grpc_code {
    GRPC_OK = 0,
    GRPC_CANCELLED = 1,
    GRPC_UNKNOWN = 2,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_NOT_FOUND = 5,
    GRPC_ALREADY_EXISTS = 6,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_FAILED_PRECONDITION = 9,
    GRPC_ABORTED = 10,
    GRPC_OUT_OF_RANGE = 11,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_DATA_LOSS = 15,
    GRPC_UNAUTHENTICATED = 16,
};

/* Who gives the reasons their meaning: ErrorInfo.domain of every refusal (AIP-193), and of nobody else's. */
#define REASON_DOMAIN "org.chancery.authority"

/* R_<name> for every line of reasons.def; R_NONE means "no error". */
enum reason {
    R_NONE = 0,
#define REASON(name, code, public_name, audit, text, advice) R_##name,
#include "base/reasons.def"
#undef REASON
    R_COUNT_
};

/* Whether a refusal for this reason is a decision that the audit log must hold. COUNTED: of callers whom
 * nobody knows it is counted there, as those marked AUDIT are (docs/interface.md §2.2). */
enum reason_audit { NO_AUDIT = 0, AUDIT = 1, COUNTED = 2 };

/* A row of the table. All strings are static. */
struct reason_info {
    const char *name;        /* internal: log, metric label, audit row */
    const char *public_name; /* what the client is told; never more precise than it may know */
    enum grpc_code code;
    enum reason_audit audit;
    const char *text;   /* a sentence for a person: what is wrong */
    const char *advice; /* a sentence for a person: what to do next */
};

/* Return the row of a reason; R_NONE and numbers out of range give the row of R_INTERNAL. */
const struct reason_info *reason_info(enum reason reason);
/* Find a reason by its internal name; R_NONE if there is none. */
enum reason reason_by_name(const char *name);

enum { ERR_DETAIL_MAX = 192 };

/* One failure. All zero means "no error". A server's `detail` is for its log only and never leaves
 * the process; a command line shows it to whoever runs it. It must not contain secrets. `check` is
 * the condition of ENSURE that did not hold, as the code has it: for logs only, because it says
 * nothing to a person. */
struct err {
    enum reason reason;
    int line;
    const char *file;
    const char *check; /* static, or NULL */
    char detail[ERR_DETAIL_MAX];
};

/* The result newtype: not an int, can't be mistaken for a count, must be looked at. */
typedef struct [[nodiscard]] {
    bool ok;
} rc;

#define OK ((rc){true})

/* Fill *err (which may be NULL) and return a failed rc. Use FAIL. */
rc err_raise(struct err *err, enum reason reason, const char *file, int line, const char *format,
             ...) PRINTF_LIKE(5, 6);
/* The same for a condition that did not hold. Use ENSURE. */
rc err_raise_check(struct err *err, enum reason reason, const char *file, int line,
                   const char *check);
/* The detail; where there is none, what the reason says. Lent by the error. */
const char *err_words(const struct err *err);
/* Whether this was why. False where none was lent, so ask this and not `err->reason` of an error that a caller may have
 * left out. */
bool err_is(const struct err *err, enum reason reason);
/* Forget an error that was handled, if one was lent. */
void err_clear(struct err *err);

/* Return from this function if the call failed. */
#define TRY(call)        \
    do {                 \
        rc rc_ = (call); \
        if (!rc_.ok) {   \
            return rc_;  \
        }                \
    } while (0)

/* Return a failure: FAIL(err, R_TOKEN_EXPIRED, "exp %lld", …). */
#define FAIL(err, reason, ...) return err_raise((err), (reason), __FILE__, __LINE__, __VA_ARGS__)

/* Fail with a reason unless the condition holds. The reason alone must say to a person what is wrong;
 * where it does not, FAIL with words. */
#define ENSURE(cond, err, reason)                                               \
    do {                                                                        \
        if (!(cond)) {                                                          \
            return err_raise_check((err), (reason), __FILE__, __LINE__, #cond); \
        }                                                                       \
    } while (0)

/* A broken invariant of our own: print where and abort. Never for input. */
#define CH_ASSERT(cond) ((cond) ? (void)0 : err_assert_failed(#cond, __FILE__, __LINE__))
void err_assert_failed(const char *cond, const char *file, int line) __attribute__((noreturn));
