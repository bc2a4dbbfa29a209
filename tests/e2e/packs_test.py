#!/usr/bin/env python3
"""Every pack of rules is good, is tested over what was recorded for it, and passes."""
import subprocess

from harness import DEADLINE, ROOT, TOCSIN, Story, main

PACKS = ROOT / "rules" / "packs"


class Packs(Story):
    def run_here(self, *command):
        done = subprocess.run([TOCSIN, *command], cwd=PACKS, capture_output=True, text=True, timeout=DEADLINE)
        return done.returncode, done.stdout + done.stderr

    def folders(self):
        found = sorted(path for path in PACKS.iterdir() if path.is_dir())
        self.assertEqual([path.name for path in found], ["ironforge", "node", "tocsin"])
        return found

    def test_they_are_good(self):
        for pack in self.folders():
            status, said = self.run_here("check", "rules", "--fail-on=warning", f"{pack.name}/rules.yml")
            self.assertEqual(status, 0, said)

    def test_their_tests_pass_and_use_what_was_recorded(self):
        for pack in self.folders():
            self.assertIn("fixtures: [recorded.om.gz]", "".join(path.read_text() for path in pack.glob("*_test.yml")))
            status, said = self.run_here("test", "rules", *(str(path) for path in sorted(pack.glob("*_test.yml"))))
            self.assertEqual(status, 0, said)
            self.assertIn(" 0 failed", said)


if __name__ == "__main__":
    main()
