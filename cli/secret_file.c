/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/secret_file.h"

#include <sys/stat.h>

#include "base/secret.h"

rc secret_file_check(const char *path, struct err *err)
{
    struct stat info;
    struct err mode = {0};
    if (path[0] == '\0' || stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return OK;
    }
    if (!secret_check_mode(path, &info, SECRET_OWNER_OR_GROUP_OF_ROOTS, &mode).ok) {
        FAIL(err, R_FILE_MODE, "%s: chmod go= %s", err_words(&mode), path);
    }
    return OK;
}
