/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/pkcs11.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <p11-kit/uri.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pkcs11/pkcs11_process.h"

struct pkcs11 {
    pid_t pid;
    int socket;
    uint8_t point[PKCS11_POINT_MAX];
    size_t point_len;
};

bool pkcs11_uri_is_valid(const char *uri)
{
    P11KitUri *parsed = p11_kit_uri_new();
    bool is_valid = p11_kit_uri_parse(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, parsed) ==
                        P11_KIT_URI_OK &&
                    p11_kit_uri_any_unrecognized(parsed) == 0 &&
                    p11_kit_uri_get_pin_value(parsed) == NULL &&
                    p11_kit_uri_get_pin_source(parsed) == NULL;
    p11_kit_uri_free(parsed);
    return is_valid;
}

static bool may_be_same(const unsigned char *field, const unsigned char *other, size_t len)
{
    return field[0] == '\0' || other[0] == '\0' || memcmp(field, other, len) == 0;
}

static bool may_be_same_token(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b)
{
    return may_be_same(a->label, b->label, sizeof a->label) &&
           may_be_same(a->manufacturerID, b->manufacturerID, sizeof a->manufacturerID) &&
           may_be_same(a->model, b->model, sizeof a->model) &&
           may_be_same(a->serialNumber, b->serialNumber, sizeof a->serialNumber);
}

bool pkcs11_uris_share_token(const char *uri, const char *other)
{
    P11KitUri *a = p11_kit_uri_new(), *b = p11_kit_uri_new();
    bool is_same = p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, a) == P11_KIT_URI_OK &&
                   p11_kit_uri_parse(other, P11_KIT_URI_FOR_ANY, b) == P11_KIT_URI_OK &&
                   may_be_same_token(p11_kit_uri_get_token_info(a), p11_kit_uri_get_token_info(b));
    p11_kit_uri_free(a);
    p11_kit_uri_free(b);
    return is_same;
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool comes_in_time(int socket)
{
    int64_t until = clock_mono().ns / 1000000 + PKCS11_TIMEOUT_MS;
    struct pollfd ready = {.fd = socket, .events = POLLIN};
    int found;
    do {
        int64_t left = until - clock_mono().ns / 1000000;
        found = poll(&ready, 1, left < 0 ? 0 : (int)left);
    } while (found < 0 && errno == EINTR);
    return found == 1;
}

/* What the library runs beside may have become the library's. */
static bool is_answer(const struct pkcs11_answer *answer)
{
    bool is_known = answer->reason == R_NONE || answer->reason == R_HSM_UNREACHABLE ||
                    answer->reason == R_HSM_PIN_WRONG || answer->reason == R_HSM_PIN_LOCKED ||
                    answer->reason == R_HSM_KEY_UNUSABLE;
    return is_known && memchr(answer->detail, '\0', sizeof answer->detail) != NULL &&
           answer->len <= sizeof answer->bytes;
}

static rc take_answer(struct pkcs11 *key, struct pkcs11_answer *out, struct err *err)
{
    if (!comes_in_time(key->socket)) {
        (void)kill(key->pid, SIGKILL); /* so that the next question is not waited for as long */
        FAIL(err, R_HSM_UNREACHABLE, "the token has not answered for %d s",
             PKCS11_TIMEOUT_MS / 1000);
    }
    if (recv(key->socket, out, sizeof *out, 0) != sizeof *out) {
        FAIL(err, R_HSM_UNREACHABLE, "the token's library ended its process");
    }
    if (!is_answer(out)) {
        (void)kill(key->pid, SIGKILL);
        FAIL(err, R_HSM_UNREACHABLE, "the token's library has answered what is no answer");
    }
    if (out->reason != R_NONE) {
        FAIL(err, out->reason, "%s", out->detail);
    }
    return OK;
}

struct slice pkcs11_point(const struct pkcs11 *key)
{
    return slice_of(key->point, key->point_len);
}

rc pkcs11_agree(void *key, struct slice point, uint8_t out[PKCS11_SHARED_MAX], size_t *len_out,
                struct err *err)
{
    struct pkcs11 *own = key;
    struct pkcs11_question question = {.len = point.len};
    struct pkcs11_answer answer = {0};
    ENSURE(point.len <= sizeof question.point, err, R_HSM_KEY_UNUSABLE);
    memcpy(question.point, point.ptr, point.len);
    if (send(own->socket, &question, sizeof question, MSG_NOSIGNAL) != sizeof question) {
        FAIL(err, R_HSM_UNREACHABLE, "the token's library ended its process");
    }
    rc result = take_answer(own, &answer, err);
    size_t len = answer.len;
    if (result.ok && len <= PKCS11_SHARED_MAX) {
        memcpy(out, answer.bytes, len);
        *len_out = len;
    }
    mem_wipe(&answer, sizeof answer);
    TRY(result);
    if (len > PKCS11_SHARED_MAX) {
        FAIL(err, R_HSM_UNREACHABLE, "the token has given out %zu bytes, more than a coordinate",
             len);
    }
    return OK;
}

/* --- its process ------------------------------------------------------------------------------ */

static rc start(const struct pkcs11_place *place, struct pkcs11 *key, struct err *err)
{
    int sockets[2];
    ENSURE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0, err,
           R_STARTUP_FAILED);
    key->pid = fork();
    if (key->pid == 0) {
        close(sockets[0]);
        pkcs11_process_run(place, sockets[1]);
    }
    close(sockets[1]);
    key->socket = sockets[0];
    ENSURE(key->pid > 0, err, R_STARTUP_FAILED);
    return OK;
}

static rc open_key(const struct pkcs11_place *place, struct pkcs11 *key, struct err *err)
{
    struct pkcs11_answer answer = {0};
    TRY(start(place, key, err));
    TRY(take_answer(key, &answer, err));
    key->point_len = answer.len;
    memcpy(key->point, answer.bytes, sizeof key->point);
    return OK;
}

rc pkcs11_open(const struct pkcs11_place *place, struct pkcs11 **out, struct err *err)
{
    struct pkcs11 *key = xcalloc(1, sizeof *key);
    key->socket = -1;
    rc result = open_key(place, key, err);
    if (!result.ok) {
        pkcs11_close(key);
        return result;
    }
    *out = key;
    return OK;
}

/* SIGKILL, because a library that hangs would not hear anything else; what it holds of the token ends with its session. */
void pkcs11_close(struct pkcs11 *key)
{
    if (key == NULL) {
        return;
    }
    if (key->socket >= 0) {
        close(key->socket);
    }
    if (key->pid > 0) {
        (void)kill(key->pid, SIGKILL);
        while (waitpid(key->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    mem_wipe(key, sizeof *key);
    xfree(key);
}
