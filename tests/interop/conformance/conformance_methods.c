/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's table of methods, in the place of the one that the build makes of our own interface (proto/methods.h):
 * the linker takes this one, because it comes before the library that has the other. */
#include "conformance.h"
#include "methods.h"

#define METHOD(method, c_name, client, server)                                               \
    {                                                                                        \
        .path = "/connectrpc.conformance.v1.ConformanceService/" method,                     \
        .service = "connectrpc.conformance.v1.ConformanceService",                           \
        .request = &connectrpc__conformance__v1__##c_name##_request__descriptor,             \
        .response = &connectrpc__conformance__v1__##c_name##_response__descriptor,           \
        .client_streams = (client), .server_streams = (server), .roles = METHOD_ROLE_PUBLIC, \
        .max_request_bytes = CONFORMANCE_REQUEST_MAX,                                        \
    }

const struct method METHODS[] = {
    METHOD("BidiStream", bidi_stream, 1, 1),
    METHOD("ClientStream", client_stream, 1, 0),
    METHOD("IdempotentUnary", idempotent_unary, 0, 0),
    METHOD("ServerStream", server_stream, 0, 1),
    METHOD("Unary", unary, 0, 0),
    METHOD("Unimplemented", unimplemented, 0, 0),
};
const size_t METHOD_COUNT = sizeof METHODS / sizeof METHODS[0];

/* The suite has errors with sentences of several lines. */
bool proto_has_lines(const char *message, const char *field)
{
    (void)message;
    (void)field;
    return true;
}

bool proto_is_secret(const char *message, const char *field)
{
    (void)message;
    (void)field;
    return false;
}

bool proto_is_map_entry(const char *message)
{
    (void)message;
    return false;
}
