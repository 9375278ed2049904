# SPDX-License-Identifier: MIT
"""How long programs take to compile, beside <Eigen/Dense> alone: a table in markdown.

usage: compile_time.py [--repetitions N] [COMPILER...]    (default: g++ clang++, where they are)
User time at -O2, the median of repetitions in turn.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess

project = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = [("`<Eigen/Dense>` alone", "benchmarks/compile_time/eigen.cpp", None),
            ("exclusive or", "examples/xor.cpp", 1.5),
            ("six layers", "benchmarks/compile_time/six_layers.cpp", 2.0)]
FLAGS = [[], ["-march=native"]]


def eigen_include():
    try:
        flags = subprocess.run(["pkg-config", "--cflags-only-I", "eigen3"], capture_output=True,
                               text=True, check=True).stdout
        return flags.strip().removeprefix("-I")
    except (OSError, subprocess.CalledProcessError):
        return "/usr/include/eigen3"


def user_time(compiler, flags, source, eigen):
    """Seconds of the compiler and all that it starts."""
    command = [compiler, "-std=c++20", "-O2", *flags, f"-I{project / 'include'}", "-isystem", eigen,
               "-c", str(project / source), "-o", os.devnull]
    process = subprocess.Popen(command, env={**os.environ, "CCACHE_DISABLE": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit("failed: " + " ".join(command))
    return usage.ru_utime


def table(compilers, repetitions):
    """Lines of markdown."""
    eigen = eigen_include()
    variants = [(c, f) for c in compilers if shutil.which(c) for f in FLAGS]
    times = {}
    for _ in range(repetitions):
        for compiler, flags in variants:
            for _, source, _ in PROGRAMS:
                key = (compiler, *flags, source)
                times.setdefault(key, []).append(user_time(compiler, flags, source, eigen))
    lines = ["| compiler | " + " | ".join(
        name + (f" (wanted: {wanted} ×)" if wanted else "") for name, _, wanted in PROGRAMS) + " |",
        "| --- |" + " ---: |" * len(PROGRAMS)]
    for compiler, flags in variants:
        version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True).stdout
        medians = [statistics.median(times[(compiler, *flags, s)]) for _, s, _ in PROGRAMS]
        cells = [f"{m:.2f} s" + (f", {m / medians[0]:.1f} ×" if i else "")
                 for i, m in enumerate(medians)]
        name = " ".join([os.path.basename(compiler), version.strip(), "-O2", *flags])
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compilers", nargs="*", default=["g++", "clang++"])
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    print("\n".join(table(options.compilers, options.repetitions)))
