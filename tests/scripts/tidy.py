# SPDX-License-Identifier: MIT
"""clang-tidy finds nothing in the headers: checks and limits are those of .clang-tidy.

usage: tidy.py PROJECT CLANG_TIDY EIGEN [DEFINITION...]
"""
import pathlib
import subprocess
import sys
import tempfile

project, tidy, eigen, *definitions = sys.argv[1:]
include = pathlib.Path(project) / "include"
headers = sorted(header.relative_to(include) for header in include.rglob("*.hpp"))
with tempfile.TemporaryDirectory() as folder:
    everything = pathlib.Path(folder) / "everything.cpp"
    everything.write_text("".join(f"#include <{header}>\n" for header in headers))
    done = subprocess.run(
        [tidy, "--quiet", f"--config-file={project}/.clang-tidy", everything, "--",
         "-std=c++20", f"-I{include}", "-isystem", eigen, *definitions],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
print(done.stdout or f"{len(headers)} headers are tidy")
sys.exit(done.returncode)
