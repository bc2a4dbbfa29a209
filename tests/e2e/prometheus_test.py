#!/usr/bin/env python3
"""Debian's own Prometheus evaluates, and tells tocsin as it tells Alertmanager."""
import json
import signal

from harness import PEERS, Story, get, main
from main_job_test import QUICK

PROMETHEUS = PEERS / "prometheus" / "usr/bin/prometheus"

THEIRS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{site: here}}}}
rule_files: [quick.yml]
scrape_configs:
  - job_name: ironforge
    static_configs: [{{targets: ['{target}']}}]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ['{tocsin}']}}]}}]
"""
ROUTING = """
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: 'http://{receiver}/hook'}}]}}]
"""


class Prometheus(Story):
    def setUp(self):
        super().setUp()
        if not PROMETHEUS.exists():
            self.skipTest("prometheus is not there: make test fetches it")

    def test_what_it_finds_is_told_and_its_end_too(self):
        _, target = self.demo_target()
        hook, receiver = self.receiver()
        self.write("nothing.yml", "global: {}\n")
        self.write("alertmanager.yml", ROUTING.format(receiver=receiver))
        tocsin, address = self.tocsin("--config.file=nothing.yml")
        self.write("quick.yml", QUICK)
        config = self.write("prometheus.yml", THEIRS.format(target=target, tocsin=address))
        prometheus = self.start(PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'tsdb'}",
                                "--web.listen-address=127.0.0.1:0", "--rules.alert.resend-delay=1s")
        prometheus.wait_for("Server is ready to receive web requests")
        self.assertEqual(get(target, "/faults/pool", method="POST")[0], 200)

        fired = self.notification(hook, lambda path, body: True)["body"]
        self.assertEqual((fired["status"], fired["receiver"]), ("firing", "hook"))
        alert, = fired["alerts"]
        self.assertEqual(alert["labels"]["alertname"], "PoolRunsDry")
        self.assertEqual(alert["labels"]["site"], "here")
        self.assertEqual(alert["annotations"], {"summary": "2 idle on ironforge"})
        self.assertEqual(alert["endsAt"], "0001-01-01T00:00:00Z")
        shown, = json.loads(get(address, "/api/v2/alerts")[1])
        self.assertEqual(shown["fingerprint"], alert["fingerprint"])
        self.assertIn("/graph?g0.expr=db_pool_connections", shown["generatorURL"])

        self.assertEqual(get(target, "/faults/pool", method="DELETE")[0], 200)
        over = self.notification(hook, lambda path, body: body["status"] == "resolved")["body"]
        self.assertEqual(over["groupKey"], fired["groupKey"])
        ended, = over["alerts"]
        self.assertEqual((ended["fingerprint"], ended["startsAt"]), (alert["fingerprint"], alert["startsAt"]))
        self.assertGreater(ended["endsAt"], ended["startsAt"])
        self.assertIn('alertmanager_alerts_received_total{status="resolved",version="v2"}', get(address, "/metrics")[1])
        for process in (prometheus, tocsin):
            process.signal(signal.SIGTERM)
            self.assertEqual(process.wait(), 0)


if __name__ == "__main__":
    main()
