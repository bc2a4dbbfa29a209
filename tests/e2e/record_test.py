#!/usr/bin/env python3
"""Metrics are recorded from live targets and from a real Prometheus that scraped the same ones: replayed, both tell the same people the
same things."""
import base64
import http.server
import json
import re
import signal
import threading
import time
import urllib.parse
import urllib.request

from harness import DEADLINE, PEERS, TOCSIN, Story, main, run

PROMETHEUS = PEERS / "prometheus" / "usr" / "bin" / "prometheus"

CONFIG = """\
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
- job_name: ironforge
  static_configs: [{targets: ['ADDRESS']}]
"""
RULES = """\
groups:
- name: g
  rules:
  - {record: pool:idle, expr: 'sum by (job) (db_pool_connections{state="idle"})'}
  - {alert: Dry, expr: 'pool:idle < 5', for: 2s, labels: {severity: page}}
  - {alert: Down, expr: 'up{job="ironforge"} == 0'}
"""
ROUTING = """\
route: {receiver: pager, group_by: [alertname], group_wait: 1s, group_interval: 5s}
receivers:
- name: pager
  webhook_configs: [{url: 'http://127.0.0.1:1/'}]
"""


def fault(address, name, method):
    urllib.request.urlopen(urllib.request.Request(f"http://{address}/faults/{name}", method=method), timeout=10).read()


class Api:
    """A server that speaks Prometheus' API and has one series, with a sample each minute; some questions it refuses."""

    def __init__(self):
        self.refuses = lambda query: False
        self.wanted = {}  # headers
        self.asked_for_samples = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, query, end):
        series = {"metric": {"__name__": "db_pool_connections", "instance": "db-1", "job": "j", "state": "idle"}}
        has_samples = "db_pool_connections" in query
        if "count_over_time" in query:
            series["value"] = [end, "5"]
        else:
            self.asked_for_samples.append(query)
            length = int(re.search(r"\[(\d+)ms\]", query)[1]) / 1000
            series["values"] = [[t, "5"] for t in range(0, 1201, 60) if end - length < t <= end]
        if self.refuses(query):
            return 422, {"status": "error", "errorType": "execution", "error": "refused here"}
        return 200, {"status": "success", "data": {"resultType": "any", "result": [series] if has_samples else []}}

    def _handler(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                question = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if any(self.headers[name] != value for name, value in api.wanted.items()):
                    return self.send_error(401)
                code, body = api._answer(question["query"][0], float(question["time"][0]))
                answer = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return Handler


class Record(Story):
    def setUp(self):
        super().setUp()
        self.target, self.address = self.demo_target()
        self.write("prometheus.yml", CONFIG.replace("ADDRESS", self.address))
        self.write("rules.yml", RULES)
        self.write("alertmanager.yml", ROUTING)

    def told(self, fixture):
        status, said, talk = run("replay", f"--fixture={fixture}", f"--config.file={self.folder / 'prometheus.yml'}",
                                 f"--alertmanager.config={self.folder / 'alertmanager.yml'}", "--format=json",
                                 f"--end={time.time() + 30}")  # groups are flushed some seconds after the last poll
        self.assertEqual(status, 0, talk)
        return [(line["receiver"], line["status"], line["groupLabels"], len(line["alerts"]))
                for line in map(json.loads, said.splitlines())]

    def live(self, output, *flags):
        process = self.start(TOCSIN, "record", f"--config.file={self.folder / 'prometheus.yml'}", f"--output={output}", *flags)
        process.wait_for("recording ")
        return process

    def wait_for_scrape(self, server):
        """Prometheus begins to scrape some seconds after it is ready."""
        end = time.monotonic() + DEADLINE
        while run("query", "instant", "up == 1", f"--server={server}")[1] == "":
            self.assertLess(time.monotonic(), end, "Prometheus does not scrape")

    def test_live_targets_for_a_time(self):
        output = self.folder / "short.om"
        process = self.live(output, "--duration=3s", "--anonymise=instance")
        self.assertEqual(process.wait(), 0)
        text = output.read_text()
        self.assertRegex(text, r'db_pool_connections\{.*instance="instance-[0-9a-f]{12}",.*state="idle"\} \d+ \d+')
        self.assertRegex(text, r'up\{instance="instance-[0-9a-f]{12}",job="ironforge"\} 1 ')
        self.assertNotIn(self.address, text)
        self.assertNotIn("go_goroutines", text)
        self.assertTrue(text.endswith("# EOF\n"))

    def test_a_server_that_scraped_the_same_targets_gives_the_same_notifications(self):
        if not PROMETHEUS.exists():
            self.skipTest("Debian's prometheus is not there: make peers")
        receiver, receiver_address = self.receiver()
        self.write("alertmanager.yml", ROUTING.replace("127.0.0.1:1", receiver_address))
        prometheus = self.start(PROMETHEUS, f"--config.file={self.folder / 'prometheus.yml'}", "--web.listen-address=127.0.0.1:0",
                                f"--storage.tsdb.path={self.folder / 'tsdb'}")
        server = "http://" + prometheus.wait_for(r'msg="Listening on" address=(\S+)')[1]
        self.wait_for_scrape(server)
        begin = time.time()
        live = self.live(self.folder / "live.om.zst")
        self.tocsin()
        fault(self.address, "pool", "POST")
        self.notification(receiver, lambda _, body: body["status"] == "firing")
        fault(self.address, "pool", "DELETE")
        self.notification(receiver, lambda _, body: body["status"] == "resolved")
        live.signal(signal.SIGINT)
        self.assertEqual(live.wait(), 0)
        # The daemon told both; so does what was recorded meanwhile, and what Prometheus has.
        told = self.told(self.folder / "live.om.zst")
        self.assertEqual([(receiver, status) for receiver, status, _, _ in told], [("pager", "firing"), ("pager", "resolved")])

        fetched = self.folder / "fetched.om.gz"
        status, said, talk = run("record", f"--from={server}", f"--config.file={self.folder / 'prometheus.yml'}",
                                 f"--start={begin}", f"--output={fetched}", "--piece=5s")
        self.assertEqual((status, said), (0, ""), talk)
        self.assertRegex(talk, r"about \d+ series with \d+ samples, .* of text")
        self.assertRegex(talk, r"fetched.om.gz: \d+ series, \d+ samples")
        self.assertEqual(self.told(fetched), told)
        self.assertEqual(sorted(path.name for path in self.folder.glob("fetched*")), ["fetched.om.gz"])

    def fetch(self, server, output, *flags):
        return run("record", f"--from={server.address}", f"--rules={self.folder / 'rules.yml'}", f"--output={output}", "--start=1000",
                   "--end=1200", *flags)

    def api(self):
        server = Api()
        self.addCleanup(server.stop)
        return server

    def test_a_server_that_cannot_say_how_much_it_will_be(self):
        server, output = self.api(), self.folder / "x.om"
        server.refuses = lambda query: "count_over_time" in query
        status, _, talk = self.fetch(server, output, "--estimate")
        self.assertEqual((status, output.exists()), (3, False), talk)
        status, _, talk = self.fetch(server, output)
        self.assertEqual(status, 0, talk)
        self.assertIn("how much it will be is not known: ", talk)
        self.assertIn('db_pool_connections{instance="db-1",job="j",state="idle"} 5 1080\n', output.read_text())

    def test_what_a_fetch_has_got_so_far_is_not_lost(self):
        server, output = self.api(), self.folder / "x.om"
        part, state = self.folder / "x.om.part", self.folder / "x.om.part.json"
        flags = ("--anonymise=instance", "--piece=5m")
        server.refuses = lambda query: len(server.asked_for_samples) > 3
        broken = self.fetch(server, output, *flags, "--anonymise-key=one")
        self.assertEqual((broken[0], state.exists()), (3, True), broken)
        kept = part.read_bytes()
        server.refuses = lambda query: False
        status, _, talk = self.fetch(server, output, *flags, "--anonymise-key=two")
        self.assertEqual(status, 1, talk)
        self.assertIn("was begun with another --anonymise-key", talk)
        status, _, talk = run("record", f"--config.file={self.folder / 'prometheus.yml'}", f"--output={output}", "--duration=1s")
        self.assertEqual(status, 1, talk)
        self.assertIn("is what a fetch from a server has got so far", talk)
        self.assertEqual(part.read_bytes(), kept)
        status, _, talk = self.fetch(server, output, *flags)
        self.assertEqual((status, state.exists()), (0, False), talk)
        self.assertIn("goes on with", talk)
        self.assertTrue(output.read_bytes().startswith(kept))

    def test_a_server_that_asks_who_it_is(self):
        server, output = self.api(), self.folder / "x.om"
        self.write("password", "s3cret\n")
        access = self.write("http.yml", "basic_auth: {username: recorder, password_file: password}\nhttp_headers: {X-Scope: {values: [shop]}}\n")
        server.wanted = {"Authorization": "Basic " + base64.b64encode(b"recorder:s3cret").decode(), "X-Scope": "shop"}
        status, _, talk = self.fetch(server, output)
        self.assertEqual((status, output.exists()), (3, False))
        self.assertIn("the server answered with status 401", talk)
        status, _, talk = self.fetch(server, output, f"--http.config.file={access}")
        self.assertEqual(status, 0, talk)
        self.assertIn(" 5 1080\n", output.read_text())
        server.wanted = {"Authorization": "Bearer t0ken"}
        self.write("http.yml", "authorization: {credentials: wr0ng}\n")
        (self.folder / "x.om").unlink()
        status, _, talk = self.fetch(server, output, f"--http.config.file={access}")
        self.assertEqual(status, 3)
        self.write("http.yml", "bearer_token: t0ken\n")
        answer = self.fetch(server, output, f"--http.config.file={access}")
        self.assertEqual(answer[0], 0, answer)
        everything = talk + "".join(answer[1:]) + "".join(path.read_text() for path in self.folder.glob("x.om*"))
        for secret in ("s3cret", "wr0ng", "t0ken"):
            self.assertNotIn(secret, everything)

    def test_an_http_configuration_that_is_bad(self):
        server, output = self.api(), self.folder / "x.om"
        for text, says in (("basic_auth: {username: x}\nbearer_token: s3cret\n", "http.yml:"), ("nonsense: s3cret\n", "http.yml:1:1: ")):
            access = self.write("http.yml", text)
            status, _, talk = self.fetch(server, output, f"--http.config.file={access}")
            self.assertEqual(status, 1, talk)
            self.assertIn(says, talk)
            self.assertNotIn("s3cret", talk)
        self.write("http.yml", "basic_auth: {username: x, password_file: nowhere}\n")
        status, _, talk = self.fetch(server, output, f"--http.config.file={access}")
        self.assertEqual(status, 3)
        self.assertIn("nowhere", talk)
        self.assertEqual(self.fetch(server, output, "--http.config.file=nowhere.yml")[0], 3)
        self.assertEqual(server.asked_for_samples, [])
        self.assertEqual(run("record", f"--config.file={self.folder / 'prometheus.yml'}", f"--output={output}", f"--http.config.file={access}")[0], 2)

    def test_what_cannot_be_recorded(self):
        rules, output = self.folder / "rules.yml", self.folder / "x.om"
        self.assertEqual(run("record", f"--output={output}")[0], 2)
        self.assertEqual(run("record", f"--from=http://127.0.0.1:1", f"--rules={rules}", f"--output={output}")[0], 2)
        status, _, talk = run("record", "--from=http://127.0.0.1:1", f"--rules={rules}", f"--output={output}", "--start=1", "--end=2")
        self.assertEqual(status, 3)
        status, _, talk = run("record", f"--config.file={self.folder / 'prometheus.yml'}", "--output=x.txt", "--duration=1s")
        self.assertEqual(status, 1)
        self.assertIn("x.txt: a fixture's name ends in .om, .om.gz or .om.zst", talk)
        self.assertFalse(output.exists())


if __name__ == "__main__":
    main()
