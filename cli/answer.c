/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/answer.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "wire/message_text.h"
#include "wire/yaml_print.h"

int answer_read(const struct command *command, const char *text, enum answer *out)
{
    static const char *const names[] = {
        [ANSWER_TEXT] = "table", [ANSWER_JSON] = "json", [ANSWER_YAML] = "yaml", NULL};
    size_t at = ANSWER_TEXT;
    int code = text == NULL ? EXIT_OK : choice_read(command, "-o", text, names, &at);
    *out = (enum answer)at;
    return code;
}

static int print(struct session *s, FILE *out, enum answer answer, const ProtobufCMessage *message,
                 bool is_pretty)
{
    const char *text;
    struct err err = {0};
    if (!message_to_json(s->arena, message, is_pretty, false, &text, &err).ok) {
        return fail_with(s->command, &err);
    }
    if (answer == ANSWER_YAML) {
        yaml_print(out, text);
    } else {
        fprintf(out, "%s\n", text);
    }
    return EXIT_OK;
}

int answer_print(struct session *s, enum answer answer, const ProtobufCMessage *message)
{
    return print(s, stdout, answer, message, true);
}

int answer_print_beside(struct session *s, enum answer answer, const char *output,
                        const ProtobufCMessage *message)
{
    return print(s, output_is_standard(output) ? stderr : stdout, answer, message, true);
}

int answer_print_one(struct session *s, enum answer answer, const ProtobufCMessage *message)
{
    if (answer == ANSWER_YAML) {
        puts("---");
    }
    return print(s, stdout, answer, message, answer == ANSWER_YAML);
}
