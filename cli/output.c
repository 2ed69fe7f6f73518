/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static rc failed(const char *path, struct err *err)
{
    FAIL(err, R_STARTUP_FAILED, "%s: %s", path, strerrorname_np(errno));
}

rc output_open(const char *path, struct output *out, struct err *err)
{
    out->path = path;
    if (strcmp(path, "-") == 0) {
        out->file = stdout;
        return OK;
    }
    int len = snprintf(out->part, sizeof out->part, "%s.part", path);
    ENSURE(len > 0 && (size_t)len < sizeof out->part, err, R_FIELD_INVALID);
    int fd = open(out->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    out->file = fd < 0 ? NULL : fdopen(fd, "w");
    return out->file == NULL ? failed(out->part, err) : OK;
}

rc output_keep(struct output *output, struct err *err)
{
    if (output->file == stdout) {
        return fflush(stdout) == 0 ? OK : failed("standard output", err);
    }
    bool ok = fflush(output->file) == 0;
    ok = fclose(output->file) == 0 && ok;
    if (!ok || rename(output->part, output->path) != 0) {
        rc result = failed(output->path, err);
        (void)unlink(output->part);
        return result;
    }
    return OK;
}

rc output_drop(struct output *output)
{
    if (output->file != stdout) {
        (void)fclose(output->file);
        (void)unlink(output->part);
    }
    return (rc){false};
}

rc output_write(const char *path, struct slice bytes, struct err *err)
{
    struct output output;
    TRY(output_open(path, &output, err));
    if (fwrite(bytes.ptr, 1, bytes.len, output.file) != bytes.len) {
        (void)failed(path, err).ok;
        return output_drop(&output);
    }
    return output_keep(&output, err);
}
