/* SPDX-License-Identifier: Apache-2.0 */
/* A PKCS#11 module in front of SoftHSM2 that has a trouble which SoftHSM2 never has: TROUBLE says which. All else is SoftHSM2's. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#include "pkcs11/pkcs11_process.h"

static CK_FUNCTION_LIST *real, changed;

static int is(const char *trouble)
{
    const char *given = getenv("TROUBLE");
    return given != NULL && strcmp(given, trouble) == 0;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv = real->C_GetTokenInfo(slot, info);
    info->flags |= is("final-try") ? CKF_USER_PIN_FINAL_TRY : 0;
    info->flags |= is("locked") ? CKF_USER_PIN_LOCKED : 0;
    return rv;
}

/* In the name of the process that it runs in, whose only socket it finds. */
static void answer_wrongly(void)
{
    struct pkcs11_answer answer = {.reason = is("no-reason") ? (enum reason)1000000
                                             : is("no-end")  ? R_HSM_UNREACHABLE
                                                             : R_NONE,
                                   .len = is("too-long") ? sizeof answer.bytes + 1 : 0};
    memset(answer.detail, is("no-end") ? 'x' : '\0', sizeof answer.detail);
    for (int fd = 3; fd < 1024; fd++) {
        (void)send(fd, &answer, sizeof answer, MSG_NOSIGNAL);
    }
}

static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
    while (is("hang")) {
        (void)pause();
    }
    if (is("crash")) {
        abort();
    }
    if (is("no-reason") || is("no-end") || is("too-long")) {
        answer_wrongly();
        (void)pause(); /* it is killed, and not while SoftHSM2 writes */
    }
    return is("locks") ? CKR_PIN_LOCKED : real->C_Login(session, user, pin, len);
}

static CK_RV derive(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
                    CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
    return is("no-ecdh") ? CKR_MECHANISM_INVALID
                         : real->C_DeriveKey(session, mechanism, key, template, count, out);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out);

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
    void *library = dlopen(getenv("PKCS11SPY"), RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    if (library == NULL) {
        return CKR_GENERAL_ERROR;
    }
    void *symbol = dlsym(library, "C_GetFunctionList");
    memcpy(&get, &symbol, sizeof get);
    CK_RV rv = get(&real);
    changed = *real;
    changed.C_GetTokenInfo = get_token_info;
    changed.C_Login = log_in;
    changed.C_DeriveKey = derive;
    *out = &changed;
    return rv;
}
