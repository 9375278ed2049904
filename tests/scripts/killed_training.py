# SPDX-License-Identifier: MIT
"""A training that is killed at random moments and started again, until it ends, gives the bits of one
that nobody disturbed.

usage: killed_training.py PROGRAM     (tests/package/checkpoint.cpp)
"""
import pathlib
import random
import subprocess
import sys
import tempfile
import time

program = pathlib.Path(sys.argv[1]).resolve()
kills, errors = 0, []
random.seed(1)
with tempfile.TemporaryDirectory() as name:
    file = pathlib.Path(name, "run.checkpoint")
    begun = time.monotonic()
    expected = subprocess.run([program, file], check=True, capture_output=True).stdout
    duration = time.monotonic() - begun
    while kills < 20:
        file.unlink()
        while True:
            run = subprocess.Popen([program, file], stdout=subprocess.PIPE)
            try:
                output, _ = run.communicate(timeout=random.uniform(0.02, 0.4) * duration)
                break
            except subprocess.TimeoutExpired:
                run.kill()
                run.communicate()
                kills += 1
        if run.returncode != 0 or output != expected:
            errors.append(f"after {kills} kills: ended with {run.returncode}, other bits")
        if not file.exists():
            errors.append("no checkpoint is left")
            break
print("\n".join(errors) or f"{kills} kills, the same bits: {expected.split(b'0x')[0].decode()}")
sys.exit(bool(errors))
