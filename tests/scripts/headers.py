# SPDX-License-Identifier: MIT
"""Each header compiles alone; it includes only its own room and lower floors; the umbrella has all.

usage: headers.py PROJECT COMPILER EIGEN_INCLUDE
The floors are read from the table in docs/design.md.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys

project, compiler, eigen = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
root = project / "include"
headers = sorted(p.relative_to(root) for p in root.rglob("*.hpp"))
errors = []

floors = {}
for line in (project / "docs/design.md").read_text().splitlines():
    row = re.match(r"\s*([a-z/ ]+?)/ .*floor (\d)$", line)
    if row:
        for room in row.group(1).replace("/", " ").split():
            floors[room] = int(row.group(2))

for header in headers:
    if len(header.parts) == 2:  # the umbrella and the version
        continue
    room = header.parts[1]
    if room not in floors:
        errors.append(f"{header}: docs/design.md gives no floor for {room}/")
        continue
    for line in (root / header).read_text().splitlines():
        used = re.match(r'#include "backfold/(\w+)/', line)
        if used and used.group(1) != room and floors[used.group(1)] >= floors[room]:
            errors.append(f"{header}: on floor {floors[room]}, includes {used.group(1)}/ on floor "
                          f"{floors[used.group(1)]}")

opt_in = {"backfold/data/idx.hpp"}  # they need more than Eigen
umbrella = (root / "backfold/backfold.hpp").read_text()
for header in headers:
    if header.name != "backfold.hpp" and "kernel" not in header.parts and str(header) not in opt_in:
        if f'#include "{header}"' not in umbrella:
            errors.append(f"backfold.hpp lacks {header}")


def compiles_alone(header):
    run = subprocess.run(
        [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{root}",
         "-isystem", eigen, "-x", "c++", "-"],
        input=f'#include "{header}"\n#include "{header}"\n', text=True, capture_output=True)
    return "" if run.returncode == 0 else f"{header} does not compile alone:\n{run.stderr}"


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    errors += [e for e in pool.map(compiles_alone, headers) if e]
print("\n".join(errors) or f"{len(headers)} headers are in order")
sys.exit(bool(errors))
