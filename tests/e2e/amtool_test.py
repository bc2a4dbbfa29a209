#!/usr/bin/env python3
"""Debian's own amtool at work on tocsin: alerts, silences, configuration, cluster."""
import json
import subprocess

from harness import DEADLINE, PEERS, Story, get, main, run

AMTOOL = PEERS / "prometheus-alertmanager" / "usr/bin/amtool"

ROUTING = """
route:
  receiver: all
  group_by: [alertname]
  routes: [{receiver: db, matchers: [team=db]}]
receivers:
- {name: all, slack_configs: [{api_url: 'http://127.0.0.1:1/S3CRET', channel: c}]}
- {name: db}
"""


class Amtool(Story):
    def setUp(self):
        super().setUp()
        if not AMTOOL.exists():
            self.skipTest("amtool is not there: make test fetches it")
        self.write("prometheus.yml", "global: {}\n")
        self.write("alertmanager.yml", ROUTING)
        self.tocsin_process, self.address = self.tocsin()

    def amtool(self, *arguments, code=0, text=None):
        """What it says, and that it ends as it should; with an error, also what it says on stderr."""
        done = subprocess.run([AMTOOL, f"--alertmanager.url=http://{self.address}", "--no-version-check", *map(str, arguments)],
                              capture_output=True, text=True, timeout=DEADLINE, input=text,
                              env={"HOME": str(self.folder), "USER": "somebody"})
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def alerts(self, *arguments):
        """The names of the alerts that a query finds."""
        return [alert["labels"]["alertname"] for alert in json.loads(self.amtool("alert", "query", "-o", "json", *arguments))]

    def silences(self, *arguments):
        return json.loads(self.amtool("silence", "query", "-o", "json", *arguments))

    def add_silence(self, *matchers):
        return self.amtool("silence", "add", "-a", "me", "-c", "because", "-d", "1h", *matchers).strip()

    def test_alerts_are_added_and_found(self):
        self.amtool("alert", "add", "DiskFull", "node=a", "team=db", "--annotation=summary=no room",
                    "--generator-url=http://prometheus.example/graph")
        self.amtool("alert", "add", "alertname=Slow", "node=b")
        alert, = json.loads(self.amtool("alert", "query", "-o", "json", "DiskFull"))
        self.assertEqual(alert["labels"], {"alertname": "DiskFull", "node": "a", "team": "db"})
        self.assertEqual(alert["annotations"], {"summary": "no room"})
        self.assertEqual(alert["generatorURL"], "http://prometheus.example/graph")
        self.assertEqual(alert["status"]["state"], "active")
        self.assertGreater(alert["endsAt"], alert["startsAt"])
        self.assertCountEqual(self.alerts(), ["DiskFull", "Slow"])
        self.assertEqual(self.alerts("node=~b|c"), ["Slow"])
        self.assertEqual(self.alerts("--receiver=db"), ["DiskFull"])
        self.assertIn("DiskFull", self.amtool("alert"))
        self.amtool("alert", "add", "Over", "--start=2026-01-01T00:00:00Z", "--end=2026-01-01T01:00:00Z")
        self.assertEqual(self.alerts("Over"), [])

    def test_an_alert_that_is_silenced_is_found_as_such(self):
        self.amtool("alert", "add", "DiskFull", "node=a")
        silence = self.add_silence("node=a")
        self.assertEqual(self.alerts(), [])
        self.assertEqual(self.alerts("--silenced"), ["DiskFull"])
        self.amtool("silence", "expire", silence)
        self.assertEqual(self.alerts(), ["DiskFull"])

    def test_a_silence_may_say_what_a_label_is_not(self):
        self.amtool("alert", "add", "DiskFull", "node=a")
        self.amtool("alert", "add", "Slow", "node=b")
        self.add_silence("node!=a")
        self.assertEqual(self.alerts(), ["DiskFull"])

    def test_silences_are_added_found_changed_and_ended(self):
        first = self.add_silence("DiskFull", "node=~a|b")
        second = self.add_silence("team=db", "node!=c")
        found, = self.silences("node=~a|b")
        self.assertEqual((found["id"], found["createdBy"], found["comment"]), (first, "me", "because"))
        self.assertEqual(found["status"]["state"], "active")
        self.assertCountEqual([silence["id"] for silence in self.silences()], [first, second])
        self.assertCountEqual(self.amtool("silence", "query", "-q").split(), [first, second])
        self.assertEqual(self.amtool("silence", "query", "-q", "--created-by=nobody"), "")

        self.amtool("silence", "update", first, "-d", "2h", "-c", "for longer")
        changed, = self.silences("node=~a|b")
        self.assertEqual((changed["id"], changed["comment"]), (first, "for longer"))
        self.assertGreater(changed["endsAt"], found["endsAt"])

        self.amtool("silence", "expire", first, second)
        self.assertEqual(self.silences(), [])
        self.assertCountEqual(self.amtool("silence", "query", "-q", "--expired").split(), [first, second])
        self.amtool("silence", "expire", "00000000-0000-0000-0000-000000000000", code=1)
        self.amtool("silence", "add", "-a", "me", "-c", "c", "node=a", "team=~[", code=1)
        self.assertEqual(self.silences(), [])

    def test_silences_are_imported(self):
        self.add_silence("node=a")
        self.add_silence("node=b")
        exported = self.write("silences.json", self.amtool("silence", "query", "-o", "json"))
        self.amtool("silence", "expire", *self.amtool("silence", "query", "-q").split())
        self.assertEqual(len(self.amtool("silence", "import", "--force", exported).split()), 2)
        self.assertCountEqual([silence["matchers"][0]["value"] for silence in self.silences()], ["a", "b"])

    def test_what_is_good_of_an_import_is_taken(self):
        self.add_silence("node=a")
        good, = self.silences()
        bad = {**good, "endsAt": good["startsAt"]}
        self.amtool("silence", "expire", good["id"])
        # What its exit code is then is chance: it may end before it has counted what its workers could not do.
        said = self.amtool("silence", "import", "--force", text=json.dumps([good, bad]), code=None)
        self.assertIn("Error adding silence", said)
        self.assertIn("start time must be before end time", said)
        self.assertEqual(len(self.silences()), 1)
        self.amtool("silence", "import", text="node=a", code=1)

    def test_the_configuration_is_shown_and_loads_again(self):
        shown = self.amtool("config", "show")
        self.assertIn("receiver: all", shown)
        self.assertNotIn("S3CRET", shown)
        self.assertIn("receiver: db", self.amtool("config", "routes", "show"))
        self.assertEqual(self.amtool("config", "routes", "test", "team=db"), "db\n")
        self.amtool("config", "routes", "test", "--verify.receivers=all", "team=db", code=1)
        file = self.write("shown.yml", shown)
        self.assertIn("SUCCESS", self.amtool("check-config", file))
        self.assertEqual(run("check", "alertmanager", file)[0], 0)

    def test_both_refuse_the_same_file(self):
        for text in ("route: {receiver: nobody}\n", "route: {receiver: a}\nreceivers: [{name: a}, {name: a}]\n"):
            file = self.write("bad.yml", text)
            self.assertIn("FAILED", self.amtool("check-config", file, code=1))
            self.assertEqual(run("check", "alertmanager", file)[0], 1)

    def test_the_cluster_is_shown(self):
        self.assertIn("disabled", self.amtool("cluster", "show"))

    def test_what_amtool_did_is_kept(self):
        silence = self.add_silence("node=a")
        self.amtool("alert", "add", "DiskFull", "node=b")
        self.tocsin_process.child.kill()
        self.tocsin_process.wait()
        _, self.address = self.tocsin()
        self.assertEqual([kept["id"] for kept in self.silences()], [silence])
        self.assertEqual(self.alerts(), ["DiskFull"])
        self.assertEqual(get(self.address, f"/api/v2/silence/{silence}")[0], 200)


if __name__ == "__main__":
    main()
