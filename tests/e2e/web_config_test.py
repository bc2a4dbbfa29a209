#!/usr/bin/env python3
"""TLS and users by --web.config.file: what the tools of the originals reach with it, and what nobody reaches without."""
import base64
import shutil
import signal
import ssl
import subprocess
import urllib.error
import urllib.request

from harness import DEADLINE, PEERS, Story, main, run

PROMETHEUS = PEERS / "prometheus" / "usr/bin/prometheus"
AMTOOL = PEERS / "prometheus-alertmanager" / "usr/bin/amtool"

# Of `secret`, by the least cost.
WEB = """
tls_server_config: {cert_file: cert.pem, key_file: key.pem}
basic_auth_users:
  alice: '$2b$04$Ad/HDxMqtyBw8SpGr8xSQujq8zhN8kV1ylNhyo/e3s1.QESAvJUhu'
"""
CLIENT = """
basic_auth: {username: alice, password: secret}
tls_config: {ca_file: cert.pem}
"""
ROUTING = """
route: {{receiver: hook, group_wait: 0s}}
receivers: [{{name: hook, webhook_configs: [{{url: 'http://{receiver}/hook'}}]}}]
"""
THEIRS = """
rule_files: [always.yml]
alerting:
  alertmanagers:
  - scheme: https
    basic_auth: {{username: alice, password: secret}}
    tls_config: {{ca_file: cert.pem}}
    static_configs: [{{targets: ['{tocsin}']}}]
"""


class WebConfig(Story):
    def setUp(self):
        super().setUp()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=tocsin", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "key.pem",
                        "-out", self.folder / "cert.pem"], check=True, capture_output=True, timeout=DEADLINE)
        self.write("prometheus.yml", "global: {}\n")
        self.hook, receiver = self.receiver()
        self.write("alertmanager.yml", ROUTING.format(receiver=receiver))
        self.write("web.yml", WEB)
        self.write("client.yml", CLIENT)
        self.process, self.address = self.tocsin("--web.config.file=web.yml")

    def status(self, scheme="https", user=None):
        """What the daemon answers; nothing when it does not."""
        request = urllib.request.Request(f"{scheme}://{self.address}/-/ready")
        if user:
            request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
        trusted = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE, context=trusted) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def test_only_users_come_in_and_only_under_tls(self):
        self.assertEqual(self.status(), 401)
        self.assertEqual(self.status(user="alice:wrong"), 401)
        self.assertEqual(self.status(user="alice:secret"), 200)
        self.assertIsNone(self.status(scheme="http", user="alice:secret"))
        self.process.signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(), 0)
        self.assertNotIn("secret", "".join(self.process.lines))

    def test_prometheus_tells_its_alerts_with_its_http_configuration(self):
        if not PROMETHEUS.exists():
            self.skipTest("prometheus is not there: make test fetches it")
        self.write("always.yml", "groups: [{name: g, interval: 1s, rules: [{alert: Always, expr: vector(1)}]}]\n")
        config = self.write("theirs.yml", THEIRS.format(tocsin=self.address))
        prometheus = self.start(PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'tsdb'}",
                                "--web.listen-address=127.0.0.1:0", "--rules.alert.resend-delay=1s")
        prometheus.wait_for("Server is ready to receive web requests")
        alert, = self.notification(self.hook, lambda path, body: True)["body"]["alerts"]
        self.assertEqual(alert["labels"], {"alertname": "Always"})

    def test_amtool_silences_with_its_http_configuration(self):
        if not AMTOOL.exists():
            self.skipTest("amtool is not there: make test fetches it")
        done = subprocess.run([AMTOOL, f"--alertmanager.url=https://{self.address}", "--http.config.file=client.yml",
                               "--no-version-check", "silence", "add", "-a", "me", "-c", "because", "node=a"],
                              cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE, env={"HOME": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(done.stdout.strip()), 36)

    def test_commands_ask_with_an_http_configuration(self):
        for command in (["query", "instant", "1 + 1"], ["explain", "1 + 1"], ["history"], ["notifications"],
                        ["notifications", "untold"]):
            server = f"--server=https://{self.address}"
            self.assertEqual(run(*command, server, cwd=self.folder)[0], 3, command)
            code, said, complained = run(*command, server, "--http.config.file=client.yml", cwd=self.folder)
            self.assertEqual(code, 0, f"{command}: {complained}")
            code, said, complained = run(*command, server, "--http.config.file=web.yml", cwd=self.folder)
            self.assertNotEqual(code, 0)
            self.assertIn("web.yml:2:1: field tls_server_config not found", complained)

    def test_a_certificate_that_changes_is_shown_to_the_next_who_comes(self):
        before = ssl.get_server_certificate(tuple(self.address.rsplit(":", 1)))
        subprocess.run(["openssl", "req", "-x509", "-key", self.folder / "key.pem", "-days", "1", "-subj", "/CN=new", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-out", self.folder / "new.pem"], check=True, capture_output=True,
                       timeout=DEADLINE)
        shutil.move(self.folder / "new.pem", self.folder / "cert.pem")
        self.process.wait_for("web configuration has changed and is in force")
        self.assertNotEqual(ssl.get_server_certificate(tuple(self.address.rsplit(":", 1))), before)
        self.assertEqual(self.status(user="alice:secret"), 200)

    def test_a_bad_file_is_told_before_anything_starts(self):
        self.write("bad.yml", "tls_server_config: {cert_file: no.pem, key_file: key.pem}\nbasic_auth_users: {alice: s3cr3t}\n")
        for command in (["check", "web-config", "bad.yml"], ["run", "--web.config.file=bad.yml", "--storage.path=other"]):
            code, said, complained = run(*command, cwd=self.folder)
            self.assertEqual(code, 1, complained)
            self.assertIn("bad.yml:1:32: open no.pem: no such file or directory", said + complained)
            self.assertIn('bad.yml:2:27: the password of user "alice" is no bcrypt hash', said + complained)
            self.assertNotIn("s3cr3t", said + complained)


if __name__ == "__main__":
    main()
