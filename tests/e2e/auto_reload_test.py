#!/usr/bin/env python3
"""--config.auto-reload on a real disk: the ways in which configuration is changed in production."""
import json
import os
import shutil
import subprocess

from harness import DEADLINE, Story, get, main

RELOADED = r'"message":"configuration reloaded"'
ROUTING = "route: {receiver: none}\nreceivers: [{name: none}]\n"


def rules(*names):
    listed = "".join(f"  - {{alert: {name}, expr: vector(1) > 2}}\n" for name in names)
    return f"groups:\n- name: g\n  rules:\n{listed}"


class AutoReload(Story):
    def rule_names(self, address):
        groups = json.loads(get(address, "/api/v1/rules")[1])["data"]["groups"]
        return [rule["name"] for group in groups for rule in group["rules"]]

    def watched(self, *flags):
        return self.tocsin("--config.auto-reload", *flags)

    def version(self, number, *names):
        """A folder as Kubernetes mounts one: `..data` is the version in force, the files are links through it."""
        folder = self.folder / f"..{number}"
        folder.mkdir()
        (folder / "rules.yml").write_text(rules(*names))
        (folder / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
        (folder / "alertmanager.yml").write_text(ROUTING)
        link = self.folder / "..new"
        link.symlink_to(folder.name)
        os.replace(link, self.folder / "..data")

    def test_a_link_that_is_turned(self):
        self.version(1, "One")
        for name in ("rules.yml", "prometheus.yml", "alertmanager.yml"):
            (self.folder / name).symlink_to(f"..data/{name}")
        tocsin, address = self.watched()
        self.assertEqual(self.rule_names(address), ["One"])
        for number, names in enumerate((["One", "Two"], ["Three"], ["Three", "Four"]), 2):
            self.version(number, *names)
            shutil.rmtree(self.folder / f"..{number - 1}")
            tocsin.wait_for(RELOADED)
            self.assertEqual(self.rule_names(address), names)

    def test_a_git_checkout(self):
        if shutil.which("git") is None:
            self.skipTest("git is not there")

        def git(*arguments):
            subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *arguments], cwd=self.folder, check=True,
                           capture_output=True, timeout=DEADLINE)

        def commit(message, *names):
            for name in names:
                self.write(f"{name}.rules.yml", rules(name).replace("name: g", f"name: {name}"))
            git("add", "*.yml")
            git("commit", "--quiet", "-m", message)

        git("init", "--quiet")
        self.write("prometheus.yml", "rule_files: ['*.rules.yml']\n")
        self.write("alertmanager.yml", ROUTING)
        commit("before", *(f"A{number}" for number in range(20)))
        git("branch", "before")
        commit("after", *(f"B{number}" for number in range(20)))
        tocsin, address = self.watched()
        self.assertEqual(len(self.rule_names(address)), 40)
        git("checkout", "--quiet", "before")
        tocsin.wait_for(RELOADED)
        self.assertEqual(len(self.rule_names(address)), 20)

    def test_a_change_that_is_refused_and_mended(self):
        self.write("rules.yml", rules("One"))
        self.write("prometheus.yml", "rule_files: [rules.yml]\n")
        self.write("alertmanager.yml", ROUTING)
        tocsin, address = self.watched()
        self.write("rules.yml", rules("One").replace("vector(1)", "vector("))
        tocsin.wait_for(r'"message":"configuration refused, nothing has changed".*rules\.yml:4:\d+')
        self.assertEqual(self.rule_names(address), ["One"])
        self.write("rules.yml", rules("Two"))
        tocsin.wait_for(RELOADED)
        self.assertEqual(self.rule_names(address), ["Two"])

    def test_a_bad_file_keeps_nobody_back_when_that_is_wanted(self):
        self.write("a.yml", rules("One"))
        self.write("b.yml", rules("Two"))
        self.write("prometheus.yml", "rule_files: [a.yml, b.yml]\n")
        self.write("alertmanager.yml", ROUTING)
        tocsin, address = self.watched("--config.partial-reload")
        self.write("a.yml", rules("One").replace("vector(1)", "vector("))
        tocsin.wait_for(r'"message":"rule file refused, its last good version stays in force".*a\.yml:4:\d+')
        tocsin.wait_for(RELOADED)
        self.write("b.yml", rules("Three"))
        tocsin.wait_for(RELOADED)
        self.assertEqual(self.rule_names(address), ["One", "Three"])
        self.assertIn("\ntocsin_rule_files_held_back 1\n", get(address, "/metrics")[1])


if __name__ == "__main__":
    main()
