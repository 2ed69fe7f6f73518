/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/secret_file.h"

#include <sys/stat.h>

rc secret_file_check(const char *path, struct err *err)
{
    struct stat info;
    if (path[0] == '\0' || stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return OK;
    }
    mode_t others = info.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    if ((info.st_mode & others) != 0) {
        FAIL(err, R_FILE_MODE, "%s has mode %03o: chmod go= %s", path,
             (unsigned)(info.st_mode & 0777), path);
    }
    return OK;
}
