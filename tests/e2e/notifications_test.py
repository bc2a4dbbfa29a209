#!/usr/bin/env python3
"""What fired, and who was told, asked afterwards."""
import json

from harness import Story, get, main, run

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

    def test_what_cannot_be_asked_is_said(self):
        self.assertEqual(self.asked()[1:], ("", "nobody was told anything\n"))
        self.assertEqual(self.asked("--since=soon")[0], 2)
        self.assertEqual(self.asked("team=~[")[0], 1)
        self.assertEqual(run("notifications", "--server=http://127.0.0.1:1")[0], 3)


if __name__ == "__main__":
    main()
