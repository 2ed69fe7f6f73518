/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/dns.h"

#include <ares.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "dns/dns_query.h"

static void advance(struct loop_task *task)
{
    dns_query_advance(LIST_ENTRY(task, struct dns, advance));
}

/* As c-ares wants them: with commas between. */
static char *join(char *const *servers, size_t count)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        len += strlen(servers[i]) + 1;
    }
    char *all = xcalloc(1, len + 1);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(all + at, len + 1 - at, "%s%s", i == 0 ? "" : ",", servers[i]);
    }
    return all;
}

rc dns_new(struct loop *loop, char *const *servers, size_t count, struct dns **out, struct err *err)
{
    struct dns *dns = xcalloc(1, sizeof *dns);
    CH_ASSERT(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
    dns->loop = loop;
    dns->servers = join(servers, count);
    list_init(&dns->waiting);
    loop_task_init(&dns->advance, advance);
    int status = dns_query_try(dns);
    if (status != ARES_SUCCESS) {
        dns_free(dns);
        FAIL(err, R_CONFIG_INVALID, "dns.servers: %s", ares_strerror(status));
    }
    *out = dns;
    return OK;
}

void dns_free(struct dns *dns)
{
    if (dns != NULL) {
        loop_task_cancel(&dns->advance);
        ares_library_cleanup();
        xfree(dns->servers);
        xfree(dns);
    }
}
