#!/usr/bin/env python3
"""Asks tocsin and the distribution's Prometheus the same queries over the same data, and counts how many answers are the same.

Both scrape one exporter whose samples carry timestamps of their own, so that they hold the same samples whenever they come by. It takes as
long as the data have to reach back, so it is no part of the tests: `make compare-promql TOOLS=FOLDER`, where the folder has the exporter
(demo_exporter.py) and the comparer (promql_compare.py), and TOCSIN_CONFORMANCE the queries.

Steps are not those of the samples, which lie on multiples of five seconds: Prometheus 2 counts a sample that lies exactly at the beginning of
a range, Prometheus 3 and tocsin do not.

usage: promql_comparison.py --tools FOLDER --queries FILE [--minutes 17] [--endpoint both]"""
import argparse
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

from harness import PEERS, TOCSIN, Process

PROMETHEUS = pathlib.Path(PEERS) / "prometheus" / "usr" / "bin" / "prometheus"


# What may differ from a Prometheus 2, and why.
KNOWN = {
    'label_join(demo_num_cpus, "~invalid", "-", "instance")': "names of labels are any UTF-8 text since Prometheus 3",
    'label_replace(demo_num_cpus, "~invalid", "", "src", "(.*)")': "the same",
    "avg_over_time(rate(demo_cpu_usage_seconds_total[1m])[2m:10s])": "the inner ranges begin exactly at samples",
}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def exporter_command(tools, ports):
    return [sys.executable, str(tools / "demo_exporter.py"), "--ports", ",".join(map(str, ports))]


def write_config(command, folder):
    config = subprocess.run([*command, "--print-config"], capture_output=True, text=True, check=True).stdout
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    (folder / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")


# The exporter begins just before a sample is due, when both servers are waiting for it: the first sample of one is then that of the
# other, most of the time.
def start_exporter(command, running):
    time.sleep((SAMPLE_SECONDS - START_SECONDS - time.time()) % SAMPLE_SECONDS)
    running.append(Process(*command))


def start_servers(folder, port, running):
    running.append(Process(str(PROMETHEUS), "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
                           f"--web.listen-address=127.0.0.1:{port}", cwd=folder))
    tocsin = Process(TOCSIN, "run", "--config.file=prometheus.yml", "--alertmanager.config-file=alertmanager.yml",
                     "--storage.path=data", "--storage.keep=all", "--storage.retention=1h", "--log.format=json",
                     "--web.listen-address=127.0.0.1:0", cwd=folder)
    running.append(tocsin)
    return tocsin.wait_for(r'"message":"listening".*"address":"([^"]+)"')[1]


SAMPLE_SECONDS = 5
START_SECONDS = 0.6  # an interpreter takes about so long
RANGE_MINUTES = 10  # what promql_compare.py asks a range query for
UNITS = {"s": 1 / 60, "m": 1, "h": 60, "d": 24 * 60}


def reason(result, minutes):
    """Why this answer may differ, or nothing. Each server began with a scrape of its own; where they do not fall on the same sample,
    whatever reaches back to them sees one more or less."""
    reach = sum(float(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)([smhd])(?=[\]:\d]|$)", result["query"]))
    asked = RANGE_MINUTES if result["endpoint"] == "range" else 0
    return KNOWN.get(result["query"]) or ("reaches back to the first scrape" if reach + asked >= minutes else None)


def judge(report, minutes):
    """0 when nothing differs but what may."""
    differing = [result for result in report["results"] if result["outcome"] not in ("same", "reference-error")]
    reasons = [reason(result, minutes) for result in differing]
    for why, result in zip(reasons, differing):
        print(f"{why or 'UNEXPECTED'}: {result['endpoint']} {result['query']}")
    same = sum(result["outcome"] == "same" for result in report["results"])
    print(f"{same} of {len(report['results'])} the same, {len(differing)} different, {reasons.count(None)} of them unexpected")
    return 1 if None in reasons else 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tools", type=pathlib.Path, required=True)
    arguments.add_argument("--queries", type=pathlib.Path, required=True)
    arguments.add_argument("--minutes", type=float, default=17, help="how long both scrape before the queries")
    arguments.add_argument("--endpoint", default="both", choices=["range", "instant", "both"])
    chosen = arguments.parse_args()
    running = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            *targets, port = free_ports(4)
            command = exporter_command(chosen.tools, targets)
            write_config(command, folder)
            address = start_servers(folder, port, running)
            start_exporter(command, running)
            print(f"both scrape for {chosen.minutes:g} minutes", flush=True)
            time.sleep(chosen.minutes * 60)
            report = folder / "report.json"
            subprocess.run([sys.executable, str(chosen.tools / "promql_compare.py"), "--reference", f"http://127.0.0.1:{port}",
                            "--test", f"http://{address}", "--queries", str(chosen.queries), "--endpoint", chosen.endpoint,
                            "--step", "10.001s", "--show", "100", "--json", str(report)], check=False)
            return judge(json.loads(report.read_text(encoding="utf-8")), chosen.minutes)
        finally:
            for process in running:
                process.stop()


if __name__ == "__main__":
    sys.exit(main())
