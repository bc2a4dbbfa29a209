#!/usr/bin/env python3
"""Where an alert would go, and why; and that amtool says the same."""
import itertools
import json
import subprocess

from harness import EXAMPLE, PEERS, Story, main, run

AMTOOL = PEERS / "prometheus-alertmanager" / "usr/bin/amtool"

CONFIGURATION = """
route:
  receiver: default
  group_by: [alertname]
  routes:
  - receiver: db
    matchers: [team="db", severity=~"page|warn"]
    group_wait: 5s
    repeat_interval: 1h
    routes: [{receiver: db-pager, matchers: [severity=page], group_by: ['...']}]
  - {receiver: audit, matchers: [team!=""], continue: true, mute_time_intervals: [night]}
  - {receiver: web, matchers: [team=web]}
receivers: [{name: default}, {name: db}, {name: db-pager}, {name: audit}, {name: web}]
time_intervals: [{name: night, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]
"""


class Routes(Story):
    def setUp(self):
        super().setUp()
        self.file = self.write("am.yml", CONFIGURATION)

    def test_receivers_group_key_timers_and_reasons_are_shown(self):
        code, out, err = run("routes", "test", "team=web", "alertname=Down", f"--config.file={self.file}")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, """\
audit,web

{}
  {severity=~"page|warn", team="db"} not db: severity=~"page|warn" does not hold, severity is not there; team="db" does not hold, team is "web"
  {team!=""} -> audit
    group {}/{team!=""}:{alertname="Down"}
    group_wait 30s, group_interval 5m, repeat_interval 4h, muted during night
  {team="web"} -> web
    group {}/{team="web"}:{alertname="Down"}
    group_wait 30s, group_interval 5m, repeat_interval 4h
""")
        out = run("routes", "test", "team=db", "severity=page", f"--config.file={self.file}")[1]
        self.assertIn('{team="web"} not web: not reached: {severity=~"page|warn", team="db"} before it took the alert', out)

    def test_json_has_the_same(self):
        code, out, _ = run("routes", "test", "team=db", "severity=page", f"--config.file={self.file}", "--format=json")
        answer = json.loads(out)
        self.assertEqual(code, 0)
        self.assertEqual(answer["receivers"], ["db-pager"])
        route, = answer["routes"]
        self.assertEqual((route["groupWait"], route["repeatInterval"], route["groupBy"]), ("5s", "1h", ["..."]))
        self.assertEqual(route["groupKey"], '{}/{severity=~"page|warn",team="db"}/{severity="page"}:{severity="page", team="db"}')
        self.assertEqual([visit["verdict"] for visit in answer["visits"]],
                         ["handed on", "handed on", "taken", "not reached", "not reached"])
        answer = json.loads(run("routes", "test", "team=x", f"--config.file={self.file}", "--format=json")[1])
        self.assertEqual(answer["visits"][1]["failed"], [{"matcher": 'severity=~"page|warn"', "value": ""},
                                                         {"matcher": 'team="db"', "value": "x"}])

    def test_expected_receivers_decide_the_exit_code(self):
        for expected, wanted in (("audit,web", 0), ("web,audit", 1), ("web", 1)):
            code, out, _ = run("routes", "test", "team=web", f"--config.file={self.file}", f"--verify.receivers={expected}",
                               "--format=receivers")
            self.assertEqual((code, out), (wanted, "audit,web\n"), expected)

    def test_what_is_no_label_is_wrong_usage(self):
        for label in ("team=~web", "team", "{"):
            code, _, err = run("routes", "test", label, f"--config.file={self.file}")
            self.assertEqual(code, 2, label)
            self.assertIn("routes test: ", err)
        self.assertEqual(run("routes", "test", "a=b", f"--config.file={self.folder / 'nowhere.yml'}")[0], 1)

    def test_the_tree_is_shown_with_what_is_inherited(self):
        code, out, _ = run("routes", "show", f"--config.file={self.file}")
        self.assertEqual(code, 0)
        self.assertEqual(len(out.splitlines()), 5)
        self.assertIn('\n    {severity="page"} -> db-pager  (group_by [...], group_wait 5s, group_interval 5m, repeat_interval 1h)\n', out)
        self.assertIn('\n  {team!=""} continue -> audit  ', out)
        tree = json.loads(run("routes", "show", f"--config.file={self.file}", "--format=json")[1])
        self.assertEqual(tree["routes"][0]["routes"][0]["receiver"], "db-pager")

    def test_amtool_names_the_same_receivers(self):
        if not AMTOOL.exists():
            self.skipTest("amtool is not there: make test fetches it")
        for file in (self.file, EXAMPLE / "alertmanager.local.yml"):
            for team, severity in itertools.product((None, "db", "web", "x"), (None, "page", "warn", "critical", "warning")):
                labels = [f"{name}={value}" for name, value in (("team", team), ("severity", severity)) if value]
                with self.subTest(file=file, labels=labels):
                    theirs = subprocess.run([AMTOOL, "config", "routes", "test", f"--config.file={file}", *labels],
                                            capture_output=True, text=True)
                    self.assertEqual(theirs.returncode, 0, theirs.stderr)
                    ours = run("routes", "test", f"--config.file={file}", "--format=receivers", *labels)
                    self.assertEqual(ours[1], theirs.stdout)


if __name__ == "__main__":
    main()
