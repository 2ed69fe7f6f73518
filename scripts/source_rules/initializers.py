# SPDX-License-Identifier: Apache-2.0
"""Structs of more than two members are initialized by designators, and fresh memory is assigned
whole. A member that is added later is then zero everywhere, and no value slips into its neighbor's
place.

The rules read as much C as they need: struct definitions, brace lists that follow their type, and
macros whose body is a brace list."""
import re

from source_rules.tree import CODE

POSITIONAL_MAX = 2  # members of a struct that may be initialized by position
# Folders where the rules are enforced; for others --notes lists the violations.
ENFORCED = ("lib/", "server/service/")
TOKEN = re.compile(r"\w+|->|\.\.\.|[^\s\w]")
ALLOCATORS = r"ARENA_NEW|ARENA_ARRAY|arena_z?alloc|xcalloc"


class Struct:
    """Members in order: name → (the struct that it is, or None; whether it is an array)."""

    def __init__(self, members):
        self.members = members

    def at(self, index):
        return list(self.members.values())[index] if index < len(self.members) else (None, False)


class Source:
    """The tokens of a file with their lines. Lines of the preprocessor are apart: bodies of macros
    by themselves."""

    def __init__(self, code):
        joined = re.sub(r"\\\n", "  ", code)
        self.macros = [(code.count("\n", 0, match.start()) + 1, match.group(1))
                       for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+\w+(?:\([^)]*\))?[ \t]+(.*)$", joined, re.M)]
        plain = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)
        self.tokens, self.lines, line, last = [], [], 1, 0
        for match in TOKEN.finditer(plain):
            line += plain.count("\n", last, match.start())
            last = match.start()
            self.tokens.append(match.group(0))
            self.lines.append(line)


def closing(tokens, start):
    """Where the bracket that opens at `start` closes."""
    pairs, depth = {"{": "}", "(": ")", "[": "]"}, 0
    for at in range(start, len(tokens)):
        depth += (tokens[at] in pairs) - (tokens[at] in pairs.values())
        if depth == 0:
            return at
    return len(tokens) - 1


def split(tokens, start, end, separator=","):
    """The parts between `start` and `end`, as pairs of indices; separators in brackets don't
    count."""
    parts, begin, at = [], start, start
    while at < end:
        if tokens[at] in "{([":
            at = closing(tokens, at)
        elif tokens[at] == separator:
            parts.append((begin, at))
            begin = at + 1
        at += 1
    if begin < end:
        parts.append((begin, end))
    return parts


# --- definitions ----------------------------------------------------------------------------------------------------

def read_member(tokens, start, end, members):
    """One declaration: a struct by name or in place, then declarators."""
    at, struct = start, None
    while at < end and tokens[at] in ("const", "volatile", "alignas") or tokens[at] == "(":
        at = closing(tokens, at) + 1 if tokens[at] == "(" else at + 1
    if tokens[at] in ("struct", "union"):
        if tokens[at + 1] == "{" or tokens[at + 2] == "{":
            body = at + 1 if tokens[at + 1] == "{" else at + 2
            struct = read_members(tokens, body + 1, closing(tokens, body))
            at = closing(tokens, body) + 1
        else:
            struct = tokens[at + 1]
            at += 2
    for begin, stop in split(tokens, at, end):
        words = tokens[begin:stop]
        if "(" in words:  # a pointer to a function
            name = next((word for word in words if re.match(r"[a-z_]\w*$", word) and word != "const"), "")
            members[name] = (None, False)
            continue
        head = words[:words.index("[")] if "[" in words else words
        head = head[:head.index(":")] if ":" in head else head
        names = [word for word in head if re.match(r"[A-Za-z_]\w*$", word)]
        if names:
            members[names[-1]] = (None if "*" in head else struct, "[" in words)
        elif isinstance(struct, Struct):  # without a name: its members are the outer struct's
            members.update(struct.members)


def read_members(tokens, start, end):
    members = {}
    for begin, stop in split(tokens, start, end, ";"):
        read_member(tokens, begin, stop, members)
    return Struct(members)


def definitions(tree):
    """By name. Two files may have structs of one name: the one of the same file comes first."""
    everywhere, by_file = {}, {}
    for path in tree.sources(*CODE):
        source = Source(tree.code(path))
        tokens, own = source.tokens, {}
        for at in range(len(tokens) - 2):
            if tokens[at] == "struct" and tokens[at + 2] == "{":
                own[tokens[at + 1]] = read_members(tokens, at + 3, closing(tokens, at + 2))
        by_file[path] = (source, own)
        everywhere.update({name: struct for name, struct in own.items() if name not in everywhere})
    return everywhere, by_file


# --- brace lists ----------------------------------------------------------------------------------------------------

class Lists:
    """The brace lists of one file."""

    def __init__(self, source, structs, say):
        self.tokens, self.lines, self.structs, self.say = source.tokens, source.lines, structs, say

    def struct_of(self, name):
        return name if isinstance(name, Struct) else self.structs.get(name)

    def check(self, start, struct, is_array):
        """Check the list that opens at `start`. `struct` is a name, a definition, or None for a
        type that is not a struct."""
        end = closing(self.tokens, start)
        parts = split(self.tokens, start + 1, end)
        if is_array:
            for begin, stop in parts:
                begin = self.after_designator(begin, stop)[0]
                if self.tokens[begin] == "{":
                    self.check(begin, struct, False)
            return
        if struct is not None:
            self.check_struct(start, parts, struct)

    def check_struct(self, start, parts, struct):
        known = self.struct_of(struct)
        positional = [part for part in parts if self.tokens[part[0]] != "."]
        is_zero = len(parts) == 1 and self.tokens[parts[0][0]:parts[0][1]] == ["0"]
        size = len(known.members) if known is not None else len(positional)
        if positional and not is_zero and size > POSITIONAL_MAX:
            name = struct if isinstance(struct, str) else "struct"
            self.say(self.lines[start], f"{name} has {size} members: initialize it by designators")
        for index, (begin, stop) in enumerate(parts):
            value, names = self.after_designator(begin, stop)
            if known is not None and self.tokens[value] == "{":
                self.check(value, *self.member(known, names, index))

    def member(self, struct, names, index):
        """What a designator such as .a[1].b means; without one, the member at the index."""
        found = struct.at(index) if not names else (struct, False)
        for name in names:
            inner = self.struct_of(found[0])
            if name == "[]":
                found = (found[0], False)
            else:
                found = inner.members.get(name, (None, False)) if inner is not None else (None, False)
        return found

    def after_designator(self, begin, stop):
        """Where the value begins, and the names of its designator."""
        names, at = [], begin
        while at < stop and self.tokens[at] in ".[":
            if self.tokens[at] == ".":
                names.append(self.tokens[at + 1])
                at += 2
            else:
                names.append("[]")
                at = closing(self.tokens, at) + 1
        return (at + 1 if at > begin and at < stop and self.tokens[at] == "=" else begin), names

    def compound_literals(self):
        """( [const] struct name [] ) { … }, and ( Type ) { … }."""
        for at, token in enumerate(self.tokens[:-1]):
            if token != ")" or self.tokens[at + 1] != "{":
                continue
            begin = at - 1
            while begin > 0 and re.match(r"\w+$|[\[\]*]", self.tokens[begin]):
                begin -= 1
            words = self.tokens[begin + 1:at]
            before = self.tokens[begin - 1] if begin > 0 else ""
            is_call = re.match(r"[A-Za-z_]\w*$", before) and before not in ("return", "case")
            if self.tokens[begin] != "(" or is_call or not words or "*" in words:
                continue
            names = [word for word in words if word not in ("const", "struct") and re.match(r"[A-Za-z_]\w*$", word)]
            is_struct = "struct" in words or re.match(r"[A-Z]", names[0] if names else "")
            if names and is_struct:
                self.check(at + 1, names[0], "[" in words)

    def variables(self):
        """struct name a = { … }, b[] = { … }; and struct { … } a = { … }."""
        for at, token in enumerate(self.tokens[:-3]):
            if token != "struct":
                continue
            body = at + 1 if self.tokens[at + 1] == "{" else at + 2
            struct, after = self.tokens[at + 1], at + 2
            if self.tokens[body] == "{":
                struct = read_members(self.tokens, body + 1, closing(self.tokens, body))
                after = closing(self.tokens, body) + 1
            self.declarators(after, struct)

    def declarators(self, at, struct):
        """From behind the type: names with their initializers, up to a semicolon. Anything else
        ends it."""
        while at < len(self.tokens) - 2:
            is_pointer = False
            while self.tokens[at] in ("*", "const"):
                is_pointer |= self.tokens[at] == "*"
                at += 1
            if not re.match(r"[A-Za-z_]\w*$", self.tokens[at]):
                return
            at += 1
            is_array = self.tokens[at] == "["
            while self.tokens[at] == "[":
                at = closing(self.tokens, at) + 1
            if self.tokens[at] == "=" and self.tokens[at + 1] == "{":
                if not is_pointer:
                    self.check(at + 1, struct, is_array)
                at = closing(self.tokens, at + 1) + 1
            elif self.tokens[at] == "=":
                while self.tokens[at] not in ",;)":
                    at = closing(self.tokens, at) + 1 if self.tokens[at] in "({[" else at + 1
            if self.tokens[at] != ",":
                return
            at += 1


def check_macros(source, say):
    """A macro that is a row of a table: { … }, with a comma behind it or without."""
    for line, body in source.macros:
        tokens = TOKEN.findall(body)
        if tokens[:1] == ["{"] and closing(tokens, 0) >= len(tokens) - 2 and ";" not in tokens:
            parts = split(tokens, 1, closing(tokens, 0))
            if sum(tokens[begin] != "." for begin, _ in parts) > POSITIONAL_MAX:
                say(line, f"a row of {len(parts)} members: initialize it by designators")


# --- fresh memory ---------------------------------------------------------------------------------------------------

def functions(code):
    """Bodies of functions, each with the line where it begins."""
    for match in re.finditer(r"^\{\n(.*?)^\}", code, re.S | re.M):
        yield code.count("\n", 0, match.start()) + 1, match.group(1)


def check_fresh(code, say):
    """What was allocated here is not filled here member by member."""
    for start, body in functions(code):
        for match in re.finditer(rf"\*?(\w+) =\s+(?:\([^()]*\))?(?:{ALLOCATORS})\(", body):
            rest = body[match.end():]
            name = re.escape(match.group(1))
            members = set(re.findall(rf"(?<![\w>.]){name}(?:\[[^\]]*\]\.|->)(\w+(?:\.\w+)*) = ", rest))
            if len(members) > 1:
                line = start + body.count("\n", 0, match.start()) + 1
                say(line, f"{match.group(1)} is filled member by member ({', '.join(sorted(members))}): assign it whole")


def check_initializers(tree):
    everywhere, by_file = definitions(tree)
    for path, (source, own) in by_file.items():
        def say(line, text, path=path):
            (tree.report if path.startswith(ENFORCED) else tree.note)(path, line, text)
        lists = Lists(source, {**everywhere, **own}, say)
        lists.compound_literals()
        lists.variables()
        check_macros(source, say)
        check_fresh(tree.code(path), say)
