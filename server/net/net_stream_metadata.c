/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer says beside its messages: headers in front of them, trailers behind. */
#include <string.h>

#include "net/net_stream.h"

/* Nothing that could end a line, or that two readers could take differently (RFC 9110 §5.5). */
static bool is_header(const char *name, const char *value)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    bool is_printable = true;
    for (const char *at = value; *at != '\0'; at++) {
        is_printable = is_printable && *at >= 0x20 && *at < 0x7f;
    }
    return is_printable && *name != '\0' && name[strspn(name, chars)] == '\0';
}

/* The stream's metadata, if it has room for another. */
static struct net_metadata *metadata_with_room(struct net_stream *stream)
{
    struct net_metadata *metadata = stream->metadata;
    if (metadata == NULL) {
        metadata = stream->metadata = ARENA_NEW(stream->arena, struct net_metadata);
    }
    bool has_room =
        metadata != NULL && metadata->header_count + metadata->trailer_count < NET_METADATA_MAX;
    return has_room ? metadata : NULL;
}

static bool copy_header(struct net_stream *stream, const char *name, const char *value,
                        struct net_header *out)
{
    out->name = arena_strdup(stream->arena, name);
    out->value = arena_strdup(stream->arena, value);
    return out->name != NULL && out->value != NULL;
}

bool net_stream_add_header(struct net_stream *stream, const char *name, const char *value)
{
    struct net_metadata *metadata = metadata_with_room(stream);
    bool is_kept = stream->outward == NET_OUT_SILENT && metadata != NULL &&
                   is_header(name, value) &&
                   copy_header(stream, name, value, &metadata->headers[metadata->header_count]);
    if (is_kept) {
        metadata->header_count++;
    }
    return is_kept;
}

/* A framing that has nothing behind its message has said its head by then. */
static bool may_add_trailer(const struct net_stream *stream)
{
    return stream->outward == NET_OUT_SILENT ||
           (stream->outward == NET_OUT_ANSWERING && stream->framing->trailer_prefix == NULL);
}

bool net_stream_add_trailer(struct net_stream *stream, const char *name, const char *value)
{
    CH_ASSERT(stream->framing != NULL);
    struct net_metadata *metadata = metadata_with_room(stream);
    const char *prefix = stream->framing->trailer_prefix;
    const char *full = prefix == NULL ? name : arena_printf(stream->arena, "%s%s", prefix, name);
    bool is_kept = may_add_trailer(stream) && metadata != NULL && full != NULL &&
                   is_header(name, value) &&
                   copy_header(stream, full, value, &metadata->trailers[metadata->trailer_count]);
    if (is_kept) {
        metadata->trailer_count++;
    }
    return is_kept;
}

static void add_all(const struct net_header *headers, size_t count, struct net_head *head)
{
    for (size_t i = 0; i < count; i++) {
        net_head_add(head, headers[i].name, headers[i].value);
    }
}

void net_stream_say_metadata(const struct net_stream *stream, struct net_head *head)
{
    const struct net_metadata *metadata = stream->metadata;
    if (metadata == NULL) {
        return;
    }
    add_all(metadata->headers, metadata->header_count, head);
    if (stream->framing->trailer_prefix != NULL) {
        add_all(metadata->trailers, metadata->trailer_count, head);
    }
}
