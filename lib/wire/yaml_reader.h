/* SPDX-License-Identifier: Apache-2.0 */
/* Reading YAML into messages: what message_yaml.c, yaml_scalars.c and manifest.c share. Inside
 * lib/wire. */
#pragma once

#include <yaml.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

struct yaml_reader {
    struct arena *arena;
    yaml_document_t *document;
    struct slice text; /* what is parsed, for lines of what is not UTF-8 */
    struct err *err;
};

/* Fail with R_CONFIG_INVALID at a node: "line 3: NAME WHAT". */
rc yaml_bad(const struct yaml_reader *r, const yaml_node_t *node, const char *what,
            const char *name);
/* Fail with what libyaml says. */
rc yaml_not_read(const struct yaml_reader *r, const yaml_parser_t *parser);
/* Fail unless the text is nested so little that libyaml reads it in a time that grows as the text does. Before it is read. */
rc yaml_check_depth(const struct yaml_reader *r);
/* NULL when the node is not a scalar. */
const char *yaml_scalar(const yaml_node_t *node);
/* One value of a field that is no message. */
rc yaml_read_scalar(struct yaml_reader *r, const yaml_node_t *node,
                    const ProtobufCFieldDescriptor *field, void *out);
/* A message from a mapping of the document. */
rc yaml_read_message(struct yaml_reader *r, const yaml_node_t *node,
                     const ProtobufCMessageDescriptor *type, ProtobufCMessage **out);
