/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapped root keys: what the files say of their wraps. None is opened. */
#include "cli/doctor/cbom.h"
#include "keys/root_files.h"

static rc add_wrap(struct cbom *cbom, const struct root_wraps *wraps, size_t at, const char *file,
                   struct err *err)
{
    static const struct {
        const char *algorithm;
        int bits;
    } by_kind[JWK_KINDS] = {[JWK_EC_P256] = {"algorithm/ECDH-P-256", 256},
                            [JWK_EC_P384] = {"algorithm/ECDH-P-384", 384}};
    const struct root_wrap *wrap = &wraps->wraps[at];
    enum jwk_kind kind;
    TRY(root_wrap_kind(cbom->d->arena, wrap, R_ROOT_KEY_INVALID, &kind, err));
    const char *ref = arena_printf(cbom->d->arena, "key/root-wrap/%s", wrap->kid);
    const char *name = arena_printf(cbom->d->arena, "key %s of a root key's wrap", wrap->name);
    CH_ASSERT(ref != NULL && name != NULL); /* the arena is far larger */
    cbom_key_add(cbom, &(struct cbom_key){.ref = ref,
                                          .name = name,
                                          .type = "private-key",
                                          .id = wrap->kid,
                                          .state = "active",
                                          .algorithm = by_kind[kind].algorithm,
                                          .bits = by_kind[kind].bits});
    cbom_property(cbom, "chancery:wrap", wrap->name);
    cbom_needs(cbom, file, ref);
    return OK;
}

static bool add_file(struct cbom *cbom, const char *path)
{
    struct root_wraps wraps;
    struct err err = {0};
    if (!root_files_wraps(cbom->d->arena, path, &wraps, &err).ok) {
        setup_tell_err(&cbom->d->to, &err);
        return false;
    }
    if (wraps.count == 0) {
        return true;
    }
    const char *ref = arena_printf(cbom->d->arena, "root-key-file/%s", wraps.thumbprint);
    const char *name = arena_printf(cbom->d->arena, "wrapped root key %s", wraps.thumbprint);
    CH_ASSERT(ref != NULL && name != NULL);
    cbom_add(cbom, ref, name, NULL);
    cbom_property(cbom, "chancery:opened-by", "any one of its wraps");
    for (size_t i = 0; i < wraps.count; i++) {
        if (!add_wrap(cbom, &wraps, i, ref, &err).ok) {
            setup_tell_err(&cbom->d->to, &err);
            return false;
        }
    }
    return true;
}

bool cbom_roots(struct cbom *cbom)
{
    const Chancery__Config__V1__RootKey *key = cbom->d->conf->root_key;
    bool ok = add_file(cbom, key->file);
    for (size_t i = 0; i < key->n_other_files && ok; i++) {
        ok = add_file(cbom, key->other_files[i]);
    }
    return ok;
}
