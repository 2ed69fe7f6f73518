/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an installation can work, as far as its configuration, the files that it names and this
 * machine say: for chanceryd --check-config, and for chancery doctor, which looks at more. Blocking,
 * for the command line: never on a loop. */
#pragma once

#include "conf/conf.h"
#include "keys/root_files.h"

enum setup_severity { SETUP_ERROR, SETUP_WARNING };

enum setup_fault {
#define FAULT(code, severity, what, next) FAULT_##code,
#include "setup/faults.def"
#undef FAULT
};

/* Something that is wrong: what, why it is thought so, and what to do. */
struct setup_finding {
    const char *code; /* of faults.def or reasons.def */
    enum setup_severity severity;
    const char *what, *why, *next;
};

/* Who is told. Texts are lent until `tell` returns. */
struct setup_listener {
    void (*tell)(void *ctx, const struct setup_finding *finding);
    void *ctx;
    /* Where root keys are kept that were read, KEYS_ROOTS_MAX of them, to be freed. NULL: their files are looked at and no token is
     * asked, because a service manager checks before each start, and a token counts tries. */
    struct secret **roots;
};

/* Tell of a fault; the format says why. */
void setup_tell(const struct setup_listener *to, enum setup_fault fault, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Tell of an error, whose detail says why. */
void setup_tell_err(const struct setup_listener *to, const struct err *err);
/* The same of one with which licenses are given. */
void setup_warn_err(const struct setup_listener *to, const struct err *err);

struct setup_check {
    const char *name; /* "root key" */
    void (*run)(const Conf *conf, const struct setup_listener *to);
};
/* In the order in which they are told. */
extern const struct setup_check SETUP_CHECKS[];
extern const size_t SETUP_CHECK_COUNT;

/* Where the root keys are, as the configuration says; nobody is told. Lends. */
struct root_files setup_root_files(const Conf *conf);
/* A file that holds a secret: readable, and by its owner only. */
bool setup_secret_file(const char *path, const struct setup_listener *to);
enum setup_side { SETUP_SERVER, SETUP_CLIENT };
/* A certificate with its chain, and its key. True when this side can use both together. */
bool setup_key_pair(enum setup_side side, const char *certificate_file, const char *key_file,
                    const struct setup_listener *to);
void setup_ca_file(const char *path, const struct setup_listener *to);

/* Inside server/setup. */
void setup_certificates(const Conf *conf, const struct setup_listener *to);
void setup_addresses(const Conf *conf, const struct setup_listener *to);
