/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to an authority from a program without an event loop: gRPC over HTTP/2 by libcurl.
 * Calls block. One thread per client. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/clock.h"

struct client;

struct client_config {
    /* Texts may be NULL or "" for none, `server` excepted; all are borrowed for client_new only. */
    const char *server;           /* as server_address_read takes it */
    bool loopback_without_tls;    /* send a token to http:// on this machine */
    const char *ca_file;          /* PEM; none: the system's */
    const char *certificate_file; /* PEM, of a component */
    const char *key_file;         /* PEM, of the certificate */
    const char *token;            /* the user's */
    /* PEM; the key to which the token is bound (DPoP, RFC 9449): every call proves that we hold it.
     * Not with a certificate, because a component can't prove a user's key. */
    const char *dpop_key_file;
    const char *authority_url; /* "https://…", for which proofs are made; none: `server` */
    const char
        *connect_to;    /* "::127.0.0.1:8443" (curl_easy_setopt): go there in place of `server` */
    int64_t timeout_ms; /* of one call; 0: 30 s */
    const char *user_agent; /* none: "chancery-cli" */
};

/* Why the authority refused: google.rpc.Status with ErrorInfo, BadRequest and LocalizedMessage. At
 * most 8 entries of each list are kept. */
struct client_refusal {
    int code;       /* of gRPC; 0: no answer came */
    bool is_silent; /* with code 0: nobody has answered, or nobody who speaks gRPC */
    const char *
        reason; /* the public one, such as "NO_RIGHTS"; else the code's name; "" if no answer came */
    const char *sentence; /* for people; as it came, so escape it */
    int64_t retry_ms;     /* how long to wait before asking again (RetryInfo); -1: not said */
    size_t metadata_count;
    struct {
        const char *key, *value;
    } metadata[8];
    size_t field_count;
    struct {
        const char *field, *description;
    } fields[8];
};

/* Copies what it needs. R_PROFILE_INVALID for what doesn't fit together, R_CONNECTION_UNPROTECTED for
 * http:// to others, R_INPUT_INVALID for keys that can't be read or used. */
rc client_new(const struct client_config *config, struct client **out, struct err *err);
void client_free(struct client *client);

/* Call a method of chancery.v1, named like "LicensingService/AcquireLicense". The response is lent
 * by the arena. If the authority refuses, R_INTERNAL, and `refusal` (lent by the arena too) says
 * why; if no answer comes, R_AUTHORITY_UNREACHABLE, or R_PROFILE_INVALID for a
 * certificate or CA file that can't be used, and the detail says why. The token is wiped from our
 * memory and from libcurl's when it is no longer needed. */
rc client_call(struct client *client, struct arena *arena, const char *method,
               const ProtobufCMessage *request, const ProtobufCMessageDescriptor *response_type,
               ProtobufCMessage **response, struct client_refusal *refusal, struct err *err);
/* The same for messages as bytes. R_AUTHORITY_UNREACHABLE for an answer that is no message. */
rc client_call_packed(struct client *client, struct arena *arena, const char *method,
                      struct slice request, struct slice *response, struct client_refusal *refusal,
                      struct err *err);
/* Takes one message of a stream, lent; false: no more of them. */
typedef bool client_message_fn(void *arg, struct slice message);
/* Call a method that answers by a stream, until it ends. As client_call_packed, but for the configured timeout, which does
 * not count: a stream that says nothing for a minute is broken (R_AUTHORITY_UNREACHABLE). R_CALL_CANCELED when `take`
 * wants no more. */
rc client_stream(struct client *client, struct arena *arena, const char *method,
                 struct slice request, client_message_fn *take, void *arg,
                 struct client_refusal *refusal, struct err *err);
/* When the calls that follow must have ended, and who may end them before: is_canceled(arg) is asked
 * at least once a second while one waits, and R_CALL_CANCELED says that it was. Zeros: as in the
 * beginning. */
struct client_limits {
    struct mono_time deadline; /* 0: timeout_ms of the configuration, for each call */
    bool (*is_canceled)(void *arg);
    void *arg;
};
void client_set_limits(struct client *client, const struct client_limits *limits);
/* GET a page such as "/readyz". Returns its HTTP status, or 0 if no answer came; the body is lent
 * by the arena. */
int client_get(struct client *client, struct arena *arena, const char *path, struct slice *body);
