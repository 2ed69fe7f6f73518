/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms are fetched once per process and never again: a fetch costs more than a hash, and
 * takes locks (OpenSSL 3.0). Call crypto_init before anything else of lib/crypto.
 * Loop thread only after that: the contexts that are kept ready are not shared between threads. */
#pragma once

#include "base/err.h"

/* Fetch all algorithms. `properties` is OpenSSL's property query, for example "fips=yes", or
 * NULL. It becomes the process's default, so that TLS obeys it too. R_STARTUP_FAILED names in
 * its detail the algorithm that no provider offers, and that the FIPS module is missing when it
 * is. */
rc crypto_init(const char *properties, struct err *err);
/* Whether every algorithm comes from OpenSSL's FIPS provider, because the properties demand it. */
bool crypto_is_fips(void);
/* Free what crypto_init fetched, for leak checks at the end of a process. */
void crypto_fini(void);
