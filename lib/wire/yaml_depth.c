/* SPDX-License-Identifier: Apache-2.0 */
/* How deep a text is nested, before it is read as a whole. libyaml looks at all that is open with each token, so what is opened
 * and never closed takes a time that grows as the square of it: a minute for 100,000 brackets. Event by event it has looked
 * at a thousand characters ahead at most when it tells that something was opened. */
#include "wire/yaml_reader.h"

/* More than anything of ours has (manifest.c, message_yaml.c), which say what is wrong with less. */
enum { NESTED_MAX = 64 };

static int step_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return 1;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return -1;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_ALIAS_EVENT:
    case YAML_SCALAR_EVENT:
        break;
    }
    return 0;
}

/* What is no YAML is told when it is read. */
static rc check(const struct yaml_reader *r, yaml_parser_t *parser)
{
    yaml_event_t event;
    int depth = 0;
    bool is_over = false;
    while (!is_over && yaml_parser_parse(parser, &event) == 1) {
        size_t line = event.start_mark.line + 1;
        is_over = event.type == YAML_STREAM_END_EVENT;
        depth += step_of(&event);
        yaml_event_delete(&event);
        if (depth > NESTED_MAX) {
            FAIL(r->err, R_CONFIG_INVALID, "line %zu: this is nested too deeply", line);
        }
    }
    return OK;
}

rc yaml_check_depth(const struct yaml_reader *r)
{
    yaml_parser_t parser;
    CH_ASSERT(yaml_parser_initialize(&parser) == 1);
    yaml_parser_set_input_string(&parser, r->text.ptr, r->text.len);
    rc result = check(r, &parser);
    yaml_parser_delete(&parser);
    return result;
}
