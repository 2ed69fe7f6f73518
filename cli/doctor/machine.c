/* SPDX-License-Identifier: Apache-2.0 */
/* What this process may do on this machine. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/secret.h"
#include "cli/doctor/doctor.h"

enum { OWN_DESCRIPTORS = 256 }; /* of a worker, beside its clients' (server/daemon/descriptors.c) */

/* The same lock that a worker takes for the heap of its secrets. */
void doctor_memory(struct doctor *d)
{
    struct rlimit limit = {0};
    void *bytes =
        mmap(NULL, SECRET_HEAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool is_locked = bytes != MAP_FAILED && mlock(bytes, SECRET_HEAP_BYTES) == 0;
    int why = errno;
    if (bytes != MAP_FAILED) {
        (void)munmap(bytes, SECRET_HEAP_BYTES);
    }
    (void)getrlimit(RLIMIT_MEMLOCK, &limit);
    if (!is_locked) {
        setup_tell(&d->to, FAULT_MEMORY_LOCK_LIMIT, "%d KiB: %s; the limit is %lld KiB",
                   SECRET_HEAP_BYTES / 1024, strerror(why), (long long)(limit.rlim_cur / 1024));
    }
}

void doctor_descriptors(struct doctor *d)
{
    struct rlimit limit;
    rlim_t wanted = d->conf->limits->max_connections + OWN_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < wanted) {
        setup_tell(&d->to, FAULT_DESCRIPTOR_LIMIT, "%llu are needed, %llu allowed",
                   (unsigned long long)wanted, (unsigned long long)limit.rlim_max);
    }
}
