# SPDX-License-Identifier: MIT
"""docs/reference.md lists every public name with the first sentence of its docstring.

usage: reference.py PROJECT [--write]
Public is what a header defines in namespace backfold itself, outside `detail` and `kernel`. Without
--write the page is compared with the headers.
"""
import pathlib
import re
import sys

project = pathlib.Path(sys.argv[1])
include = project / "include/backfold"
page = project / "docs/reference.md"
ROOMS = {"network": "Networks", "layer": "Layers", "activation": "Activations", "loss": "Losses",
         "optimizer": "Optimizers", "training": "Training", "training/hook": "Hooks", "gradient": "Gradients",
         "data": "Data", "metric": "Metrics", "analysis": "Analysis",
         "second_order": "Second-order training", "io": "Files of networks",
         "core": "Foundations"}
SPECIFIERS = r"(?:\[\[\w+(?:\(\".*?\"\))?\]\]|BACKFOLD_\w+|inline|constexpr|static|friend)\s+"


def without_arguments(code, opening="<"):
    """The code after a bracket that it begins with, and what the bracket closes."""
    depth = 0
    for i, c in enumerate(code):
        depth += c in "<(" and not (c == "<" and code[i + 1:i + 2] in "=")
        depth -= c in ">)" and code[i - 1:i] != "-"
        if depth == 0:
            return code[i + 1:]
    return ""


def name_of(declaration):
    code = re.sub(r"//.*", "", declaration).strip()
    if re.match(r"template\s*<>|using namespace|#|extern", code):
        return None, None  # a specialisation of a template defined elsewhere
    while match := re.match(r"template\s*(?=<)", code):
        code = without_arguments(code[match.end():]).strip()
    if code.startswith("requires("):
        code = without_arguments(code[len("requires"):]).strip()
    code = re.sub(f"^(?:{SPECIFIERS})+", "", code)
    if re.match(r"bool \w+<", code):
        return None, None
    if match := re.match(r"(?:struct|class|enum class|concept|using)\s+(?:\w+::)*(\w+)", code):
        return match[1], "type"
    head = re.split(r"[{;]", code)[0]
    if match := re.match(r"\w+ \(\*(\w+)\)", head):
        return match[1], "constant"
    if match := re.match(r"(?:bool|int|Index|std::size_t|auto) (\w+)[^()]*?=", head):
        return match[1], "constant"
    match = re.search(r"(\w+)\s*\(", head)
    return (match[1], "function") if match else (None, None)


def definitions(header):
    """Name, kind, docstring of each public definition of a header, in its order."""
    inside, doc, declaration, depth = [], [], [], 0
    for line in header.read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        code = re.sub(r'//.*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)\'', "", line)
        if match := re.match(r"(?:inline )?namespace (\w+) \{", line):
            inside.append(match[1])
        elif re.match(r"\}  // namespace", line):
            inside.pop()
        elif not declaration and line.startswith("///"):
            # Formulas and programs are indented; they end the paragraph.
            doc.append("\n" if re.match(r"///(\s{4}|\s*$)", line) else line[3:].strip())
        elif not declaration and (not line.strip()
                                  or line.startswith(("#", "//", "BACKFOLD_BEGIN", "BACKFOLD_END"))):
            doc = []
        else:
            declaration.append(line)
            depth += code.count("{") + code.count("(") - code.count("}") - code.count(")")
            if depth == 0 and re.search(r"[;}]\s*$", code):
                if not inside:
                    yield *name_of("\n".join(declaration)), " ".join(doc)
                doc, declaration = [], []


def first_sentence(doc):
    sentence = re.split(r"(?<=\.)\s+(?=[A-ZΔ@`])|\s@\w+ |\n", doc.strip())[0]
    return sentence.replace("|", "\\|").strip().removesuffix(":").removesuffix(".")


errors, lines = [], ["# Reference", "",
    "Every public name with the first sentence of its docstring, made from the headers by",
    "`tests/scripts/reference.py`. The docstrings have the formulas, shapes, errors and sources. Names in",
    "`backfold::detail` and `backfold::kernel` are internal and may change at any time.", ""]
for room, title in ROOMS.items():
    rows, seen = [], set()
    for header in sorted((include / room).glob("*.hpp")):
        found = {}
        for name, kind, doc in definitions(header):
            if name and not name.startswith("operator") and name not in seen:
                found.setdefault(name, [kind, ""])
                found[name][1] = found[name][1] or doc
        for name, (kind, doc) in found.items():
            if not doc:
                errors.append(f"{header.relative_to(include)}: {name} has no docstring")
            seen.add(name)
            rows.append(f"| `{name}` | {first_sentence(doc)} | {header.relative_to(include)} |")
    lines += [f"## {title}", "", "| name | | header |", "| --- | --- | --- |", *rows, ""]
text = "\n".join(lines)
if "--write" in sys.argv:
    page.write_text(text, encoding="utf-8")
elif not page.exists() or page.read_text(encoding="utf-8") != text:
    errors.append("docs/reference.md is not that of the headers: tests/scripts/reference.py . --write")
print("\n".join(errors) or "every public name is documented")
sys.exit(bool(errors))
