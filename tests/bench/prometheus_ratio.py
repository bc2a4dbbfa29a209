#!/usr/bin/env python3
"""What the benchmarks of tests/bench/eval_bench.cpp cost the distribution's Prometheus, over the same series and samples, in one sitting.

Prometheus gets the samples as blocks, which `promtool tsdb create-blocks-from openmetrics` writes, and says itself how long an
evaluation took (`stats=1`): neither JSON nor HTTP counts. Of tocsin count the standing expression (a rule from its second evaluation on) and
the range query that nobody has asked before.

usage: prometheus_ratio.py BENCHMARKS PEERS      (the program tocsin-bench, the folder of cmake/fetch_peers.sh)"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from harness import Process  # noqa: E402

EXPRESSIONS = {
    "sum_rate": "sum by (job) (rate(m_total[5m]))",
    "greater": "m_total > 0.5",
    "quantile": "histogram_quantile(0.99, sum by (le, job) (rate(b_bucket[5m])))",
    "matching": "left / right",
}
ROUNDS = 7
# The fleet of eval_bench.cpp.
TARGETS, SERIES, ROWS, JOBS, BOUNDS, INTERVAL = 100, 1000, 30, 10, 10, 10


def names(target):
    job, instance = f"j{target % JOBS}", f"i{target}"
    common = f'instance="{instance}",job="{job}"'
    for i in range(SERIES):
        yield f'm_total{{{common},path="{i}"}}'
    for i in range(SERIES):
        bound = "+Inf" if i % BOUNDS == BOUNDS - 1 else f"{0.1 * (i % BOUNDS + 1):f}"
        yield f'b_bucket{{{common},path="p{i // BOUNDS}",le="{bound}"}}'
    for i in range(TARGETS):
        yield f'left{{{common},path="{i}"}}'
        yield f'right{{{common},path="{i}"}}'


def write_samples(path, begin):
    columns = [name for target in range(TARGETS) for name in enumerate(names(target))]
    with open(path, "w", encoding="utf-8") as out:
        for row in range(1, ROWS + 1):
            at = begin + INTERVAL * row
            out.writelines(f"{name} {row * (1 + i % 97) + i % BOUNDS} {at}\n" for i, name in columns)
        out.write("# EOF\n")


def ask(address, path, **parameters):
    url = f"http://{address}/api/v1/{path}?" + urllib.parse.urlencode({**parameters, "stats": "1"})
    with urllib.request.urlopen(url, timeout=300) as answer:
        body = json.load(answer)
    if not body["data"]["result"]:
        raise SystemExit(f"no result for {url}")
    return body["data"]["stats"]["timings"]["evalTotalTime"]


def prometheus_seconds(binaries, folder):
    begin = int(time.time()) // 7200 * 7200 - 4 * 3600
    write_samples(folder / "samples.om", begin)
    subprocess.run([binaries / "promtool", "tsdb", "create-blocks-from", "openmetrics", "samples.om", "data"], cwd=folder,
                   check=True, stdout=subprocess.DEVNULL)
    (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    server = Process(binaries / "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                     "--web.listen-address=127.0.0.1:0", "--query.max-samples=100000000", "--log.format=json", cwd=folder)
    try:
        address = server.wait_for(r'"address":"([^"]+)".*"msg":"Listening on"')[1]
        if not any("Server is ready" in line for line in server.lines):  # either may come first
            server.wait_for("Server is ready")
        now = begin + INTERVAL * ROWS
        steady, cold = {}, {}
        for name, text in EXPRESSIONS.items():
            steady[name] = [ask(address, "query", query=text, time=now) for _ in range(ROUNDS)]
            cold[name] = [ask(address, "query_range", query=text, start=begin, end=now, step=INTERVAL) for _ in range(ROUNDS)]
        return steady, cold
    finally:
        server.stop()


def tocsin_seconds(benchmarks):
    chosen = "|".join(f"{name}|cold_{name}" for name in EXPRESSIONS)
    output = subprocess.run([benchmarks, f"--benchmark_filter=^({chosen})$", f"--benchmark_repetitions={ROUNDS}",
                             "--benchmark_format=json"], check=True, capture_output=True, text=True).stdout
    seconds = {}
    for run in json.loads(output)["benchmarks"]:
        if run["run_type"] == "iteration":
            seconds.setdefault(run["name"], []).append(run["real_time"] / 1e6)
    return seconds


def tell(title, theirs, ours, prefix):
    print(f"{title:<48} {'Prometheus':>12} {'tocsin':>12} {'ratio':>8}")
    for name, text in EXPRESSIONS.items():
        a, b = statistics.median(theirs[name]), statistics.median(ours[prefix + name])
        print(f"  {text[:45]:<46} {a * 1e3:>9.2f} ms {b * 1e3:>9.3f} ms {a / b:>8.0f}")


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    benchmarks, binaries = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve() / "prometheus/usr/bin"
    ours = tocsin_seconds(benchmarks)
    with tempfile.TemporaryDirectory() as name:
        steady, cold = prometheus_seconds(binaries, pathlib.Path(name))
    tell("steady state of a rule", steady, ours, "")
    tell(f"cold range query, {ROWS + 1} steps", cold, ours, "cold_")


if __name__ == "__main__":
    main()
