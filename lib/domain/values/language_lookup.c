/* SPDX-License-Identifier: Apache-2.0 */
/* Source of the tables: Unicode CLDR 46, supplementalData.xml (parentLocales, languageAlias) and
 * likelySubtags.xml, of what readers of mail have. */
#include "domain/values/language_lookup.h"

#include <string.h>

#include "domain/values/language.h"

enum { REGION_MAX = 3 /* letters or digits */ };

/* --- tags ------------------------------------------------------------------------------------- */

/* A tag in parts, which borrow from it. An empty part is not there. */
struct tag {
    struct slice language, script, region;
    struct slice rest; /* variants, extensions, private use */
    bool is_bare;      /* nothing but the language is written */
};

static bool is_text(struct slice part, const char *text)
{
    return slice_eq_nocase(part, slice_str(text));
}

/* Codes that ISO 639 has replaced; and Norwegian, written as Bokmål unless it says Nynorsk. */
static struct slice current_language(struct slice language)
{
    static const char *const replaced[][2] = {
        {"iw", "he"}, {"in", "id"}, {"ji", "yi"}, {"no", "nb"}, {"tl", "fil"},
    };
    for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++) {
        if (is_text(language, replaced[i][0])) {
            return slice_str(replaced[i][1]);
        }
    }
    return language;
}

/* The script in which a language is written in a region; in all others, where that is "". Languages
 * that know one script only need no row. */
static struct slice likely_script(struct slice language, struct slice region)
{
    static const char *const rows[][3] = {
        {"zh", "TW", "Hant"},  {"zh", "HK", "Hant"}, {"zh", "MO", "Hant"}, {"zh", "", "Hans"},
        {"yue", "CN", "Hans"}, {"yue", "", "Hant"},  {"sr", "ME", "Latn"}, {"sr", "RO", "Latn"},
        {"sr", "TR", "Latn"},  {"sr", "", "Cyrl"},   {"az", "IR", "Arab"}, {"az", "IQ", "Arab"},
        {"az", "", "Latn"},    {"uz", "AF", "Arab"}, {"uz", "", "Latn"},   {"pa", "PK", "Arab"},
        {"pa", "", "Guru"},    {"kk", "CN", "Arab"}, {"kk", "", "Cyrl"},   {"mn", "CN", "Mong"},
        {"mn", "", "Cyrl"},    {"sd", "IN", "Deva"}, {"sd", "", "Arab"},   {"bs", "", "Latn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (is_text(language, rows[i][0]) &&
            (rows[i][1][0] == '\0' || is_text(region, rows[i][1]))) {
            return slice_str(rows[i][2]);
        }
    }
    return SLICE_NONE;
}

/* Of a well-formed tag: a subtag of that length that begins with a letter has only letters here. */
static bool is_letters(struct slice subtag, size_t len)
{
    return subtag.len == len && subtag.ptr[0] > '9';
}

static struct tag read_tag(const char *text)
{
    struct slice rest = slice_str(text);
    struct tag tag = {.rest = SLICE_NONE};
    if (!language_tag_is_valid(rest)) {
        return tag;
    }
    tag.language = current_language(language_next_subtag(&rest));
    tag.is_bare = rest.len == 0;
    tag.rest = rest;
    struct slice subtag = language_next_subtag(&rest);
    while (is_letters(subtag, 3)) { /* an extended language, such as zh-cmn */
        tag.rest = rest;
        subtag = language_next_subtag(&rest);
    }
    if (is_letters(subtag, 4)) {
        tag.script = subtag;
        tag.rest = rest;
        subtag = language_next_subtag(&rest);
    }
    if (is_letters(subtag, 2) || (subtag.len == 3 && subtag.ptr[0] <= '9')) {
        tag.region = subtag;
        tag.rest = rest;
    }
    if (tag.script.len == 0) {
        tag.script = likely_script(tag.language, tag.region);
    }
    return tag;
}

/* --- regions ---------------------------------------------------------------------------------- */

/* The region whose texts are nearest, in this language; empty: the language's own. */
static struct slice parent_region(struct slice language, struct slice region)
{
    static const struct {
        const char *language, *parent, *regions;
    } rows[] = {
        {.language = "es",
         .parent = "419",
         .regions = " AR BO BR BZ CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE "},
        {.language = "pt", .parent = "PT", .regions = " AO CH CV FR GQ GW LU MO MZ ST TL "},
        {.language = "zh", .parent = "HK", .regions = " MO "},
        {.language = "en", .parent = "150", .regions = " AT BE CH DE DK FI NL SE SI "},
        {.language = "en",
         .parent = "001",
         .regions = " 150 AG AI AU BB BM BS BW BZ CC CK CM CX CY DG DM ER FJ FK FM GB GD GG GH GI "
                    "GM GY HK IE IL IM IN IO JE JM KE KI KN KY LC LR LS MG MO MS MT MU MV MW MY NA "
                    "NF NG NR NU NZ PG PK PN PW RW SB SC SD SG SH SL SS SX SZ TC TK TO TT TV TZ UG "
                    "VC VG VU WS ZA ZM ZW "},
    };
    char wanted[1 + REGION_MAX + 2] = " "; /* between two spaces */
    if (region.len > REGION_MAX) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < region.len; i++) {
        uint8_t c = region.ptr[i];
        wanted[1 + i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    wanted[1 + region.len] = ' ';
    wanted[2 + region.len] = '\0';
    for (size_t i = 0; region.len > 0 && i < sizeof rows / sizeof rows[0]; i++) {
        if (is_text(language, rows[i].language) && strstr(rows[i].regions, wanted) != NULL) {
            return slice_str(rows[i].parent);
        }
    }
    return SLICE_NONE;
}

/* --- which is nearest ------------------------------------------------------------------------- */

/* How far a tag is from the wanted one; the least wins. */
enum distance {
    SAME_TEXT,
    SAME_REGION,        /* up to as many subtags behind it as a tag can have */
    PARENT_REGION = 20, /* and its parents */
    NO_REGION = 30,
    OTHER_REGION,
    NEAR_LANGUAGE, /* with no more said, whatever the script; or one that its readers read */
    ENGLISH,
    ENGLISH_OF_A_REGION,
    FOREIGN,
};

/* Whether `rest` is what is left of the wanted one when it is cut from its end, and after how many
 * cuts. */
static bool is_cut(struct slice rest, struct slice wanted, int *cuts)
{
    for (*cuts = 0; !slice_eq_nocase(rest, wanted); (*cuts)++) {
        ptrdiff_t dash = slice_rfind(wanted, '-');
        if (wanted.len == 0) {
            return false;
        }
        wanted = slice_cut(wanted, 0, dash < 0 ? 0 : (size_t)dash);
    }
    return true;
}

static int distance_of_region(const struct tag *wanted, const struct tag *tag)
{
    int cuts;
    struct slice region = wanted->region;
    if (slice_eq_nocase(tag->region, region) && is_cut(tag->rest, wanted->rest, &cuts)) {
        return tag->region.len > 0 ? SAME_REGION + cuts : NO_REGION;
    }
    for (int n = 0; tag->rest.len == 0 && region.len > 0; n++) {
        region = parent_region(wanted->language, region);
        if (slice_eq_nocase(tag->region, region)) {
            return region.len > 0 ? PARENT_REGION + n : NO_REGION;
        }
    }
    return OTHER_REGION;
}

static bool are_norwegian(struct slice a, struct slice b)
{
    return (is_text(a, "nb") && is_text(b, "nn")) || (is_text(a, "nn") && is_text(b, "nb"));
}

static int distance(const struct tag *wanted, const struct tag *tag)
{
    if (tag->language.len == 0) {
        return FOREIGN;
    }
    if (slice_eq_nocase(tag->language, wanted->language)) {
        if (slice_eq_nocase(tag->script, wanted->script)) {
            return distance_of_region(wanted, tag);
        }
        return tag->is_bare ? NEAR_LANGUAGE : FOREIGN;
    }
    if (are_norwegian(tag->language, wanted->language)) {
        return NEAR_LANGUAGE;
    }
    if (!is_text(tag->language, "en")) {
        return FOREIGN;
    }
    return tag->is_bare ? ENGLISH : ENGLISH_OF_A_REGION;
}

size_t language_lookup(const char *wanted, const char *const *tags, size_t count)
{
    const struct tag tag = read_tag(wanted);
    size_t nearest = 0;
    int least = FOREIGN;
    for (size_t i = 0; i < count; i++) {
        const struct tag other = read_tag(tags[i]);
        bool is_same = slice_eq_nocase(slice_str(wanted), slice_str(tags[i]));
        int far = is_same ? SAME_TEXT : distance(&tag, &other);
        if (far < least) {
            least = far;
            nearest = i;
        }
    }
    return nearest;
}
