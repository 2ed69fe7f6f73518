/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/wrapper.h"

#include <string.h>

#include "base/buf.h"
#include "domain/values/language.h"
#include "domain/values/language_lookup.h"
#include "domain/values/shown_name.h"
#include "wrapper/fill.h"
#include "wrapper/sentences.h"
#include "wrapper/templates.h"

static const char BACKGROUND[] = "#f2f4f7", ACCENT[] = "#1f4e79";
enum { BLOCK_VALUES = 26 };

/* --- languages -------------------------------------------------------------------------------- */

/* By the script that the tag names, else by the language. */
static bool is_right_to_left(const char *tag)
{
    static const char *const scripts[] = {"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg"};
    static const char *const languages[] = {"ar", "he", "fa", "ur",  "ps",  "sd", "ug",
                                            "yi", "dv", "ks", "ckb", "arc", "syr"};
    struct slice rest = slice_str(tag);
    struct slice language = language_next_subtag(&rest), script = language_next_subtag(&rest);
    if (script.len == 4) {
        for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
            if (slice_eq_nocase(script, slice_str(scripts[i]))) {
                return true;
            }
        }
        return false;
    }
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
        if (slice_eq_nocase(language, slice_str(languages[i]))) {
            return true;
        }
    }
    return false;
}

static const struct sentences *sentences_in(const char *language)
{
    const char *tags[SENTENCES_COUNT];
    for (size_t i = 0; i < SENTENCES_COUNT; i++) {
        tags[i] = SENTENCES[i].language;
    }
    return &SENTENCES[language_lookup(language, tags, SENTENCES_COUNT)];
}

/* What one language's part says. */
struct part {
    const char *language;
    const struct wrapper_texts *own; /* of the look; NULL: it has none at all */
    const struct sentences *said;
};

static rc choose(struct arena *arena, const struct wrapper_look *look, const char *wanted,
                 struct part *out, struct err *err)
{
    *out = (struct part){.language = "", .said = &SENTENCES[0]};
    if (look->text_count == 0) {
        out->said = sentences_in(wanted);
        out->language = out->said->language;
        return OK;
    }
    const char **tags = ARENA_ARRAY(arena, const char *, look->text_count);
    ARENA_ENSURE(tags, err);
    for (size_t i = 0; i < look->text_count; i++) {
        tags[i] = look->texts[i].language;
    }
    out->own = &look->texts[language_lookup(wanted, tags, look->text_count)];
    out->language = out->own->language;
    out->said = sentences_in(out->language);
    return OK;
}

static bool is_said(const struct wrapper *w, const char *language)
{
    for (size_t i = 0; i < w->language_count; i++) {
        if (strcmp(w->languages[i], language) == 0) {
            return true;
        }
    }
    return false;
}

/* --- one part --------------------------------------------------------------------------------- */

struct values {
    struct fill_value *items;
    size_t count;
};

static void set(struct values *values, const char *name, const char *text)
{
    CH_ASSERT(values->count < BLOCK_VALUES);
    values->items[values->count++] = (struct fill_value){name, text};
}

static const char *direction_of(const char *language)
{
    return is_right_to_left(language) ? "rtl" : "ltr";
}

/* What the tenant says in its own words, or else the built-in sentence, in whose language it then is. */
static void set_words(struct values *v, const char *const names[3], const struct part *part,
                      const char *own, const char *built_in)
{
    const char *language = own[0] != '\0' ? part->language : part->said->language;
    set(v, names[0], own[0] != '\0' ? own : built_in);
    set(v, names[1], language);
    set(v, names[2], direction_of(language));
}

/* The name, and the address behind it in any case. */
static const char *sender_of(struct arena *arena, const struct wrapper_mail *mail)
{
    const char *name = shown_name(arena, mail->sender_name);
    if (name == NULL) {
        return NULL;
    }
    return name[0] == '\0' ? mail->sender : arena_printf(arena, "%s (%s)", name, mail->sender);
}

/* A sentence with what stands for a mark in it; NULL over budget. */
static const char *with(struct arena *arena, const char *sentence, const char *mark,
                        const char *text)
{
    const char *at = strstr(sentence, mark);
    CH_ASSERT(at != NULL);
    return arena_printf(arena, "%.*s%s%s", (int)(at - sentence), sentence, text, at + strlen(mark));
}

static rc set_sent(struct arena *arena, struct values *v, const struct part *part,
                   const struct wrapper_mail *mail, struct err *err)
{
    static const char mark[] = "{sender}";
    const char *at = strstr(part->said->sent, mark);
    CH_ASSERT(at != NULL);
    const char *before =
        arena_dup(arena, slice_of(part->said->sent, (size_t)(at - part->said->sent)));
    const char *sender = sender_of(arena, mail);
    ARENA_ENSURE(before, err);
    ARENA_ENSURE(sender, err);
    set(v, "sent_before", before);
    set(v, "sender", sender);
    set(v, "sent_after", at + sizeof mark - 1);
    return OK;
}

static rc fill_block(struct arena *arena, const struct part *part, const struct wrapper_mail *mail,
                     struct fill_view *out, struct err *err)
{
    static const struct wrapper_texts none = {
        .language = "", .title = "", .body = "", .button = "", .disclaimer = ""};
    static const char *const title[] = {"title", "title_language", "title_direction"};
    static const char *const button[] = {"button", "button_language", "button_direction"};
    const struct wrapper_texts *own = part->own != NULL ? part->own : &none;
    struct values v = {.items = ARENA_ARRAY(arena, struct fill_value, BLOCK_VALUES)};
    ARENA_ENSURE(v.items, err);
    set(&v, "language", part->language);
    set(&v, "direction", direction_of(part->language));
    set(&v, "align", is_right_to_left(part->language) ? "right" : "left");
    set(&v, "said_language", part->said->language);
    set(&v, "said_direction", direction_of(part->said->language));
    set_words(&v, title, part, own->title, part->said->title);
    set_words(&v, button, part, own->button, part->said->button);
    TRY(set_sent(arena, &v, part, mail, err));
    set(&v, "body", own->body);
    set(&v, "disclaimer", own->disclaimer);
    set(&v, "subject_label", part->said->subject_label);
    const char *expiry =
        mail->expiry[0] == '\0' ? "" : with(arena, part->said->expiry, "{day}", mail->expiry);
    ARENA_ENSURE(expiry, err);
    set(&v, "expiry", expiry);
    set(&v, "portal_hint", part->said->portal_hint);
    set(&v, "address_hint", part->said->address_hint);
    set(&v, "program_hint", part->said->program_hint);
    set(&v, "caution", part->said->caution);
    set(&v, "privacy_label", part->said->privacy_label);
    *out = (struct fill_view){.values = v.items, .value_count = v.count};
    return OK;
}

/* --- all of it -------------------------------------------------------------------------------- */

static rc fill_blocks(struct arena *arena, const struct wrapper_look *look,
                      const struct wrapper_mail *mail, struct fill_view *blocks,
                      struct wrapper *out, struct err *err)
{
    const char *first = look->text_count > 0 ? look->texts[0].language : SENTENCES[0].language;
    size_t count = mail->language_count == 0 ? 1 : mail->language_count;
    for (size_t i = 0; i < count && out->language_count < WRAPPER_LANGUAGES_MAX; i++) {
        struct part part;
        const char *wanted = mail->language_count == 0 ? first : mail->languages[i];
        TRY(choose(arena, look, wanted, &part, err));
        if (!is_said(out, part.language)) {
            TRY(fill_block(arena, &part, mail, &blocks[out->language_count], err));
            out->languages[out->language_count++] = part.language;
        }
    }
    return OK;
}

static const char *title_of(const struct fill_view *block)
{
    for (size_t i = 0; i < block->value_count; i++) {
        if (strcmp(block->values[i].name, "title") == 0) {
            return block->values[i].text;
        }
    }
    return "";
}

rc wrapper_write(struct arena *arena, const struct wrapper_look *look,
                 const struct wrapper_mail *mail, struct wrapper *out, struct err *err)
{
    struct fill_view blocks[WRAPPER_LANGUAGES_MAX];
    struct buf html, text;
    *out = (struct wrapper){.language_count = 0};
    TRY(fill_blocks(arena, look, mail, blocks, out, err));
    const char *accent = look->accent_color[0] != '\0' ? look->accent_color : ACCENT;
    const struct fill_value values[] = {
        {"page_language", out->languages[0]},
        {"page_direction", direction_of(out->languages[0])},
        {"page_title", title_of(&blocks[0])},
        {"name", look->name},
        {"background_color",
         look->background_color[0] != '\0' ? look->background_color : BACKGROUND},
        {"accent_color", accent},
        {"button_color", wrapper_color_on(accent)},
        {"logo_id", look->logo_id},
        {"privacy_url", look->privacy_url},
        {"subject", mail->subject},
        {"link", mail->link},
    };
    const struct fill_view page = {.values = values,
                                   .value_count = sizeof values / sizeof values[0],
                                   .list_name = "blocks",
                                   .list = blocks,
                                   .list_count = out->language_count};
    buf_init(&html, arena);
    buf_init(&text, arena);
    fill(&html, slice_str(WRAPPER_HTML), &page, FILL_HTML);
    fill(&text, slice_str(WRAPPER_TXT), &page, FILL_TEXT);
    TRY(buf_finish(&html, &out->html, err));
    return buf_finish(&text, &out->text, err);
}
