# SPDX-License-Identifier: MIT
"""The documents are true: each ```cpp block of README.md and docs/ compiles and runs.

usage: documents.py PROJECT COMPILER EIGEN_INCLUDE [DOCUMENT...]
A block with a main is a program; any other becomes the body of one, with the umbrella header and
`namespace bf = backfold;`. A file's blocks that are no programs are one body, in their order.
A ```text block between a program and the next ```cpp block is the output of the program: words and
whole numbers are compared exactly, other numbers to 1 % or one unit of the last digit. Each relative
link leads to a file.
"""
import decimal
import pathlib
import re
import subprocess
import sys
import tempfile

from precompiled import precompiled

project, compiler, eigen = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
documents = [pathlib.Path(name) for name in sys.argv[4:]] or [
    project / "README.md", *sorted((project / "docs").rglob("*.md"))]
umbrella = "#include <backfold/backfold.hpp>\n"


def programs_of(text):
    """Pairs of a program and its expected output, None if the document does not state it."""
    blocks = re.findall(r"^```(cpp|text)\n(.*?)^```", text, re.M | re.S)
    programs = []
    for (kind, block), following in zip(blocks, [*blocks[1:], ("", "")]):
        if kind == "cpp" and "int main" in block:
            programs.append((block, following[1] if following[0] == "text" else None))
    rest = [block for kind, block in blocks if kind == "cpp" and "int main" not in block]
    if rest:
        # Types with member templates must stand outside a function.
        outside = [b for b in rest if re.match(r"\s*(///.*\n\s*)*(struct|class|template)", b)]
        inside = [b for b in rest if b not in outside]
        includes = "".join(re.findall(r"^#include [^\n]*\n", "".join(rest), re.M))
        outside, inside = ([re.sub(r"^#include [^\n]*\n", "", b, flags=re.M) for b in some]
                           for some in (outside, inside))
        programs.append((umbrella + "#include <cmath>\n#include <cstdio>\n#include <iostream>\n#include <vector>\n"
                        + includes + "namespace bf = backfold;\n" + "".join(outside) + "int main() {\n" +
                        "".join(inside) + "}\n", None))
    return programs


def agree(word, expected):
    try:
        value, wanted = decimal.Decimal(word), decimal.Decimal(expected)
    except decimal.InvalidOperation:
        return word == expected
    if not wanted.is_finite() or re.fullmatch(r"[+-]?\d+", expected):
        return word == expected
    unit = decimal.Decimal(1).scaleb(wanted.as_tuple().exponent)
    return value.is_finite() and abs(value - wanted) <= max(abs(wanted) / 100, unit)


def same_output(output, expected):
    words, wanted = ([re.split(r"[\s,()=]+", line.strip()) for line in text.strip().splitlines()]
                     for text in (output, expected))
    return [len(w) for w in words] == [len(w) for w in wanted] and all(
        agree(a, b) for left, right in zip(words, wanted) for a, b in zip(left, right))


def broken_links(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.M | re.S)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text)
    return [t for t in targets if "://" not in t and not (document.parent / t).exists()]


def error_of(program, expected, command, folder):
    source, binary = pathlib.Path(folder, "block.cpp"), pathlib.Path(folder, "block")
    source.write_text(program)
    for step in [[*command, str(source), "-o", str(binary)], [str(binary)]]:
        run = subprocess.run(step, text=True, capture_output=True, cwd=folder)
        if run.returncode != 0:
            return run.stderr + run.stdout
    if expected is not None and not same_output(run.stdout, expected):
        return f"prints\n{run.stdout}expected\n{expected}"
    return ""


errors, count = [], 0
with tempfile.TemporaryDirectory() as folder:
    alone = [compiler, "-std=c++20", "-O1", f"-I{project / 'include'}", "-isystem", eigen]
    with_umbrella = precompiled(alone, "backfold/backfold.hpp", folder)
    for document in documents:
        errors += [f"{document.name}: no file {link}" for link in broken_links(document)]
        for number, (program, expected) in enumerate(programs_of(document.read_text()), 1):
            count += 1
            command = with_umbrella if umbrella in program else alone
            error = error_of(program, expected, command, folder)
            if error:
                errors.append(f"{document.name}, program {number}: {error}")
print("\n".join(errors) or f"{count} programs of the documents run")
sys.exit(bool(errors) or count == 0)
