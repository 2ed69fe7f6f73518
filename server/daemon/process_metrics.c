/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/process_metrics.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "obs/metrics.h"

static int64_t ns_of(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

/* The board may have counted for another process before, so what is told is what was added. */
static void tell_processor(void)
{
    static int64_t told_ns;
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        int64_t now_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
        metric_add(M_CPU_SECONDS, NULL, NULL, now_ns - told_ns);
        told_ns = now_ns;
    }
}

/* proc(5): the second number of statm is the resident set, in pages. */
static void tell_memory(void)
{
    int64_t size, resident;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return;
    }
    if (fscanf(file, "%" SCNd64 " %" SCNd64, &size, &resident) == 2) {
        metric_set(M_RESIDENT_BYTES, NULL, NULL, resident * sysconf(_SC_PAGESIZE));
    }
    fclose(file);
}

void process_metrics_tell(void)
{
    tell_processor();
    tell_memory();
}
