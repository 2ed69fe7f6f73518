/* SPDX-License-Identifier: Apache-2.0 */
/* The table of all methods and the descriptors for server reflection, generated from the .proto files
 * by scripts/gen-methods. Constant data; any thread. */
#pragma once

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

/* Bits of `roles`: 1 << number of chancery.v1.Role. */
enum { METHOD_ROLE_PUBLIC = 1 << 8 };

enum method_user { METHOD_USER_NONE = 0, METHOD_USER_OPTIONAL = 1, METHOD_USER_REQUIRED = 2 };

struct method {
    const char *path;    /* "/chancery.v1.LicensingService/AcquireLicense" */
    const char *service; /* "chancery.v1.LicensingService" */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    int client_streams;
    int server_streams;
    unsigned roles; /* who may call it; 0: nobody */
    enum method_user user;
    size_t max_request_bytes;
};

/* Sorted by path. */
extern const struct method METHODS[];
extern const size_t METHOD_COUNT;

/* A serialized google.protobuf.FileDescriptorProto. */
struct proto_file {
    const char *name; /* "chancery/v1/licensing.proto" */
    const uint8_t *bytes;
    size_t len;
    const unsigned short *dependencies; /* indices into PROTO_FILES */
    size_t dependency_count;
};
extern const struct proto_file PROTO_FILES[];
extern const size_t PROTO_FILE_COUNT;

/* Which file declares a symbol; sorted by symbol. */
struct proto_symbol {
    const char *name; /* "chancery.v1.AcquireLicenseRequest" */
    unsigned short file;
};
extern const struct proto_symbol PROTO_SYMBOLS[];
extern const size_t PROTO_SYMBOL_COUNT;

/* Whether a string field may have several lines (option several_lines); by the full name of its
 * message, "chancery.v1.Issuer". */
bool proto_has_lines(const char *message, const char *field);
/* Whether a field of a request must neither be shown nor rest for longer than it is needed (option
 * secret); by the full name of the request. */
bool proto_is_secret(const char *message, const char *field);
/* Whether a message is the entry of a map, which JSON writes as a member; by its full name. */
bool proto_is_map_entry(const char *message);

/* Bits of what proto_field_behavior answers: 1 << number of google.api.FieldBehavior. */
enum { BEHAVIOR_REQUIRED = 1 << 2, BEHAVIOR_OUTPUT_ONLY = 1 << 3, BEHAVIOR_IMMUTABLE = 1 << 5 };
/* What the option google.api.field_behavior says of a field; by the full name of its message. */
unsigned proto_field_behavior(const char *message, const char *field);
