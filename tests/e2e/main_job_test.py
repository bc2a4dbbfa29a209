#!/usr/bin/env python3
"""The main job on real sockets: a real endpoint, a fault switched on by hand, notifications at a real receiver, and the end of it."""
import json
import signal
import sys

from harness import EXAMPLE, PEERS, Story, get, main

QUICK = """
groups:
  - name: quick
    interval: 1s
    rules:
      - alert: PoolRunsDry
        expr: db_pool_connections{state="idle"} < 5
        for: 2s
        labels: {severity: critical}
        annotations: {summary: "{{ $value }} idle on {{ $labels.job }}"}
"""


def routing(receiver):
    """The user's routing, with every receiver at `receiver` and timers of a second."""
    text = (EXAMPLE / "alertmanager.local.yml").read_text(encoding="utf-8").replace("127.0.0.1:5001", receiver)
    return text.replace("group_wait: 10s", "group_wait: 1s").replace("group_interval: 10s", "group_interval: 1s")


def configuration(target, rules="quick.yml"):
    return f"""
rule_files: ['{rules}']
scrape_configs:
  - job_name: ironforge
    static_configs: [{{targets: ['{target}']}}]
"""


class MainJob(Story):
    def set_up_ironforge(self):
        self.target, self.target_address = self.demo_target()
        self.receiver_process, receiver = self.receiver()
        self.write("quick.yml", QUICK)
        self.write("prometheus.yml", configuration(self.target_address))
        self.write("alertmanager.yml", routing(receiver))

    def switch(self, fault, method):
        self.assertEqual(get(self.target_address, f"/faults/{fault}", method=method)[0], 200)

    def test_an_alert_goes_pending_firing_notified_and_resolved(self):
        self.set_up_ironforge()
        tocsin, address = self.tocsin()
        self.switch("pool", "POST")
        tocsin.wait_for(r'"message":"alert pending".*PoolRunsDry')
        tocsin.wait_for(r'"message":"alert firing".*PoolRunsDry')
        fired = self.notification(self.receiver_process, lambda path, body: True)
        self.assertEqual(fired["path"], "/pagerduty/v2/enqueue")
        self.assertEqual(fired["body"]["event_action"], "trigger")
        self.assertEqual(fired["body"]["routing_key"], "local")
        details = fired["body"]["payload"]["custom_details"]["firing"][0]
        self.assertEqual(details["annotations"], {"summary": "2 idle on ironforge"})
        self.assertEqual(details["labels"]["alertname"], "PoolRunsDry")

        alerts = json.loads(get(address, "/api/v1/alerts")[1])["data"]["alerts"]
        self.assertEqual([(alert["labels"]["alertname"], alert["state"]) for alert in alerts], [("PoolRunsDry", "firing")])

        self.switch("pool", "DELETE")
        tocsin.wait_for(r'"message":"alert resolved".*PoolRunsDry')
        resolved = self.notification(self.receiver_process, lambda path, body: body["event_action"] == "resolve")
        self.assertEqual(resolved["body"]["dedup_key"], fired["body"]["dedup_key"])

        tocsin.signal(signal.SIGTERM)
        self.assertEqual(tocsin.wait(), 0)

    def test_a_target_that_is_down_is_a_state_and_not_the_end(self):
        self.set_up_ironforge()
        self.write("prometheus.yml", configuration("127.0.0.1:1"))
        tocsin, address = self.tocsin()
        tocsin.wait_for(r'"message":"scrape failed".*connection refused')
        target = json.loads(get(address, "/api/v1/targets")[1])["data"]["activeTargets"][0]
        self.assertEqual(target["health"], "down")
        self.assertIn("connection refused", target["lastError"])
        self.assertEqual(get(address, "/-/healthy")[0], 200)

    def test_garbage_and_an_endless_answer_are_states_of_their_target(self):
        self.set_up_ironforge()
        tocsin, address = self.tocsin()
        self.switch("garbage", "POST")
        tocsin.wait_for(r'"message":"scrape failed"')
        target = json.loads(get(address, "/api/v1/targets")[1])["data"]["activeTargets"][0]
        self.assertEqual(target["health"], "down")
        self.switch("garbage", "DELETE")
        tocsin.wait_for(r'"message":"scrape succeeded"')

    def test_reload_by_signal_and_by_request_is_all_or_nothing(self):
        self.set_up_ironforge()
        tocsin, address = self.tocsin()
        self.write("quick.yml", QUICK.replace("PoolRunsDry", "PoolIsDry"))
        tocsin.signal(signal.SIGHUP)
        tocsin.wait_for(r'"message":"configuration reloaded"')
        self.assertIn("PoolIsDry", get(address, "/api/v1/rules")[1])

        self.write("quick.yml", QUICK.replace("< 5", "< ="))
        status, body = get(address, "/-/reload", method="POST")
        self.assertEqual(status, 500)
        self.assertRegex(body, r"quick\.yml:7:\d+: ")
        self.assertIn("PoolIsDry", get(address, "/api/v1/rules")[1])
        self.assertIn("prometheus_config_last_reload_successful 0", get(address, "/metrics")[1])

        self.write("quick.yml", QUICK)
        self.assertEqual(get(address, "/-/reload", method="POST")[0], 200)
        self.assertIn("PoolRunsDry", get(address, "/api/v1/rules")[1])

    def test_a_log_file_is_written_and_rotated(self):
        self.set_up_ironforge()
        tocsin, address = self.tocsin()
        log = self.folder / "tocsin.log"
        to_file = self.start(sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))",
                             *tocsin_command(self.folder, log), cwd=self.folder)
        self.assertEqual(to_file.wait(), 3)  # the storage folder is in use
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        self.assertTrue(any(line["level"] == "ERROR" for line in lines), lines)
        self.assertEqual(list(lines[0])[:4], ["timestamp", "level", "target", "message"])


def tocsin_command(folder, log):
    from harness import TOCSIN
    return [TOCSIN, "run", "--web.listen-address=127.0.0.1:0", "--log.format=json", f"--log.file={log}",
            f"--storage.path={folder / 'data'}"]


class NodeExporter(Story):
    def test_the_node_rules_run_on_debians_exporter(self):
        exporter = self.start(PEERS / "prometheus-node-exporter/usr/bin/prometheus-node-exporter",
                              "--web.listen-address=127.0.0.1:0")
        exporter_address = exporter.wait_for(r'msg="Listening on" address=(\S+)')[1]
        example = EXAMPLE.parent / "node"
        _, receiver = self.receiver()
        self.write("node.yml", (example / "node.yml").read_text().replace("interval: 15s", "interval: 1s"))
        self.write("prometheus.yml", (example / "prometheus.yml").read_text().replace("127.0.0.1:9100", exporter_address))
        self.write("alertmanager.yml", (example / "alertmanager.yml").read_text().replace("127.0.0.1:5001", receiver))
        tocsin, address = self.tocsin("--log.level=debug")
        for _ in range(3):
            tocsin.wait_for(r'"message":"group evaluated".*"group":"node"')
        groups = json.loads(get(address, "/api/v1/rules")[1])["data"]["groups"]
        self.assertEqual([rule["health"] for rule in groups[0]["rules"]], ["ok"] * 5, groups)
        targets = json.loads(get(address, "/api/v1/targets")[1])["data"]["activeTargets"]
        self.assertEqual([target["health"] for target in targets], ["up"])
        result = json.loads(get(address, "/api/v1/query?query=instance:node_memory_available:ratio")[1])["data"]["result"]
        self.assertEqual(len(result), 1)
        self.assertTrue(0 < float(result[0]["value"][1]) <= 1, result)


if __name__ == "__main__":
    main()
