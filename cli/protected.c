/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/protected.h"

#include <errno.h>
#include <string.h>

#include "base/ids.h"

rc protected_load(struct arena *arena, const char *path, struct protected *out, struct err *err)
{
    struct slice bytes;
    out->in = fopen(path, "re");
    if (out->in == NULL) {
        FAIL(err, R_FILE_UNREADABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    if (content_file_open(arena, out->in, &out->file, err).ok) {
        out->is_file = true;
        out->license = out->file.license;
        return OK;
    }
    fclose(out->in);
    out->in = NULL;
    err_clear(err);
    TRY(read_file(arena, path, 2 * MAIL_BYTES_MAX, &bytes, err));
    TRY(mail_unwrap(arena, bytes, &out->mail, err));
    out->license = out->mail.license;
    return OK;
}

void protected_close(struct protected *p)
{
    if (p->in != NULL) {
        fclose(p->in);
        p->in = NULL;
    }
}

int content_operand_read(struct session *s, const char *text, struct content_operand *out)
{
    struct protected p = {0};
    struct err err = {0};
    struct uuid id;
    *out = (struct content_operand){.id = text_field(text)};
    if (uuid_parse(slice_str(text), &id, NULL).ok) {
        return EXIT_OK;
    }
    bool is_loaded = protected_load(s->arena, text, &p, &err).ok;
    protected_close(&p); /* the license is the arena's */
    if (!is_loaded) {
        return fail_with(s->command, &err);
    }
    out->id = text_field("");
    out->license = (ProtobufCBinaryData){p.license.len, (uint8_t *)(uintptr_t)p.license.ptr};
    return EXIT_OK;
}
