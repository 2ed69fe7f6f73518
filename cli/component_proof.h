/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that the keys of a component's certificates are held (docs/formats.md §3.6). */
#pragma once

#include "cli/session.h"

/* What was given; lists end at NULL, or are NULL. */
struct component_proof_args {
    const char **certificates; /* files in PEM, or fingerprints in hex */
    const char **keys;         /* the private keys of the certificates, in their order */
    const char **proofs;       /* files with proofs that were made elsewhere */
};

/* Read and make the proofs for a component. `tenant` NULL: that of whom the profile names. */
rc component_proof_collect(struct session *s, const struct component_proof_args *args,
                           const char *tenant, const char *name, char ***out, size_t *count,
                           struct err *err);
/* `chancery component prove`: print a proof, without asking anybody. Returns an exit code. */
int component_proof_print(const struct component_proof_args *args, const char *authority,
                          const char *tenant, const char *name);
