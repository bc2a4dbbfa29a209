#!/usr/bin/env python3
"""What a person sees who makes a mistake: the message with its position, and the exit code."""
import json
import socket

from harness import EXAMPLE, Story, main, run

GOOD_CONFIG = "rule_files: [rules.yml]\nscrape_configs:\n  - job_name: a\n    static_configs: [{targets: ['127.0.0.1:1']}]\n"
GOOD_RULES = "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up == 0\n        for: 5m\n"
GOOD_ROUTING = "route: {receiver: r}\nreceivers:\n  - name: r\n"


class BadInput(Story):
    def files(self, config=GOOD_CONFIG, rules=GOOD_RULES, routing=GOOD_ROUTING):
        self.write("prometheus.yml", config)
        self.write("rules.yml", rules)
        self.write("alertmanager.yml", routing)

    def assert_refused(self, code, pattern, *flags):
        status, _, errors = run("run", "--web.listen-address=127.0.0.1:0", "--storage.path=data", *flags, cwd=self.folder)
        self.assertEqual(status, code, errors)
        self.assertRegex(errors, pattern)

    def test_a_file_that_is_not_there(self):
        self.files()
        self.assert_refused(3, r"missing\.yml: no such file", "--config.file=missing.yml")

    def test_what_is_no_file_of_text(self):
        self.files()
        (self.folder / "binary.yml").write_bytes(bytes(range(256)) * 8)
        for flag in ("--config.file", "--alertmanager.config-file"):
            self.assert_refused(3, rf"open {self.folder}: is a directory", f"{flag}={self.folder}")
            self.assert_refused(1, r"binary\.yml:\d+:\d+: ", f"{flag}=binary.yml")
        for kind in ("rules", "config", "alertmanager", "web-config"):
            code, out, errors = run("check", kind, "binary.yml", self.folder, cwd=self.folder)
            self.assertEqual(code, 3, out + errors)
            self.assertRegex(out + errors, r"binary\.yml:\d+:\d+: ")
            self.assertIn(f"open {self.folder}: is a directory", out + errors)

    def test_a_misspelt_key(self):
        self.files(config=GOOD_CONFIG.replace("rule_files", "rule_file"))
        self.assert_refused(1, r"prometheus\.yml:1:1: field rule_file not found.*rule_files")

    def test_an_unknown_function(self):
        self.files(rules=GOOD_RULES.replace("up == 0", "rat(up[5m]) > 0"))
        self.assert_refused(1, r'rules\.yml:5:15: could not parse expression: unknown function with name "rat" \(did you mean rate\?\)')

    def test_a_wrong_type_of_argument(self):
        self.files(rules=GOOD_RULES.replace("up == 0", "rate(up) > 0"))
        self.assert_refused(1, r'rules\.yml:5:20: .*expected type range vector in call to function "rate", got instant vector')

    def test_a_bad_duration(self):
        self.files(rules=GOOD_RULES.replace("5m", "5 minutes"))
        self.assert_refused(1, r'rules\.yml:6:14: unknown unit " minutes" in duration "5 minutes"')

    def test_a_receiver_given_twice(self):
        self.files(routing=GOOD_ROUTING + "  - name: r\n")
        self.assert_refused(1, r'alertmanager\.yml:4:\d+: notification config name "r" is not unique')

    def test_a_port_in_use(self):
        self.files()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            self.assert_refused(3, rf"{address}: .*address already in use", f"--web.listen-address={address}")

    def test_an_unknown_flag(self):
        status, _, errors = run("run", "--config.flie=x")
        self.assertEqual(status, 2)
        self.assertIn("--config.flie", errors)

    def test_an_empty_value_of_a_flag_leaves_the_next_argument_alone(self):
        body = self.write("good.txt", "# HELP x h\nx 1\n")
        code, out, errors = run("check", "metrics", "--content-type=", body)
        self.assertEqual(code, 1)
        self.assertIn('good.txt: received unsupported Content-Type ""', out + errors)

    def test_advice_about_names_of_metrics_ends_as_with_promtool(self):
        body = self.write("advice.txt", "x_ms 1\n")
        code, out, errors = run("check", "metrics", body)
        self.assertEqual(code, 3)
        self.assertIn("no help text", out + errors)
        self.assertEqual(run("check", "metrics", "--fail-on=warning", body)[0], 1)
        self.assertEqual(run("check", "metrics", "--format=json", body)[0], 0)
        self.assertEqual(run("check", "metrics", self.write("bad.txt", "x{ 1\n"))[0], 1)
        self.assertEqual(run("check", "metrics", self.write("good.txt", "# HELP x h\nx 1\n"))[0], 0)

    def test_each_body_is_an_object_of_json_whatever_is_wrong_with_it(self):
        good = self.write("good.txt", "# HELP x h\nx 1\n")
        bad = self.write("bad.txt", "x 1\ny{ 1\n")
        missing = str(self.folder / "missing.txt")
        code, out, errors = run("check", "metrics", "--format=json", good, missing, bad)
        self.assertEqual((code, errors), (3, ""))
        of_good, of_missing, of_bad = map(json.loads, out.splitlines())
        sample = {"labels": {"__name__": "x"}, "value": "1", "timestamp": None}
        self.assertEqual(of_good, {"ok": True, "error": None, "metadata": [{"metric": "x", "help": "h"}], "samples": [sample]})
        self.assertEqual(of_missing, {"ok": False, "error": f"open {missing}: no such file or directory", "metadata": [], "samples": []})
        self.assertEqual((of_bad["ok"], of_bad["line"], of_bad["samples"]), (False, 2, [sample]))
        self.assertEqual(run("check", "metrics", "--format=json", bad)[0], 1)
        code, out, errors = run("check", "metrics", missing)
        self.assertEqual(code, 3)
        self.assertIn("missing.txt: no such file", out + errors)

    def test_all_mistakes_of_all_files_are_told_at_once(self):
        self.files(config="global: {scrape_intervall: 5s}\n" + GOOD_CONFIG, rules=GOOD_RULES.replace("up ==", "up = ="),
                   routing="route: {receiver: nobody}\n")
        for pattern in (r"prometheus\.yml:1:10: ", r"rules\.yml:5:\d+: ", r'alertmanager\.yml:\d+:\d+: undefined receiver "nobody"'):
            self.assert_refused(1, pattern)

    def test_check_config_tells_doubts_besides_mistakes_and_looks_for_named_files(self):
        twice = "      - {record: a, expr: b}\n" * 2
        self.files(config=GOOD_CONFIG.replace("    static", "    bearer_token_file: no\n    static"),
                   rules=GOOD_RULES.replace("up == 0", "up = 0") + twice)
        code, _, errors = run("check", "config", "prometheus.yml", cwd=self.folder)
        self.assertEqual(code, 1)
        self.assertRegex(errors, r"prometheus\.yml:4:24: bearer_token_file cannot be read: open no: no such file")
        self.assertRegex(errors, r"rules\.yml:5:\d+: ")
        self.assertRegex(errors, r"rules\.yml:8:9: warning: a is defined again")
        # What was not looked at is not counted.
        self.assertEqual(run("check", "config", "--syntax-only", "prometheus.yml", cwd=self.folder)[:2], (0, "prometheus.yml: valid syntax\n"))


class Check(Story):
    def test_a_file_that_is_named_in_two_ways_is_checked_once(self):
        self.write("twice.yml", "groups: [{name: g, rules: [{record: a, expr: b}]}]\n")
        status, said, errors = run("check", "rules", "twice.yml", "./twice.yml", cwd=self.folder)
        self.assertEqual((status, said, errors), (0, "twice.yml: 1 rule found\n", ""))

    def test_the_users_own_files_are_good(self):
        for command in (("rules", "alerts.yml"), ("alertmanager", "alertmanager.yml"), ("config", "prometheus.yml")):
            status, said, errors = run("check", command[0], EXAMPLE / command[1])
            self.assertEqual((status, errors), (0, ""), said)

    def test_a_bad_rule_in_a_block_is_pointed_at(self):
        path = self.write("rules.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |\n      up ==\n        rat(up)\n")
        status, _, errors = run("check", "rules", path)
        self.assertEqual(status, 1)
        self.assertRegex(errors, r"rules\.yml:7:9: .*unknown function")

    def test_an_error_hides_no_warning(self):
        rule = "{alert: A, expr: up, annotations: {summary: '{{ .Valeu }}'}}"
        path = self.write("rules.yml", f"groups:\n- name: g\n  rules:\n  - {rule}\n  - {{expr: up}}\n")
        status, _, errors = run("check", "rules", path)
        self.assertEqual(status, 1)
        self.assertRegex(errors, r"rules\.yml:5:5: one of 'record' or 'alert' must be set")
        self.assertRegex(errors, r"rules\.yml:4:\d+: warning: annotation \"summary\" of A: ")

    def test_what_cannot_be_sent_is_a_warning_and_keeps_the_daemon_from_starting(self):
        path = self.write("alertmanager.yml", "route: {receiver: r}\nreceivers:\n- name: r\n  wechat_configs: [{api_secret: s, corp_id: c}]\n")
        said = r"alertmanager\.yml:4:\d+: warning: .*cannot send with wechat_configs: with this file the daemon does not start"
        status, _, errors = run("check", "alertmanager", path)
        self.assertEqual(status, 0)
        self.assertRegex(errors, said)
        self.assertEqual(run("check", "alertmanager", path, "--fail-on=warning")[0], 1)
        status, _, errors = run("alertmanager", f"--config.file={path}", "--web.listen-address=127.0.0.1:0", "--storage.path=data",
                                cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertRegex(errors, r"alertmanager\.yml:4:\d+: .*cannot send with wechat_configs")

    def test_nothing_to_check_is_wrong_usage(self):
        self.assertEqual(run("check", "rules")[0], 2)


if __name__ == "__main__":
    main()
