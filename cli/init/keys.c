/* SPDX-License-Identifier: Apache-2.0 */
/* The root key, the server's certificate and the first admin's. */
#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "base/encode.h"
#include "cli/init/init.h"
#include "cli/new_certificate.h"

enum { ROOT_KEY_BYTES = 32, SERVER_DAYS = 30, ADMIN_DAYS = 365 };

/* In hex, because it is printed and locked away. */
static rc make_root_key(const struct init *init, const char *path, struct err *err)
{
    unsigned char key[ROOT_KEY_BYTES];
    ENSURE(RAND_priv_bytes(key, sizeof key) == 1, err, R_CRYPTO_FAILED);
    char *hex = hex_dup(init->arena, slice_of(key, sizeof key)); /* the arena is wiped */
    OPENSSL_cleanse(key, sizeof key);
    ARENA_ENSURE(hex, err);
    hex[2 * sizeof key] = '\n';
    return init_file(init, path, slice_of(hex, 2 * sizeof key + 1), 0400, true, err);
}

/* A new root key beside an old configuration would open nothing of what its database holds. */
static rc ensure_root_key(const struct init *init, struct err *err)
{
    const char *path = init_path(init, "root.key");
    if (!init_is_there(path) && init_is_there(init_path(init, "chanceryd.yaml"))) {
        FAIL(err, R_PRECONDITION_FAILED,
             "%s/chanceryd.yaml is there, and root.key isn't: put that installation's key back, or "
             "choose another folder",
             init->folder);
    }
    if (init_is_there(path)) {
        init_kept(path);
        return OK;
    }
    return make_root_key(init, path, err);
}

/* --- certificates ----------------------------------------------------------------------------- */

struct files {
    const char *key, *certificate;
    bool is_servers;
};

static rc write_bio(const struct init *init, BIO *bio, const char *path, mode_t mode,
                    bool is_servers, struct err *err)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    return init_file(init, path, slice_of(bytes, (size_t)len), mode, is_servers, err);
}

static rc make_key(const struct init *init, const struct files *files, struct pair *pair,
                   struct err *err)
{
    AUTO(bio_free_at) BIO *pem = NULL;
    TRY(key_make(&pair->key, err));
    TRY(key_pem(pair->key, &pem, err));
    return write_bio(init, pem, files->key, 0400, files->is_servers, err);
}

/* Of a run that was interrupted between the two. */
static rc load_key(const struct files *files, struct pair *pair, struct err *err)
{
    AUTO(bio_free_at) BIO *file = BIO_new_file(files->key, "r");
    pair->key = file == NULL ? NULL : PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
    if (pair->key == NULL) {
        FAIL(err, R_PRECONDITION_FAILED, "%s holds no private key in PEM that can be read",
             files->key);
    }
    init_kept(files->key);
    return OK;
}

static rc ensure_pair(const struct init *init, const struct certificate_wish *wish,
                      const struct files *files, struct err *err)
{
    AUTO(pair_fini) struct pair pair = {0};
    AUTO(bio_free_at) BIO *pem = NULL;
    bool has_key = init_is_there(files->key);
    if (init_is_there(files->certificate)) {
        if (!has_key) {
            FAIL(err, R_PRECONDITION_FAILED,
                 "%s is there, and its key %s isn't: put both there, or none", files->certificate,
                 files->key);
        }
        init_kept(files->key);
        init_kept(files->certificate);
        return OK;
    }
    TRY(has_key ? load_key(files, &pair, err) : make_key(init, files, &pair, err));
    TRY(certificate_make(wish, NULL, &pair, err));
    TRY(certificate_pem(pair.certificate, &pem, err));
    return write_bio(init, pem, files->certificate, 0644, files->is_servers, err);
}

static bool is_address(const char *host)
{
    struct in_addr address;
    return inet_pton(AF_INET, host, &address) == 1;
}

/* As `openssl req -x509` makes one: its own authority. */
static rc ensure_server(const struct init *init, struct err *err)
{
    const struct certificate_wish wish = {
        .name = init->host,
        .alternatives = is_address(init->host) ? init_text(init, "IP:%s,IP:127.0.0.1", init->host)
                                               : init_text(init, "DNS:%s,IP:127.0.0.1", init->host),
        .is_ca = true,
        .days = SERVER_DAYS};
    const struct files files = {.key = init_path(init, "tls.key"),
                                .certificate = init_path(init, "tls.pem"),
                                .is_servers = true};
    return ensure_pair(init, &wish, &files, err);
}

static rc ensure_admin(const struct init *init, struct err *err)
{
    const struct certificate_wish wish = {.name = "platform-admin", .days = ADMIN_DAYS};
    const struct files files = {.key = init_path(init, "admin/admin.key"),
                                .certificate = init_path(init, "admin/admin.pem")};
    TRY(init_folder(init, init_path(init, "admin"), 0700, false, err));
    return ensure_pair(init, &wish, &files, err);
}

rc init_keys(struct init *init, struct err *err)
{
    TRY(init_folder(init, init->folder, 0750, true, err));
    TRY(ensure_root_key(init, err));
    TRY(ensure_server(init, err));
    return ensure_admin(init, err);
}
