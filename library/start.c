/* SPDX-License-Identifier: Apache-2.0 */
#include "library/start.h"

#include <pthread.h>

#include <chancery/chancery.h>

#include "client/mail.h"
#include "client/wiped_memory.h"
#include "crypto/algs.h"
#include "library/version.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct err failure;

/* libcurl counts how often it is started, and keeps the memory functions of the first time. */
static void start(void)
{
    if (crypto_init_shared(NULL, &failure).ok) {
        wiped_memory_start();
        mail_start();
    }
}

rc library_start(struct err *err)
{
    (void)pthread_once(&once, start);
    if (failure.reason != R_NONE) {
        *err = failure;
        return (rc){false};
    }
    return OK;
}

const char *chancery_version(void)
{
    return CHANCERY_LIBRARY_VERSION;
}
