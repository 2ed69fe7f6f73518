/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file session.h
 * @brief Who asks which authority, and for how long.
 *
 * Options say where the authority is and by which credential it is asked. A session is opened by
 * them and may be shared by all threads of a process: calls go on at the same time, each on a
 * connection that is kept for the next one. A call blocks, for as long as its context allows; any
 * thread may cancel it.
 *
 * A session is not used across fork(). Files are read when the session is opened, token files for
 * each call, so a token may be renewed where it lies.
 */
#ifndef CHANCERY_SESSION_H
#define CHANCERY_SESSION_H

#include <chancery/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where and as whom to ask; opaque. One thread at a time. */
typedef struct chancery_options chancery_options;
/** The way to one authority as one caller; opaque. Any thread. */
typedef struct chancery_session chancery_session;
/** For how long calls may go on, and a way to end them; opaque. Any thread. */
typedef struct chancery_context chancery_context;
/** Bytes that the library has made; opaque. They are wiped when they are freed. */
typedef struct chancery_buffer chancery_buffer;

/**
 * Gives the user's token for a call.
 * @param arg what was set beside it.
 * @param token where the text goes, with a NUL behind it.
 * @param size bytes there; a token has at most 16 KiB.
 * @return 0, or anything else if there is no token; then the call fails with PROFILE_INVALID.
 *
 * Called by whichever thread makes a call, also by several at once.
 */
typedef int (*chancery_token_fn)(void *arg, char *token, size_t size);

/** Options with nothing set. */
CHANCERY_API chancery_options *chancery_options_new(void);
/** Free options; NULL is fine. Sessions that were opened by them stay. */
CHANCERY_API void chancery_options_free(chancery_options *options);
/** The authority: "https://host:port", "unix:/path", or "http://" on this machine. Required. */
CHANCERY_API void chancery_options_set_server(chancery_options *options, const char *address);
/** PEM file of the authorities that may certify it; without one, the system's. */
CHANCERY_API void chancery_options_set_ca_file(chancery_options *options, const char *path);
/** A component's certificate and its key, as PEM files. */
CHANCERY_API void chancery_options_set_certificate(chancery_options *options,
                                                   const char *certificate, const char *key);
/** A file with the user's token, which is read anew for each call. */
CHANCERY_API void chancery_options_set_token_file(chancery_options *options, const char *path);
/** A function that gives the user's token, instead of a file. */
CHANCERY_API void chancery_options_set_token_function(chancery_options *options,
                                                      chancery_token_fn function, void *arg);
/**
 * The key to which the user's token is bound (DPoP, RFC 9449): a PEM file that only its owner can
 * access, on P-256 or P-384. Not together with a certificate.
 */
CHANCERY_API void chancery_options_set_dpop_key_file(chancery_options *options, const char *path);
/** The authority's own address, for which proofs are made; without one, the server's. */
CHANCERY_API void chancery_options_set_authority_url(chancery_options *options, const char *url);
/** Send a token to "http://" on this machine too; not 0 for yes. For tests. */
CHANCERY_API void chancery_options_set_loopback_without_tls(chancery_options *options,
                                                            int is_allowed);
/** The program's name and version, "mailer/1.2", for the authority's log. */
CHANCERY_API void chancery_options_set_user_agent(chancery_options *options, const char *name);
/** Milliseconds for a call whose context sets no other time; 0: 30 s. */
CHANCERY_API void chancery_options_set_timeout(chancery_options *options, int64_t milliseconds);

/**
 * Open a session: read and check all that can be told without the authority, and connect to nothing
 * yet.
 * @param options copied.
 * @param out the session; close it by chancery_session_close().
 * @return NULL, or why not: PROFILE_INVALID, CONNECTION_UNPROTECTED, FILE_UNREADABLE, INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_session_open(
    const chancery_options *options, chancery_session **out);
/** Close a session that no thread uses any more; NULL is fine. */
CHANCERY_API void chancery_session_close(chancery_session *session);

/** A context without a time of its own. Several calls may have the same one, at once too. */
CHANCERY_API chancery_context *chancery_context_new(void);
/** Free a context that no call has any more; NULL is fine. */
CHANCERY_API void chancery_context_free(chancery_context *context);
/** Milliseconds that each call may take as a whole, whatever it fetches; 0: the session's time. */
CHANCERY_API void chancery_context_set_timeout(chancery_context *context, int64_t milliseconds);
/**
 * End all calls with this context within a second, and let those that come fail at once, with
 * CALL_CANCELED. From any thread; from a signal handler too.
 */
CHANCERY_API void chancery_context_cancel(chancery_context *context);

/**
 * Call any method of the interface (docs/api.md).
 * @param session of whom asks.
 * @param method such as "TrackingService/ListContent".
 * @param request the request's message in protobuf's binary form.
 * @param size of the request in bytes; may be 0.
 * @param context NULL: as the session says.
 * @param out the response's message, the caller's to free.
 * @return NULL, or why not.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_call(chancery_session *session,
                                                             const char *method,
                                                             const void *request, size_t size,
                                                             chancery_context *context,
                                                             chancery_buffer **out);

/**
 * Takes a message of a stream.
 * @param arg what was given beside it.
 * @param message in protobuf's binary form, lent until it returns.
 * @param size of the message in bytes.
 * @return 0 to go on; anything else ends the stream, with CALL_CANCELED.
 */
typedef int (*chancery_message_fn)(void *arg, const void *message, size_t size);

/**
 * Call a method that answers by a stream of messages (AuditService/Tail, AuditService/Export), until the stream
 * ends. The session's time counts for connecting only, and the context's for all of it. A stream that says nothing for a minute fails.
 * @param session of whom asks.
 * @param method such as "AuditService/Export".
 * @param request the request's message in protobuf's binary form.
 * @param size of the request in bytes; may be 0.
 * @param context NULL: as the session says.
 * @param take called for each message as it comes, by this thread.
 * @param arg for it.
 * @return NULL when the stream has come to its end, or why not: the messages before that were genuine.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_call_stream(
    chancery_session *session, const char *method, const void *request, size_t size,
    chancery_context *context, chancery_message_fn take, void *arg);

/**
 * Ask by which address the authority knows itself, for proofs that are made for it.
 * @param session of anybody.
 * @param context NULL: as the session says.
 * @param out "https://…", the caller's to free.
 * @return NULL, or AUTHORITY_UNREACHABLE.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_authority_url(chancery_session *session,
                                                                      chancery_context *context,
                                                                      chancery_buffer **out);

/** The bytes; they end with a NUL that doesn't count. Lent. */
CHANCERY_API const void *chancery_buffer_data(const chancery_buffer *buffer);
/** How many bytes there are. */
CHANCERY_API size_t chancery_buffer_size(const chancery_buffer *buffer);
/** Wipe and free; NULL is fine. */
CHANCERY_API void chancery_buffer_free(chancery_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
