# SPDX-License-Identifier: MIT
"""Measures all workloads in turn, and writes report.md beside this script and the README's table."""
import argparse
import collections
import datetime
import math
import pathlib

import compile_time
from results import Results, processor, run

here = pathlib.Path(__file__).resolve().parent
# Benchmark, in words, of what a time is given, of how many items that is, and the wanted part of the
# multiply-add rate of a core that issues two a cycle.
WORKLOADS = [
    ("online/2-8-1", "online training 2-8-1, tanh/sigmoid, momentum, double", "a sample", 1, None),
    ("mlp/784-128-64-10/batch:32/adam", "training 784-128-64-10, ReLU/softmax, Adam", "a batch of 32", 32, .65),
    ("mlp/784-256-128-10/batch:64/adam", "training 784-256-128-10, ReLU/softmax, Adam", "a batch of 64", 64, .71),
    ("mlp/784-1024-1024-10/batch:128/sgd", "training 784-1024-1024-10, ReLU/softmax, SGD", "a batch of 128", 128, .77),
    ("inference/4-64-64-2", "inference 4-64-64-2, tanh", "a sample", 1, .33),
    ("gradient/24-8-2/batch:200", "gradient of 24-8-2, tanh", "200 samples", 200, .33),
    ("elman/32-128-32/steps:100/batch:32/sgd", "Elman 32-128-32, 100 steps, BPTT, SGD", "a batch of 32", 32, .77),
    ("elman/4-32-1/steps:200/batch:1/sgd", "Elman 4-32-1, 200 steps, BPTT, SGD", "a sequence", 1, .43),
    ("lstm/32-128-32/steps:100/batch:32/sgd", "LSTM 32-128-32, 100 steps, BPTT, SGD", "a batch of 32", 32, .73),
    ("gru/32-128-32/steps:100/batch:32/sgd", "GRU 32-128-32, 100 steps, BPTT, SGD", "a batch of 32", 32, .72),
    ("mlp/17-64-64-6/batch:256/adam", "training 17-64-64-6, tanh, Adam", "a batch of 256", 256, .67),
    ("inference/784-128-64-10", "inference 784-128-64-10, ReLU/softmax", "a sample", 1, .41),
    ("inference/784-128-64-10/batch:256", "inference 784-128-64-10, ReLU/softmax", "256 samples", 256, .93),
    ("step/gru 8-32-1", "inference GRU 8-32-1", "a step", 1, .43),
    ("step/lstm 8-32-1", "inference LSTM 8-32-1", "a step", 1, .45),
    ("step/lstm 1-16-1", "inference LSTM 1-16-1", "a step", 1, .19),
    ("step/elman 8-32-1", "inference Elman 8-32-1", "a step", 1, .28),
]
SMALL = [
    ("optimizer/109386 parameters/sgd/backfold", "SGD's pass over 109,386 parameters", 109386),
    ("optimizer/109386 parameters/adam/backfold", "Adam's pass over 109,386 parameters", 109386),
    ("rtrl/4-16-1/backfold", "a step of RTRL, Elman 4-16-1", 1),
    ("rtrl/4-32-1/backfold", "a step of RTRL, Elman 4-32-1", 1),
    ("dying state/200 steps/backfold", "200 steps of a state that dies out, denormals flushed", 200),
    ("dying state/200 steps/backfold without flushing", "the same, not flushed", 200),
]
OURS = ["backfold", "backfold Dynamic"]
PRODUCTS = {"W.X": "W·X", "Wt.D": "Wᵀ·D", "D.Xt": "D·Xᵀ"}
PRODUCTS_BY = ["backfold", "Eigen", "oneDNN", "OpenBLAS", "libxsmm"]
PICTURES = "784-256-128-10/batch:64/adam"
THREADS = [("mlp/784-1024-1024-10/batch:128/sgd", "784-1024-1024-10, batches of 128, SGD", "0.9 of two copies"),
           ("mlp/784-256-128-10/batch:64/adam", "784-256-128-10, batches of 64, Adam", "0.9 of two copies"),
           ("mlp/17-64-64-6/batch:256/adam", "17-64-64-6, batches of 256, Adam", "0.9 of two copies"),
           ("online/2-8-1", "2-8-1, online, momentum", "1 × one thread")]
THREADS_BY = ["not split", "one thread", "two threads", "two copies"]


def shown(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns is not None and ns >= size:
            return f"{ns / size:.3g} {unit}"
    return "–" if ns is None else f"{ns:.3g} ns"


def quotient(a, b):
    return "–" if not a or not b else f"{a / b:,.0f} ×" if a / b >= 100 else f"{a / b:.3g} ×"


def percent(part):
    return f"{100 * part:.0f} %" if part else "–"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1),
            *("| " + " | ".join(row) + " |" for row in rows), ""]


def workloads(r, short):
    rows = []
    for task, words, unit, items, wanted in WORKLOADS:
        times = [r.time(f"{task}/{who}", items) for who in OURS]
        best = min(filter(None, times), default=None)
        others = [f"{who} {shown(t)} ({quotient(t, best)})"
                  for t, who in sorted((r.time(f"{task}/{who}", items), who) for who in r.others(task))]
        share = max(filter(None, (r.rate(f"{task}/{who}")[1] for who in OURS)), default=None)
        rows.append([f"{words}: {unit}", *(
            [shown(best), (others or ["–"])[0]] if short else
            [*map(shown, times), ", ".join(others) or "–", percent(share), percent(wanted)])])
    return table(["workload", "Backfold", "the fastest other (its time / ours)"] if short else
                 ["workload", "fixed sizes", "Dynamic", "others (their time / the better of ours)",
                  "of the multiply-add rate", "wanted with two units"], rows)


def products(r):
    sizes = {n.split("/")[2] for n in r.samples if n.startswith("product/")}
    rows = []
    for size in sorted(sizes, key=lambda s: math.prod(map(int, s.split("x")))):
        for kind, words in PRODUCTS.items():
            if not any(n.startswith(f"product/{kind}/{size}/") for n in r.samples):
                continue
            rates = [r.rate(f"product/{kind}/{size}/{who}") for who in PRODUCTS_BY]
            rows.append([size.replace("x", " × "), words, *(f"{g:.3g}" if g else "–" for g, _ in rates),
                         percent(rates[0][1])])
    return table(["W's rows × its columns × batch", "product", "Backfold", *PRODUCTS_BY[1:],
                  "Backfold's, of the multiply-add rate"], rows)


def small(r):
    return table(["work", "time", "of the multiply-add rate"],
                 [[words, shown(r.time(name, items)), percent(r.rate(name)[1])] for name, words, items in SMALL])


def epochs(r):
    part = f"mlp/{PICTURES}"
    rows = [["Backfold, 60,000 pictures in a fresh random order each epoch",
             shown(r.time(f"epoch/{PICTURES}/backfold", 60000))]]
    for who, name in (("backfold", "Backfold"), *((o, o) for o in r.others(part))):
        rows.append([f"{name}, from 6,016 pictures in a fixed order × 60,000 / 6,016",
                     shown(r.time(f"{part}/{who}", 60000))])
    return table(["an epoch of Fashion-MNIST, 784-256-128-10, batches of 64, Adam", "time"], rows)


def threads(r):
    rows = []
    for task, words, wanted in THREADS:
        times = [r.time(f"threads/{task}/{who}") for who in THREADS_BY]
        _, one, two, copies = times
        rows.append([words, *(f"{1e9 / t:,.0f}" if t else "–" for t in times), quotient(one, two),
                     quotient(copies, two), wanted])
    return table(["samples/s", "not split", "threads = 1", "threads = 2", "two copies at the same time",
                  "two threads / one", "two threads / two copies", "wanted"], rows)


def variants(r, others):
    rows = []
    for task, words, unit, items, _ in WORKLOADS:
        name = f"{task}/backfold"
        ours = r.time(name, items)
        times = [o.time(name, items) for o in others.values()]
        rows.append([f"{words}: {unit}", shown(ours), *(f"{shown(t)} ({quotient(t, ours)})" for t in times)])
    return table(["Backfold", "as above", *others], rows)


def build(context, r):
    rates = [f"{r.usual[b]:.0f} (best {r.best[b]:.0f}) GFLOP/s in {n}"
             for b, n in ((4, "float"), (8, "double")) if b in r.best]
    return (f"{context['compiler']}, {context['flags']} ({context['simd'].split(',')[0]}); "
            f"rate of multiply-adds: {', '.join(rates)}"
            + (f", at best {r.units:.2g} of a whole register a cycle" if r.units else ""))


def measure(options):
    """Runs all programs in turn: for each its context and its results."""
    programs = {"": (options.bench, options.filter)}
    ours = "^(" + "|".join(w[0] for w in WORKLOADS) + ")/backfold$"
    for title, path in (("without -march=native", options.baseline), ("clang", options.clang)):
        if path and pathlib.Path(path).exists():
            programs[title] = (path, ours)
    contexts, samples = {}, collections.defaultdict(list)
    for repetition in range(options.repetitions):
        for title, (binary, pattern) in programs.items():
            print(f"run {repetition + 1} of {options.repetitions} {title}", flush=True)
            contexts[title], more = run(binary, options.min_time, options.samples, pattern)
            samples[title] += more
    return contexts, {title: Results(s) for title, s in samples.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", help="the program, built for this machine")
    parser.add_argument("--baseline", help="the program built without -march=native, if it is there")
    parser.add_argument("--clang", help="the program built by clang, if it is there")
    parser.add_argument("--compilers", nargs="*", default=["g++", "clang++"], help="whose compile time")
    parser.add_argument("--repetitions", type=int, default=5, help="runs; and half as many compilations")
    parser.add_argument("--samples", type=int, default=10, help="samples of a benchmark in each run")
    parser.add_argument("--min-time", type=float, default=0.02, help="seconds of a sample")
    parser.add_argument("--filter", default=".", help="of the benchmarks' names, a regular expression")
    options = parser.parse_args()
    contexts, results = measure(options)
    r, context = results.pop(""), contexts.pop("")
    print("compile time", flush=True)
    compiling = compile_time.table(options.compilers, max(1, options.repetitions // 2))
    report = [
        "# Measured", "", "Made by `benchmarks/report.py`; how: [performance](../docs/performance.md).", "",
        f"- {datetime.date.today()}, {processor()[0]}, one thread but where said", f"- {build(context, r)}",
        "- " + ", ".join(f"{name} {context[name]}" for name in
                         ("Eigen", "libtorch", "dlib", "oneDNN", "OpenBLAS", "libxsmm") if name in context),
        f"- medians of {options.samples} samples in each of {options.repetitions} runs; {r.left_out} of"
        f" {r.taken} are left out, because the core's rate changed or was not its usual one, or the thread was"
        " kept waiting",
        *(f"- failed: {e}" for e in r.errors), "",
        "## Workloads", "", *workloads(r, short=False), "## Fashion-MNIST", "", *epochs(r),
        "## Products", "", "GFLOP/s, float.", "", *products(r), "## Small steps", "", *small(r),
        "## Threads", "", *threads(r)]
    if results:
        report += ["## Other builds", "", *(f"- {t}: {build(contexts[t], o)}; {o.left_out} of {o.taken} left out"
                                            for t, o in results.items()), "", *variants(r, results)]
    report += ["## Compile time", "", "User time.", "", *compiling, ""]
    (here / "report.md").write_text("\n".join(report))
    readme = here.parent / "README.md"
    mark, end = "<!-- benchmark table -->", "<!-- /benchmark table -->"
    before, rest = readme.read_text().split(mark)
    readme.write_text("\n".join([before + mark, *workloads(r, short=True)[:-1], end + rest.split(end)[1]]))
    print(f"wrote {here / 'report.md'} and the README's table")


if __name__ == "__main__":
    main()
