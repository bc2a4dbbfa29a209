#!/usr/bin/env python3
"""What fired, and who was told, asked afterwards."""
import json
import time

from harness import TOCSIN, Story, get, main, run

ROUTING = """
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: 'http://{receiver}/hook'}}]}}]
"""


class Notifications(Story):
    def setUp(self):
        super().setUp()
        self.hook, receiver = self.receiver()
        self.write("prometheus.yml", "global: {}\n")
        self.write("alertmanager.yml", ROUTING.format(receiver=receiver))
        self.process, self.address = self.tocsin()

    def fire(self, name, **labels):
        alerts = json.dumps([{"labels": {"alertname": name, **labels}}]).encode()
        self.assertEqual(get(self.address, "/api/v2/alerts", {"Content-Type": "application/json"}, "POST", alerts)[0], 200)
        self.process.wait_for(r'"message":"notification sent".*' + name)

    def asked(self, *flags):
        return run("notifications", f"--server=http://{self.address}", *flags)

    def test_messages_are_listed_as_a_log(self):
        self.fire("DiskFull", team="db")
        self.fire("Slow", team="web")
        code, out, err = self.asked()
        self.assertEqual((code, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[0], r"^20\d\d-\S+Z  hook webhook\[0\]  firing  delivered  \(first notification\)$")
        self.assertEqual(lines[1], '    firing   DiskFull{team="db"}')
        self.assertEqual(lines[3], '    firing   Slow{team="web"}')
        self.assertIn("DiskFull", self.asked("team=db")[1])
        self.assertNotIn("Slow", self.asked("team=db")[1])
        answer = json.loads(self.asked("--format=json", "--limit=1")[1])
        self.assertEqual(answer["notifications"][0]["alerts"][0]["labels"], {"alertname": "Slow", "team": "web"})
        self.assertTrue(answer["more"])

    def test_they_are_kept_when_the_daemon_is_killed(self):
        self.fire("DiskFull", team="db")
        # An alert is answered for when everything before it is on the disk.
        self.fire("Later")
        self.process.child.kill()
        self.process.wait()
        self.process, self.address = self.tocsin()
        self.assertIn("DiskFull", self.asked("--since=1h", "--receiver=hook", "--result=delivered")[1])

    def silence(self, name):
        now = time.time()
        moment = lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        silence = {"matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
                   "startsAt": moment(now), "endsAt": moment(now + 3600), "createdBy": "alice", "comment": "planned"}
        status, body = get(self.address, "/api/v2/silences", {"Content-Type": "application/json"}, "POST",
                           json.dumps(silence).encode())[:2]
        self.assertEqual(status, 200)
        return json.loads(body)["silenceID"]

    def explain(self, *flags):
        return run("notifications", "explain", f"--server=http://{self.address}", *flags)

    def check_explanations(self):
        self.fire("DiskFull", team="db")
        code, out, err = self.explain("DiskFull", "team=db")
        self.assertEqual((code, err), (0, ""))
        lines = out.splitlines()
        self.assertRegex(lines[0], r'^DiskFull\{team="db"\}  firing since 20\d\d-\S+Z  \([0-9a-f]{16}\)$')
        self.assertEqual(lines[1], '  hook  group {}:{alertname="DiskFull"}')
        self.assertRegex(lines[2], r"^    webhook\[0\]  told that it fires, last message of the group at \S+; next message at \S+ "
                                   r"\(repeat interval elapsed, repeat_interval 4h\)$")
        self.assertEqual(lines[3], "  messages with it:")
        self.assertRegex(lines[4], r"hook webhook\[0\]  firing  delivered  \(first notification\)  it was firing$")
        silence = self.silence("Quiet")
        alerts = json.dumps([{"labels": {"alertname": "Quiet"}}]).encode()
        self.assertEqual(get(self.address, "/api/v2/alerts", {"Content-Type": "application/json"}, "POST", alerts)[0], 200)
        out = self.explain("Quiet")[1]
        self.assertRegex(out, f'silenced by {silence} of "alice" until \\S+: "planned"')
        self.assertIn("webhook[0]  not told: silenced", out)
        answer = json.loads(self.explain("Quiet", "--format=json")[1])
        self.assertEqual(answer["alerts"][0]["receivers"][0]["integrations"][0]["verdict"], "silenced")
        untold = run("notifications", "untold", f"--server=http://{self.address}")[1]
        self.assertIn("Quiet", untold)
        self.assertNotIn("DiskFull", untold)
        code, out, err = self.explain("Nothing")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no such alert", err)

    def test_an_alert_is_explained(self):
        self.check_explanations()

    def test_an_alert_is_explained_by_the_notifying_half_alone(self):
        self.process.child.kill()
        self.process.wait()
        self.process = self.start(TOCSIN, "alertmanager", "--config.file=alertmanager.yml", "--storage.path=other",
                                  "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=", "--log.format=json",
                                  cwd=self.folder)
        self.address = self.process.wait_for(r'"message":"Listening on".*"address":"([^"]+)"')[1]
        self.check_explanations()

    def test_what_cannot_be_asked_is_said(self):
        self.assertEqual(self.asked()[1:], ("", "nobody was told anything\n"))
        self.assertEqual(self.asked("--since=soon")[0], 2)
        self.assertEqual(self.asked("team=~[")[0], 1)
        self.assertEqual(run("notifications", "--server=http://127.0.0.1:1")[0], 3)


if __name__ == "__main__":
    main()
