#!/usr/bin/env python3
"""Windows over a restart: after kill -9 and after a damaged log a rate goes on with the samples that were there before."""
import json
import pathlib
import signal
import sys
import time
import urllib.parse

from harness import Story, get, main

CONFIGURATION = """
global: {{scrape_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: ironforge
    static_configs: [{{targets: ['{target}']}}]
"""
RULES = """
groups:
  - name: window
    interval: 1s
    rules:
      - alert: Never
        expr: count_over_time(up[5m]) > 1e6 or rate(up[5m]) > 1e6
"""


class Restart(Story):
    def counted(self, address, expression="count_over_time(up[5m])"):
        status, body = get(address, "/api/v1/query?query=" + urllib.parse.quote(expression))
        self.assertEqual(status, 200, body)
        result = json.loads(body)["data"]["result"]
        return float(result[0]["value"][1]) if result else 0

    def wait_until(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end, "it does not come")

    def test_a_rate_goes_on_after_kill_9_and_with_a_damaged_log(self):
        _, target = self.demo_target()
        _, receiver = self.receiver()
        self.write("rules.yml", RULES)
        self.write("prometheus.yml", CONFIGURATION.format(target=target))
        self.write("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
        tocsin, address = self.tocsin()
        self.wait_until(lambda: self.counted(address) >= 4)
        before = self.counted(address)
        # Rows are written one after the other, behind what is counted: once there is another one, that is all there.
        self.wait_until(lambda: self.counted(address) > before)
        tocsin.signal(signal.SIGKILL)
        tocsin.wait()

        tocsin, address = self.tocsin()
        # All at once, with the target: not one scrape after another.
        self.wait_until(lambda: self.counted(address) > 0)
        self.assertGreaterEqual(self.counted(address), before)
        self.wait_until(lambda: self.counted(address) > before)
        self.assertEqual(self.counted(address, "rate(up[5m])"), 0)
        tocsin.signal(signal.SIGKILL)
        tocsin.wait()

        segments = sorted(pathlib.Path(self.folder).rglob("*.scrapes"))
        self.assertGreaterEqual(len(segments), 2)
        bytes_ = segments[0].read_bytes()
        segments[0].write_bytes(bytes_[:-3])
        tocsin, address = self.tocsin()
        self.assertIn("part of the log of scrapes is lost", "\n".join(tocsin.lines))
        self.wait_until(lambda: self.counted(address) > 0)
        self.assertGreaterEqual(self.counted(address), before - 1)


if __name__ == "__main__":
    main()
