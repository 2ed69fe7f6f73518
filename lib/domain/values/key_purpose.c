/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/key_purpose.h"

const char *key_purpose_name(enum key_purpose purpose)
{
    static const char *const names[] = {
        [KEY_SEALING] = "sealing", [KEY_EXCHANGE] = "exchange", [KEY_SIGNING] = "signing"};
    return names[purpose];
}
