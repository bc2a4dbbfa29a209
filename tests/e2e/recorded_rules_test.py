#!/usr/bin/env python3
"""Unit tests of rules over recorded metrics: who is told, and who is not; what a failure shows; what an update writes."""
import gzip
import shutil

from harness import EXAMPLE, Story, main, run
from replay_test import recorded, text_of

TESTS = """\
rule_files: [alerts.yml]
fixtures: [outage.om.gz]
alertmanager_config_file: alertmanager.yml
group_intervals: true
tests:
  - name: the pool runs dry
    start: 2026-03-01T10:00:00Z
    alert_rule_test:
      - {within: 1m..5m, alertname: DatabasePoolExhausted, match: partial, exp_alerts: [{exp_labels: {state: idle}}]}
    notification_test:
      - window: 0s..30m
        receiver: pagerduty
        exp_notifications:
          - at: AT
            status: firing
            group_labels: {alertname: DatabasePoolExhausted, severity: critical}
            message: {description: {regex: '.FIRING:1. DatabasePoolExhausted .*'}}
          - {at: 10m10s, status: resolved}
      - window: 0s..30m
        nobody_else: true
"""


class RecordedRules(Story):
    def setUp(self):
        super().setUp()
        for name in ("alerts.yml", "alertmanager.yml"):
            shutil.copy(EXAMPLE / name, self.folder)
        (self.folder / "outage.om.gz").write_bytes(gzip.compress(text_of(recorded()).encode()))

    def test_what_was_recorded_tells_whom_it_should(self):
        path = self.write("test.yml", TESTS.replace("AT", "4m10s"))
        self.assertEqual(run("test", "rules", path), (0, "1 passed, 0 failed\n", ""))

    def test_a_failure_shows_what_happened_and_an_update_writes_it(self):
        path = self.write("test.yml", TESTS.replace("AT", "2m"))
        status, said, _ = run("test", "rules", path)
        self.assertEqual(status, 1)
        for line in ("the pool runs dry: notifications to pagerduty within 0s..30m",
                     "  - 2m  firing {alertname=\"DatabasePoolExhausted\", severity=\"critical\"}",
                     "      at 4m10s; was expected at 2m", "  what happened:", "  alert pending {alertname=", "pagerduty told: firing"):
            self.assertIn(line, said)
        self.assertEqual(run("test", "rules", path, "--update")[0], 1)
        self.assertEqual(run("test", "rules", path), (0, "1 passed, 0 failed\n", ""))
        self.assertIn('"description": "[FIRING:1] DatabasePoolExhausted critical', path.read_text())

    def test_a_cut_off_fixture_is_no_test(self):
        whole = (self.folder / "outage.om.gz").read_bytes()
        (self.folder / "outage.om.gz").write_bytes(whole[:-100])
        status, _, errors = run("test", "rules", self.write("test.yml", TESTS.replace("AT", "4m10s")))
        self.assertEqual(status, 1)
        self.assertIn("test.yml:2:12: ", errors)
        self.assertIn("unexpected end of gzip data", errors)


if __name__ == "__main__":
    main()
