#!/usr/bin/env python3
"""Receivers that hang, answer slowly, fail, ask for quiet or break the connection delay nobody else, in both daemons."""
import asyncio
import json
import shutil
import socket
import struct
import threading
import time

from harness import DEADLINE, TOCSIN, LoopServer, Story, get, main

KINDS = ("hang", "slow", "500", "429", "reset")
BAD = 3  # receivers of the kind
GROUPS = 12  # more than a receiver is told at once
PROMPT = 5  # seconds; a machine that is busy has a moment
MOMENT = 3  # so long evaluations are looked at

ROUTES = "".join(f"  - {{{{receiver: bad{i}, matchers: ['group=~\".+\"'], continue: true}}}}\n" for i in range(BAD))
ROUTING = ("route:\n  receiver: good\n  group_by: [group]\n  group_wait: 0s\n  group_interval: 1m\n  routes:\n" + ROUTES +
           "  - {{receiver: good, matchers: ['group=~\".+\"']}}\nreceivers:\n"
           "- {{name: good, webhook_configs: [{{url: 'http://127.0.0.1:{port}/good'}}]}}\n" +
           "".join(f"- {{{{name: bad{i}, webhook_configs: [{{{{url: 'http://127.0.0.1:{{port}}/{{kind}}/{i}'}}}}]}}}}\n" for i in range(BAD)))
RULES = "groups:\n- name: faults\n  interval: 1s\n  rules: [{alert: Fault, expr: fault == 1}]\n"
ANSWERS = {"500": "500 Oh\r\n", "429": "429 Slowly\r\nRetry-After: 30\r\n", "slow": "200 OK\r\n", "good": "200 OK\r\n"}


class World(LoopServer):
    """A target and all receivers, each on a path of its own."""

    def __init__(self):
        self.groups = set()  # that the target shows as faulty
        self.told = {}  # group: when the good receiver was told of it
        self.asked = 0  # requests to the others
        self.changed = threading.Condition()
        super().__init__(self._talk)

    async def _talk(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                await self._answer(head.split()[1].split("/")[1], body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, path, body, writer):
        if path == "metrics":
            text = "".join(f'fault{{group="{group}"}} 1\n' for group in sorted(self.groups))
            return writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
        with self.changed:
            if path == "good":
                self.told.setdefault(json.loads(body)["groupLabels"]["group"], time.monotonic())
            else:
                self.asked += 1
            self.changed.notify_all()
        if path == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise ConnectionError
        if path == "hang":
            return await asyncio.sleep(3600)
        if path == "slow":
            await asyncio.sleep(4)
        writer.write(f"HTTP/1.1 {ANSWERS[path]}Content-Length: 0\r\n\r\n".encode())

    def wait_for(self, what):
        with self.changed:
            assert self.changed.wait_for(what, timeout=DEADLINE), f"{self.asked} requests, told: {sorted(self.told)}"


class Isolation(Story):
    def world(self, kind):
        world = World()
        self.addCleanup(world.stop)
        self.write("alertmanager.yml", ROUTING.format(port=world.port, kind=kind))
        return world

    def check_prompt(self, world, fire):
        """The good receiver is told at once: beside the others, and of what comes when they are in the middle of it."""
        first = [str(i) for i in range(GROUPS)]
        begun = time.monotonic()
        fire(first)
        world.wait_for(lambda: set(first) <= set(world.told) and world.asked >= BAD)
        self.assertLess(max(world.told.values()) - begun, PROMPT)
        begun = time.monotonic()
        fire(["late"])
        world.wait_for(lambda: "late" in world.told)
        self.assertLess(world.told["late"] - begun, PROMPT)

    def receivers_of(self, address):
        return {one["name"]: one["integrations"][0] for one in json.loads(get(address, "/api/v2/receivers")[1])}

    def check_shown(self, address, kind):
        """Per receiver: what waits, and why."""
        end = time.monotonic() + PROMPT
        receivers = self.receivers_of(address)
        while receivers["good"]["waiting"] > 0 and time.monotonic() < end:  # the answer is on its way
            receivers = self.receivers_of(address)
        self.assertEqual((receivers["good"]["waiting"], receivers["good"].get("lastNotifyAttemptError")), (0, None))
        said = {"500": "500", "429": "429", "reset": "connection"}.get(kind)
        for i in range(BAD):
            one = receivers[f"bad{i}"]
            self.assertGreater(one["waiting"], 0)
            self.assertLessEqual(one["sending"], 8)
            if said:
                self.assertIn(said, one["lastNotifyAttemptError"])
            else:
                self.assertGreater(one["sending"], 0)
                self.assertGreater(one["queued"], 0)

    def end(self, process):
        """Without waiting for those that hang; nothing of it is left for the next one."""
        process.child.kill()
        process.child.wait()
        shutil.rmtree(self.folder / "data")

    def figures(self, address):
        text = get(address, "/metrics")[1]
        family = "prometheus_rule_group_iterations_"
        return [sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(family + name)) for name in ("total", "missed_total")]

    def test_of_run_no_other_receiver_and_no_evaluation(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                world = self.world(kind)
                self.write("prometheus.yml", "rule_files: [rules.yml]\nscrape_configs:\n- job_name: t\n  scrape_interval: 1s\n"
                           f"  static_configs: [{{targets: ['127.0.0.1:{world.port}']}}]\n")
                self.write("rules.yml", RULES)
                process, address = self.tocsin()
                self.check_prompt(world, world.groups.update)
                self.check_shown(address, kind)
                before, missed_before = self.figures(address)
                time.sleep(MOMENT)
                after, missed = self.figures(address)
                self.assertGreaterEqual(after - before, MOMENT - 1)
                self.assertEqual(missed, missed_before)
                self.end(process)

    def test_of_alertmanager_no_other_receiver(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                world = self.world(kind)
                process = self.start(TOCSIN, "alertmanager", f"--config.file={self.folder / 'alertmanager.yml'}", "--web.listen-address=127.0.0.1:0",
                                     f"--storage.path={self.folder / 'data'}", "--cluster.listen-address=")
                address = process.wait_for(r'msg="Listening on" .*\baddress=(\S+)')[1]

                def fire(groups, address=address):
                    alerts = json.dumps([{"labels": {"alertname": "Fault", "group": group}} for group in groups]).encode()
                    self.assertEqual(get(address, "/api/v2/alerts", {"Content-Type": "application/json"}, "POST", alerts)[0], 200)

                self.check_prompt(world, fire)
                self.check_shown(address, kind)
                self.end(process)


if __name__ == "__main__":
    main()
