#!/usr/bin/env python3
"""The example repository of rules passes what it asks of its changes, and refuses what it should refuse."""
import os
import pathlib
import shutil
import subprocess

from harness import DEADLINE, ROOT, TOCSIN, Story, main


class RulesInGit(Story):
    def setUp(self):
        super().setUp()
        self.repository = self.folder / "rules"
        shutil.copytree(ROOT / "examples" / "rules-in-git", self.repository)
        self.environment = {**os.environ, "PATH": f"{pathlib.Path(TOCSIN).resolve().parent}:{os.environ['PATH']}"}

    def run_here(self, *command):
        done = subprocess.run(command, cwd=self.repository, env=self.environment, capture_output=True, text=True, timeout=DEADLINE)
        return done.returncode, done.stdout + done.stderr

    def git(self, *arguments):
        status, said = self.run_here("git", "-c", "user.name=x", "-c", "user.email=x@localhost", *arguments)
        self.assertEqual(status, 0, said)

    def change(self, name, old, new):
        path = self.repository / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def test_it_passes(self):
        status, said = self.run_here("./ci")
        self.assertEqual(status, 0, said)
        self.assertIn("3 passed, 0 failed", said)

    def test_a_change_that_breaks_a_test_or_a_file_does_not(self):
        self.change("rules/shop.yml", "> 0.05", "> 0.5")
        status, said = self.run_here("./ci")
        self.assertEqual(status, 1, said)
        self.assertIn("notifications to oncall within 0s..40m", said)
        self.change("rules/shop.yml", "rate(http_requests_total[5m])", "rat(http_requests_total[5m])")
        self.assertEqual(self.run_here("./ci")[0], 1)

    def test_what_a_change_changes_is_shown(self):
        if shutil.which("git") is None:
            self.skipTest("git is not there")
        self.git("init", "--quiet")
        self.assertEqual(self.run_here("./ci", "HEAD")[0], 0)
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "before")
        status, said = self.run_here("./ci", "HEAD")
        self.assertEqual(status, 0, said)
        self.assertIn("Nothing is different.", said)
        self.change("rules/shop.yml", "for: 2m", "for: 3m")
        status, said = self.run_here("./ci", "HEAD")
        self.assertEqual(status, 0, said)
        self.assertIn("| oncall | 2 | 2 |", said)
        self.assertIn("(1m later)  oncall firing", said)
        self.change("rules/shop.yml", "labels: {severity: ticket}", "labels: {severity: ticket, team: shop}")
        status, said = self.run_here("./ci", "HEAD")
        self.assertEqual(status, 1, said)
        self.assertIn("--fail-on=identity is so", said)
        self.assertEqual(self.run_here("git", "worktree", "list")[1].count("\n"), 1)


if __name__ == "__main__":
    main()
