# SPDX-License-Identifier: MIT
"""The documents are true: each ```cpp block of README.md and docs/*.md compiles and runs.

usage: documents.py PROJECT COMPILER EIGEN_INCLUDE
A block with a main is a program; any other becomes the body of one, with the umbrella header and
`namespace bf = backfold;`. A file's blocks that are no programs are one body, in their order.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

from precompiled import precompiled

project, compiler, eigen = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
umbrella = "#include <backfold/backfold.hpp>\n"


def programs_of(document):
    blocks = re.findall(r"^```cpp\n(.*?)^```", document.read_text(), re.M | re.S)
    programs = [b for b in blocks if "int main" in b]
    rest = [b for b in blocks if "int main" not in b]
    if rest:
        # Types with member templates must stand outside a function.
        outside = [b for b in rest if re.match(r"\s*(///.*\n\s*)*(struct|class|template)", b)]
        inside = [b for b in rest if b not in outside]
        includes = "".join(re.findall(r"^#include [^\n]*\n", "".join(rest), re.M))
        outside, inside = ([re.sub(r"^#include [^\n]*\n", "", b, flags=re.M) for b in some]
                           for some in (outside, inside))
        programs.append(umbrella + "#include <cmath>\n#include <cstdio>\n#include <iostream>\n#include <vector>\n"
                        + includes + "namespace bf = backfold;\n" + "".join(outside) + "int main() {\n" +
                        "".join(inside) + "}\n")
    return programs


def error_of(program, command, folder):
    source, binary = pathlib.Path(folder, "block.cpp"), pathlib.Path(folder, "block")
    source.write_text(program)
    for step in [[*command, str(source), "-o", str(binary)], [str(binary)]]:
        run = subprocess.run(step, text=True, capture_output=True, cwd=folder)
        if run.returncode != 0:
            return run.stderr + run.stdout
    return ""


errors, count = [], 0
with tempfile.TemporaryDirectory() as folder:
    alone = [compiler, "-std=c++20", "-O1", f"-I{project / 'include'}", "-isystem", eigen]
    with_umbrella = precompiled(alone, "backfold/backfold.hpp", folder)
    for document in [project / "README.md", *sorted((project / "docs").glob("*.md"))]:
        for number, program in enumerate(programs_of(document), 1):
            count += 1
            error = error_of(program, with_umbrella if umbrella in program else alone, folder)
            if error:
                errors.append(f"{document.name}, program {number}: {error}")
print("\n".join(errors) or f"{count} programs of the documents run")
sys.exit(bool(errors) or count == 0)
