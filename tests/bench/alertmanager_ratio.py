#!/usr/bin/env python3
"""What 100,000 alerts cost `tocsin alertmanager` and the distribution's prometheus-alertmanager, one after the other in one sitting; and how
soon 10,000 groups that are due together have reached a webhook.

Alerts: 100,000 distinct ones in 1,000 groups are posted as Prometheus posts them, 256 at a time (up to version 2: 64), told to a webhook,
and posted once more.
Counted are the program's own processor time, from /proc, until every group was told and everything was posted twice, and its resident memory
then and at most. Groups: 10,000 of one alert each, posted
in two requests; how long after it is due each one's message is at the webhook.

usage: alertmanager_ratio.py TOCSIN PEERS [ROUNDS]      (the program, the folder of cmake/fetch_peers.sh, how often each: 3)"""
import asyncio
import functools
import http.client
import json
import multiprocessing
import os
import pathlib
import re
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from harness import Process  # noqa: E402

ALERTS, GROUPS = 100_000, 1_000
BATCHES = (256, 64)
DUE_GROUPS, DUE_BATCH, GROUP_WAIT = 10_000, 5_000, 10  # seconds: longer than posting them takes
PATIENCE = 300

ROUTING = """
route: {{receiver: hook, group_by: [group], group_wait: {wait}s, group_interval: 10m, repeat_interval: 4h}}
receivers: [{{name: hook, webhook_configs: [{{url: 'http://{hook}/hook'}}]}}]
"""


class Sink(asyncio.Protocol):
    """Answers every request with 200 and remembers how many there were, and when the first one of each group had come."""

    def __init__(self, told):
        self.told, self.buffer = told, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = int(re.search(rb"(?i)content-length: *(\d+)", self.buffer[:end])[1])
            if len(self.buffer) < end + 4 + length:
                return
            group = int(re.search(rb'"groupLabels": *{"group": *"(\d+)"', self.buffer)[1])
            self.buffer = self.buffer[end + 4 + length:]
            if self.told[1 + group] == 0:
                self.told[1 + group] = time.time()
                self.told[0] += 1
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def serve(told, port):
    async def run():
        server = await asyncio.get_running_loop().create_server(lambda: Sink(told), "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run())


class Webhook:
    """The sink, in a process of its own: nothing of it counts."""

    def __enter__(self):
        self.told, port = multiprocessing.Array("d", 1 + DUE_GROUPS, lock=False), multiprocessing.Value("i", 0)
        self.process = multiprocessing.Process(target=serve, args=(self.told, port), daemon=True)
        self.process.start()
        while port.value == 0:
            time.sleep(0.01)
        self.address = f"127.0.0.1:{port.value}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()

    def wait_for(self, count):
        end = time.monotonic() + PATIENCE
        while self.told[0] < count:
            if time.monotonic() > end:
                raise SystemExit(f"{self.told[0]:.0f} of {count} messages came")
            time.sleep(0.05)
        return list(self.told[1:1 + count])


def bodies(alerts, groups, batch):
    made = [{"labels": {"alertname": "HighLatency", "group": str(i % groups), "instance": f"web-{i}.example.org:9100", "job": "node",
                        "severity": "page", "cluster": "eu-1"},
             "annotations": {"summary": f"web-{i} is slow", "description": "More than 1 s for 99 % of the requests over 5 minutes."},
             "generatorURL": "http://prometheus.example.org/graph?g0.expr=latency"} for i in range(alerts)]
    return [json.dumps(made[i:i + batch]).encode() for i in range(0, alerts, batch)]


def post(address, batches):
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    for body in batches:
        connection.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {answer.read()[:200]}")
        answer.read()
    connection.close()


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return [int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024 for name in ("VmRSS", "VmHWM")]


def with_program(command, wait, use):
    with tempfile.TemporaryDirectory() as name, Webhook() as hook:
        folder = pathlib.Path(name)
        (folder / "am.yml").write_text(ROUTING.format(wait=wait, hook=hook.address), encoding="utf-8")
        process = Process(*command, "--config.file=am.yml", "--storage.path=data", "--web.listen-address=127.0.0.1:0",
                          "--cluster.listen-address=", cwd=folder)
        try:
            address = process.wait_for(r'msg="Listening on" .*\baddress=(\S+)')[1]
            return use(process.child.pid, address, hook)
        finally:
            process.stop()


def storm(batch, pid, address, hook):
    batches = bodies(ALERTS, GROUPS, batch)
    begin = processor_seconds(pid)
    post(address, batches)
    hook.wait_for(GROUPS)
    post(address, batches)
    resident, most = memory(pid)
    return {"CPU-s": processor_seconds(pid) - begin, "resident MiB": resident, "at most MiB": most}


def due_together(_, address, hook):
    posted = []
    for body in bodies(DUE_GROUPS, DUE_GROUPS, DUE_BATCH):
        begun = time.time()
        post(address, [body])
        posted += [begun] * DUE_BATCH  # they may be due as early as that
    late = [came - begun - GROUP_WAIT for came, begun in zip(hook.wait_for(DUE_GROUPS), posted)]
    return {"s late, the median group": statistics.median(late), "s late, the last group": max(late)}


def tell(title, theirs, ours):
    print(f"{title:<50} {'Alertmanager':>14} {'tocsin':>10} {'ratio':>8}")
    for figure in theirs[0]:
        a, b = (statistics.median(run[figure] for run in runs) for runs in (theirs, ours))
        print(f"  {figure:<48} {a:>14.2f} {b:>10.2f} {a / b if b > 0 else float('inf'):>8.1f}")


def main():
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    ours = [pathlib.Path(sys.argv[1]).resolve(), "alertmanager"]
    theirs = [pathlib.Path(sys.argv[2]).resolve() / "prometheus-alertmanager/usr/bin/prometheus-alertmanager"]
    rounds = int(sys.argv[3]) if len(sys.argv) == 4 else 3
    # By turns, so that what else the machine does meets both.
    storms = [(f"{ALERTS} alerts in {GROUPS} groups, twice, {batch} at once", 2, functools.partial(storm, batch)) for batch in BATCHES]
    for title, wait, use in (*storms, (f"{DUE_GROUPS} groups due together", GROUP_WAIT, due_together)):
        runs = [[with_program(program, wait, use) for program in (theirs, ours)] for _ in range(rounds)]
        tell(title, [run[0] for run in runs], [run[1] for run in runs])


if __name__ == "__main__":
    main()
