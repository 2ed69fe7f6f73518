/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/pattern.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

/* Of one pattern: its program and what the automaton that is made of it while it runs may hold. */
constexpr int64_t MEMORY_MAX = 256 << 10;
constexpr size_t LITERAL_MIN = 3;

/* What a byte of the slowest text costs, in nanoseconds, when the automaton has outgrown its memory:
 * RE2 then keeps a set of the program's places, and each costs 8 ns (measured with patterns such as
 * (((a?){20}b?){10}){2}c). A class of characters of UTF-8 is hundreds of places, of which few are
 * looked at: so the places are counted in a program for single bytes, and the rest by a trifle. */
constexpr double PLACE_NS = 8.0, UTF8_PLACE_NS = 0.15;
constexpr double COST_MAX_NS = 4000.0;
/* A search of one piece is to take this long at most. */
constexpr double PIECE_NS = 2.5e6;
constexpr size_t PIECE_MIN = 1250, PIECE_MAX = 64 << 10;

RE2::Options options(RE2::Options::Encoding encoding)
{
    RE2::Options options;
    options.set_encoding(encoding);
    options.set_log_errors(false);
    options.set_max_mem(MEMORY_MAX);
    return options;
}

/* The longest run of ASCII; literals are looked for in texts of which nothing else is folded. */
std::string ascii_run(const std::string &literal)
{
    size_t best = 0, length = 0;
    for (size_t from = 0, at = 0; at <= literal.size(); at++) {
        if (at < literal.size() && static_cast<unsigned char>(literal[at]) < 0x80) {
            continue;
        }
        if (at - from > length) {
            best = from;
            length = at - from;
        }
        from = at + 1;
    }
    return literal.substr(best, length);
}

} // namespace

struct pattern {
    re2::FilteredRE2 filter{static_cast<int>(LITERAL_MIN)}; /* of this one expression */
    std::vector<std::string> literals;
    std::vector<int> always; /* literals of which too little is ASCII: taken as found */
    bool is_filtered = false;
    size_t piece = 0;

    const RE2 &expression() const { return filter.GetRE2(0); }
};

namespace {

double cost_of(const RE2 &expression)
{
    const RE2 bytes(expression.pattern(), options(RE2::Options::EncodingLatin1));
    const int places = bytes.ok() ? bytes.ProgramSize() : expression.ProgramSize();
    return PLACE_NS * places + UTF8_PLACE_NS * expression.ProgramSize();
}

/* What must be in a text; a literal that can't be looked for stands as an empty one. */
void take_literals(struct pattern *pattern)
{
    pattern->filter.Compile(&pattern->literals);
    pattern->is_filtered =
        !pattern->literals.empty() && pattern->literals.size() <= PATTERN_LITERALS_MAX;
    for (size_t i = 0; pattern->is_filtered && i < pattern->literals.size(); i++) {
        pattern->literals[i] = ascii_run(pattern->literals[i]);
        if (pattern->literals[i].size() < LITERAL_MIN) {
            pattern->literals[i].clear();
            pattern->always.push_back(static_cast<int>(i));
        }
    }
}

/* NULL, or what is wrong for a person. */
const char *compile(struct pattern *pattern, const std::string &text)
{
    int id = 0;
    const RE2::ErrorCode code =
        pattern->filter.Add(text, options(RE2::Options::EncodingUTF8), &id);
    if (code == RE2::ErrorPatternTooLarge || code == RE2::ErrorRepeatSize) {
        return "It is too large: repetitions and classes of characters multiply.";
    }
    if (code != RE2::NoError) {
        return "It is no regular expression of RE2's syntax.";
    }
    const double cost = cost_of(pattern->expression());
    if (cost > COST_MAX_NS) {
        return "To look for it could take too long: it has too many places and repetitions.";
    }
    pattern->piece =
        std::min(std::max(static_cast<size_t>(PIECE_NS / cost), PIECE_MIN), PIECE_MAX);
    take_literals(pattern);
    return nullptr;
}

} // namespace

rc pattern_new(struct slice text, struct pattern **out, struct err *err)
{
    if (text.len == 0 || text.len > PATTERN_BYTES_MAX) {
        FAIL(err, R_FIELD_INVALID, "A pattern has 1 to 1,024 bytes.");
    }
    struct pattern *pattern = new struct pattern;
    const char *problem =
        compile(pattern, std::string(reinterpret_cast<const char *>(text.ptr), text.len));
    if (problem != nullptr) {
        delete pattern;
        FAIL(err, R_FIELD_INVALID, "%s", problem);
    }
    *out = pattern;
    return rc{true};
}

void pattern_free(struct pattern *pattern)
{
    delete pattern;
}

size_t pattern_piece(const struct pattern *pattern)
{
    return pattern->piece;
}

bool pattern_find(const struct pattern *pattern, struct slice text, size_t from, size_t to)
{
    const re2::StringPiece whole(reinterpret_cast<const char *>(text.ptr), text.len);
    return pattern->expression().Match(whole, from, to, RE2::UNANCHORED, nullptr, 0);
}

size_t pattern_literal_count(const struct pattern *pattern)
{
    return pattern->is_filtered ? pattern->literals.size() : 0;
}

struct slice pattern_literal(const struct pattern *pattern, size_t index)
{
    const std::string &literal = pattern->literals[index];
    return slice_of(literal.data(), literal.size());
}

bool pattern_may_match(const struct pattern *pattern, const int *found, size_t count)
{
    if (!pattern->is_filtered) {
        return true;
    }
    std::vector<int> literals, matching;
    std::set_union(found, found + count, pattern->always.begin(), pattern->always.end(),
                   std::back_inserter(literals));
    pattern->filter.AllPotentials(literals, &matching);
    return !matching.empty();
}

/* RE2's literals are in lower case by Unicode's simple mapping. Of what is not ASCII two characters
 * come to be ASCII by it: U+0130 is i, and U+212A (KELVIN SIGN) is k. A pattern without regard to case
 * also takes U+017F (long s) for s, although that is in lower case itself. */
size_t pattern_fold(struct slice text, uint8_t *out)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        const uint8_t byte = text.ptr[at];
        const size_t left = text.len - at;
        if (byte >= 'A' && byte <= 'Z') {
            out[len++] = static_cast<uint8_t>(byte + ('a' - 'A'));
        } else if (byte == 0xC4 && left > 1 && text.ptr[at + 1] == 0xB0) {
            out[len++] = 'i';
            at += 1;
        } else if (byte == 0xC5 && left > 1 && text.ptr[at + 1] == 0xBF) {
            out[len++] = 's';
            at += 1;
        } else if (byte == 0xE2 && left > 2 && text.ptr[at + 1] == 0x84 &&
                   text.ptr[at + 2] == 0xAA) {
            out[len++] = 'k';
            at += 2;
        } else {
            out[len++] = byte;
        }
    }
    return len;
}
