#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the manual pages of section 3 from the comments of the public headers, so that there is one text to keep true.

    from_headers.py --names HEADER...                    what would be made, one file name a line
    from_headers.py --check HEADER...                    is everything described? What is not, one line each, status 1
    from_headers.py --out DIRECTORY [--version V] [--example FILE.c] [--documents DIRECTORY] HEADER...

A header is a page: run.h is sentinel-run(3). Its second line, a comment, is what the page is about. A comment belongs to
the declaration directly below it (and to those below that without a blank line and a comment of their own), or to the
one that it follows on the same line; a comment before a blank line is a paragraph of the page. Every function and type
gets a page that refers to its header's, so that `man sn_run` works. What a comment calls docs/NAME.md is named by where
it is installed.
"""
import argparse
import os
import re
import sys
from dataclasses import dataclass, field

NO_PAGE = {"visibility", "sentinel"}  # nothing that a program names, and the page that lists the others


@dataclass
class Member:
    """A field of a struct, or a constant."""

    name: str
    code: str  # "uint64_t cpu_ms", "SN_EINVAL = -1"
    comment: str


@dataclass
class Item:
    """One thing of a header. kind: text, function, opaque, struct, constants."""

    kind: str
    comment: str = ""
    name: str = ""
    code: str = ""
    members: list = field(default_factory=list)


@dataclass
class Header:
    subject: str
    title: str
    items: list

    def of(self, kind):
        return [item for item in self.items if item.kind == kind]


def plain(comment):
    """The text of a comment; paragraphs are separated by an empty line."""
    body = re.sub(r"^/\*|\*/$", "", comment.strip())
    lines = [re.sub(r"^\s*\*?\s?", "", line).rstrip() for line in body.split("\n")]
    return "\n".join(lines).strip()


def squeeze(code):
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", " ", code, flags=re.S)).strip()


def members_of(body, separator):
    """The members of `body`, each with the comment above it or after it."""
    found = []
    pattern = re.compile(r"(/\*.*?\*/)|([^/%s]+)%s?" % (separator, separator), re.S)
    above = ""
    position = 0
    while position < len(body):
        match = pattern.match(body, position)
        if not match:
            raise ValueError(f"cannot read {body[position:position + 60]!r}")
        before = body[: match.start()].rsplit("\n", 1)[-1].strip()
        position = match.end()
        if match.group(1):
            if found and before:  # on the line of the last member
                found[-1].comment = plain(match.group(1))
            else:
                above = plain(match.group(1))
        elif squeeze(match.group(2)):
            code = squeeze(match.group(2))
            name = re.match(r"\w+", code) if separator == "," else re.search(r"(\w+)(\[\w*\])?$", code)
            found.append(Member(name.group(0) if separator == "," else name.group(1), code, above))
            above = ""
    return found


DECLARATIONS = [
    ("comment", re.compile(r"/\*.*?\*/[ \t]*", re.S)),
    ("define", re.compile(r"#define (\w+)((?:\\\n|[^\n/]|/(?!\*))*)[ \t]*(/\*.*?\*/)?", re.S)),
    ("constants", re.compile(r"(?:typedef )?enum(?: \w+)? \{(.*?)\n\} ?(\w*);", re.S)),
    ("struct", re.compile(r"typedef struct \w+ \{(.*?)\n\} (\w+);", re.S)),
    ("opaque", re.compile(r"typedef struct (\w+) \w+;")),
    ("function", re.compile(r"SN_API ([^;]*?\b(\w+)\([^;]*\));[ \t]*(/\*.*?\*/)?", re.S)),
    ("inline", re.compile(r"static inline ([^{;]*?\b(\w+)\([^{;]*\))\s*\{.*?\n\}", re.S)),
    ("skip", re.compile(r"#[^\n]*|extern \"C\" \{|\}")),
]


def parse(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    subject = os.path.splitext(os.path.basename(path))[0]
    title = re.match(r"/\* SPDX[^\n]*\n/\* (.*?) \*/\n", text, re.S)
    body = text[title.end() if title else 0 :]
    body = re.sub(r"#define SENTINEL_\w+_H\n", "\n", body)
    body = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "\n", body, flags=re.S)
    items, pending, group, position = [], "", None, 0
    if not title:
        body = re.sub(r"/\* SPDX[^\n]*", "", body)

    def text_item():
        nonlocal pending
        if pending:
            items.append(Item("text", pending))
        pending = ""

    while position < len(body):
        blank = re.compile(r"\n?[ \t]*\n|\n").match(body, position)
        if blank:
            if blank.group(0).count("\n") > 1 or body[:position].endswith("\n") or position == 0:
                text_item()
                group = None
            position = blank.end()
            continue
        for kind, pattern in DECLARATIONS:
            match = pattern.match(body, position)
            if match:
                break
        else:
            raise ValueError(f"{path}: cannot read {body[position:position + 80]!r}")
        position = match.end()
        if kind == "comment":
            text_item()
            pending, group = plain(match.group(0)), None
            continue
        if kind == "skip":
            text_item()
            continue
        item = make(kind, match)
        shared = group if group and group.kind == item.kind and not pending and not item.comment else None
        if kind == "define" and group and group.kind == "constants" and not pending:
            group.members += item.members
            continue
        if pending:
            item.comment = f"{pending}\n\n{item.comment}".strip()
        elif shared:
            item.comment = shared.comment
        pending = ""
        items.append(item)
        group = item
    text_item()
    return Header(subject, title.group(1).replace("\n * ", " ") if title else "", items)


def make(kind, match):
    if kind == "define":
        value = re.sub(r"\\\n", " ", match.group(2)).strip()
        comment = plain(match.group(3) or "")
        return Item("constants", members=[Member(match.group(1), f"{match.group(1)} {value}", comment)])
    if kind == "constants":
        return Item("constants", name=match.group(2), members=members_of(match.group(1), ","))
    if kind == "struct":
        return Item("struct", name=match.group(2), members=members_of(match.group(1), ";"))
    if kind == "opaque":
        return Item("opaque", name=match.group(1))
    if kind == "inline":
        return Item("function", name=match.group(2), code=squeeze(match.group(1)))
    return Item("function", plain(match.group(3) or ""), match.group(2), squeeze(match.group(1)))


# What a page says


def escape(text):
    return text.replace("\\", "\\e")


def prose(text):
    """A comment as roff: paragraphs, `names` in italics, functions in bold; "Errors:" gets a paragraph of its own."""
    out = []
    paragraphs = re.split(r"\n\s*\n", re.sub(r"\s*\n?(?<=[.;:)\s])(Errors:\s)", r"\n\n\1", text))
    for number, paragraph in enumerate(p for p in paragraphs if p.strip()):
        line = escape(re.sub(r"\s+", " ", paragraph).strip())
        line = re.sub(r"`([^`]+)`", r"\\fI\1\\fR", line)
        line = re.sub(r"\b(sn_\w+)\(\)", r"\\fB\1\\fR()", line)
        line = re.sub(r"\b((?:sentinel|libsentinel)[\w-]*)\((\d)\)", r"\\fB\1\\fR(\2)", line)
        if number:
            out.append(".PP")
        # A sentence a line, as manual pages are written: groff then spaces them right.
        for sentence in re.sub(r"([.:;]) (?=[A-Z\\`])", r"\1\n", line).split("\n"):
            out.append("\\&" + sentence if sentence.startswith((".", "'")) else sentence)
    return out


def path_name(path):
    """A file's name: it may go on in the next line behind a slash."""
    return "\\fI" + escape(path).replace("/", "/\\:") + "\\fR"


def in_tag(text):
    """prose() below a .TP: paragraphs keep its indentation."""
    return [".IP" if line == ".PP" else line for line in prose(text)]


def quoted(text):
    return '"' + text.replace("\\", "\\e").replace('"', "\\(dq").replace("-", "\\-") + '"'


def prototype(code):
    lines, line = [], ""
    head, arguments = re.match(r"(.*?\()(.*)\)$", code).groups()
    line = head
    for part in [a + ", " for a in arguments.split(", ")[:-1]] + [arguments.split(", ")[-1] + ");"]:
        if len(line) + len(part.rstrip()) > 76:
            lines.append(line.rstrip())
            line = " " * 8
        line += part
    return [f".B {quoted(text)}" for text in lines + [line]]


def tag(member):
    match = re.match(r"(.*?)(\w+(?:\[\w*\])?)$", member.code)
    return [".TP", f".BI {quoted(match.group(1))} {match.group(2)}"]


def value_of(member):
    """As a reader wants it: a number, a bit as one (0x4), another constant by its name; "" for anything longer."""
    value = member.code[len(member.name) :].replace("=", " ").strip().strip("()")
    bit = re.fullmatch(r"(?:UINT64_C\(1\)|1U?) << ([0-9]+)", value)
    if bit:
        return f"0x{1 << int(bit.group(1)):x}"
    return value if re.fullmatch(r"-?[0-9]+|[A-Z][A-Z0-9_]*", value) else ""


def constants(item):
    out = []
    for member in item.members:
        value = value_of(member)
        out += [".TP", f".BR {member.name} {quoted('  ' + value) if value else ''}".rstrip()]
        out += in_tag(member.comment) or ["\\&"]
    return out


def error_codes(headers):
    for header in headers:
        for item in header.of("constants"):
            if any(member.name == "SN_EINVAL" for member in item.members):
                return {member.name: member.comment for member in item.members}
    return {}


def used_codes(functions, headers):
    """The codes that these functions name as theirs, or that those do which they refer to ("those of sn_run()")."""
    comments = {item.name: item.comment for header in headers for item in header.of("function")}
    used, seen, todo = set(), set(), [item.name for item in functions]
    while todo:
        name = todo.pop()
        if name in seen or name not in comments:
            continue
        seen.add(name)
        told = re.split(r"Errors:\s", comments[name], maxsplit=1)[1:]
        for text in told:
            used |= set(re.findall(r"\bSN_E[A-Z]+\b", text))
            todo += re.findall(r"(sn_\w+)\(\)", text) if "those of" in text else []
    return used


def heading(name, version):
    return ['.\\" SPDX-License-Identifier: MIT', '.\\" Made from the public headers by from_headers.py',
            f'.TH {name.upper().replace("-", chr(92) + "-")} 3 "" "Sentinel {version}" "Sentinel manual"',
            '.\\" Long names leave few spaces to fill a line by, and are not to be hyphenated.', ".ad l", ".nh", ".SH NAME"]


BUILD = [".PP", "Build with", ".BR \"cc $(pkg\\-config \\-\\-cflags \\-\\-libs sentinel)\" ."]


def page(header, headers, version):
    name = f"sentinel-{header.subject}"
    out = heading(name, version) + [f"{name.replace('-', chr(92) + '-')} \\- {header.title}", ".SH SYNOPSIS", ".nf"]
    out += [f".B #include <sentinel/{header.subject}.h>"]
    functions = header.of("function")
    if functions:
        out.append("")
    for item in functions:
        out += prototype(item.code)
    out += [".fi"] + BUILD + [".SH DESCRIPTION"]
    for item in header.items:
        if item.kind == "text":
            out += [".PP"] + prose(item.comment)
        elif item.kind == "opaque":
            out += [".SS " + item.name] + prose(item.comment)
        elif item.kind == "struct":
            out += [".SS struct " + item.name] + prose(item.comment)
            for member in item.members:
                out += tag(member) + in_tag(member.comment)
        elif item.kind == "constants":
            out += ([".SS enum " + item.name] if item.name else [".PP"]) + prose(item.comment) + constants(item)
    if functions:
        out.append(".SH FUNCTIONS")
    for number, item in enumerate(functions):
        same = number and item.comment and functions[number - 1].comment == item.comment
        if same:  # a comment for several: one text below all their names
            out[-len(described):] = [".TQ", f".BR {item.name} ()"] + described
            continue
        described = in_tag(item.comment)
        out += [".TP", f".BR {item.name} ()"] + described
    codes = error_codes(headers)
    used = used_codes(functions, headers)
    if header.subject != "error" and any("sn_error **" in item.code for item in functions):
        out += [".SH ERRORS", "Functions that return int return 0 or one of these negative codes.",
                "Where the last parameter is", ".IR ret_error ,",
                "it may be NULL; else it gets an error that the caller frees with", ".BR sn_error_free ().",
                "Other output parameters are untouched on failure."]
        for code in (code for code in codes if code in used):
            out += [".TP", ".B " + code] + in_tag(codes[code])
    others = [f"sentinel-{h.subject}" for h in headers if h.subject not in NO_PAGE | {header.subject}]
    return out + see_also(["libsentinel"] + others)


def see_also(names):
    out = [".SH SEE ALSO"]
    for other in sorted(names):
        out.append(f".BR {other.replace('-', chr(92) + '-')} (3),")
    return out + [".BR sentinel (1)"]


def example(path):
    """A program as it is in the file, so that what the page shows is what the tests build and run."""
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if "SPDX-License-Identifier" not in line]
    out = [".SH EXAMPLES", ".EX"]
    for line in lines:
        line = escape(line).replace("-", "\\-")
        out.append("\\&" + line if line.startswith((".", "'")) else line)
    return out + [".EE"]


def overview(headers, version, example_file):
    header = next((h for h in headers if h.subject == "sentinel"), Header("sentinel", "", []))
    out = heading("libsentinel", version) + [f"libsentinel \\- {header.title}", ".SH SYNOPSIS", ".nf"]
    out += [".B #include <sentinel/sentinel.h>", ".fi"] + BUILD + [".SH DESCRIPTION"]
    for item in header.of("text"):
        out += [".PP"] + prose(item.comment)
    out += [".PP", "The pages, one a header:"]
    pages = [h for h in headers if h.subject not in NO_PAGE]
    for other in pages:
        out += [".TP", f".BR sentinel\\-{other.subject} (3)"] + prose(other.title)
    if example_file:
        out += example(example_file)
    return out + see_also([f"sentinel-{h.subject}" for h in pages])


def all_pages(headers, version, example_file=""):
    """File name -> text."""
    pages = {"libsentinel.3": overview(headers, version, example_file)}
    for header in headers:
        if header.subject in NO_PAGE:
            continue
        pages[f"sentinel-{header.subject}.3"] = page(header, headers, version)
        for item in header.items:
            if item.name:
                pages[f"{item.name}.3"] = [f".so man3/sentinel-{header.subject}.3"]
    # A heading begins a paragraph by itself.
    return {name: re.sub(r"(\.S[HS] [^\n]*\n)\.PP\n", r"\1", "\n".join(lines) + "\n") for name, lines in pages.items()}


def check(headers):
    """What is not described, a sentence each."""
    for header in headers:
        where = f"{header.subject}.h"
        if header.subject == "visibility":
            continue
        if not header.title:
            yield f"{where}: its second line is no comment that says what it is about"
        for item in header.items:
            for member in item.members:
                told = member.comment or member.name in ("reserved", "size") or item.comment and len(item.members) == 1
                if not told and not (item.kind == "struct" and member.name == "data"):
                    yield f"{where}: {item.name + '.' if item.name else ''}{member.name} is not described"
            if item.kind in ("opaque", "struct", "function") and not item.comment:
                yield f"{where}: {item.name} is not described"
            if item.kind == "function" and "sn_error **" in item.code and not re.search(r"Errors:\s", item.comment):
                yield f"{where}: {item.name}() can fail and has no \"Errors: \""
            handed_out = item.kind == "function" and (item.code.startswith("const") or re.search(
                r"\b(sn_(?!error)\w+|char|void) \*\*?\*ret_\w+", item.code))
            if handed_out and not re.search(r"free|destroy|static|as long as|valid until|take", item.comment):
                yield f"{where}: {item.name}() does not say who owns what it hands out"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--names", action="store_true")
    action.add_argument("--check", action="store_true")
    action.add_argument("--out")
    parser.add_argument("--version", default="")
    parser.add_argument("--example", default="")
    parser.add_argument("--documents", default="docs")
    parser.add_argument("headers", nargs="+")
    arguments = parser.parse_args()
    headers = [parse(path) for path in sorted(arguments.headers)]
    if arguments.check:
        missing = list(check(headers))
        print("\n".join(missing), end="\n" if missing else "")
        return 1 if missing else 0
    pages = all_pages(headers, arguments.version, arguments.example)
    for name, text in sorted(pages.items()):
        text = re.sub(r"\bdocs/(\w+\.md)", lambda found: path_name(f"{arguments.documents}/{found[1]}"), text)
        if arguments.names:
            print(name)
        else:
            with open(os.path.join(arguments.out, name), "w", encoding="utf-8") as file:
                file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
