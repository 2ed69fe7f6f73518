/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to an authority from a program without an event loop: unary gRPC over HTTP/2 by libcurl. Blocking;
 * one thread per client. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

struct client;

struct client_config {
    const char *server;           /* "https://host:port", "http://127.0.0.1:port", "unix:/path" */
    const char *ca_file;          /* PEM; NULL or "": the system's */
    const char *certificate_file; /* PEM; NULL or "": none */
    const char *key_file;
    const char *token; /* the user's; NULL or "": none */
    /* PEM; the key to which the token is bound (DPoP, RFC 9449): every call proves that we hold it. NULL or "": none.
     * Not with a certificate, for a component can't prove a user's key. */
    const char *dpop_key_file;
    const char *authority_url; /* "https://…", for which proofs are made; NULL or "": as `server` */
    int64_t timeout_ms;        /* 0: 30 s */
};

/* What the authority said when it refused (google.rpc.Status with ErrorInfo, LocalizedMessage). */
struct client_refusal {
    int code;             /* of gRPC; 0: the call did not get an answer */
    const char *reason;   /* "NO_RIGHTS"; "" */
    const char *sentence; /* for a person */
    size_t metadata_count;
    struct {
        const char *key, *value;
    } metadata[8];
    size_t field_count;
    struct {
        const char *field, *description;
    } fields[8];
};

/* R_FIELD_INVALID for addresses that are none of the three forms, and for keys that can't be read or used. Copies
 * what it needs. */
MUST rc client_new(const struct client_config *config, struct client **out, struct err *err);
void client_free(struct client *client);

/* Call "LicensingService/AcquireLicense". When it fails, `refusal` (in the arena) says what the authority
 * answered, and the reason is R_INTERNAL unless no answer came: then R_DATABASE_UNAVAILABLE … see detail. */
MUST rc client_call(struct client *client, struct arena *arena, const char *method,
                    const ProtobufCMessage *request,
                    const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response,
                    struct client_refusal *refusal, struct err *err);
/* GET a page such as "/readyz"; its status, or 0 when nobody answered. The body lies in the arena. */
int client_get(struct client *client, struct arena *arena, const char *path, struct slice *body);
