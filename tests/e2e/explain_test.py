#!/usr/bin/env python3
"""What an expression is made of and what it costs: over recorded metrics, over a running daemon, and what is said against a bad one."""
import gzip
import json
import subprocess

from harness import TOCSIN, Story, main, run

def recorded():
    """OpenMetrics: `up` marks the scrapes, each 10 s, of two counters."""
    lines = ["# TYPE up gauge"] + [f'up{{instance="a",job="j"}} 1 {t}' for t in range(10, 310, 10)]
    lines.append("# TYPE requests counter")
    for code, rate in (("200", 2), ("500", 1)):
        lines += [f'requests_total{{instance="a",job="j",code="{code}"}} {t * rate} {t}' for t in range(10, 310, 10)]
    return "\n".join(lines) + "\n# EOF\n"


class Explain(Story):
    def test_over_a_fixture(self):
        path = self.folder / "recorded.om.gz"
        path.write_bytes(gzip.compress(recorded().encode()))
        status, said, errors = run("explain", "sum by (job) (rate(requests_total[1m])) > 2", f"--fixture={path}")
        self.assertEqual((status, errors), (0, ""), said)
        for line in (r"1 +> +1 +1 ", r"2 +sum by \(job\) +1 +1 .*1 groups", r"3 +rate\(\) +2 +2 ", r"4 +requests_total\[1m\] +2 +12 ",
                     r"instant vector at 1970-01-01T00:05:00Z: compiled in ", r'\{job="j"\} 3'):
            self.assertRegex(said, line)

    def test_at_a_moment_and_as_json(self):
        path = self.write("recorded.om", recorded())
        status, said, _ = run("explain", "requests_total", f"--fixture={path}", "--at=100", "--format=json")
        self.assertEqual(status, 0)
        explained = json.loads(said)
        self.assertEqual(explained["nodes"][0]["rows"], 2)
        self.assertEqual(sorted(line["value"] for line in explained["result"]), ["100", "200"])

    def test_over_a_running_daemon(self):
        self.write("prometheus.yml", "rule_files: [rules.yml]\n")
        self.write("rules.yml", "groups: [{name: g, interval: 1s, rules: [{record: r, expr: vector(3)}, {record: s, expr: r}]}]\n")
        self.write("alertmanager.yml", "route: {receiver: r}\nreceivers: [{name: r}]\n")
        _, address = self.tocsin()
        status, said, errors = run("explain", "r + 1", f"--server=http://{address}/")
        self.assertEqual((status, errors), (0, ""))
        self.assertRegex(said, r"1 +\+ +\d+ +\d+ ")
        status, _, errors = run("explain", "rate(r)", f"--server=http://{address}")
        self.assertEqual(status, 1)
        self.assertIn("expected type range vector", errors)

    def test_the_plan_alone(self):
        status, said, _ = run("explain", "rate(x[5m]) / rate(y[5m])")
        self.assertEqual(status, 0)
        self.assertRegex(said, r"1 +/ +0 +0 ")

    def test_what_cannot_be_explained(self):
        status, _, errors = run("explain", "histogram_quantle(0.9, x)")
        self.assertEqual(status, 1)
        self.assertIn("1:1: unknown function with name \"histogram_quantle\"", errors)
        self.assertIn("did you mean histogram_quantile?", errors)
        status, _, errors = run("explain", "up", "--fixture=nowhere.om")
        self.assertEqual(status, 3)
        self.assertIn("nowhere.om", errors)
        self.assertEqual(run("explain", "up", "--server=http://127.0.0.1:1")[0], 3)
        self.assertEqual(run("explain")[0], 2)
        path = self.write("bad.om", "up 1\n# EOF\n")
        status, _, errors = run("explain", "up", f"--fixture={path}")
        self.assertEqual(status, 1)
        self.assertIn("bad.om:1: a sample without a timestamp", errors)


class Format(Story):
    def format(self, text, *flags):
        done = subprocess.run([TOCSIN, "fmt", "--promql", *flags], input=text, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_the_canonical_form(self):
        self.assertEqual(self.format("sum(rate(x[300s]))by(job)\n", "--oneline"), (0, "sum by (job) (rate(x[5m]))\n", ""))

    def test_mistakes_are_pointed_at(self):
        for text, message in (("rat(x[5m])", '1:1: unknown function with name "rat"\n    rat(x[5m])\n    ^~~\n    hint: did you mean rate?\n'),
                              ("1 +", "1:4: unexpected end of input\n    1 +\n       ^\n    hint: expected an expression\n"),
                              ("summ by (job) (x)", "1:6: unexpected <by>\n"
                                                    "    summ by (job) (x)\n         ^~\n    hint: did you mean sum?\n"),
                              ("clamp(x, 1)", '1:1: expected 3 argument(s) in call to "clamp", got 2\n    clamp(x, 1)\n    ^~~~~~~~~~~\n'
                                              "    hint: clamp(instant vector, scalar, scalar)\n")):
            self.assertEqual(self.format(text), (1, "", message))


if __name__ == "__main__":
    main()
