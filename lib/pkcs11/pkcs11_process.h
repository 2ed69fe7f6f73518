/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/pkcs11 only: what both processes say to each other, and the one that has the token. */
#pragma once

#include "pkcs11/pkcs11.h"

/* One datagram each: a point, and what came of it. The first answer is to no question: the key's own point. */
struct pkcs11_question {
    size_t len;
    uint8_t point[PKCS11_POINT_MAX];
};

struct pkcs11_answer {
    enum reason reason; /* R_NONE: `bytes` has it */
    char detail[ERR_DETAIL_MAX];
    size_t len;
    uint8_t bytes[PKCS11_POINT_MAX];
};

/* Be the token's process until the socket ends. */
_Noreturn void pkcs11_process_run(const struct pkcs11_place *place, int socket);
