#!/usr/bin/env python3
"""A fleet of targets each of which misbehaves in its own way, and a good one among them that nothing happens to."""
import asyncio
import gzip
import json
import re
import ssl
import struct
import socket
import subprocess
import time

from harness import LoopServer, Story, get, main

RULES = """
groups:
  - name: good
    interval: 1s
    rules: [{alert: Good, expr: good == 1}]
"""
ROUTING = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""
CHUNK = b"# a line of a body that has no end, or should have had one long ago\n" * 1000
BOMB = gzip.compress(b"# nothing in here is worth a byte\n" * 4_000_000, 9)  # 136 MB in 0.4 MB


def head(*fields):
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/plain; version=0.0.4", *fields, "", ""]).encode()


def whole(body):
    return head(f"Content-Length: {len(body)}") + body


class Fleet(LoopServer):
    """One port; what a target does is what its path says."""

    def __init__(self, tls=None):
        super().__init__(self._talk, tls=tls)

    async def _talk(self, reader, writer):
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                kind = request.split()[1].decode().strip("/")
                if not await getattr(self, kind)(writer):
                    break
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, AttributeError):
            pass
        writer.close()

    # Each answers whether the connection goes on.

    async def good(self, writer):
        writer.write(whole(b"good 1\n"))
        return True

    async def slow_first_byte(self, writer):
        await asyncio.sleep(60)

    async def slow_body(self, writer):
        writer.write(head("Content-Length: 1000"))
        while True:
            writer.write(b"#")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def no_length(self, writer):
        writer.write(head("Connection: close") + b"no_length 1\n")

    async def too_long_a_length(self, writer):
        writer.write(head("Content-Length: 1000") + b"cut 1\n")

    async def too_short_a_length(self, writer):
        writer.write(head("Content-Length: 9") + b"too_short 1\nand more\n")
        return True

    async def gzip_bomb(self, writer):
        writer.write(head("Content-Encoding: gzip", f"Content-Length: {len(BOMB)}") + BOMB)
        return True

    async def not_gzip(self, writer):
        writer.write(head("Content-Encoding: gzip", "Content-Length: 6") + b"x 1\nx\n")
        return True

    async def endless_body(self, writer):
        writer.write(head(f"Content-Length: {1 << 30}"))
        while True:
            writer.write(CHUNK)
            await writer.drain()

    async def redirect_loop(self, writer):
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /redirect_loop\r\nContent-Length: 0\r\n\r\n")
        return True

    async def reset_in_the_middle(self, writer):
        writer.write(head("Content-Length: 1000") + b"reset 1\n")
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def many_labels(self, writer):
        labels = ",".join(f'l{i}="v"' for i in range(10_000))
        writer.write(whole(f"many_labels{{{labels}}} 1\n".encode()))
        return True

    async def invalid_utf8(self, writer):
        writer.write(whole(b'invalid_utf8{a="\xff\xfe"} 1\n'))
        return True

    async def not_a_number(self, writer):
        writer.write(whole(b"not_a_number NaN\n"))
        return True

    async def from_the_future(self, writer):
        writer.write(whole(f"from_the_future 1 {int((time.time() + 7 * 86400) * 1000)}\n".encode()))
        return True

    async def garbage(self, writer):
        writer.write(b"\x00\x01\x02 no server ever said this\r\n\r\n")

    async def tls_alert(self, writer):
        """As of servers that say why they do not speak plain HTTP."""
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")

    async def error(self, writer):
        writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops")
        return True

    async def huge_header(self, writer):
        writer.write(head(*(f"X-{i}: {'h' * 1000}" for i in range(2000))) + b"x 1\n")


# What each target is after a while, and why.
VERDICTS = {
    "good": ("up", ""),
    "slow_first_byte": ("down", "timed out after 2s"),
    "slow_body": ("down", "timed out after 2s"),
    "no_length": ("up", ""),
    "too_long_a_length": ("down", "closed before the end"),
    "too_short_a_length": ("down", "line 1"),
    "gzip_bomb": ("down", "body size limit exceeded"),
    "not_gzip": ("down", "gzip"),
    "endless_body": ("down", "body size limit exceeded"),
    "redirect_loop": ("down", "redirect"),
    "reset_in_the_middle": ("down", "reset"),
    "many_labels": ("down", "label_limit exceeded"),
    "invalid_utf8": ("down", "line 1: invalid UTF-8"),
    "not_a_number": ("up", ""),
    "from_the_future": ("up", ""),
    "garbage": ("down", "malformed answer"),
    "error": ("down", "500"),
    "huge_header": ("down", "header limit exceeded"),
    "tls_where_there_is_none": ("down", "tls"),
    "none_where_there_is_tls": ("down", "connection closed before the end of the answer"),
    "tls_alert": ("down", "malformed answer"),
    "tls_of_an_unknown_authority": ("down", "tls: certificate: self-signed certificate"),
    "tls_with_the_name_of_another": ("down", "tls: certificate: IP address mismatch"),
    "tls_as_it_should_be": ("up", ""),
}


def certificate(folder, name, subject):
    """Signs itself; gives what a server needs to show it. `folder/name.pem` has the certificate alone."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=tocsin test", "-addext", f"subjectAltName={subject}", "-out", cert, "-keyout", key],
                   check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    return tls


def job(name, port, path="good", scheme="http", ca_file=None):
    tls_config = f"    tls_config: {{ca_file: {ca_file}}}\n" if ca_file else ""
    return (f"  - job_name: {name}\n    scheme: {scheme}\n    metrics_path: /{path}\n    scrape_interval: 2s\n    scrape_timeout: 2s\n"
            f"    body_size_limit: 64MB\n    label_limit: 100\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n{tls_config}")


class FleetStory(Story):
    def targets(self, address):
        answer = json.loads(get(address, "/api/v1/targets")[1])["data"]["activeTargets"]
        return {target["scrapePool"]: target for target in answer}

    def wait_for_verdicts(self, address):
        """As soon as each has come to its own, or else the last there are: where all is slow, others time out at first."""
        deadline = time.monotonic() + 60
        while True:
            targets = self.targets(address)
            if self.all_right(targets) or time.monotonic() > deadline:
                return targets
            get(address, "/metrics")

    def all_right(self, targets):
        return all(targets[name]["health"] == health and re.search(why or "^$", targets[name]["lastError"])
                   for name, (health, why) in VERDICTS.items())

    def fleet(self, tls=None):
        fleet = Fleet(tls)
        self.addCleanup(fleet.stop)
        return fleet.port

    def jobs(self):
        plain = self.fleet()
        ours = self.fleet(certificate(self.folder, "ours", "IP:127.0.0.1"))
        others = self.fleet(certificate(self.folder, "others", "DNS:elsewhere.test"))
        tls_jobs = [job("tls_where_there_is_none", plain, scheme="https"),
                    job("none_where_there_is_tls", ours),
                    job("tls_of_an_unknown_authority", ours, scheme="https"),
                    job("tls_with_the_name_of_another", others, scheme="https", ca_file="others.pem"),
                    job("tls_as_it_should_be", ours, scheme="https", ca_file="ours.pem")]
        return [job(name, plain, path=name) for name in VERDICTS if name in vars(Fleet)] + tls_jobs

    def test_each_target_costs_its_own_time_and_nothing_else(self):
        self.write("prometheus.yml", "rule_files: [rules.yml]\nscrape_configs:\n" + "".join(self.jobs()))
        self.write("rules.yml", RULES)
        self.write("alertmanager.yml", ROUTING)
        tocsin, address = self.tocsin("--storage.keep=all", "--storage.retention=1m")
        tocsin.wait_for(r'"message":"alert firing".*Good')
        targets = self.wait_for_verdicts(address)
        for name, (health, why) in VERDICTS.items():
            with self.subTest(name):
                self.assertEqual(targets[name]["health"], health, targets[name]["lastError"])
                self.assertRegex(targets[name]["lastError"], why or "^$")
        self.assertLess(targets["good"]["lastScrapeDuration"], 1.5)  # the others take 2
        self.assertLess(self.resident_megabytes(tocsin), 400)
        metrics = get(address, "/metrics")[1]
        self.assertRegex(metrics, r"prometheus_target_scrapes_sample_out_of_bounds_total [1-9]")

    def resident_megabytes(self, process):
        with open(f"/proc/{process.child.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) / 1024


if __name__ == "__main__":
    main()
