# SPDX-License-Identifier: MIT
"""A user's build stays silent: a program with Backfold's headers as its own, not as a system's,
compiled with the warnings that people switch on, at several levels of optimisation.

usage: silent_build.py PROJECT COMPILER EIGEN_INCLUDE [FLAG...]
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys

project, compiler, eigen, flags = pathlib.Path(sys.argv[1]), *sys.argv[2:4], sys.argv[4:]

wanted = """-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wfloat-conversion -Wdouble-promotion
  -Wold-style-cast -Wuseless-cast -Wcast-align -Wcast-qual -Wshadow -Wundef -Wunused
  -Wnull-dereference -Warray-bounds=2 -Wstringop-overflow -Wmaybe-uninitialized -Wlogical-op
  -Wduplicated-cond -Wduplicated-branches -Wswitch-enum -Wformat=2 -Woverloaded-virtual
  -Wnon-virtual-dtor -Wextra-semi -Wzero-as-null-pointer-constant -Wredundant-decls
  -Wimplicit-fallthrough -Wcomma -Wunreachable-code -Wdocumentation""".split()


def compile_program(*more):
    return subprocess.run(
        [compiler, "-std=c++20", *more, *flags, f"-I{project / 'include'}", "-isystem", eigen, "-c",
         "-o", "/dev/null", project / "tests/package/warnings.cpp"],
        text=True, capture_output=True)


def knows(warning):
    run = subprocess.run([compiler, "-Werror", warning, "-fsyntax-only", "-x", "c++", "/dev/null"],
                         capture_output=True)
    return run.returncode == 0


known = [warning for warning in wanted if knows(warning)]


def check(levels):
    run = compile_program(*levels, *known)
    # A warning without a place is the compiler's of its flags.
    said = [line for line in run.stderr.splitlines() if re.search(r"^\S+:\d+.*(warning|error):", line)]
    return [f"{' '.join(levels)}: {line}" for line in said]


builds = [["-O2"], ["-O3", "-march=native"]]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    errors = sum(pool.map(check, builds), [])
print("\n".join(errors) or f"{len(known)} kinds of warning are silent")
sys.exit(bool(errors))
