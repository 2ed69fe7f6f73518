/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/pkcs11_process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "pkcs11/pkcs11_key.h"

/* What was refused has no bytes. */
static bool answer(int socket, const struct err *failed, struct slice bytes)
{
    const struct err why = *failed;
    struct pkcs11_answer to_send = {.reason = why.reason};
    memcpy(to_send.detail, why.detail, sizeof to_send.detail);
    if (why.reason == R_NONE) {
        to_send.len = bytes.len;
        memcpy(to_send.bytes, bytes.ptr, bytes.len);
    }
    bool is_sent = send(socket, &to_send, sizeof to_send, MSG_NOSIGNAL) == sizeof to_send;
    mem_wipe(&to_send, sizeof to_send);
    return is_sent;
}

/* False: the other side has gone. */
static bool serve_one(const struct pkcs11_key *key, int socket)
{
    struct pkcs11_question question = {0};
    uint8_t shared[PKCS11_SHARED_MAX];
    size_t len = 0;
    struct err err = {0};
    if (recv(socket, &question, sizeof question, 0) != sizeof question) {
        return false;
    }
    (void)pkcs11_key_agree(key, slice_of(question.point, question.len), shared, &len, &err).ok;
    bool is_sent = answer(socket, &err, slice_of(shared, len));
    mem_wipe(shared, sizeof shared);
    return is_sent;
}

/* A fork of whoever asks: what that one does at signals is not ours to do, and its files and sockets are not the library's. */
static void leave_behind(int socket)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* it has the PIN */
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL);
    }
    (void)signal(SIGINT, SIG_IGN); /* of a terminal: whoever asks ends us */
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)close_range(3, (unsigned)socket - 1, 0);
    (void)close_range((unsigned)socket + 1, ~0U, 0);
}

void pkcs11_process_run(const struct pkcs11_place *place, int socket)
{
    struct pkcs11_key key = {0};
    struct err err = {0};
    leave_behind(socket);
    bool is_open = pkcs11_key_open(place, &key, &err).ok;
    bool goes_on = answer(socket, &err, slice_of(key.point, key.point_len)) && is_open;
    while (goes_on) {
        goes_on = serve_one(&key, socket);
    }
    _exit(0);
}
