/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file error.h
 * @brief Errors as values.
 *
 * A function that can fail returns an error, or NULL when it has done what it was asked for. An error
 * is the caller's, who frees it by chancery_error_free(). It has a reason to decide by
 * (docs/errors.md lists them all), and sentences for people. Texts that an authority or another
 * person has written come as they are: escape them before they are shown.
 *
 * Any thread; one error is used by one thread at a time.
 */
#ifndef CHANCERY_ERROR_H
#define CHANCERY_ERROR_H

#include <chancery/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One failure; opaque. */
typedef struct chancery_error chancery_error;

/** Who refused, and of what kind the refusal is: status codes of gRPC by their numbers. */
enum chancery_code {
    CHANCERY_CODE_NONE =
        0, /**< No authority has answered: it failed on this side, or on the way. */
    CHANCERY_CODE_CANCELLED = 1,           /**< The authority has ended the call. */
    CHANCERY_CODE_UNKNOWN = 2,             /**< What answered is not quite an authority. */
    CHANCERY_CODE_INVALID_ARGUMENT = 3,    /**< The request is wrong; asking again won't help. */
    CHANCERY_CODE_DEADLINE_EXCEEDED = 4,   /**< It took too long. */
    CHANCERY_CODE_NOT_FOUND = 5,           /**< There is none, or not for the caller. */
    CHANCERY_CODE_ALREADY_EXISTS = 6,      /**< It is there, or the request id was used before. */
    CHANCERY_CODE_PERMISSION_DENIED = 7,   /**< The authority has decided against it. */
    CHANCERY_CODE_RESOURCE_EXHAUSTED = 8,  /**< Beyond a limit. */
    CHANCERY_CODE_FAILED_PRECONDITION = 9, /**< Not as things are now. */
    CHANCERY_CODE_ABORTED = 10,            /**< Others changed the same thing. */
    CHANCERY_CODE_OUT_OF_RANGE = 11,       /**< Not used by the authority. */
    CHANCERY_CODE_UNIMPLEMENTED = 12,      /**< The authority doesn't have this method. */
    CHANCERY_CODE_INTERNAL = 13,           /**< A fault of the authority. */
    CHANCERY_CODE_UNAVAILABLE = 14,        /**< It can't decide now; ask again. */
    CHANCERY_CODE_DATA_LOSS = 15,          /**< Not used by the authority. */
    CHANCERY_CODE_UNAUTHENTICATED = 16     /**< The credential doesn't count. */
};

/** The code; of a version later than these headers it may be another number. 0 for NULL. */
CHANCERY_API int chancery_error_code(const chancery_error *error);
/** The stable reason, such as "NO_RIGHTS" or "AUTHORITY_UNREACHABLE"; "" for NULL. Lent. */
CHANCERY_API const char *chancery_error_reason(const chancery_error *error);
/** One sentence for people; "" for NULL. Lent. */
CHANCERY_API const char *chancery_error_sentence(const chancery_error *error);
/** What exactly failed on this side, such as a file's name; "" if there is nothing to say. Lent. */
CHANCERY_API const char *chancery_error_detail(const chancery_error *error);
/** Milliseconds to wait before the same is asked for again; -1 if the authority names none. */
CHANCERY_API int64_t chancery_error_retry_delay(const chancery_error *error);
/**
 * Whether the act may have been done all the same: no answer came, or one that doesn't say. Ask again
 * with the same request; what has a request id is then done once.
 * @return 1 or 0.
 */
CHANCERY_API int chancery_error_may_be_done(const chancery_error *error);
/**
 * Whether the authority is away: nobody has answered in time, or only that it can't decide now
 * (CHANCERY_CODE_UNAVAILABLE). What was answered and isn't understood, and a call that was canceled, are not that.
 * @return 1 or 0; 0 for NULL.
 */
CHANCERY_API int chancery_error_is_away(const chancery_error *error);
/** The authority's number of the call, for its operator; "" if there is none. Lent. */
CHANCERY_API const char *chancery_error_request_id(const chancery_error *error);
/** What the authority adds, such as "portal_url" or "referral_contact"; NULL if it doesn't. Lent. */
CHANCERY_API const char *chancery_error_metadata(const chancery_error *error, const char *key);
/** How many things the authority adds; at most 8 are told. */
CHANCERY_API size_t chancery_error_metadata_count(const chancery_error *error);
/** The key of one of them; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_error_metadata_key(const chancery_error *error, size_t index);
/** How many fields of the request were wrong; at most 8 are told. */
CHANCERY_API size_t chancery_error_field_count(const chancery_error *error);
/** The path of a field that was wrong, such as "recipients[1]"; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_error_field_path(const chancery_error *error, size_t index);
/** Why that field was wrong; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_error_field_problem(const chancery_error *error, size_t index);
/** Free an error; NULL is fine. */
CHANCERY_API void chancery_error_free(chancery_error *error);

#ifdef __cplusplus
}
#endif

#endif
