# SPDX-License-Identifier: MIT
"""Editors' indexers find the definitions of every header.

usage: tags.py PROJECT CTAGS
"""
import pathlib
import re
import subprocess
import sys

root, ctags = pathlib.Path(sys.argv[1]) / "include", sys.argv[2]
version = subprocess.run([ctags, "--version"], text=True, capture_output=True).stdout
if "Universal Ctags" not in version:
    print("skipped: no Universal Ctags")
    sys.exit(77)

# The C++ parser takes a .hpp for C++; macros are no definitions of the library.
tags = subprocess.run([ctags, "-R", "-f", "-", "--languages=C++", "--kinds-C++=cfgmnpstuvx", str(root)],
                      text=True, capture_output=True, check=True).stdout
found = {}
for line in tags.splitlines():
    name, file, *_ = line.split("\t")
    if not line.startswith("!") and name != "backfold":
        found.setdefault(file, set()).add(name)
errors = []
for header in sorted(root.rglob("*.hpp")):
    text = re.sub(r"//.*|^#(.*\\\n)*.*", "", header.read_text(encoding="utf-8"), flags=re.M)
    text = text.replace("BACKFOLD_BEGIN_NAMESPACE", "").replace("BACKFOLD_END_NAMESPACE", "")
    if text.strip() and not found.get(str(header)):
        errors.append(f"{header.relative_to(root)}: no definitions are found")
if "Adam" not in found.get(str(root / "backfold/optimizer/adam.hpp"), ()):
    errors.append("Adam is not found")
print("\n".join(errors) or f"{len(found)} headers have definitions")
sys.exit(bool(errors))
