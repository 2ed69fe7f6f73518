/* SPDX-License-Identifier: Apache-2.0 */
/* The client certificates by which components are known. */
#pragma once

#include <stdint.h>

#include <openssl/types.h>

#include "base/err.h"

/* The SHA-256 of the DER of the first certificate in a PEM file. R_INPUT_INVALID if it has none. */
rc certificate_fingerprint(const char *path, uint8_t out[32], struct err *err);
/* That certificate; the caller's to free. */
rc certificate_read(const char *path, X509 **out, struct err *err);
/* When it ends, in seconds since 1970. */
rc certificate_end(const char *path, int64_t *unix_s, struct err *err);
