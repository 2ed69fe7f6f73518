/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of tenants: their versions, and their public halves. */
#pragma once

#include "domain/relations/key_life.h"
#include "domain/values/key_purpose.h"
#include "store/resource/change.h"

/* The public keys of a tenant that may have signed a license that is still valid: active and archived
 * ones, the newest 64, newest first. None if there is no such tenant, if it is disabled, or if it is of
 * no boundary of these (none: of any). */
struct tenant_signing_keys {
    struct store_op op;
    const char *authority_url; /* of its boundary; "" for the node's own */
    const char **jwks;         /* each a public JWK */
    size_t count;
};
void key_store_tenant_signing(struct tenant_signing_keys *keys, struct tenant_id tenant,
                              const char *const *boundaries, size_t count);

/* What people may know of a version. */
struct tenant_key_row {
    enum key_purpose purpose;
    struct key_version is;
    const char *public_jwk;         /* "" for sealing keys */
    int64_t mark;                   /* of its state (base/ids.h) */
    int64_t created_at, changed_at; /* microseconds; changed: its state */
    int64_t destroy_at;             /* when it will be, or was, destroyed; 0: neither */
};

/* Those behind a place, by purpose and version. */
struct key_list {
    struct store_op op;
    struct tenant_id tenant;
    uint32_t after_purpose, after_version; /* 0: from the first one on */
    size_t limit;
    struct tenant_key_row *rows;
    size_t count;
};
void key_store_list(struct key_list *list);

/* All of a purpose, by version. */
struct key_find {
    struct store_op op;
    struct tenant_id tenant;
    enum key_purpose purpose;
    struct tenant_key_row *rows;
    struct key_version *versions; /* parallel */
    size_t count;
};
void key_store_find(struct key_find *find);

/* Acts, each of which fills op->key. `mark` must be what is stored, else R_NOT_FOUND. `target`: for the log. */
struct key_rotation {
    enum key_purpose purpose;
    uint32_t former; /* the active version, which is archived; 0: there is none */
    int64_t former_mark;
    uint32_t version;
    uint32_t root_version; /* by which root key it is wrapped */
    struct slice wrapped;
    const char *public_jwk, *target;
};
/* R_ALREADY_EXISTS: another version became active meanwhile. */
void key_store_rotate(struct change_op *op, const struct key_rotation *rotation);
struct key_state_change {
    enum key_purpose purpose;
    uint32_t version;
    int64_t mark;
    enum key_act act;
    uint32_t former; /* of KEY_ACTIVATE: the active version, which is archived; 0: there is none */
    int64_t former_mark;
    uint32_t days; /* of KEY_DESTROY: after which it will be */
    const char *target;
};
void key_store_change(struct change_op *op, const struct key_state_change *change);

/* Make a version the lowest that opens. Fills op->key. R_NOT_FOUND: something is not as it was read. */
struct key_min_change {
    enum key_purpose purpose;
    uint32_t former; /* the lowest that opened */
    uint32_t version;
    int64_t mark;
    const char *target;
};
void key_store_set_min(struct change_op *op, const struct key_min_change *change);

/* Of a tenant: every version that is active or archived, as it rests. Fills op->exports. R_NOT_FOUND: the approval is not one of
 * this act and this caller, or too old. */
enum { KEY_EXPORT_DAYS = 1 /* after its approval */ };
struct key_export_row {
    enum key_purpose purpose;
    uint32_t version;
    bool is_active;
    struct slice wrapped;
};
struct key_exports {
    const char *boundary;
    struct key_export_row *rows;
    size_t count;
    uint32_t left_out; /* revoked ones, also those that will be destroyed */
};
struct key_export_order {
    struct approval_id approval; /* zero: it needs none */
    struct slice request;        /* that was approved, packed */
    const char *target;          /* for the log */
};
void key_store_export(struct change_op *op, const struct key_export_order *order);
/* Note that a second admin allows it; the approval is part of the transaction. */
void key_store_allow_export(struct change_op *op, const char *target);
/* Let nothing leave by an approval any more. `why`: appended to what the log says. R_NOT_FOUND: it allows nothing. */
void key_store_cancel_export(struct change_op *op, struct approval_id approval, const char *why);

/* Import keys. Fills op->created_at with its end. R_NOT_FOUND: KEY_IMPORTS_MAX wait for a second admin. */
enum { KEY_IMPORT_DAYS = 1, KEY_IMPORTS_MAX = 20 };
void key_store_make_import(struct change_op *op, struct uuid import, uint32_t root_version,
                           struct slice wrapped);
/* One that can be used. R_NOT_FOUND. */
struct key_import_find {
    struct store_op op;
    struct tenant_id tenant;
    struct uuid import;
    struct slice wrapped;
};
void key_store_find_import(struct key_import_find *find);
/* Rotate to what was imported, and use the import key up. R_NOT_FOUND: it was used meanwhile, a version is
 * that key, or another version became active. */
void key_store_import(struct change_op *op, struct uuid import,
                      const struct key_rotation *rotation);

/* Remove those that have ended, at most KEY_IMPORTS_SWEPT_MAX at once. */
enum { KEY_IMPORTS_SWEPT_MAX = 1000 };
struct key_import_sweep {
    struct store_op op;
    int64_t count; /* that many were removed */
};
void key_store_sweep_imports(struct key_import_sweep *sweep);

/* One key whose active version is older than its tenant wants. */
struct key_due {
    struct store_op op;
    const char *const *served; /* boundaries, NULL-terminated; none: all */
    size_t skip;               /* so many that can't be rotated now come before it */
    bool is_found;
    struct tenant_id tenant; /* from here on: what was found */
    const char *boundary;
    uint32_t suite; /* of the boundary, by the numbers of chancery.v1.CryptoSuite */
    enum key_purpose purpose;
};
void key_store_find_due(struct key_due *due);

/* Destroy one version that is due, of whatever tenant, and record it. */
struct key_sweep {
    struct store_op op;
    bool has_destroyed;
};
void key_store_sweep(struct key_sweep *sweep);
