# SPDX-License-Identifier: Apache-2.0
"""Just enough reading of C++ for tools/check_style.py: comments and strings blanked, functions found by braces."""
import re
from collections import namedtuple

# line: where the body's brace opens; lines: from there to the closing brace, as clang-tidy counts them.
Function = namedtuple("Function", "line lines")

TOKEN = re.compile(r"""
    //[^\n]*(?:\\\n[^\n]*)*
  | /\*.*?\*/
  | (?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
  | "(?:[^"\\\n]|\\.)*"
  | (?<![0-9a-zA-Z_])(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+'
""", re.VERBOSE | re.DOTALL)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def blank_comments_and_strings(text):
    """The same text, every character of comments and literals a space; lines keep their numbers."""
    return TOKEN.sub(lambda match: blank(match.group()), text)


def first_comment(lines):
    """The comment that opens a file, SPDX line included."""
    end = 0
    while end < len(lines) and lines[end].startswith("//"):
        end += 1
    return "\n".join(lines[:end])


def without_parentheses(text):
    """Drops balanced (...), and what template arguments (<...>) hold."""
    before = None
    while before != text:
        before = text
        text = re.sub(r"\([^()]*\)", " @ ", text)
        text = re.sub(r"<[^<>()]*>", " ", text)
    return text


def opens_function(head):
    """Whether the text between the last ';' or brace and this '{' makes it the body of a function (or a lambda)."""
    flat = without_parentheses(head)
    if "@" not in flat:
        return bool(re.search(r"=\s*\[[^\]]*\]\s*$", flat))
    if re.search(r"\boperator\b", flat):
        return True
    if "=" in flat:
        return bool(re.search(r"=\s*\[[^\]]*\]\s*@", flat))
    match = SCOPE.search(flat)
    return match is None or "@" in flat[:match.start()] or not re.match(
        r"\s*(alignas\s*@\s*|@\s*)?[\w:\s]*$", flat[match.end():].split(":")[0]) or _returns_struct(flat)


def _returns_struct(flat):
    # "struct stat read(...) {": a name, a second name, then the arguments at the very end.
    return bool(re.search(r"\b(struct|class|enum|union)\s+[\w:]+[\s&*]+[\w:]+\s*@[\w\s]*$", flat))


def functions(code):
    """The functions of a blanked text; lambdas and local classes count as part of the function around them."""
    code = PREPROCESSOR.sub(lambda match: blank(match.group()), code)
    depth, outer, head_start, line, found = 0, None, 0, 1, []
    scopes = 0  # open namespaces, classes and initialisers around us
    opened = 0
    for index, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            if outer is None and opens_function(code[head_start:index]):
                outer, opened, depth = line, line, 0
            if outer is None:
                scopes += 1
                head_start = index + 1
            else:
                depth += 1
        elif char == "}":
            if outer is None:
                scopes -= 1
                head_start = index + 1
                continue
            depth -= 1
            following = code[index + 1:index + 200].lstrip()
            if depth == 0 and not following.startswith((",", "{")):  # else members initialised by braces
                found.append(Function(opened, line - opened))
                outer, head_start = None, index + 1
        elif char == ";" and outer is None:
            head_start = index + 1
    return found
