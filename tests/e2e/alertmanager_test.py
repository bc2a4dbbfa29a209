#!/usr/bin/env python3
"""tocsin alertmanager in the place of Alertmanager: flags, log, signals, cluster, and real receivers at real times."""
import json
import queue
import re
import signal
import subprocess
import time

import amtool_test
from harness import DEADLINE, TOCSIN, LoopServer, Process, Story, get, main, run

ROUTING = """
route: {{receiver: default, group_by: [], group_wait: {wait}, group_interval: {interval}, repeat_interval: {repeat}}}
receivers: [{{name: default, webhook_configs: [{{url: 'http://{receiver}/hook'}}]}}]
"""


class Alertmanager(Story):
    def setUp(self):
        super().setUp()
        self.hook, self.receiver_address = self.receiver()

    def route(self, wait="1s", interval="1s", repeat="1ms"):
        return self.write("am.yml", ROUTING.format(wait=wait, interval=interval, repeat=repeat, receiver=self.receiver_address))

    def alertmanager(self, *flags):
        """Started as Alertmanager's own tests start it: the process and its address."""
        process = self.start(TOCSIN, "alertmanager", "--config.file", self.folder / "am.yml", "--log.level", "debug",
                             "--web.listen-address", "127.0.0.1:0", "--storage.path", self.folder / "data",
                             "--cluster.listen-address", "127.0.0.1:0", "--cluster.settle-timeout", "0s", *flags)
        return process, process.wait_for(r'msg="Listening on" .*\baddress=(\S+)')[1]

    def post(self, address, *names, prefix=""):
        alerts = json.dumps([{"labels": {"alertname": name}} for name in names]).encode()
        return get(address, f"{prefix}/api/v2/alerts", {"Content-Type": "application/json"}, "POST", alerts)[0]

    def next_message(self):
        message = self.notification(self.hook, lambda path, body: True)["body"]
        return message["status"], sorted(alert["labels"]["alertname"] for alert in message["alerts"])

    def test_it_listens_reloads_and_ends_as_alertmanager_does(self):
        self.route(repeat="1h")
        process, address = self.alertmanager()
        self.assertEqual(self.post(address, "a"), 200)
        self.assertEqual(self.next_message(), ("firing", ["a"]))
        self.write("am.yml", "route: {receiver: nobody}\n")
        process.signal(signal.SIGHUP)
        process.wait_for(r"undefined receiver")
        self.assertIn("alertmanager_config_last_reload_successful 0", get(address, "/metrics")[1])
        self.write("am.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        process.signal(signal.SIGHUP)
        process.wait_for(r'msg="configuration reloaded"')
        self.assertIn("alertmanager_config_last_reload_successful 1", get(address, "/metrics")[1])
        self.assertEqual(json.loads(get(address, "/api/v2/receivers")[1])[0]["name"], "nobody")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 0)

    def test_it_is_reached_at_every_address_that_is_named_without_a_host_too(self):
        self.route(repeat="1h")
        process, _ = self.alertmanager("--web.listen-address=:0", "--no-log.silences", "--alerts.per-alertname-limit=-1",
                                       "--silences.max-silences=-1", "--no-web.systemd-socket")
        process.wait_for(r"everybody who reaches this address can silence every alert")
        ports = re.findall(r'msg="Listening on" .*\baddress=\S+:(\d+)', "\n".join(process.lines))
        self.assertEqual(len(ports), 2)
        for port in ports:
            self.assertEqual(self.post(f"127.0.0.1:{port}", "a"), 200)

    def test_silences_are_logged_where_it_is_asked_for(self):
        self.route()
        process, address = self.alertmanager("--log.silences")
        silence = {"matchers": [{"name": "a", "value": "b", "isRegex": False}], "createdBy": "me", "comment": "why",
                   "startsAt": "", "endsAt": "2999-01-01T00:00:00Z"}
        headers = {"Content-Type": "application/json"}
        self.assertEqual(get(address, "/api/v2/silences", headers, "POST", json.dumps(silence).encode())[0], 400)
        silence["endsAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        self.assertEqual(get(address, "/api/v2/silences", headers, "POST", json.dumps(silence).encode())[0], 200)
        process.wait_for(r'msg="silence created" .*created_by=me')

    def test_its_log_is_on_stderr(self):
        self.route()
        child = subprocess.Popen([TOCSIN, "alertmanager", f"--config.file={self.folder / 'am.yml'}", "--web.listen-address=127.0.0.1:0",
                                  f"--storage.path={self.folder / 'data'}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        line = child.stderr.readline()
        while "Listening on" not in line:
            self.assertNotEqual(line, "")
            line = child.stderr.readline()
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.communicate(timeout=DEADLINE)[0], "")
        self.assertEqual(child.returncode, 0)

    def test_intervals_below_a_second_are_kept(self):
        self.route(wait="1ms", interval="1ms", repeat="1ms")
        _, address = self.alertmanager()
        self.post(address, "a", "b")
        for _ in range(20):
            self.assertEqual(self.next_message(), ("firing", ["a", "b"]))

    def test_it_is_its_own_and_only_peer(self):
        self.route()
        process, address = self.alertmanager("--cluster.peer=127.0.0.1:0", "--cluster.peer=127.0.0.1:1", "--cluster.peer-name=me")
        cluster = json.loads(get(address, "/api/v2/status")[1])["cluster"]
        self.assertEqual(cluster, {"name": "me", "status": "ready", "peers": [{"name": "me", "address": "127.0.0.1:0"}]})
        process.wait_for(r"cluster of one.*peers=127.0.0.1:1$")

    def test_without_an_address_there_is_no_cluster(self):
        self.route()
        _, address = self.alertmanager("--cluster.listen-address=")
        self.assertEqual(json.loads(get(address, "/api/v2/status")[1])["cluster"], {"status": "disabled", "peers": []})

    def test_all_of_it_is_below_the_prefix(self):
        self.route()
        for flags in (["--web.route-prefix", "/foo/"], ["--web.external-url=http://alerts.example/foo"]):
            process, address = self.alertmanager(*flags)
            self.assertEqual(get(address, "/foo/-/healthy")[0], 200)
            self.assertEqual(get(address, "/api/v2/status")[0], 404)
            self.assertEqual(self.post(address, "a", prefix="/foo"), 200)
            process.stop()

    def test_names_are_read_by_the_mode(self):
        self.write("am.yml", "route: {receiver: a, group_by: [foo🙂]}\nreceivers: [{name: a}]\n")
        _, address = self.alertmanager("--enable-feature", "utf8-strict-mode,receiver-name-in-metrics")
        self.assertEqual(get(address, "/-/ready")[0], 200)
        refused = Process(TOCSIN, "alertmanager", f"--config.file={self.folder / 'am.yml'}", "--enable-feature=classic-mode",
                          f"--storage.path={self.folder / 'other'}", "--web.listen-address=127.0.0.1:0")
        self.addCleanup(refused.stop)
        refused.wait_for(r'invalid label name "foo🙂" in group_by list|invalid label name')
        self.assertEqual(refused.wait(), 1)

    def test_every_flag_of_alertmanager_is_taken(self):
        self.route()
        _, address = self.alertmanager(
            "--data.retention=120h", "--data.maintenance-interval=15m", "--silences.max-silences=10",
            "--silences.max-silence-size-bytes=0", "--log.silences", "--alerts.gc-interval=30m", "--alerts.per-alertname-limit=1",
            "--dispatch.maintenance-interval=30s", "--dispatch.start-delay=0s", "--web.config.file=", "--web.get-concurrency=0",
            "--web.timeout=0", "--auto-gomemlimit.ratio=0.9", "--cluster.advertise-address=10.0.0.1:9094", "--cluster.peer-timeout=15s",
            "--cluster.peers-resolve-timeout=15s", "--cluster.gossip-interval=200ms", "--cluster.pushpull-interval=1m0s",
            "--cluster.tcp-timeout=10s", "--cluster.probe-timeout=500ms", "--cluster.probe-interval=1s",
            "--cluster.reconnect-interval=10s", "--cluster.reconnect-timeout=6h0m0s", "--cluster.tls-config=",
            "--cluster.allow-insecure-public-advertise-address-discovery", "--cluster.label=", "--log.format=logfmt",
            "--web.ui-path=/usr/share/prometheus/alertmanager/ui")
        self.assertEqual(self.post(address, "a"), 200)
        self.assertEqual(json.loads(get(address, "/api/v2/status")[1])["cluster"]["peers"][0]["address"], "10.0.0.1:9094")

    def test_what_cannot_be_honoured_is_refused(self):
        self.route()
        for flag, code, said in (("--web.config.file=web.yml", 3, "open web.yml: no such file"), ("--web.systemd-socket", 2, "--web.listen-address"),
                                 ("--enable-feature=magic", 2, "magic"), ("--enable-feature=classic-mode,utf8-strict-mode", 2, "exclude"), ("--data.retention=soon", 2, "soon"),
                                 ("--no-such-flag", 2, "no-such-flag")):
            with self.subTest(flag=flag):
                ended, _, err = run("alertmanager", f"--config.file={self.folder / 'am.yml'}", f"--storage.path={self.folder / 'd'}", flag)
                self.assertEqual(ended, code, err)
                self.assertIn(said, err)

    def test_receivers_that_hang_delay_no_other(self):
        """Ten of them, three groups each, and the one that answers."""
        held = queue.Queue()

        async def say_nothing(reader, writer):
            held.put(writer)
            await reader.read()

        hanging = LoopServer(say_nothing)
        self.addCleanup(hanging.stop)
        names = [f"hangs{i}" for i in range(10)]
        routes = "".join(f"  - {{receiver: {name}, matchers: [kind=hangs], continue: true}}\n" for name in names)
        receivers = "".join(f"- {{name: {name}, webhook_configs: [{{url: 'http://127.0.0.1:{hanging.port}/{name}'}}]}}\n" for name in names)
        self.write("am.yml", "route:\n  receiver: good\n  group_by: [alertname]\n  group_wait: 1ms\n  group_interval: 5m\n  routes:\n" + routes +
                   f"receivers:\n- {{name: good, webhook_configs: [{{url: 'http://{self.receiver_address}/hook'}}]}}\n" + receivers)
        process, address = self.alertmanager()
        bad = [{"labels": {"alertname": f"b{i}", "kind": "hangs"}} for i in range(3)]
        get(address, "/api/v2/alerts", {"Content-Type": "application/json"}, "POST", json.dumps(bad).encode())
        for _ in range(len(names) * len(bad)):
            held.get(timeout=DEADLINE)
        begun = time.monotonic()
        self.assertEqual(self.post(address, "a"), 200)
        self.assertEqual(self.next_message(), ("firing", ["a"]))
        self.assertLess(time.monotonic() - begun, 5)
        process.child.kill()  # it would wait for those that hang

    def test_it_is_killed_and_goes_on(self):
        self.route(repeat="1h")
        process, address = self.alertmanager()
        self.post(address, "a")
        self.assertEqual(self.next_message(), ("firing", ["a"]))
        process.child.kill()
        process.wait()
        _, address = self.alertmanager()
        self.assertEqual(self.post(address, "a", "b"), 200)
        said = self.next_message()
        # A message that was taken when the kill came, and not yet written down as told, is sent once more.
        self.assertEqual(self.next_message() if said == ("firing", ["a"]) else said, ("firing", ["a", "b"]))


class TestReceiver(Story):
    def try_out(self, name, *flags):
        return run("alertmanager", "test-receiver", name, f"--config.file={self.folder / 'am.yml'}", *flags)

    def test_a_receiver_is_told_that_it_is_a_test(self):
        hook, address = self.receiver()
        self.write("am.yml", ROUTING.format(wait="1s", interval="1s", repeat="1h", receiver=address))
        code, out, err = self.try_out("default")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([line.split() for line in out.splitlines()], [["webhook[0]", "firing", "told"], ["webhook[0]", "resolved", "told"]])
        for status in ("firing", "resolved"):
            message = self.notification(hook, lambda path, body: True)["body"]
            self.assertEqual(message["status"], status)
            self.assertIn("test of receiver default", message["alerts"][0]["annotations"]["summary"])

    def test_what_is_not_taken_is_told(self):
        self.write("am.yml", ROUTING.format(wait="1s", interval="1s", repeat="1h", receiver="127.0.0.1:1/S3CRET"))
        code, out, _ = self.try_out("default", "--timeout=5s")
        self.assertEqual(code, 1)
        self.assertIn("failed: ", out)
        self.assertNotIn("S3CRET", out)
        code, _, err = self.try_out("nobody")
        self.assertEqual(code, 1)
        self.assertIn('no receiver "nobody"', err)
        self.assertEqual(self.try_out("default", "--timeout=soon")[0], 2)


class AmtoolAtAlertmanager(amtool_test.Amtool):
    """What amtool does at `tocsin run` it does here too."""

    def tocsin(self, *flags, **options):
        process = self.start(TOCSIN, "alertmanager", f"--config.file={self.folder / 'alertmanager.yml'}",
                             "--web.listen-address=127.0.0.1:0", f"--storage.path={self.folder / 'data'}", *flags, **options)
        return process, process.wait_for(r'msg="Listening on" .*\baddress=(\S+)')[1]

    def test_the_cluster_is_shown(self):
        self.assertIn("ready", self.amtool("cluster", "show"))
        self.assertIn("0.0.0.0:9094", self.amtool("cluster", "show", "-o", "extended"))


if __name__ == "__main__":
    main()
