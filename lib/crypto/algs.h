/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms are fetched once per process and never again: a fetch costs more than a hash, and
 * takes locks (OpenSSL 3.0). Call crypto_init before anything else of lib/crypto.
 * Any thread after that: what is fetched is shared, and the contexts that are kept ready are each
 * thread's own. */
#pragma once

#include "base/err.h"

/* Fetch all algorithms. `properties` is OpenSSL's property query, for example "fips=yes", or
 * NULL. It becomes the process's default, so that TLS obeys it too. R_STARTUP_FAILED names in
 * its detail the algorithm that no provider offers, and that the FIPS module is missing when it
 * is. */
rc crypto_init(const char *properties, struct err *err);
/* The same for a library in a process of others: it leaves the defaults of OpenSSL and the memory of
 * jansson as that process has them. Not at once from two threads. R_STARTUP_FAILED. */
rc crypto_init_shared(const char *properties, struct err *err);
/* Whether every algorithm comes from OpenSSL's FIPS provider, because the properties demand it. */
bool crypto_is_fips(void);
/* Free what was fetched and the calling thread's contexts, for leak checks at the end of a process.
 * No other thread uses lib/crypto any more. */
void crypto_fini(void);
