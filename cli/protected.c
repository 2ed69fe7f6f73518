/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/protected.h"

#include <errno.h>
#include <string.h>

#include "base/ids.h"
#include "cli/output.h"

/* What can't be read twice, such as a pipe, is kept in a file that has no name. It is protected, so it
 * is no secret. */
static FILE *spool(FILE *in)
{
    enum { PIECE = 65536 };
    static uint8_t piece[PIECE];
    FILE *kept = tmpfile();
    size_t len = PIECE;
    while (kept != NULL && len == PIECE) {
        len = fread(piece, 1, PIECE, in);
        if (ferror(in) != 0 || fwrite(piece, 1, len, kept) != len) {
            fclose(kept);
            return NULL;
        }
    }
    if (kept != NULL) {
        rewind(kept);
    }
    return kept;
}

static FILE *open_input(const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (in == NULL || fseek(in, 0, SEEK_CUR) == 0) {
        return in;
    }
    FILE *kept = spool(in);
    if (in != stdin) {
        fclose(in);
    }
    return kept;
}

rc protected_load(struct arena *arena, const char *path, struct protected *out, struct err *err)
{
    struct slice bytes;
    out->in = open_input(path);
    if (out->in == NULL) {
        FAIL(err, R_FILE_UNREADABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    if (content_file_open(arena, out->in, &out->file, err).ok) {
        out->is_file = true;
        out->license = out->file.license;
        return OK;
    }
    err_clear(err);
    rewind(out->in);
    TRY(read_stream(arena, out->in, path, 2 * MAIL_BYTES_MAX, &bytes, err));
    TRY(mail_unwrap(arena, bytes, &out->mail, err));
    out->license = out->mail.license;
    return OK;
}

static rc write_file(const struct protected *p, const char *path, const struct secret *key,
                     struct err *err)
{
    struct output output;
    TRY(output_open(path, &output, err));
    rc result = content_file_read(&p->file, p->in, output.file, key, err);
    return result.ok ? output_keep(&output, err) : output_drop(&output);
}

static rc write_mail(struct arena *arena, const struct protected *p, const char *path,
                     const struct secret *key, struct err *err)
{
    struct slice mail;
    TRY(mail_open(arena, p->mail.sealed, key, &mail, err));
    return output_write(path, mail, err);
}

rc protected_write(struct arena *arena, const struct protected *p, const char *path,
                   const struct secret *key, struct err *err)
{
    return p->is_file ? write_file(p, path, key, err) : write_mail(arena, p, path, key, err);
}

const char *protected_output_for(struct arena *arena, const char *input)
{
    if (strcmp(input, "-") == 0) {
        return "-";
    }
    static const char *const ends[] = {".protected", ".protected.eml"};
    const char *slash = strrchr(input, '/'), *name = slash == NULL ? input : slash + 1;
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);
        if (len > end && strcmp(name + len - end, ends[i]) == 0) {
            return arena_printf(arena, "%.*s.opened%s", (int)(strlen(input) - end), input,
                                ends[i] + strlen(ends[0]));
        }
    }
    return arena_printf(arena, "%s.opened", input);
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
