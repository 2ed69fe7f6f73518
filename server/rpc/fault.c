/* SPDX-License-Identifier: Apache-2.0 */
/* Fault points: every step of every flow has one, by name, in builds with CHANCERY_FAULTS.
 *
 * CHANCERY_FAULT="flow:step:kill" kills the process with SIGKILL before that step, "flow:step:delay=MS"
 * waits before it. CHANCERY_FAULT_FILE names a file that says the same and is read at every step, so that
 * a test can change its mind. The cancel and crash matrices are made from the step tables, so that a new
 * step is covered the day it appears. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/call_internal.h"

#ifdef CHANCERY_FAULTS

enum { FAULT_MAX = 160 };

static const char *wanted_fault(char text[FAULT_MAX])
{
    const char *path = getenv("CHANCERY_FAULT_FILE");
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    if (file == NULL) {
        return getenv("CHANCERY_FAULT");
    }
    bool is_read = fgets(text, FAULT_MAX, file) != NULL;
    fclose(file);
    return is_read ? text : NULL;
}

bool fault_point(struct call *c)
{
    char text[FAULT_MAX];
    const char *wanted = wanted_fault(text);
    char prefix[128];
    bool visited = c->fault_passed;
    c->fault_passed = false;
    if (wanted == NULL || visited) {
        return false;
    }
    int len = snprintf(prefix, sizeof prefix, "%s:%s:", c->flow->name, call_row_name(c));
    if (strncmp(wanted, prefix, (size_t)len) != 0) {
        return false;
    }
    const char *what = wanted + len;
    if (strcmp(what, "kill") == 0) {
        (void)kill(getpid(), SIGKILL);
    }
    if (strncmp(what, "delay=", 6) == 0) {
        c->fault_passed = true;
        (void)call_pause(c, NULL, strtol(what + 6, NULL, 10));
        return true;
    }
    return false;
}

#else

bool fault_point(struct call *c)
{
    (void)c;
    return false;
}

#endif
