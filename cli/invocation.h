/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for a whole run of the program, whichever command it is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct invocation {
    bool is_json;       /* -o json: failures are told as JSON too */
    bool is_verbose;    /* -v: what is asked of whom, and how long it took, on standard error */
    uint32_t timeout_s; /* --timeout: for each call; 0: the library's */
};

const struct invocation *invocation(void);
/* Look for what is to be known before options are understood: whether failures are told as JSON. */
void invocation_look(int argc, char **argv);
/* What -v and --timeout say, which every command takes that asks an authority (options.c). */
void invocation_set(bool is_verbose, uint32_t timeout_s);
