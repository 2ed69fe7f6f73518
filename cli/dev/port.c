/* SPDX-License-Identifier: Apache-2.0 */
/* Another port for an authority that has been there. */
#include <string.h>

#include "base/buf.h"
#include "cli/dev/dev.h"
#include "cli/output.h"
#include "cli/session.h"

enum { FILE_MAX = 256 * 1024 };
static const char HOST[] = "127.0.0.1:";

/* The text with HOST and the old port replaced wherever they stand. */
static rc replace(const struct dev *dev, const char *text, const char *port, struct slice *out,
                  struct err *err)
{
    struct buf buf;
    size_t old_len = strlen(dev->port);
    buf_init(&buf, dev->arena);
    for (const char *found; (found = strstr(text, HOST)) != NULL;) {
        const char *digits = found + sizeof HOST - 1;
        size_t len = strspn(digits, "0123456789");
        bool is_ours = len == old_len && strncmp(digits, dev->port, len) == 0;
        buf_add(&buf, slice_of((const uint8_t *)text, (size_t)(digits - text)));
        buf_add(&buf, is_ours ? slice_str(port) : slice_of((const uint8_t *)digits, len));
        text = digits + len;
    }
    buf_add_str(&buf, text);
    return buf_finish(&buf, out, err);
}

static rc change(const struct dev *dev, const char *path, const char *port, struct err *err)
{
    struct slice bytes, changed;
    TRY(read_file(dev->arena, path, FILE_MAX, &bytes, err));
    const char *text = arena_dup(dev->arena, bytes);
    ARENA_ENSURE(text, err);
    TRY(replace(dev, text, port, &changed, err));
    return output_write(path, changed, err);
}

/* One that a failed start has not written yet will have the port anyway. */
static rc change_profile(const struct dev *dev, const char *name, const char *port, struct err *err)
{
    const char *path = dev_path(dev, "profiles/%s.yaml", name);
    return dev_exists(path) ? change(dev, path, port, err) : OK;
}

rc dev_change_port(struct dev *dev, const char *port, struct err *err)
{
    if (!dev_exists(dev_path(dev, "chanceryd.yaml"))) {
        dev->port = port;
        return OK;
    }
    TRY(dev_server_stop(dev, err));
    TRY(change_profile(dev, "platform-admin", port, err));
    for (size_t i = 0; i < DEV_COMPONENT_COUNT; i++) {
        TRY(change_profile(dev, DEV_COMPONENTS[i].name, port, err));
    }
    /* Last: until then the next start with this port begins anew. */
    TRY(change(dev, dev_path(dev, "chanceryd.yaml"), port, err));
    dev->port = port;
    return OK;
}
