#!/usr/bin/env python3
"""kill -9 in the middle of a storm: alerts and silences posted over the API, receivers that fail and answer late, and an account of
every alert at the end.

TOCSIN_KILLS says how often the daemon is killed (100), TOCSIN_SEED what chance does (1)."""
import http.server
import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request

from harness import DEADLINE, Story, get, main

KILLS = int(os.environ.get("TOCSIN_KILLS", "100"))
SEED = int(os.environ.get("TOCSIN_SEED", "1"))
ALERTS_AT_A_TIME = 30
SILENCED_AT_A_TIME = 8
HOOKS = ("/a", "/b")
FAR = "2100-01-01T00:00:00.000Z"

ROUTING = """
route:
  receiver: pager
  group_by: [group]
  group_wait: 50ms
  group_interval: 200ms
  repeat_interval: 4h
  routes: [{{receiver: a, continue: true}}, {{receiver: b, continue: true}}, {{receiver: pager}}]
receivers:
- name: a
  webhook_configs: [{{url: 'http://{receiver}/a'}}]
- name: b
  webhook_configs: [{{url: 'http://{receiver}/b'}}]
- name: pager
  pagerduty_configs: [{{routing_key: k, url: 'http://{receiver}/pager'}}]
"""


class Receivers:
    """Two webhooks and a pager that write down what they were told. Some requests are refused, and some taken without an answer in
    time: a kill may come before it."""

    def __init__(self, storm, chance):
        self.told = {(path, status): set() for path in HOOKS for status in ("firing", "resolved")}
        self.incidents = {}  # dedup key to whether it is open
        self.requests = 0
        receivers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                if len(text) < int(self.headers["Content-Length"]):
                    return  # killed in the middle of it
                body = json.loads(text)
                with storm.changed:
                    receivers.requests += 1
                    refused = not storm.calm and chance.random() < 0.1
                    if not refused:
                        receivers.take(self.path, body)
                # Between taking a message and answering is a good moment for a kill.
                storm.happened()
                try:
                    self.send_response(503 if refused else 202)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # it was killed
                storm.happened()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "%s:%d" % self.server.server_address
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, body):
        if path == "/pager":
            self.incidents[body["dedup_key"]] = body["event_action"] == "trigger"
            return
        for alert in body["alerts"]:
            self.told[path, alert["status"]].add((alert["labels"]["id"], alert["annotations"]["life"]))

    def all_know(self, alert, status):
        return all(alert in self.told[path, status] for path in HOOKS)

    def anybody_knows(self, alert, status):
        return any(alert in self.told[path, status] for path in HOOKS)


class Storm:
    """What was posted and answered for. An alert is (id, which of its lives); each is told of before the next thing happens to it."""

    def __init__(self):
        self.changed = threading.Condition()  # guards everything here and at the receivers
        self.chance = random.Random(SEED)
        self.receivers = Receivers(self, random.Random(SEED + 1))
        self.calm = False  # no more kills, no more failures
        self.address = None
        self.daemon = None
        self.moments_left = 0  # until the next kill
        self.firing = {}  # id to life, answered for
        self.ends = {}  # id to when it will end, as last answered for
        self.repetitions = 0
        self.ended = set()  # alerts whose end was answered for
        self.silences = {}  # id to the alert that it silences, answered for
        self.expired = set()
        self.lives = 0
        self.busy = set()  # ids that something is being done to

    def live(self, daemon, address):
        with self.changed:
            self.daemon, self.address = daemon, address
            # Sometimes at once, sometimes after a while.
            self.moments_left = self.chance.choice((self.chance.randint(1, 20), self.chance.randint(1, 300)))
            self.changed.notify_all()

    def happened(self):
        """One more moment at which a kill may come."""
        with self.changed:
            self.changed.notify_all()
            if self.calm or self.daemon is None:
                return
            self.moments_left -= 1
            if self.moments_left <= 0:
                self.daemon.signal(signal.SIGKILL)
                self.daemon = self.address = None

    def ask(self, method, path, body=None):
        """The answer, however many lives of the daemon it takes."""
        data = None if body is None else json.dumps(body).encode()
        while True:
            with self.changed:
                if not self.changed.wait_for(lambda: self.address, DEADLINE):
                    raise AssertionError("the daemon did not come back")
                address = self.address
            self.happened()
            request = urllib.request.Request(f"http://{address}{path}", data, {"Content-Type": "application/json"}, method=method)
            try:
                with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None
            except OSError:
                with self.changed:
                    # Only a kill is an excuse.
                    assert not self.calm or address != self.address, f"{method} {path}: no answer"

    def post(self, alerts, ends_at):
        self.ask("POST", "/api/v2/alerts", [{"labels": {"alertname": "Storm", "id": name, "group": str(hash_of(name) % 4)},
                                             "annotations": {"life": life}, "endsAt": ends_at} for name, life in alerts])

    def fire(self, name):
        with self.changed:
            self.lives += 1
            alert = (name, str(self.lives))
        self.post([alert], FAR)
        with self.changed:
            self.firing[name], self.ends[name] = alert[1], FAR
        self.happened()

    def repeat(self, names):
        """As Prometheus says from time to time that alerts still fire: all at once, with another end."""
        with self.changed:
            self.repetitions += 1
            ends = f"2100-01-01T{self.repetitions // 60 % 24:02}:{self.repetitions % 60:02}:01.000Z"
            alerts = [(name, self.firing[name]) for name in names]
        self.post(alerts, ends)
        with self.changed:
            self.ends.update((name, ends) for name in names)
        self.happened()

    def resolve(self, alert):
        self.post([alert], "2020-01-01T00:00:00Z")
        with self.changed:
            del self.firing[alert[0]]
            self.ended.add(alert)
        self.happened()

    def silence(self, name):
        begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400)) for days in (-1, 365))
        answer = self.ask("POST", "/api/v2/silences", {
            "matchers": [{"name": "id", "value": name, "isRegex": False, "isEqual": True}], "startsAt": begin, "endsAt": end,
            "createdBy": "storm", "comment": "kept over kills"})
        with self.changed:
            self.silences[json.loads(answer)["silenceID"]] = name
        self.happened()

    def expire(self, silence):
        self.ask("DELETE", f"/api/v2/silence/{silence}")
        with self.changed:
            self.expired.add(silence)
        self.happened()

    def rage(self):
        """Until it is calm: alerts begin, end and begin again, some of them silenced."""
        while True:
            with self.changed:
                if self.calm:
                    return
                step = self.next_step()
                if step is None:
                    self.changed.wait(DEADLINE)
                    continue
            step()

    def next_step(self):
        """None while everybody is still being told."""
        silenced = self.silenced()
        idle = sorted(silenced & set(self.firing) - self.busy)
        if len(silenced) >= SILENCED_AT_A_TIME and idle:
            name = self.chance.choice(idle)
            return self.alone_with([name], lambda: self.end_silences(name))
        calm = sorted(set(self.firing) - self.busy)
        if len(calm) > 1 and self.chance.random() < 0.2:
            return self.alone_with(calm, lambda: self.repeat(calm))
        loud = [alert for alert in self.firing.items() if alert[0] not in silenced]
        told = [alert for alert in loud if alert[0] not in self.busy and self.receivers.all_know(alert, "firing")]
        if told and self.chance.random() < 0.6:
            alert = self.chance.choice(told)
            return self.alone_with([alert[0]], lambda: self.resolve(alert))
        if len(self.firing) + len(self.busy) >= ALERTS_AT_A_TIME:
            return None
        self.lives += 1
        if self.chance.random() < 0.15:
            return self.alone_with([f"quiet-{self.lives}"], lambda name=f"quiet-{self.lives}": self.begin_silenced(name))
        unrested = {alert[0] for alert in self.ended if not self.receivers.all_know(alert, "resolved")}
        rested = sorted({name for name, _ in self.ended} - unrested - self.busy - set(self.firing))
        name = self.chance.choice(rested + [f"alert-{self.lives}"])
        return self.alone_with([name], lambda: self.fire(name))

    def alone_with(self, names, step):
        self.busy.update(names)

        def run():
            step()
            with self.changed:
                self.busy.difference_update(names)
                self.changed.notify_all()
        return run

    def silenced(self):
        return {name for silence, name in self.silences.items() if silence not in self.expired}

    def end_silences(self, name=None):
        """All of an alert, or of all of them: one whose answer a kill swallowed was asked for again and is there twice."""
        for silence in json.loads(self.ask("GET", "/api/v2/silences")):
            if name in (None, silence["matchers"][0]["value"]):
                self.expire(silence["id"])

    def begin_silenced(self, name):
        self.silence(name)
        self.fire(name)


def hash_of(name):
    """The same in every run, unlike Python's own."""
    return sum(name.encode())


class StormTest(Story):
    def setUp(self):
        super().setUp()
        self.storm = Storm()
        self.addCleanup(self.storm.receivers.server.server_close)
        self.addCleanup(self.storm.receivers.server.shutdown)
        self.write("prometheus.yml", "rule_files: []\n")
        self.write("alertmanager.yml", ROUTING.format(receiver=self.storm.receivers.address))

    def wait_for(self, what, holds):
        with self.storm.changed:
            self.assertTrue(self.storm.changed.wait_for(holds, DEADLINE), what)

    def check_silences(self, address, silences, expired):
        """What was answered for before the kill is there after it."""
        states = {silence["id"]: silence["status"]["state"] for silence in json.loads(get(address, "/api/v2/silences")[1])}
        for silence in silences:
            # One whose end was asked for and not answered may have ended or not.
            self.assertIn(states.get(silence), ("active", "expired"), silence)
        for silence in expired:
            self.assertEqual(states.get(silence), "expired", silence)

    def check_alerts(self, address, known):
        """They still fire, as they are, and until then."""
        shown = {alert["labels"]["id"]: alert for alert in json.loads(get(address, "/api/v2/alerts")[1])}
        for name, (life, ends) in known.items():
            self.assertIn(name, shown)
            self.assertEqual((shown[name]["annotations"]["life"], shown[name]["endsAt"]), (life, ends), name)

    def calm_down(self):
        """No kills any more: everything that fires is told, the silenced are let out, everything ends."""
        storm, receivers = self.storm, self.storm.receivers
        silenced = storm.silenced()
        loud = [alert for alert in storm.firing.items() if alert[0] not in silenced]
        quiet = [alert for alert in storm.firing.items() if alert[0] in silenced]
        for alert in loud:
            self.wait_for(f"nobody heard of {alert}", lambda alert=alert: receivers.all_know(alert, "firing"))
        for alert in quiet:
            self.assertFalse(receivers.anybody_knows(alert, "firing"), f"{alert} was told in spite of its silence")
        storm.end_silences()
        for alert in quiet:
            self.wait_for(f"nobody heard of {alert}", lambda alert=alert: receivers.all_know(alert, "firing"))
        for alert in loud + quiet:
            storm.resolve(alert)
        for alert in storm.ended:
            self.wait_for(f"nobody heard of the end of {alert}", lambda alert=alert: receivers.all_know(alert, "resolved"))
        self.wait_for(f"incidents are open: {receivers.incidents}", lambda: not any(receivers.incidents.values()))

    def waiting(self, address):
        receivers = json.loads(get(address, "/api/v2/receivers")[1])
        self.assertEqual(len(receivers), 3)
        return [integration["waiting"] for receiver in receivers for integration in receiver["integrations"]]

    def test_every_alert_is_accounted_for(self):
        storm = self.storm
        workers = [threading.Thread(target=storm.rage, daemon=True) for _ in range(3)]
        daemon, address = self.tocsin()
        storm.live(daemon, address)
        for worker in workers:
            worker.start()
        for kill in range(KILLS):
            self.assertEqual(daemon.wait(), -signal.SIGKILL, daemon.lines)
            with storm.changed:
                silences, expired = set(storm.silences), set(storm.expired)
                known = {name: (life, storm.ends[name]) for name, life in storm.firing.items() if name not in storm.busy}
            daemon, address = self.tocsin()
            self.check_silences(address, silences, expired)
            self.check_alerts(address, known)
            if kill == KILLS - 1:
                with storm.changed:
                    storm.calm = True
            storm.live(daemon, address)
        for worker in workers:
            worker.join(DEADLINE)
            self.assertFalse(worker.is_alive())
        self.calm_down()
        self.assertGreater(len(storm.ended), KILLS)
        self.assertGreater(storm.repetitions, KILLS)
        self.assertTrue(storm.receivers.incidents)
        self.assertEqual(json.loads(get(address, "/api/v2/alerts")[1]), [])
        # The daemon may still have to read the last answer, or to try once more what was told already.
        end = time.monotonic() + DEADLINE
        while any(self.waiting(address)):
            self.assertLess(time.monotonic(), end, self.waiting(address))
        print(f"{KILLS} kills, {len(storm.ended)} alerts, {len(storm.silences)} silences, {storm.repetitions} repetitions, {storm.receivers.requests} messages")


if __name__ == "__main__":
    main()
