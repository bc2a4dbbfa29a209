#!/usr/bin/env python3
"""`tocsin query` against a real daemon."""
import json

from harness import Story, main, run


class Query(Story):
    def set_up_daemon(self):
        _, target = self.demo_target()
        self.write("prometheus.yml", f"""
scrape_configs:
  - {{job_name: demo, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}
""")
        self.write("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        process, address = self.tocsin("--storage.keep=all", "--storage.retention=1h")
        process.wait_for(r"scrape succeeded")
        return f"http://{address}"

    def test_asks_a_server(self):
        server = self.set_up_daemon()
        code, out, err = run("query", "instant", f"--server={server}", "--time=1.5", "vector(1)")
        self.assertEqual((code, out, err), (0, "{} => 1 @[1.5]\n", ""))
        code, out, _ = run("query", "range", f"--server={server}", "--start=0", "--end=10", "--step=5", "1")
        self.assertEqual((code, out), (0, "{} =>\n1 @[0]\n1 @[5]\n1 @[10]\n"))
        code, out, _ = run("query", "labels", f"--server={server}", "job")
        self.assertEqual((code, out), (0, "demo\n"))
        code, out, _ = run("query", "series", f"--server={server}", "--match=up")
        self.assertEqual(code, 0)
        self.assertRegex(out, r'^up\{instance="127\.0\.0\.1:\d+", job="demo"\}\n$')
        code, out, _ = run("query", "instant", f"--server={server}", "--format=json", "--time=5", "1")
        self.assertEqual(json.loads(out)["data"], {"resultType": "scalar", "result": [5, "1"]})

    def test_tells_what_is_wrong(self):
        server = self.set_up_daemon()
        code, out, err = run("query", "instant", f"--server={server}", "up(")
        self.assertEqual((code, out), (1, ""))
        self.assertIn('bad_data: invalid parameter "query": 1:4: parse error: unclosed left parenthesis', err)
        code, _, err = run("query", "instant", "--server=http://127.0.0.1:1", "up")
        self.assertEqual(code, 3)
        self.assertIn("http://127.0.0.1:1", err)
        self.assertEqual(run("query", "instant")[0], 2)


if __name__ == "__main__":
    main()
