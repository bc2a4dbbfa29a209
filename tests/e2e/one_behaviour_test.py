#!/usr/bin/env python3
"""One behaviour: what a recording says offline is what the daemon does. The same fixture is replayed by `tocsin replay`, and served live, a
scrape a second on the real clock, to a daemon with the same rules and routing: both tell the same receivers the same messages in the same
order, and at the same seconds."""
import datetime
import http.server
import json
import re
import shutil
import threading
import time

from harness import DEADLINE, Story, main, run

BEGIN = 1772359200  # 2026-03-01T10:00:00Z, that of the fixture
SECONDS = 44
ATTEMPTS = 3

RULES = """
groups:
  - name: shop
    rules:
      - record: job:errors:rate5s
        expr: sum by (job) (rate(errors_total[5s]))
      - alert: TooManyErrors
        expr: job:errors:rate5s > 3
        for: 2s
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }}: {{ $value | printf "%.2f" }} errors a second'}
      - alert: QueueBacklog
        expr: queue_depth > 100
        keep_firing_for: 3s
        labels: {severity: ticket}
        annotations: {summary: '{{ $labels.queue }} has {{ $value }}'}
      - alert: TargetDown
        expr: up == 0
        for: 1s
        labels: {severity: page}
"""

# Groups are told between two scrapes: what is due at the same moment is a race on the real clock, and either end of it is right.
ROUTING = """
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 500ms
  group_interval: 3s
  repeat_interval: 9s
  routes:
    - {matchers: ['severity = page'], receiver: pager, continue: true}
    - {matchers: ['severity = page'], receiver: ops, repeat_interval: 1h}
    - {matchers: ['severity = ticket'], receiver: chat}
inhibit_rules:
  - {source_matchers: ['alertname = TargetDown'], target_matchers: ['alertname = QueueBacklog'], equal: [job]}
receivers:
  - name: pager
    pagerduty_configs: [{url: 'http://WORLD/pager', routing_key: thekey}]
  - name: ops
    webhook_configs: [{url: 'http://WORLD/ops'}]
  - name: chat
    slack_configs: [{api_url: 'http://WORLD/chat', channel: '#shop', send_resolved: true}]
"""

CONFIGURATION = """
global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {site: north}}
rule_files: [rules.yml]
scrape_configs:
  - {job_name: shop, metrics_path: /shop, static_configs: [{targets: ['WORLD']}], relabel_configs: [{target_label: instance, replacement: 'shop:1'}]}
  - {job_name: mail, metrics_path: /mail, static_configs: [{targets: ['WORLD']}], relabel_configs: [{target_label: instance, replacement: 'mail:1'}]}
"""


def scrape(job, second):
    """What a target says that second: samples without the labels of the target; nothing when it is away."""
    if job == "shop":
        return [("errors_total", second + 9 * min(max(second - 6, 0), 10))]  # many of them from 6 to 16
    if 24 <= second < 31:
        return None
    queues = {"in": 150 if 12 <= second < 19 or 34 <= second < 37 else 20, "out": 5}
    return [(f'queue_depth{{queue="{name}"}}', depth) for name, depth in queues.items() if (name, second % 8) != ("out", 3)]


def fixture():
    lines = []
    for second in range(SECONDS):
        for job in ("shop", "mail"):
            target, samples = f'instance="{job}:1",job="{job}"', scrape(job, second)
            lines.append(f"up{{{target}}} {0 if samples is None else 1} {BEGIN + second}")
            for name, value in samples or []:
                lines.append(f"{name[:-1]},{target}}} {value} {BEGIN + second}" if name.endswith("}") else f"{name}{{{target}}} {value} {BEGIN + second}")
    return "\n".join(lines) + "\n# EOF\n"


class World(http.server.ThreadingHTTPServer):
    """Both targets and all receivers. The nth scrape of a target gets what the fixture has of its nth second."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server_address[1]
        self.lock = threading.Lock()
        self.scrapes = {"shop": [], "mail": []}  # when they were
        self.told = []                           # (when, receiver, body)
        self.played = threading.Event()          # all of the fixture was served
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """The daemon is stopped while connections are open."""

    def next_scrape(self, job):
        with self.lock:
            self.scrapes[job].append(time.time())
            if min(map(len, self.scrapes.values())) >= SECONDS:
                self.played.set()
            return scrape(job, min(len(self.scrapes[job]), SECONDS) - 1)

    def kept_pace(self):
        """Whether each tick of a second had its scrape: a machine that is too busy misses some."""
        ticks = [[int(at) for at in times[:SECONDS]] for times in self.scrapes.values()]
        return all(seen == list(range(ticks[0][0], ticks[0][0] + SECONDS)) for seen in ticks)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        samples = self.server.next_scrape(self.path[1:])
        self.answer(200 if samples is not None else 503, "".join(f"{name} {value}\n" for name, value in samples or []))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.told.append((time.time(), self.path[1:], body))
        self.answer(202 if self.path == "/pager" else 200, "ok" if self.path == "/chat" else "{}")


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def relative(body, begin):
    """A message with its moments as seconds since the first scrape, and without its secret."""
    def moment(found):
        return found[0] if found[0].startswith("0001") else f"{at(found[0]) - begin:+.3f}s"
    return MOMENT.sub(moment, json.dumps(body, sort_keys=True)).replace("thekey", "<secret>")


def order(told):
    """What two receivers are told in the same second is under way at the same time."""
    return int(told[0]), told[1]


class OneBehaviour(Story):
    def set_up(self, address):
        self.write("rules.yml", RULES)
        self.write("alertmanager.yml", ROUTING.replace("WORLD", address))
        self.write("prometheus.yml", CONFIGURATION.replace("WORLD", address))
        self.write("outage.om", fixture())

    def replayed(self):
        status, said, talk = run("replay", "--fixture=outage.om", "--config.file=prometheus.yml", "--alertmanager.config=alertmanager.yml",
                                 "--web.external-url=http://tocsin.example", "--format=json", cwd=self.folder)
        self.assertEqual(status, 0, talk)
        return [(at(line["time"]) - BEGIN, line["receiver"], relative(line["messages"][0]["body"], BEGIN)) for line in map(json.loads, said.splitlines())]

    def lived(self, world):
        """The same of a daemon that runs until the fixture is over."""
        process, _ = self.tocsin("--config.file=prometheus.yml", "--alertmanager.config-file=alertmanager.yml", "--web.external-url=http://tocsin.example")
        self.assertTrue(world.played.wait(SECONDS + DEADLINE), "the daemon scrapes all of it")
        process.stop()
        begin = int(world.scrapes["shop"][0])
        return [(when - begin, receiver, relative(body, begin)) for when, receiver, body in world.told]

    def lived_in_pace(self, offline):
        """The same of a daemon whose machine missed no scrape and delivered everything in time: a busy one gets some attempts."""
        for _ in range(ATTEMPTS):
            world = World()
            self.addCleanup(world.server_close)
            self.addCleanup(world.shutdown)
            self.set_up(world.address)
            shutil.rmtree(self.folder / "data", ignore_errors=True)
            (self.folder / "data").mkdir()
            live = sorted(self.lived(world), key=order)
            late = [told for told, expected in zip(live, offline) if abs(told[0] - expected[0]) > 0.45]
            if world.kept_pace() and not late:
                return live
        self.fail(f"{ATTEMPTS} times this machine missed scrapes or messages came at another time than they should: {late}")

    def test_a_fixture_served_live_and_replayed_offline_tells_the_same(self):
        self.set_up("127.0.0.1:9")
        offline = sorted(self.replayed(), key=order)
        # The story has all that can differ: two receivers of one alert, repeats, ends, a scrape that fails, an inhibition.
        self.assertGreater(len(offline), 12)
        self.assertEqual({receiver for _, receiver, _ in offline}, {"pager", "ops", "chat"})
        self.assertTrue(any("TargetDown" in body for _, _, body in offline))
        live = self.lived_in_pace(offline)
        self.assertEqual([told[1:] for told in live], [told[1:] for told in offline])


if __name__ == "__main__":
    main()
