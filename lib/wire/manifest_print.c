/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>

#include "wire/manifest.h"
#include "wire/yaml_print.h"

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0') {
        json_object_set_new(object, name, json_string(text));
    }
}

void manifest_print_head(FILE *out, const char *kind, const char *tenant, const char *id,
                         const char *etag)
{
    json_t *metadata = json_object();
    set_text(metadata, "tenant", tenant);
    set_text(metadata, "id", id);
    set_text(metadata, "etag", etag);
    char *json = json_dumps(metadata, JSON_COMPACT);
    CH_ASSERT(json != NULL); /* memory that ends ends the program */
    fprintf(out, "---\napiVersion: chancery.v1\nkind: %s\n", kind);
    fputs(json_object_size(metadata) == 0 ? "metadata: {}\n" : "metadata:\n", out);
    yaml_print_within(out, json, 1);
    fputs("spec:\n", out);
    free(json);
    json_decref(metadata);
}
