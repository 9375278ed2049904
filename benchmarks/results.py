# SPDX-License-Identifier: MIT
"""Runs the benchmarks, and keeps the samples that count."""
import collections
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import tempfile


def processor():
    """Its name, and its flags."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        return (re.search(r"model name\s*: (.*)", text)[1],
                re.search(r"flags\s*: (.*)", text)[1].split())
    except (OSError, TypeError):
        return platform.processor(), []


def run(binary, min_time, samples, pattern):
    """One run of the benchmarks, samples in random order, on one thread: its context, and its samples."""
    flags = processor()[1]
    core = "SkylakeX" if "avx512f" in flags else "Haswell" if "avx2" in flags else ""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
                   **({"OPENBLAS_CORETYPE": core} if core else {})}
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([binary, f"--benchmark_min_time={min_time}",
                        f"--benchmark_repetitions={samples}",
                        f"--benchmark_filter={pattern}", f"--benchmark_out={file.name}",
                        "--benchmark_enable_random_interleaving=true"],
                       env=environment, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        result = json.load(open(file.name))
    return result["context"], [s for s in result["benchmarks"] if s["run_type"] != "aggregate"]


def nanoseconds(sample):
    return sample["real_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[sample["time_unit"]]


class Results:
    """The samples of one program, and medians of those that count.

    One counts only if the core's multiply-add rate was nearly the same before and after it and was
    its usual rate, the median of all, and if its thread was not kept waiting.
    """

    def __init__(self, samples):
        self.errors = sorted({f"{s['name']}: {s['error_message']}" for s in samples if "error_message" in s})
        samples = [s for s in samples if "error_message" not in s]
        rates = collections.defaultdict(list)
        for s in samples:
            rates[s["scalar_bytes"]] += s["rate_before"], s["rate_after"]
        self.best = {scalar: max(r) for scalar, r in rates.items()}
        self.usual = {scalar: statistics.median(r) for scalar, r in rates.items()}
        self.units = max((s["units"] for s in samples if "units" in s), default=0)
        self.samples, self.taken = collections.defaultdict(list), len(samples)
        for s in filter(self.counts, samples):
            self.samples[s["name"].removesuffix("/real_time")].append(s)
        self.left_out = self.taken - sum(map(len, self.samples.values()))

    def counts(self, s):
        rates = s["rate_before"], s["rate_after"]
        waited = not s["name"].endswith("/real_time") and s["cpu_time"] < 0.95 * s["real_time"]
        return (max(rates) <= 1.1 * min(rates) and not waited
                and abs(sum(rates) / 2 / self.usual[s["scalar_bytes"]] - 1) <= 0.15)

    def median(self, name, value):
        return statistics.median(map(value, self.samples[name])) if self.samples.get(name) else None

    def time(self, name, items=1):
        """Nanoseconds for so many items."""
        return self.median(name, lambda s: nanoseconds(s) * items / s["items"])

    def rate(self, name):
        """GFLOP/s, and as a part of the multiply-add rate."""
        rate = lambda s: 2 * s["multiply_adds"] / nanoseconds(s)
        return self.median(name, rate), self.median(
            name, lambda s: 2 * rate(s) / (s["rate_before"] + s["rate_after"]))

    def others(self, task):
        names = [n.removeprefix(task + "/") for n in self.samples if n.startswith(task + "/")]
        # What has a slash is another task, whose name goes on.
        return [who for who in names if "/" not in who and not who.startswith("backfold")]
