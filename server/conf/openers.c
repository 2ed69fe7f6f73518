/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/openers.h"

#include <string.h>

#include "conf/conf.h"
#include "pkcs11/pkcs11.h"

static rc need(bool holds, const char *field, const char *why, struct err *err)
{
    if (!holds) {
        FAIL(err, R_CONFIG_INVALID, "root_key.openers%s %s", field, why);
    }
    return OK;
}

static rc check_token(const Chancery__Config__V1__Pkcs11Key *token, struct err *err)
{
    TRY(need(token->module[0] == '/', ".pkcs11.module",
             "must be the path of the token's library, from the root on", err));
    return need(pkcs11_uri_is_valid(token->uri), ".pkcs11.uri",
                "must be a URI such as pkcs11:token=chancery;object=root (RFC 7512), without a PIN",
                err);
}

rc conf_openers_check(Chancery__Config__V1__RootKeyOpener *const *openers, size_t count,
                      struct err *err)
{
    TRY(need(count <= CONF_ROOT_KEY_OPENERS_MAX, "", "may have at most 8 entries", err));
    for (size_t i = 0; i < count; i++) {
        TRY(need((openers[i]->key_file[0] != '\0') != (openers[i]->pkcs11 != NULL), "",
                 "has an entry without exactly one of key_file and pkcs11", err));
        if (openers[i]->pkcs11 != NULL) {
            TRY(check_token(openers[i]->pkcs11, err));
        }
    }
    return OK;
}
