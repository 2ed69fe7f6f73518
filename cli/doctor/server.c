/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of the configuration: free, our own server's, or somebody else's. And whether that
 * server serves. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "cli/certificate.h"
#include "cli/doctor/doctor.h"
#include "client/client.h"
#include "setup/address.h"

enum { ASK_MS = 3000, UNIX_PREFIX = 5, ADDRESS_BYTES = 80 };

typedef Chancery__Config__V1__Listener Listener;

static bool is_unix(const Listener *listener)
{
    return strncmp(listener->address, "unix:", UNIX_PREFIX) == 0;
}

/* Where a listener on every address is reached from here. */
static void reachable(const Listener *listener, char out[ADDRESS_BYTES])
{
    const char *port = strrchr(listener->address, ':');
    bool is_any4 = strncmp(listener->address, "0.0.0.0:", 8) == 0;
    bool is_any6 = strncmp(listener->address, "[::]:", 5) == 0;
    snprintf(out, ADDRESS_BYTES, "%s%s",
             is_any4   ? "127.0.0.1"
             : is_any6 ? "[::1]"
                       : listener->address,
             is_any4 || is_any6 ? port : "");
}

/* --- asking ----------------------------------------------------------------------------------- */

/* The status of a page; 0: nobody answers as we would. With TLS by the name under which clients
 * come, because the certificate is for that. */
static int get(const struct doctor *d, const Listener *listener, const char *path,
               struct slice *body)
{
    char address[ADDRESS_BYTES];
    struct client *client = NULL;
    struct err err = {0};
    struct client_config config = {.timeout_ms = ASK_MS};
    reachable(listener, address);
    if (is_unix(listener)) {
        config.server = listener->address;
    } else if (listener->tls == NULL) {
        config.server = arena_printf(d->arena, "http://%s", address);
    } else {
        config.server = d->conf->authority_url;
        config.connect_to = arena_printf(d->arena, "::%s", address);
        config.ca_file = listener->tls->certificate_file;
    }
    if (config.server == NULL || !client_new(&config, &client, &err).ok) {
        return 0;
    }
    int status = client_get(client, d->arena, path, body);
    client_free(client);
    return status;
}

static int connected(const char *text)
{
    struct setup_address address;
    struct timeval limit = {.tv_sec = ASK_MS / 1000};
    if (!setup_address_read(text, &address)) {
        return -1;
    }
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
                    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
                    connect(fd, &address.any, address.len) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The certificate that is shown there; false: nobody there speaks TLS and HTTP/2. */
static bool shown_certificate(const char *address, unsigned char out[32])
{
    static const unsigned char h2[] = "\2h2";
    const unsigned char *agreed = NULL;
    unsigned len = 0;
    int fd = connected(address);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = ctx == NULL ? NULL : SSL_new(ctx);
    bool ok = fd >= 0 && ssl != NULL && SSL_set_alpn_protos(ssl, h2, sizeof h2 - 1) == 0 &&
              SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1;
    if (ok) {
        SSL_get0_alpn_selected(ssl, &agreed, &len);
        ok = len > 0 && X509_digest(SSL_get0_peer_certificate(ssl), EVP_sha256(), out, &len) == 1;
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

enum occupant { NOBODY, OURS, OURS_BEFORE, STRANGER };

static enum occupant ask_tls(const struct doctor *d, const Listener *listener)
{
    unsigned char shown[32], ours[32];
    char address[ADDRESS_BYTES];
    struct err err = {0};
    struct slice body = SLICE_NONE;
    reachable(listener, address);
    if (!shown_certificate(address, shown)) {
        return STRANGER;
    }
    if (certificate_fingerprint(listener->tls->certificate_file, ours, &err).ok &&
        memcmp(shown, ours, sizeof ours) == 0) {
        return OURS;
    }
    /* One that an authority of the new file's chain has signed. */
    return get(d, listener, "/livez", &body) == 200 ? OURS_BEFORE : STRANGER;
}

/* Another installation's server answers too, but under another address. */
static enum occupant ask_cleartext(const struct doctor *d, const Listener *listener)
{
    struct slice body = SLICE_NONE;
    if (get(d, listener, "/.well-known/chancery", &body) != 200) {
        return STRANGER;
    }
    const char *text = arena_dup(d->arena, body);
    return text != NULL && strstr(text, d->conf->authority_url) != NULL ? OURS : STRANGER;
}

static enum occupant occupant_of(const struct doctor *d, const Listener *listener)
{
    return listener->tls != NULL && !is_unix(listener) ? ask_tls(d, listener)
                                                       : ask_cleartext(d, listener);
}

/* --- ports ------------------------------------------------------------------------------------ */

/* 0, or why nobody could listen there now. */
static int try_port(const struct setup_address *address)
{
    static const int on = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(fd, &address->any, address->len) == 0 && listen(fd, 1) == 0;
    int why = ok ? 0 : errno;
    if (fd >= 0) {
        close(fd);
    }
    return why;
}

/* 0; EADDRINUSE when somebody listens; EEXIST for what is no socket; else why none can be made. */
static int try_path(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct stat there;
    char folder[sizeof addr.sun_path];
    if (strlen(path) >= sizeof addr.sun_path) {
        return 0; /* told by the check of addresses */
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    if (lstat(path, &there) != 0) {
        snprintf(folder, sizeof folder, "%s", path);
        char *slash = strrchr(folder, '/');
        (void)(slash == NULL ? snprintf(folder, sizeof folder, ".")
                             : snprintf(slash, 2, "%s", slash == folder ? "/" : ""));
        return access(folder, W_OK | X_OK) == 0 ? 0 : errno;
    }
    if (!S_ISSOCK(there.st_mode)) {
        return EEXIST;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return answers ? EADDRINUSE : 0;
}

static int try_listener(const Listener *listener)
{
    struct setup_address address;
    if (is_unix(listener)) {
        return try_path(listener->address + UNIX_PREFIX);
    }
    return setup_address_read(listener->address, &address) ? try_port(&address) : 0;
}

static void tell_taken(struct doctor *d, const Listener *listener)
{
    enum occupant who = occupant_of(d, listener);
    if (who == STRANGER) {
        setup_tell(&d->to, FAULT_PORT_TAKEN, "%s", listener->address);
    } else if (who == OURS_BEFORE) {
        setup_tell(&d->to, FAULT_SERVER_OTHER_CERTIFICATE, "%s at %s",
                   listener->tls->certificate_file, listener->address);
    }
}

void doctor_ports(struct doctor *d)
{
    for (size_t i = 0; i < d->conf->n_listeners; i++) {
        const Listener *listener = d->conf->listeners[i];
        int why = try_listener(listener);
        if (why == EADDRINUSE) {
            tell_taken(d, listener);
        } else if (why == EADDRNOTAVAIL) {
            setup_tell(&d->to, FAULT_ADDRESS_NOT_HERE, "%s", listener->address);
        } else if (why == EACCES) {
            setup_tell(&d->to, FAULT_PORT_FORBIDDEN, "%s: %s", listener->address, strerror(why));
        } else if (why != 0 && !is_unix(listener)) {
            setup_tell(&d->to, FAULT_ADDRESS_NOT_HERE, "%s: %s", listener->address, strerror(why));
        } else if (why != 0) {
            setup_tell(&d->to, FAULT_SOCKET_PATH, "%s: %s", listener->address, strerror(why));
        }
    }
}

/* --- the server ------------------------------------------------------------------------------- */

/* A listener of the running server that can be asked, without TLS if there is one. */
static const Listener *find_served(const struct doctor *d)
{
    const Listener *found = NULL;
    for (size_t i = 0; i < d->conf->n_listeners; i++) {
        const Listener *listener = d->conf->listeners[i];
        bool is_better = found == NULL || (found->tls != NULL && listener->tls == NULL);
        if (is_better && try_listener(listener) == EADDRINUSE &&
            occupant_of(d, listener) != STRANGER) {
            found = listener;
        }
    }
    return found;
}

void doctor_server(struct doctor *d)
{
    struct slice body = SLICE_NONE;
    const Listener *listener = find_served(d);
    if (listener == NULL) {
        setup_tell(&d->to, FAULT_SERVER_DOWN, "nobody answers at %s",
                   d->conf->listeners[0]->address);
        return;
    }
    int status = get(d, listener, "/readyz", &body);
    if (status == 0) {
        setup_tell(&d->to, FAULT_SERVER_NOT_READY,
                   "%s can't be asked by the name in authority_url, %s", listener->address,
                   d->conf->authority_url);
    } else if (status != 200) {
        setup_tell(&d->to, FAULT_SERVER_NOT_READY, "%s: %.*s", listener->address, SLICE_FMT(body));
    }
}
