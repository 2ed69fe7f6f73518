/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that several services keep. A limit of one service stands in its own file; each is said in
 * the .proto too. */
#pragma once

enum {
    REASON_TEXT_MAX = 256,  /* bytes of why something was done, for the audit log */
    DISPLAY_NAME_MAX = 128, /* bytes of a name for people */
    DOMAINS_MAX = 1000,     /* of an issuer or a component */
    APPLICATION_MAX = 64,   /* bytes of a client's application */
    PLATFORM_MAX = 32,      /* bytes of a client's platform */
};
