#!/usr/bin/env python3
"""What programs read: reports of rule tests, and what PromQL had to say about a rule that runs."""
import json
import re
import xml.etree.ElementTree

from harness import Story, get, main, run

RULES = """
groups:
- name: g
  interval: 1s
  rules:
  - {alert: Up, expr: up == 1}
  - {record: strange, expr: 'quantile(2, vector(1))'}
"""
TESTS = """
rule_files: [rules.yml]
tests:
- name: good
  input_series: [{series: up, values: 1x5}]
  alert_rule_test: [{eval_time: 1m, alertname: Up, exp_alerts: [{}]}]
- name: bad <&>
  input_series: [{series: up, values: 0x5}]
  alert_rule_test: [{eval_time: 1m, alertname: Up, exp_alerts: [{}]}]
"""


class RuleOutput(Story):
    def setUp(self):
        super().setUp()
        self.write("rules.yml", RULES)
        self.tests = self.write("test.yml", TESTS)

    def test_a_report_for_junit(self):
        code, out, _ = run("test", "rules", "--format=junit", self.tests)
        self.assertEqual(code, 1)
        suite = xml.etree.ElementTree.fromstring(out).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        failed = {case.get("name"): case.find("failure") is not None for case in suite.findall("testcase")}
        self.assertEqual(failed, {"good": False, "bad <&>": True})

    def test_a_report_in_json(self):
        code, out, _ = run("test", "rules", "--format=json", self.tests)
        self.assertEqual(code, 1)
        (file,) = json.loads(out)
        self.assertFalse(file["passed"])
        self.assertEqual([(test["name"], test["passed"]) for test in file["tests"]], [("good", True), ("bad <&>", False)])
        self.assertEqual(run("test", "rules", "--format=json", "--run=^good$", self.tests)[0], 0)

    def test_nothing_to_run_is_told_and_no_failure(self):
        empty = self.write("empty.yml", "tests: []\n")
        self.assertEqual(run("test", "rules", empty), (0, "0 passed, 0 failed\n", f"{empty}: warning: no test is in this file\n"))
        code, out, told = run("test", "rules", "--run=zzz", "--group-intervals", self.tests)
        self.assertEqual((code, out), (0, "0 passed, 0 failed\n"))
        self.assertEqual(told, f"{self.tests}: warning: no test has a name in which zzz finds something\n")
        (file,) = json.loads(run("test", "rules", "--run=zzz", "--format=json", self.tests)[1])
        self.assertIn("no test has a name", json.dumps(file))
        other = self.write("other.yml", TESTS.replace("good", "other"))
        self.assertEqual(run("test", "rules", "--run=^good$", "--group-intervals", self.tests, other), (0, "1 passed, 0 failed\n", ""))

    def test_warnings_of_an_expression_that_runs(self):
        self.write("prometheus.yml", "rule_files: [rules.yml]\n")
        self.write("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
        tocsin, address = self.tocsin("--storage.keep=all", "--log.level=debug")
        tocsin.wait_for(r'"message":"group evaluated"')
        (group,) = json.loads(get(address, "/api/v1/rules?last_evaluations=1")[1])["data"]["groups"]
        up, strange = group["rules"]
        self.assertNotIn("warnings", up)
        self.assertEqual([selector["selector"] for selector in up["selectors"]], ["up"])
        self.assertEqual(len(strange["lastEvaluations"]), 1)
        self.assertTrue(re.search(r"quantile value should be between 0 and 1", strange["warnings"][0]), strange)


if __name__ == "__main__":
    main()
