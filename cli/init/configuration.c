/* SPDX-License-Identifier: Apache-2.0 */
/* chanceryd.yaml, and the unit by which systemd starts it. */
#include <string.h>

#include "base/buf.h"
#include "cli/init/init.h"
#include "conf/conf.h"

enum { CONF_BUDGET = 4 * 1024 * 1024 };

/* --- the configuration ------------------------------------------------------------------------ */

static rc other(const char *path, const char *what, struct err *err)
{
    FAIL(err, R_PRECONDITION_FAILED, "%s has another %s: change it there, or choose another folder",
         path, what);
}

rc init_compare(struct init *init, struct err *err)
{
    const char *path = init_path(init, "chanceryd.yaml");
    Conf *conf = NULL;
    if (!init_is_there(path)) {
        return OK;
    }
    TRY(conf_load(init->arena, path, &conf, err));
    if (strcmp(conf->authority_url, init->url) != 0) {
        return other(path, "authority_url", err);
    }
    return strcmp(conf->database->conninfo, init->conninfo) == 0
               ? OK
               : other(path, "database.conninfo", err);
}

rc init_configuration(struct init *init, struct err *err)
{
    struct buf text;
    struct slice bytes;
    buf_init(&text, init->arena);
    buf_printf(&text,
               "# Written by chancery init; docs/config.md has every option.\n"
               "listeners:\n"
               "  - address: \"%s\"\n"
               "    tls: {certificate_file: \"%s/tls.pem\", key_file: \"%s/tls.key\"}\n"
               "  - {address: \"unix:%s\", metrics: true}\n"
               "database: {conninfo: ",
               init->listen, init->folder, init->folder, init->socket);
    buf_add_json_text(&text, init->conninfo);
    buf_printf(&text,
               "}\n"
               "root_key: {file: \"%s/root.key\"}\n"
               "authority_url: \"%s\"\n",
               init->folder, init->url);
    TRY(buf_finish(&text, &bytes, err));
    return init_file(init, init_path(init, "chanceryd.yaml"), bytes, 0644, false, err);
}

/* --- the unit --------------------------------------------------------------------------------- */

extern const char CHANCERYD_SERVICE[]; /* deploy/chanceryd.service, by scripts/gen-text */

/* The text with each `from` become `to`. */
static const char *replaced(const struct init *init, const char *text, const char *from,
                            const char *to)
{
    struct buf out;
    struct slice bytes;
    buf_init(&out, init->arena);
    for (const char *at = strstr(text, from); at != NULL; at = strstr(text, from)) {
        buf_add(&out, slice_of(text, (size_t)(at - text)));
        buf_add_str(&out, to);
        text = at + strlen(from);
    }
    buf_add_str(&out, text);
    const char *all = buf_finish(&out, &bytes, NULL).ok ? arena_dup(init->arena, bytes) : NULL;
    CH_ASSERT(all != NULL); /* the arena is far larger than a unit */
    return all;
}

/* The one of deploy/, for these programs, this folder and this user. */
rc init_unit(struct init *init, struct err *err)
{
    if (init->unit == NULL) {
        return OK;
    }
    const char *text = CHANCERYD_SERVICE;
    text = replaced(init, text, "/usr/local/bin/chanceryd", init->daemon);
    text = replaced(init, text, "/etc/chancery/chanceryd.yaml", init_path(init, "chanceryd.yaml"));
    text = replaced(init, text, "User=chancery\n", init_text(init, "User=%s\n", init->user));
    text = replaced(init, text, "Group=chancery\n",
                    init_text(init, "Group=%u\n", (unsigned)init->gid));
    return init_file(init, init->unit, slice_str(text), 0644, false, err);
}
