/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as YAML 1.2 in its block form, as people write it. */
#pragma once

#include <stdio.h>

/* Print a JSON object whose members have protobuf's JSON names (authorityUrl) with the names of the
 * .proto files (authority_url). Texts are in double quotes wherever a reader of YAML 1.1 or 1.2 might
 * take them for something else. */
void yaml_print(FILE *out, const char *json);
/* The same, indented: within `depth` mappings. Nothing for an empty object. */
void yaml_print_within(FILE *out, const char *json, int depth);
