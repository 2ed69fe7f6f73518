/* SPDX-License-Identifier: Apache-2.0 */
/* Root keys of the database and of the configuration (docs/policy.md §13). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "crypto/algs.h"
#include "keys/keys.h"

enum { VERSION, CHECK, LYING, WRAPS, HAS_BEGUN, HAS_ENDED };
static const char ROOT_KEYS[] =
    "SELECT c.root_version::text, c.wrapped, coalesce(r.lying, 0)::text,"
    " (c.root_version = root_key_wraps())::text, (c.begun_at IS NOT NULL)::text, (c.ended_at IS NOT NULL)::text"
    " FROM root_key_check c LEFT JOIN root_key_rows() r USING (root_version) ORDER BY c.begun_at";

/* What is told of all of them. */
struct root_keys_seen {
    size_t ours, spare; /* spare: ours that wrapped once, and under which nothing lies */
    long long left;     /* lies under others than the one that wraps */
    uint32_t lacking;   /* needed, and not ours; 0: none */
    long long lacking_rows;
    bool
        is_over; /* going over to the one that wraps: before that somebody may wrap by a former one */
};

static bool is_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

static void look(struct keys *keys, const PGresult *result, int row, struct root_keys_seen *seen)
{
    uint32_t version = (uint32_t)strtoul(PQgetvalue(result, row, VERSION), NULL, 10);
    long long lying = strtoll(PQgetvalue(result, row, LYING), NULL, 10);
    bool wraps = is_true(result, row, WRAPS);
    struct slice check =
        slice_of(PQgetvalue(result, row, CHECK), (size_t)PQgetlength(result, row, CHECK));
    bool is_ours = keys_meet_root(keys, version, check);
    seen->left += wraps ? 0 : lying;
    seen->is_over = seen->is_over || (wraps && is_true(result, row, HAS_ENDED));
    if (is_ours) {
        seen->ours++;
        seen->spare += !wraps && lying == 0 && is_true(result, row, HAS_BEGUN) ? 1 : 0;
    } else if (wraps || lying > 0) {
        seen->lacking = version;
        seen->lacking_rows = lying;
    }
}

/* Before the first start there is no row: whoever starts first leaves one. */
static void judge(struct doctor *d, const PGresult *result, const struct root_keys_seen *seen)
{
    struct err err = {0};
    if (PQntuples(result) > 0 && seen->ours == 0) {
        (void)err_raise(&err, R_ROOT_KEY_WRONG, __FILE__, __LINE__,
                        "none of the %d root keys of the database is configured", PQntuples(result))
            .ok;
    } else if (seen->lacking != 0) {
        (void)err_raise(&err, R_ROOT_KEY_WRONG, __FILE__, __LINE__,
                        "root key %08" PRIx32 " is not configured, and %lld keys lie under it",
                        seen->lacking, seen->lacking_rows)
            .ok;
    }
    if (err.reason != R_NONE) {
        setup_tell_err(&d->to, &err);
        return;
    }
    if (seen->left > 0) {
        setup_tell(&d->to, FAULT_ROOT_KEY_LEFT, "%lld keys lie under a former root key",
                   seen->left);
    } else if (seen->spare > 0 && seen->is_over) {
        setup_tell(&d->to, FAULT_ROOT_KEY_SPARE, "%zu of root_key.other_files", seen->spare);
    }
}

void doctor_database_key(struct doctor *d)
{
    const char *properties = d->conf->crypto_properties;
    struct root_keys_seen seen = {0};
    if (!crypto_init(properties[0] == '\0' ? NULL : properties, NULL).ok || d->roots[0] == NULL) {
        return; /* the check of algorithms, or that of the root key, has told */
    }
    struct loop *loop = loop_new();
    struct keys *keys = root_files_keys(loop, d->roots, 1);
    memset(d->roots, 0, sizeof d->roots);
    PGresult *result = PQexecParams(d->database, ROOT_KEYS, 0, NULL, NULL, NULL, NULL, 1);
    for (int row = 0; row < PQntuples(result); row++) {
        look(keys, result, row, &seen);
    }
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        doctor_tell_failure(d, result);
    } else {
        judge(d, result, &seen);
    }
    PQclear(result);
    keys_free(keys);
    loop_free(loop);
}
