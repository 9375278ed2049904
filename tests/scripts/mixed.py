# SPDX-License-Identifier: MIT
"""Two parts of a program that were compiled with different flags: each does as it was compiled, in
either order of linking, and they share no function of Backfold.

usage: mixed.py PROJECT COMPILER EIGEN_INCLUDE WORK
"""
import concurrent.futures
import itertools
import pathlib
import subprocess
import sys

project, compiler, eigen = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
work = pathlib.Path(sys.argv[4]) / "mixed"
source = project / "tests/package/mixed"


def run(*command):
    return subprocess.run([str(c) for c in command], text=True, capture_output=True)


# Name, flags of the first and of the second part.
pairs = {
    "registers": (["-mavx"], ["-mavx2", "-mfma"]),
    "exceptions": ([], ["-fno-exceptions"]),
    "arithmetic": ([], ["-ffast-math"]),
}
if run(compiler, "-fopenmp", "-fsyntax-only", "-include", "omp.h", "-x", "c++",
       "/dev/null").returncode == 0:
    pairs["openmp"] = ([], ["-fopenmp"])


def processor_has(*features):
    path = pathlib.Path("/proc/cpuinfo")
    return path.exists() and set(features) <= set(path.read_text().split())


def object_of(part, flags):
    return work / f"{part}{''.join(flags)}.o"


def compile_part(part, flags):
    built = run(compiler, "-std=c++20", "-O1", f"-I{project / 'include'}", "-isystem", eigen,
                f"-DPART={part}", *flags, "-c", source / "part.cpp", "-o", object_of(part, flags))
    if built.returncode != 0:
        raise SystemExit(f"{part}, {flags}: {built.stderr}")


def functions(file):
    """Defined symbols that the linker merges, of our namespace."""
    rows = [line.split() for line in run("nm", "--defined-only", file).stdout.splitlines()]
    return {row[2] for row in rows if row[1] in "WVuTDBR" and "8backfold" in row[2]}


def check(name, flags):
    first, second = object_of("first", flags[0]), object_of("second", flags[1])
    if not functions(first) or not functions(second):
        yield f"{name}: no functions are found"
    if shared := functions(first) & functions(second):
        yield f"{name}: {len(shared)} functions are shared, such as {min(shared)}"
    if name == "registers" and not processor_has("avx2", "fma"):
        return
    for order in itertools.permutations([first, second]):
        program = work / f"{name}_{order[0].stem}"
        linked = run(compiler, "-fopenmp" if name == "openmp" else "-O1", work / "main.o", *order,
                     "-o", program)
        if linked.returncode != 0:
            yield f"{name}: {linked.stderr}"
            continue
        tried = run(program)
        if tried.returncode != 0:
            yield f"{name}, {order[0].stem} linked first: {tried.stdout}{tried.stderr}"
        if run(program, "first").returncode != 0:
            yield f"{name}, {order[0].stem} linked first: an exception is not caught"
        if name == "exceptions":
            wrong = run(program, "second")
            if wrong.returncode != -6 or "-1" not in wrong.stderr:
                yield (f"without exceptions, {order[0].stem} linked first: expected a message and abort, "
                       f"got status {wrong.returncode}, {wrong.stderr!r}")


work.mkdir(parents=True, exist_ok=True)
run(compiler, "-std=c++20", "-c", source / "main.cpp", "-o", work / "main.o").check_returncode()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    objects = {(part, *flags) for pair in pairs.values()
               for part, flags in zip(("first", "second"), pair)}
    list(pool.map(lambda o: compile_part(o[0], o[1:]), objects))
errors = [error for pair in pairs.items() for error in check(*pair)]
print("\n".join(errors) or f"{len(pairs)} pairs share nothing")
sys.exit(bool(errors))
