/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/sequences.h"

#include <string.h>

#include "base/mem.h"

enum { NO_SEQUENCE = UINT32_MAX, ROOT = 0, DENSE = 256, EDGES_MIN = 64 };

/* A state is a beginning of some sequences. */
struct state {
    uint32_t parent, symbol; /* how it is come to */
    uint32_t fallback;       /* the longest other beginning that ends here */
    uint32_t output;   /* the next state on the way of fallbacks that ends a sequence; ROOT: none */
    uint32_t sequence; /* that ends here */
    uint32_t depth;
};

struct edge {
    uint64_t key; /* 1 + state and symbol; 0: free */
    uint32_t to;
};

struct sequences {
    struct state *states;
    size_t count, room;
    struct edge *edges; /* open addressing, at most half full */
    size_t edge_room;
    uint32_t dense[DENSE]; /* from the root by small symbols: where most of a text is */
    size_t sequence_count;
    uint32_t *order; /* states by depth, while they are linked */
    size_t linked;
};

/* --- edges ------------------------------------------------------------------------------------ */

static uint64_t key_of(uint32_t state, uint32_t symbol)
{
    return ((uint64_t)state << 32 | symbol) + 1;
}

/* Fibonacci hashing (Knuth, TAOCP 3, §6.4), of both halves. */
static size_t place_of(const struct sequences *s, uint64_t key)
{
    uint64_t mixed = (key ^ key >> 29) * 0x9E3779B97F4A7C15U;
    return (size_t)(mixed >> 32) & (s->edge_room - 1);
}

static struct edge *edge_at(const struct sequences *s, uint64_t key)
{
    size_t place = place_of(s, key);
    while (s->edges[place].key != 0 && s->edges[place].key != key) {
        place = (place + 1) & (s->edge_room - 1);
    }
    return &s->edges[place];
}

static uint32_t child_of(const struct sequences *s, uint32_t state, uint32_t symbol)
{
    if (state == ROOT && symbol < DENSE) {
        return s->dense[symbol];
    }
    return edge_at(s, key_of(state, symbol))->to; /* free: 0, the root, which is nobody's child */
}

static void grow_edges(struct sequences *s)
{
    struct edge *old = s->edges;
    size_t room = s->edge_room;
    s->edge_room = room * 2;
    s->edges = xcalloc(s->edge_room, sizeof s->edges[0]);
    for (size_t i = 0; i < room; i++) {
        if (old[i].key != 0) {
            *edge_at(s, old[i].key) = old[i];
        }
    }
    xfree(old);
}

/* --- making ----------------------------------------------------------------------------------- */

static uint32_t add_state(struct sequences *s, uint32_t parent, uint32_t symbol)
{
    if (s->count == s->room) {
        s->room *= 2;
        s->states = xreallocarray(s->states, s->room, sizeof s->states[0]);
    }
    s->states[s->count] = (struct state){.parent = parent,
                                         .symbol = symbol,
                                         .sequence = NO_SEQUENCE,
                                         .depth = s->count == 0 ? 0 : s->states[parent].depth + 1};
    return (uint32_t)s->count++;
}

struct sequences *sequences_new(void)
{
    struct sequences *s = xcalloc(1, sizeof *s);
    *s = (struct sequences){
        .states = xcalloc(EDGES_MIN, sizeof s->states[0]),
        .room = EDGES_MIN,
        .edges = xcalloc(EDGES_MIN, sizeof s->edges[0]),
        .edge_room = EDGES_MIN,
    };
    add_state(s, ROOT, 0);
    return s;
}

void sequences_free(struct sequences *s)
{
    if (s != NULL) {
        xfree(s->states);
        xfree(s->edges);
        xfree(s->order);
        xfree(s);
    }
}

static uint32_t add_child(struct sequences *s, uint32_t state, uint32_t symbol)
{
    uint32_t child = child_of(s, state, symbol);
    if (child != ROOT) {
        return child;
    }
    if (s->count * 2 > s->edge_room) {
        grow_edges(s);
    }
    child = add_state(s, state, symbol);
    *edge_at(s, key_of(state, symbol)) = (struct edge){key_of(state, symbol), child};
    if (state == ROOT && symbol < DENSE) {
        s->dense[symbol] = child;
    }
    return child;
}

uint32_t sequences_add(struct sequences *s, const uint32_t *symbols, size_t count)
{
    uint32_t state = ROOT;
    for (size_t i = 0; i < count; i++) {
        state = add_child(s, state, symbols[i]);
    }
    if (s->states[state].sequence == NO_SEQUENCE) {
        s->states[state].sequence = (uint32_t)s->sequence_count++;
    }
    return s->states[state].sequence;
}

/* --- linking ---------------------------------------------------------------------------------- */

/* States in the order of their depths: those above are linked before. */
static void put_in_order(struct sequences *s)
{
    size_t depths = 0;
    for (size_t i = 0; i < s->count; i++) {
        depths = s->states[i].depth >= depths ? s->states[i].depth + 1 : depths;
    }
    size_t *starts = xcalloc(depths + 1, sizeof starts[0]);
    for (size_t i = 0; i < s->count; i++) {
        starts[s->states[i].depth + 1]++;
    }
    for (size_t i = 1; i <= depths; i++) {
        starts[i] += starts[i - 1];
    }
    s->order = xcalloc(s->count, sizeof s->order[0]);
    for (size_t i = 0; i < s->count; i++) {
        s->order[starts[s->states[i].depth]++] = (uint32_t)i;
    }
    xfree(starts);
}

static void link_state(struct sequences *s, uint32_t number)
{
    struct state *state = &s->states[number];
    uint32_t from = state->parent, to = ROOT;
    while (from != ROOT && to == ROOT) {
        from = s->states[from].fallback;
        to = child_of(s, from, state->symbol);
    }
    state->fallback = to;
    state->output = s->states[to].sequence != NO_SEQUENCE ? to : s->states[to].output;
}

bool sequences_link(struct sequences *s, size_t states)
{
    if (s->order == NULL) {
        put_in_order(s);
        s->linked = 1; /* the root */
    }
    for (; s->linked < s->count && states > 0; states--) {
        link_state(s, s->order[s->linked++]);
    }
    return s->linked == s->count;
}

size_t sequences_bytes(const struct sequences *s)
{
    return sizeof *s + s->room * (sizeof s->states[0] + sizeof s->order[0]) +
           s->edge_room * sizeof s->edges[0];
}

/* --- reading ---------------------------------------------------------------------------------- */

void sequences_reader_init(struct sequences_reader *reader, const struct sequences *sequences,
                           sequences_found_fn found, void *context)
{
    *reader = (struct sequences_reader){.sequences = sequences,
                                        .told = xcalloc(sequences->count / 8 + 1, 1),
                                        .found = found,
                                        .context = context};
}

void sequences_reader_fini(struct sequences_reader *reader)
{
    xfree(reader->told);
    reader->told = NULL;
}

void sequences_reader_reset(struct sequences_reader *reader)
{
    memset(reader->told, 0, reader->sequences->count / 8 + 1);
    reader->state = ROOT;
}

/* What was told already has told all that ends with it. */
static void tell(struct sequences_reader *reader)
{
    const struct sequences *s = reader->sequences;
    for (uint32_t at = reader->state; at != ROOT; at = s->states[at].output) {
        if ((reader->told[at / 8] >> (at % 8) & 1) != 0) {
            return;
        }
        reader->told[at / 8] |= (uint8_t)(1U << (at % 8));
        if (s->states[at].sequence != NO_SEQUENCE) {
            reader->found(reader->context, s->states[at].sequence);
        }
    }
}

void sequences_read(struct sequences_reader *reader, uint32_t symbol)
{
    const struct sequences *s = reader->sequences;
    uint32_t state = reader->state, to = child_of(s, state, symbol);
    while (to == ROOT && state != ROOT) {
        state = s->states[state].fallback;
        to = child_of(s, state, symbol);
    }
    reader->state = to;
    if (to != ROOT) {
        tell(reader);
    }
}
