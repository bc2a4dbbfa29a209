#!/usr/bin/env python3
"""Rules and routing over recorded metrics: who would have been told what, and when; and what is said of a bad recording."""
import gzip
import json
import os
import pty
import subprocess

from harness import DEADLINE, EXAMPLE, TOCSIN, Story, main, run

START = 1772359200  # 2026-03-01T10:00:00Z
TARGET = 'instance="localhost:8088",job="ironforge"'


def recorded(minutes=30, dry=range(2 * 60, 10 * 60)):
    """The example's backend, scraped each 15 s, whose pool is dry for some minutes."""
    lines = []
    for t in range(0, minutes * 60 + 1, 15):
        at = START + t
        lines.append(f"up{{{TARGET}}} 1 {at}")
        lines.append(f'db_pool_connections{{{TARGET},state="idle"}} {2 if t in dry else 16} {at}')
        lines.append(f'db_pool_connections{{{TARGET},state="active"}} 4 {at}')
        lines.append(f"go_goroutines{{{TARGET}}} {t % 60} {at}")
    return lines


def text_of(lines):
    return "\n".join(lines) + "\n# EOF\n"


class Replay(Story):
    def replay(self, fixture, *flags, rules=EXAMPLE / "alerts.yml", routing=EXAMPLE / "alertmanager.yml"):
        return run("replay", f"--fixture={fixture}", f"--rules={rules}", f"--alertmanager.config={routing}", *flags)

    def test_every_notification_as_text(self):
        path = self.write("outage.om", text_of(recorded()))
        status, said, talk = self.replay(path, "--alerts")
        self.assertEqual(status, 0, talk)
        heads = [line for line in said.splitlines() if line.startswith("2026")]
        alert = f'{{alertname="DatabasePoolExhausted", instance="localhost:8088", job="ironforge", severity="critical", state="idle"}}'
        group = '{alertname="DatabasePoolExhausted", severity="critical"}'
        self.assertEqual(heads, [
            f"2026-03-01T10:02:00.000Z  alert pending  {alert} value 2",
            f"2026-03-01T10:04:00.000Z  alert firing  {alert} value 2",
            f"2026-03-01T10:04:10.000Z  pagerduty pagerduty[0]  firing  {group}  (first notification)",
            f"2026-03-01T10:10:00.000Z  alert resolved  {alert} value 2",
            f"2026-03-01T10:10:10.000Z  pagerduty pagerduty[0]  resolved  {group}  (all alerts resolved)"])
        self.assertIn('"description": "[FIRING:1] DatabasePoolExhausted critical (localhost:8088 ironforge idle)"', said)
        self.assertIn('"service_key": "<secret>"', said)
        self.assertNotIn("YOUR_PAGERDUTY_SERVICE_KEY", said)
        self.assertIn("no rule reads 2 of 4 series: db_pool_connections, go_goroutines", talk)
        self.assertIn("2 notifications; pagerduty: 2", talk)

    def test_json_is_the_same_bytes_from_every_kind_of_file(self):
        plain = self.write("outage.om", text_of(recorded()))
        packed = self.folder / "outage.om.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        by_series = self.write("series.om", text_of(sorted(recorded(), key=lambda line: line.split(" ")[0])))
        answers = [self.replay(path, "--format=json") for path in (plain, plain, packed, by_series)]
        self.assertEqual({status for status, _, _ in answers}, {0})
        self.assertEqual(len({said for _, said, _ in answers}), 1)
        self.assertIn("series.om:122: from here on it is not in the order of time", answers[3][2])
        first, second = map(json.loads, answers[0][1].splitlines())
        self.assertEqual((first["time"], first["receiver"], first["status"]), ("2026-03-01T10:04:10.000Z", "pagerduty", "firing"))
        self.assertEqual(first["alerts"][0]["startsAt"], "2026-03-01T10:04:00.000Z")
        self.assertEqual(first["messages"][0]["body"]["event_type"], "trigger")
        self.assertEqual(second["messages"][0]["body"]["event_type"], "resolve")

    def test_zstd(self):
        if subprocess.run(["sh", "-c", "command -v zstd"], capture_output=True).returncode != 0:
            self.skipTest("the command zstd is not there")
        path = self.write("outage.om", text_of(recorded()))
        subprocess.run(["zstd", "-q", path], check=True)
        self.assertEqual(self.replay(self.folder / "outage.om.zst", "--format=json")[:2], self.replay(path, "--format=json")[:2])

    def test_a_window(self):
        path = self.write("outage.om", text_of(recorded()))
        status, said, talk = self.replay(path, "--brief", "--start=2026-03-01T10:05:00Z", "--end=2026-03-01T10:08:00Z")
        self.assertEqual((status, said.splitlines()[0][:24]), (0, "2026-03-01T10:07:10.000Z"), talk)  # `for: 2m` from the start on
        status, said, talk = self.replay(path, "--end=2026-03-01T12:00:00Z")
        self.assertEqual(status, 0)
        self.assertIn("--end is after the last sample", talk)
        status, said, talk = self.replay(path, "--start=2026-04-01T10:00:00Z")
        self.assertEqual((status, said), (2, ""))
        self.assertIn("--start=2026-04-01T10:00:00Z is outside of the fixture: the fixture reaches from 2026-03-01T10:00:00Z to "
                      "2026-03-01T10:30:00Z", talk)
        self.assertEqual(self.replay(path, "--start=11", "--end=10")[0], 2)
        self.assertEqual(self.replay(path, "--start=yesterday")[0], 2)

    def test_from_a_prometheus_configuration_without_routing(self):
        self.write("prometheus.yml", "global: {evaluation_interval: 15s, external_labels: {site: x}}\nrule_files: [r.yml]\n")
        self.write("r.yml", "groups: [{name: g, rules: [{alert: Dry, expr: 'db_pool_connections < 5'}]}]\n")
        path = self.write("outage.om", text_of(recorded()))
        status, said, talk = run("replay", f"--fixture={path}", f"--config.file={self.folder / 'prometheus.yml'}", "--format=json")
        self.assertEqual(status, 0)
        self.assertEqual([(line["phase"], line["labels"]["state"], line["time"][11:19]) for line in map(json.loads, said.splitlines())],
                         [("firing", "active", "10:00:00"), ("firing", "idle", "10:02:00"), ("resolved", "idle", "10:10:00")])
        self.assertIn("nobody is told", talk)

    def test_a_rule_that_fails_is_told_once(self):
        rules = self.write("r.yml", "groups: [{name: g, interval: 15s, rules: [{alert: A, expr: 'db_pool_connections * on () up'},"
                                    " {alert: B, expr: 'label_replace(db_pool_connections, \"state\", \"x\", \"\", \"\") > 0'}]}]\n")
        path = self.write("outage.om", text_of(recorded()))
        status, _, talk = self.replay(path, rules=rules)
        self.assertEqual(status, 1)
        self.assertEqual(talk.count("rule evaluation failed"), 2, talk)
        self.assertIn("2026-03-01T10:00:00.000Z WARN rules::group rule evaluation failed", talk)

    def test_one_recording_goes_on_where_another_one_ends(self):
        lines = recorded()
        whole = self.write("whole.om", text_of(lines))
        half = len(lines) // 8 * 4
        monday, tuesday = self.write("monday.om", text_of(lines[:half])), self.write("tuesday.om", text_of(lines[half:]))
        both = self.replay(monday, f"--fixture={tuesday}", "--alerts")
        self.assertEqual(both[:2], self.replay(whole, "--alerts")[:2])
        self.assertEqual(self.replay(tuesday, f"--fixture={monday}", "--alerts")[:2], both[:2])
        status, said, talk = self.replay(whole, f"--fixture={tuesday}")
        self.assertEqual(status, 1)
        self.assertRegex(talk, r"db_pool_connections\{.*\} is in .*whole.om and in .*tuesday.om at the same time, 2026-03-01T10:15:00.000Z; of a series")

    def test_names_do_not_reach_the_terminal_as_they_are(self):
        rules = self.write("r.yml", "groups: [{name: g, interval: 1s, rules: [{alert: A, expr: 'up > 0'}]}]\n")
        routing = self.write("am.yml", 'route: {receiver: "\\e]0;x\\a", group_wait: 1s, group_interval: 1s, repeat_interval: 1s}\n'
                                       'receivers: [{name: "\\e]0;x\\a", webhook_configs: [{url: "http://127.0.0.1:1/"}]}]\n')
        path = self.write("long.om", text_of([f"up 1 {START + t}" for t in range(0, 20_000, 60)]))
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        child = subprocess.Popen([TOCSIN, "replay", f"--fixture={path}", f"--rules={rules}", f"--alertmanager.config={routing}", "--brief"],
                                 stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # the other end is closed
            pass
        child.wait(timeout=DEADLINE)
        self.assertIn(b"%), ", shown)
        self.assertRegex(shown, rb"notifications; .*]0;x")
        self.assertNotIn(b"\x1b]0;", shown)

    def test_clocks_that_differ(self):
        lines = recorded()
        whole = self.replay(self.write("whole.om", text_of(lines)), "--brief")
        half = len(lines) // 8 * 4
        # A clock that is set back: what was recorded later stands first.
        status, said, talk = self.replay(self.write("back.om", text_of(lines[half:] + lines[:half])), "--brief")
        self.assertEqual((status, said), whole[:2], talk)
        self.assertRegex(talk, rf"back.om:{len(lines) - half + 1}: from here on it is not in the order of time; it was read into memory and sorted")
        self.assertRegex(talk, rf"back.om:{len(lines) - half + 1}: up\{{.*\}} goes back in time, from 2026-03-01T10:30:00.000Z to "
                               r"2026-03-01T10:00:00.000Z: a clock was set back, or recordings are in the wrong order; its samples were sorted")
        # A target, and then a fixture, whose clock is five hours fast.
        fast = [line.replace("localhost:8088", "fast:1").replace(line.split()[-1], str(int(line.split()[-1]) + 5 * 3600)) for line in lines]
        both = self.write("both.om", text_of(lines + fast))
        path = self.write("fast.om", text_of(fast))
        gap = "there is no sample between 2026-03-01T10:30:00Z and 2026-03-01T15:00:00Z (4h30m): all series are over there, and evaluation goes on"
        answers = [self.replay(both, "--brief"), self.replay(path, f"--fixture={self.folder / 'whole.om'}", "--brief")]
        for status, said, talk in answers:
            self.assertEqual((status, said.count("firing  ")), (0, 4), talk)
            self.assertIn(gap, talk)
        self.assertEqual(answers[0][1], answers[1][1])
        self.assertNotIn("there is no sample", self.replay(both, "--start=2026-03-01T15:00:00Z")[2])
        # One that counts from when it was switched on.
        old = self.write("old.om", text_of([line.replace(line.split()[-1], str(int(line.split()[-1]) - START)) for line in lines] + lines))
        status, said, talk = self.replay(old)
        self.assertEqual((status, said), (2, ""))
        self.assertIn("there is no sample between 1970-01-01T00:30:00Z and 2026-03-01T10:00:00Z", talk)
        self.assertIn("say with --start and --end which part is meant", talk)
        status, said, talk = self.replay(old, "--brief", "--start=2026-03-01T10:00:00Z", "--end=2026-03-01T10:30:00Z")
        self.assertEqual((status, said), whole[:2], talk)

    def test_memory_does_not_grow_with_the_file(self):
        # Half a gigabyte, most of it remarks, packed into very little: some samples, then the same member again and again.
        remarks = gzip.compress(("# HELP work_total " + "x" * 100 + "\n").encode() * 50_000)
        path = self.folder / "large.om.gz"
        with path.open("wb") as file:
            for t in range(0, 80):
                file.write(gzip.compress(f"up{{{TARGET}}} 1 {START + t * 15}\n".encode()))
                file.write(remarks)
            file.write(gzip.compress(b"# EOF\n"))
        self.write("small.om", text_of([f"up{{{TARGET}}} 1 {START + t * 15}" for t in range(0, 80)]))
        peaks = [self.peak_of("replay", f"--fixture={name}", f"--rules={EXAMPLE / 'alerts.yml'}") for name in (self.folder / "small.om", path)]
        self.assertLess(peaks[1] - peaks[0], 60 * 1024, peaks)

    def peak_of(self, *arguments):
        """The most memory that tocsin had, in kB."""
        # The address sanitizer keeps a quarter of a gigabyte of what was freed; that is not what is measured.
        environment = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"}
        child = subprocess.Popen([TOCSIN, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        return usage.ru_maxrss

    def test_what_cannot_be_replayed(self):
        good = self.write("outage.om", text_of(recorded()))
        cut = self.write("cut.om", text_of(recorded())[:-300])
        packed_cut = self.folder / "cut.om.gz"
        packed_cut.write_bytes(gzip.compress(good.read_bytes())[:-200])
        for path in (cut, packed_cut):
            status, said, talk = self.replay(path, "--brief")
            self.assertEqual((status, said.count("pagerduty[0]")), (1, 2))
            self.assertIn("data does not end with # EOF: it was cut off; what is in front of that was replayed", talk)
        for text, says in (("up 1\n# EOF\n", "bad.om:1: a sample without a timestamp"), ("# EOF\n", "no samples with timestamps"),
                           ("up 1 1772359200\nup 1 1772359200000\n# EOF\n", "bad.om:2: a sample is from "),
                           ("up 1 10\nup 1 10\n# EOF\n", "bad.om:2: up has two samples at 10000 ms"),
                           ("up 1 10\n}{ 1 11\n# EOF\n", "bad.om:2: ")):
            status, said, talk = self.replay(self.write("bad.om", text))
            self.assertEqual((status, said), (1, ""), talk)
            self.assertIn(says, talk)
        self.assertEqual(self.replay(self.folder / "nowhere.om")[0], 3)
        self.assertEqual(self.replay(good, rules="nowhere*.yml")[0], 3)
        self.assertEqual(self.replay(good, routing="nowhere.yml")[0], 3)
        bad = self.write("bad.yml", "groups: [{name: g, rules: [{alert: A, expr: 'up ='}]}]\n")
        status, _, talk = self.replay(good, rules=bad)
        self.assertEqual(status, 1)
        self.assertIn("bad.yml:1:", talk)
        self.assertEqual(run("replay", f"--fixture={good}")[0], 2)
        self.assertEqual(run("replay")[0], 2)
        for flag in ("--evaluation-interval=abc", "--evaluation-interval=0s", "--query.lookback-delta=abc", "--enable-feature=abc"):
            self.assertEqual(self.replay(good, flag)[0], 2, flag)


if __name__ == "__main__":
    main()
