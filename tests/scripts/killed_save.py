# SPDX-License-Identifier: MIT
"""A save that is killed at any system call leaves the old or the new file, whole; one that a system
call fails leaves no temporary either.

usage: killed_save.py PROGRAM     (tests/package/save.cpp; needs strace)
"""
import collections
import pathlib
import subprocess
import sys
import tempfile

program = pathlib.Path(sys.argv[1]).resolve()
failing = ["openat", "fchmod", "write", "fsync", "close", "rename"]
errors, outcomes = [], collections.Counter()


def run(folder, *strace):
    return subprocess.run(["strace", "-o", folder / "trace", *strace, program, folder / "a.npy"],
                          capture_output=True, text=True)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    target = folder / "a.npy"
    made = run(folder)
    if not target.exists():
        print("strace cannot run here:", made.stderr)
        sys.exit(77)
    new = target.read_bytes()
    old = new[:128] + bytes(len(new) - 128)
    counts = collections.Counter(
        line.split("(")[0] for line in (folder / "trace").read_text().splitlines() if "(" in line)
    faults = [(call, when, fault) for call, count in counts.items() for when in range(1, count + 1)
              for fault in ("signal=KILL", "error=ENOSPC")
              if fault == "signal=KILL" or call in failing]
    for call, when, fault in faults:
        target.write_bytes(old)
        run(folder, f"--inject={call}:{fault}:when={when}")
        content = target.read_bytes()
        outcome = "old" if content == old else "new" if content == new else "damaged"
        outcomes[outcome] += 1
        if outcome == "damaged":
            errors.append(f"{call} {when}, {fault}: the file is damaged")
        left = [p for p in folder.iterdir() if p.suffix == ".tmp"]
        if left and fault != "signal=KILL":
            errors.append(f"{call} {when}, {fault}: left {left}")
        for p in left:
            p.unlink()
if min(outcomes["old"], outcomes["new"]) == 0:
    errors.append("not both files were seen")
print("\n".join(errors) or f"no file is damaged: {dict(outcomes)}")
sys.exit(bool(errors))
