#!/usr/bin/env python3
"""Alerts at Debian's own Alertmanager, which tocsin tells as Prometheus does."""
import json
import re
import signal
import subprocess

from harness import LoopServer, PEERS, Story, get, main
from main_job_test import QUICK, configuration, routing

UNPACKED = PEERS / "prometheus-alertmanager"
# Debian's Alertmanager reads its templates from where its package installs them, and nowhere else: it sees them there in a mount
# namespace of its own.
WITH_TEMPLATES = ("unshare", "--mount", "--map-root-user", "sh", "-c",
                  'mount -t tmpfs none /usr/share && mkdir /usr/share/prometheus && cp -r "$0" /usr/share/prometheus && exec "$@"',
                  UNPACKED / "usr/share/prometheus/alertmanager")
ALERTMANAGER = UNPACKED / "usr/bin/prometheus-alertmanager"

ALERTING = """
global: {{external_labels: {{site: here, replica: a}}}}
alerting:
  alert_relabel_configs: [{{regex: replica, action: labeldrop}}]
  alertmanagers:
    - static_configs: [{{targets: ['{alertmanager}', '127.0.0.1:1']}}]
"""

ALERTING_ONE = """
alerting: {{alertmanagers: [{{timeout: 50s, static_configs: [{{targets: ['{alertmanager}']}}]}}]}}
"""
CROWDED = """
groups:
  - {name: crowd, interval: 1s, rules: [{alert: Crowded, expr: member_here == 1}]}
"""


class Crowd:
    """A target with `size` series, each of which is an alert."""

    def __init__(self):
        self.size = 0
        self._server = LoopServer(self._answer)
        self.address = f"127.0.0.1:{self._server.port}"
        self.stop = self._server.stop

    async def _answer(self, reader, writer):
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            body = "".join(f'member_here{{member="{member}"}} 1\n' for member in range(self.size)) + "crowd_up 1\n"
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                         .encode())
            await writer.drain()
        writer.close()


class ExternalAlertmanager(Story):
    def setUp(self):
        super().setUp()
        if not ALERTMANAGER.exists():
            self.skipTest("prometheus-alertmanager is not there: make test fetches it")
        if subprocess.run([*WITH_TEMPLATES, "true"], capture_output=True).returncode != 0:
            self.skipTest("mount namespaces are not allowed here, and Debian's Alertmanager does not start without one")

    def alertmanager(self):
        """Debian's Alertmanager, which tells nobody: the process and its address."""
        self.write("their.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
        process = self.start(*WITH_TEMPLATES, ALERTMANAGER, f"--config.file={self.folder / 'their.yml'}",
                             f"--storage.path={self.folder / 'their'}", "--web.listen-address=127.0.0.1:0",
                             "--cluster.listen-address=", "--log.level=debug")
        return process, process.wait_for(r'[Aa]ddress=(127\.0\.0\.1:\d+)')[1]

    def test_what_fires_and_its_end_arrive(self):
        alertmanager, their_address = self.alertmanager()
        _, target = self.demo_target()
        _, receiver = self.receiver()
        self.write("quick.yml", QUICK)
        self.write("prometheus.yml", configuration(target) + ALERTING.format(alertmanager=their_address))
        self.write("alertmanager.yml", routing(receiver))
        tocsin, address = self.tocsin("--rules.alert.resend-delay=1s")
        shown = json.loads(get(address, "/api/v1/alertmanagers")[1])["data"]["activeAlertmanagers"]
        self.assertIn({"url": f"http://{their_address}/api/v2/alerts"}, shown)

        self.assertEqual(get(target, "/faults/pool", method="POST")[0], 200)
        alertmanager.wait_for(r'Received alert.*alert=PoolRunsDry\[\w+\]\[active\]')
        alert, = json.loads(get(their_address, "/api/v2/alerts")[1])
        self.assertEqual(alert["labels"]["alertname"], "PoolRunsDry")
        self.assertEqual(alert["labels"]["site"], "here")
        self.assertNotIn("replica", alert["labels"])
        self.assertEqual(alert["annotations"], {"summary": "2 idle on ironforge"})
        self.assertIn("/graph?g0.expr=", alert["generatorURL"])
        self.assertGreater(alert["endsAt"], alert["updatedAt"])

        self.assertEqual(get(target, "/faults/pool", method="DELETE")[0], 200)
        tocsin.wait_for(r'"message":"alert resolved".*PoolRunsDry')
        alertmanager.wait_for(r'Received alert.*alert=PoolRunsDry\[\w+\]\[resolved\]')
        self.assertEqual(json.loads(get(their_address, "/api/v2/alerts")[1]), [])

        metrics = get(address, "/metrics")[1]
        self.assertRegex(metrics, rf'prometheus_notifications_sent_total{{alertmanager="http://{their_address}/api/v2/alerts"}} [1-9]')
        self.assertRegex(metrics, r'prometheus_notifications_errors_total{alertmanager="http://127.0.0.1:1/api/v2/alerts"} [1-9]')
        self.assertIn("prometheus_notifications_alertmanagers_discovered 2", metrics)
        tocsin.signal(signal.SIGTERM)
        self.assertEqual(tocsin.wait(), 0)

    def wait_for_queue(self, tocsin, address, expected):
        """Until that many alerts wait for the Alertmanager, beyond those that are on their way."""
        seen = []
        for _ in range(15):
            tocsin.wait_for(r'"message":"group evaluated"')
            seen.append(int(re.search(r"^prometheus_notifications_queue_length{.*} (\d+)$", get(address, "/metrics")[1], re.M)[1]))
            if seen[-1] == expected:
                return
        self.fail(f"{expected} alerts were to wait; there were {seen}")

    def test_alerts_wait_for_one_that_hangs_and_all_arrive_before_the_end(self):
        alertmanager, their_address = self.alertmanager()
        self.addCleanup(alertmanager.signal, signal.SIGCONT)
        crowd = Crowd()
        self.addCleanup(crowd.stop)
        self.write("crowd.yml", CROWDED)
        self.write("prometheus.yml", configuration(crowd.address, "crowd.yml") + ALERTING_ONE.format(alertmanager=their_address))
        self.write("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
        tocsin, address = self.tocsin("--log.level=debug")
        tocsin.wait_for(r'"message":"group evaluated"')

        # A batch of 256 is on its way, the others wait for its answer; nobody else does.
        alertmanager.signal(signal.SIGSTOP)
        for size, waiting in ((300, 44), (600, 344)):
            crowd.size = size
            self.wait_for_queue(tocsin, address, waiting)
            self.assertEqual(get(address, "/healthz")[0], 200)
            self.assertEqual(len(json.loads(get(address, "/api/v1/alerts")[1])["data"]["alerts"]), size)

        tocsin.signal(signal.SIGTERM)
        tocsin.wait_for(r'"message":"stopping')
        self.assertIsNone(tocsin.child.poll())
        alertmanager.signal(signal.SIGCONT)
        self.assertEqual(tocsin.wait(), 0)
        there = {alert["labels"]["member"] for alert in json.loads(get(their_address, "/api/v2/alerts")[1])}
        self.assertEqual(there, {str(member) for member in range(600)})


if __name__ == "__main__":
    main()
