#!/usr/bin/env python3
"""kill -9, again and again, on a real disk: alerts go on where they were."""
import json
import signal

from harness import Story, get, main, run
from main_job_test import QUICK, configuration, routing

KILLS = 20

SLOW = QUICK + """
      - alert: PoolStaysDry
        expr: db_pool_connections{state="idle"} < 5
        for: 10m
        labels: {severity: critical}
"""


class Restart(Story):
    def set_up_ironforge(self):
        self.target, self.target_address = self.demo_target()
        self.receiver_process, receiver = self.receiver()
        self.write("quick.yml", SLOW)
        self.write("prometheus.yml", configuration(self.target_address))
        self.write("alertmanager.yml", routing(receiver))

    def alerts(self, address):
        """Name to (state, since when)."""
        alerts = json.loads(get(address, "/api/v1/alerts")[1])["data"]["alerts"]
        return {alert["labels"]["alertname"]: (alert["state"], alert["activeAt"]) for alert in alerts}

    def test_alerts_outlast_kill_9(self):
        self.set_up_ironforge()
        self.assertEqual(get(self.target_address, "/faults/pool", method="POST")[0], 200)
        tocsin, address = self.tocsin("--rules.alert.for-grace-period=0s")
        tocsin.wait_for(r'"message":"alert firing".*PoolRunsDry')
        self.notification(self.receiver_process, lambda path, body: body["event_action"] == "trigger")
        before = self.alerts(address)
        self.assertEqual({name: state for name, (state, _) in before.items()},
                         {"PoolRunsDry": "firing", "PoolStaysDry": "pending"})
        for _ in range(KILLS):
            tocsin.signal(signal.SIGKILL)
            tocsin.wait()
            tocsin, address = self.tocsin("--rules.alert.for-grace-period=0s")
            now = self.alerts(address)
            self.assertEqual(now["PoolRunsDry"], before["PoolRunsDry"])
            self.assertEqual(now["PoolStaysDry"][0], "pending")
            # An outage of less than an interval leaves it alone, a longer one is left out of its time.
            self.assertGreaterEqual(now["PoolStaysDry"][1], before["PoolStaysDry"][1])
            before = now
        self.assertEqual(get(self.target_address, "/faults/pool", method="DELETE")[0], 200)
        tocsin.wait_for(r'"message":"alert resolved".*PoolRunsDry')
        # Asked of all the lives of the daemon together: each change once.
        asked = ["history", f"--server=http://{address}", "alertname=PoolRunsDry"]
        code, out, err = run(*asked, "--state=firing,resolved")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([line.split()[1] for line in out.splitlines()], ["firing", "resolved"], out)
        self.assertRegex(out, r"^20\d\d-\S+Z  firing    PoolRunsDry\{.*\}  value \S+  active since 20\d\d-")
        self.assertTrue(json.loads(run(*asked, "--format=json", "--limit=1")[1])["more"])
        self.assertEqual(run(*asked, "--since=soon")[0], 2)
        self.assertEqual(run("history", "--state=asleep")[0], 2)

    def test_a_damaged_database_is_set_aside(self):
        self.set_up_ironforge()
        (self.folder / "data").mkdir()
        self.write("data/state.db", "this is not a database")
        tocsin, address = self.tocsin()
        self.assertTrue(any("set aside" in line for line in tocsin.lines), tocsin.lines)
        self.assertEqual(len(list((self.folder / "data").glob("state.db.corrupt-*"))), 1)
        self.assertTrue(json.loads(get(address, "/healthz")[1])["data"]["state_ok"])


if __name__ == "__main__":
    main()
