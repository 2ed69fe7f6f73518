/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/sign_in.h"

#include <string.h>

static enum sign_in provider(const char *iss)
{
    static const struct {
        const char *iss;
        enum sign_in sign_in;
    } providers[] = {
        /* The tenant in which Microsoft keeps personal accounts. */
        {"https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
         SIGN_IN_MICROSOFT},
        {"https://accounts.google.com", SIGN_IN_GOOGLE},
        {"https://api.login.yahoo.com", SIGN_IN_YAHOO},
    };
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        if (strcmp(providers[i].iss, iss) == 0) {
            return providers[i].sign_in;
        }
    }
    return SIGN_IN_OTHER_CONSUMER;
}

enum sign_in sign_in_by(enum issuer_kind kind, const char *iss)
{
    switch (kind) {
    case ISSUER_TENANT:
    case ISSUER_MULTI_TENANT:
        return SIGN_IN_WORK;
    case ISSUER_CONSUMER:
        return provider(iss);
    case ISSUER_PASSCODE:
        return SIGN_IN_PASSCODE;
    case ISSUER_COMPONENT:
    case ISSUER_SIGNALS:
        break;
    }
    return SIGN_IN_NONE;
}

bool sign_in_is_social(enum sign_in sign_in)
{
    return sign_in >= SIGN_IN_MICROSOFT && sign_in <= SIGN_IN_OTHER_CONSUMER;
}
