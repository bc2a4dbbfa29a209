#!/usr/bin/env python3
"""Two versions of rules and routing: what is different in meaning, and who is told more, less or later on recorded metrics."""
import json
import os
import shutil
import subprocess

from harness import DEADLINE, EXAMPLE, Story, main, run
from replay_test import recorded, text_of


class Diff(Story):
    def setUp(self):
        super().setUp()
        for version in ("before", "after"):
            (self.folder / version).mkdir()
            for name in ("alerts.yml", "alertmanager.yml"):
                shutil.copy(EXAMPLE / name, self.folder / version)
        self.fixture = self.write("outage.om", text_of(recorded()))

    def change(self, name, old, new):
        path = self.folder / "after" / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def diff(self, *flags):
        return run("diff", self.folder / "before", self.folder / "after", "--rules=alerts.yml", *flags)

    def test_nothing_is_different(self):
        self.change("alerts.yml", "groups:", "\n\n# laid out in another way\ngroups:")
        self.assertEqual(self.diff(), (0, "no difference\n", ""))
        status, said, _ = self.diff(f"--fixture={self.fixture}", "--fail-on=rules,alerts,notifications,more,less")
        self.assertEqual(status, 0)
        self.assertIn("Notifications from 2026-03-01T10:00:00Z to 2026-03-01T10:30:00Z\n  pagerduty: 2 -> 2\n", said)
        self.assertTrue(said.endswith("no difference\n"))
        cut = self.write("cut.om", text_of(recorded())[:-300])
        status, _, talk = self.diff(f"--fixture={cut}")
        self.assertEqual(status, 0)
        self.assertIn("no rule reads 2 of 4 series: db_pool_connections, go_goroutines", talk)
        self.assertEqual(talk.count("it was cut off; what is in front of that was replayed"), 1)
        status, said, talk = self.diff(f"--fixture={self.fixture}", "--end=2026-02-01T00:00:00Z")
        self.assertEqual((status, said), (2, ""))
        self.assertIn("is outside of the fixture", talk)

    def test_an_alert_that_comes_later(self):
        self.change("alerts.yml", "for: 2m", "for: 5m")
        status, said, talk = self.diff(f"--fixture={self.fixture}", "--fail-on=notifications,more")
        self.assertEqual(status, 1)
        self.assertIn("--fail-on=notifications is so", talk)
        self.assertNotIn("--fail-on=more", talk)
        self.assertIn("~ alert DatabasePoolExhausted of group", said)
        self.assertIn("      for: 2m -> 5m", said)
        self.assertIn("~ 2026-03-01T10:04:10Z -> 2026-03-01T10:07:10Z (3m later)  pagerduty firing "
                      '{alertname="DatabasePoolExhausted", severity="critical"}', said)

    def test_an_alert_that_goes_to_somebody_else(self):
        path = self.folder / "after" / "alerts.yml"
        before, name, after = path.read_text().partition("alert: DatabasePoolExhausted")
        path.write_text(before + name + after.replace("severity: critical", "severity: warning", 1))
        status, said, talk = self.diff(f"--fixture={self.fixture}", "--format=json", "--fail-on=identity,routing,less")
        self.assertEqual(status, 1)
        self.assertEqual(talk.count("is so"), 3, talk)
        diff = json.loads(said)
        self.assertEqual([(rule["name"], rule["pagesAgain"]) for rule in diff["rules"]], [("DatabasePoolExhausted", True)])
        self.assertIn("pagerduty", diff["routes"][0]["before"])
        self.assertIn("slack", diff["routes"][0]["after"])
        self.assertEqual(diff["receivers"]["pagerduty"], {"before": 2, "after": 0})
        self.assertEqual(diff["receivers"]["slack"], {"before": 0, "after": 1})
        self.assertEqual({(change["change"], change["receiver"]) for change in diff["notifications"]},
                         {("vanishes", "pagerduty"), ("appears", "slack")})

    def test_markdown_for_a_pull_request(self):
        self.change("alerts.yml", "for: 2m", "for: 20m")
        status, said, _ = self.diff(f"--fixture={self.fixture}", "--format=markdown")
        self.assertEqual(status, 0)
        self.assertTrue(said.startswith("### tocsin diff\n\n"))
        self.assertIn("| receiver | before | after |\n| --- | ---: | ---: |\n| pagerduty | 2 | 0 |\n", said)
        self.assertIn("<details><summary>1 rules</summary>\n\n```diff\n~ alert DatabasePoolExhausted", said)
        self.assertIn("\n- 2026-03-01T10:04:10Z  pagerduty firing ", said)

    def git(self, *arguments):
        done = subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *arguments], cwd=self.folder / "after",
                              env=self.environment, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def repository(self):
        """What was `after` is a repository with one commit."""
        if shutil.which("git") is None:
            self.skipTest("git is not there")
        self.environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        self.git("init", "--quiet", "-b", "main")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "one")

    def diff_here(self, *flags, folder="after"):
        return run("diff", "--rules=alerts.yml", *flags, cwd=self.folder / folder, env=self.environment)

    def test_the_revisions_of_a_repository(self):
        self.repository()
        self.assertEqual(self.diff_here("--base=HEAD"), (0, "no difference\n", ""))
        self.change("alerts.yml", "for: 2m", "for: 5m")
        status, said, talk = self.diff_here("--base=main", f"--fixture={self.fixture}", "--fail-on=notifications")
        self.assertEqual(status, 1, talk)
        self.assertIn("      for: 2m -> 5m", said)
        self.assertIn("2026-03-01T10:04:10Z -> 2026-03-01T10:07:10Z (3m later)  pagerduty firing", said)
        self.git("commit", "--quiet", "-a", "-m", "two")
        self.change("alerts.yml", "for: 5m", "for: 6m")
        before = self.git("status", "--porcelain")
        self.assertIn("      for: 2m -> 5m", self.diff_here("--base=HEAD~1", "--head=HEAD")[1])
        self.assertIn("      for: 5m -> 6m", run("diff", self.folder / "after", "--base=HEAD", "--rules=alert?.yml", env=self.environment)[1])
        self.assertEqual(self.git("status", "--porcelain"), before)
        self.assertEqual(self.git("worktree", "list").count("\n"), 1)

    def test_a_folder_of_a_repository_with_all_that_belongs_to_it(self):
        self.repository()
        place = self.folder / "after" / "site" / "rules"
        place.mkdir(parents=True)
        shutil.move(self.folder / "after" / "alerts.yml", place / "real.txt")
        shutil.move(self.folder / "after" / "alertmanager.yml", place.parent)
        (place / "a b.yml").symlink_to("real.txt")
        (place.parent / "prometheus.yml").write_text("rule_files: ['rules/*.yml', '../more.yml']\n")
        (self.folder / "after" / "more.yml").write_text("groups: [{name: m, rules: [{alert: More, expr: 'up == 0'}]}]\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "two")
        (self.folder / "after" / "more.yml").write_text("groups: [{name: m, rules: [{alert: More, expr: 'up == 1'}]}]\n")
        here = lambda *flags: run("diff", *flags, cwd=place.parent, env=self.environment)
        status, said, talk = here("--base=HEAD")
        self.assertEqual((status, said), (0, "Rules\n  ~ alert More of group m\n        expr: up == 0 -> up == 1\n"), talk)
        (place / "real.txt").write_text("groups: [{name: g, rules: [{alert: A, expr: 'up ='}]}]\n")
        self.git("commit", "--quiet", "-a", "-m", "three")
        status, _, talk = here("--base=HEAD")
        self.assertEqual(status, 1)
        self.assertIn("HEAD:site/rules/a b.yml:1:", talk)
        status, _, talk = here("--base=HEAD~2")
        self.assertEqual(status, 3)
        self.assertIn("revision HEAD~2 has no folder site", talk)

    def test_what_is_no_revision_of_a_repository(self):
        self.repository()
        status, _, talk = self.diff_here("--base=nowhere")
        self.assertEqual(status, 3)
        self.assertIn('tocsin diff: .: no revision "nowhere" here\n', talk)
        status, _, talk = self.diff_here("--base=--all")
        self.assertEqual((status, talk), (3, 'tocsin diff: "--all" is no revision\n'))
        status, _, talk = self.diff_here("--base=HEAD", folder="before")
        self.assertEqual(status, 3)
        self.assertIn("not a git repository", talk)
        status, _, talk = run("diff", "--base=HEAD", self.folder / "nowhere", env=self.environment)
        self.assertEqual(status, 3)
        self.assertIn("nowhere", talk)
        self.environment["PATH"] = "/nowhere"
        status, _, talk = self.diff_here("--base=HEAD")
        self.assertEqual((status, talk), (3, "tocsin diff: the program git is not there; it is needed to read a revision\n"))
        for flags in (("x",), ("x", "y", "z"), ("x", "y", "--base=HEAD"), ("x", "y", "--head=HEAD"), ("--head=HEAD",), ()):
            self.assertEqual(run("diff", *flags)[0], 2, flags)

    def test_a_name_in_markdown_is_a_name(self):
        for version in ("before", "after"):
            path = self.folder / version / "alertmanager.yml"
            text = path.read_text()
            path.write_text(text.replace("receiver: 'pagerduty'", "receiver: '![x](y)|'").replace("name: 'pagerduty'", "name: '![x](y)|'"))
        status, said, talk = self.diff(f"--fixture={self.fixture}", "--format=markdown")
        self.assertEqual(status, 0, talk)
        self.assertIn("| \\!\\[x\\](y)\\| | 2 | 2 |\n", said)

    def test_what_cannot_be_compared(self):
        (self.folder / "after" / "alertmanager.yml").unlink()
        status, said, talk = self.diff()
        self.assertEqual((status, said), (0, "no difference\n"))
        self.assertIn("routing and notifications are not compared", talk)
        status, said, _ = self.diff(f"--fixture={self.fixture}", "--fail-on=notifications,less", "--format=json")
        self.assertEqual(status, 0)
        self.assertEqual(sorted(json.loads(said)), ["alerts", "end", "receiversAdded", "receiversRemoved", "routes", "rules", "start"])
        for flag in ("--evaluation-interval=abc", "--evaluation-interval=0s", "--query.lookback-delta=abc", "--enable-feature=abc"):
            self.assertEqual(self.diff(flag)[0], 2, flag)
        (self.folder / "after" / "alerts.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'up ='}]}]\n")
        self.assertEqual(self.diff()[0], 1)
        (self.folder / "after" / "alerts.yml").unlink()
        self.assertEqual(self.diff()[0], 3)
        self.assertEqual(run("diff", "x")[0], 2)
        self.assertEqual(run("diff", "x", "y", "--fail-on=nothing")[0], 2)


if __name__ == "__main__":
    main()
