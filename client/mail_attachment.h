/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client only: whether an attachment can be looked into. */
#pragma once

#include "base/slice.h"
#include <stdbool.h>

/* A ZIP archive with an encrypted file, an encrypted PDF, or an encrypted file of an office program. */
bool mail_attachment_has_password(struct slice bytes);
/* A format that nobody but its maker reads (TNEF, "winmail.dat"), or an archive that was cut. */
bool mail_attachment_is_unreadable(const char *media_type, struct slice bytes);
