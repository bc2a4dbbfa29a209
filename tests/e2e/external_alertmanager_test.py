#!/usr/bin/env python3
"""Alerts at Debian's own Alertmanager, which tocsin tells as Prometheus does."""
import json
import signal
import subprocess

from harness import PEERS, Story, get, main
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


class ExternalAlertmanager(Story):
    def setUp(self):
        super().setUp()
        if not ALERTMANAGER.exists():
            self.skipTest("prometheus-alertmanager is not there: make test fetches it")
        if subprocess.run([*WITH_TEMPLATES, "true"], capture_output=True).returncode != 0:
            self.skipTest("mount namespaces are not allowed here, and Debian's Alertmanager does not start without one")

    def test_what_fires_and_its_end_arrive(self):
        self.write("their.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
        alertmanager = self.start(*WITH_TEMPLATES, ALERTMANAGER, f"--config.file={self.folder / 'their.yml'}",
                                  f"--storage.path={self.folder / 'their'}", "--web.listen-address=127.0.0.1:0",
                                  "--cluster.listen-address=", "--log.level=debug")
        their_address = alertmanager.wait_for(r'[Aa]ddress=(127\.0\.0\.1:\d+)')[1]
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


if __name__ == "__main__":
    main()
