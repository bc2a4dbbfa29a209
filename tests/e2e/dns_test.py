#!/usr/bin/env python3
"""Targets out of real DNS: the system's stub resolver asks a name server of the test, in a network of its own.

Port 53 and /etc/resolv.conf are the test's in there, so it runs itself again inside new namespaces."""
import fcntl
import json
import os
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time

from harness import Story, get, main

INSIDE = "TOCSIN_INSIDE_NAMESPACES"
NAMESPACES = ("unshare", "--map-root-user", "--mount", "--net", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"')
RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n"

A, NS, MX, SRV = 1, 2, 15, 33
NO_ERROR, NO_SUCH_NAME = 0, 3
ALERTMANAGER = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
BODY = b"x 1\n"
METRICS = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 4\r\n\r\n" + BODY


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS


def encoded(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".")) + b"\0"


class NameServer:
    """Answers over UDP what fits into a datagram, and everything over TCP."""

    UDP_BYTES = 512

    def __init__(self):
        self.records = {}  # (name, type): data of records
        self.over_tcp = 0
        outer = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                question, sock = self.request
                answer = outer.answer(question)
                if len(answer) > outer.UDP_BYTES:
                    answer = outer.answer(question, truncated=True)
                sock.sendto(answer, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                outer.over_tcp += 1
                length = struct.unpack("!H", self.rfile.read(2))[0]
                answer = outer.answer(self.rfile.read(length))
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

        for kind, handler in ((socketserver.ThreadingUDPServer, Udp), (socketserver.ThreadingTCPServer, Tcp)):
            server = kind(("127.0.0.1", 53), handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(self, message, truncated=False):
        number, labels, at = message[:2], [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode())
            at += 1 + message[at]
        name, kind = ".".join(labels), struct.unpack("!H", message[at + 1:at + 3])[0]
        question = message[12:at + 5]
        found = [] if truncated else self.records.get((name, kind), [])
        code = NO_ERROR if any(known == name for known, _ in self.records) else NO_SUCH_NAME
        flags = 0x8180 | code | (0x0200 if truncated else 0)
        head = number + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
        return head + question + b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(data)) + data for data in found)

    def address(self, name, address):
        self.records[name, A] = [socket.inet_aton(address)]

    def services(self, name, targets):
        self.records[name, SRV] = [struct.pack("!HHH", 0, 0, port) + encoded(target) for target, port in targets]


def metrics_target():
    """A target at 127.0.0.1 on a free port."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while (line := self.rfile.readline()) and line != b"\r\n":
                pass
            self.wfile.write(METRICS)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Dns(Story):
    def job(self, name, more):
        return f"  - job_name: {name}\n    scrape_interval: 1s\n    dns_sd_configs: [{{refresh_interval: 1s, {more}}}]\n"

    def targets_when(self, address, condition):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            active = json.loads(get(address, "/api/v1/targets")[1])["data"]["activeTargets"]
            pools = {}
            for target in active:
                pools.setdefault(target["scrapePool"], []).append(target)
            if condition(pools):
                return pools
            time.sleep(0.05)
        self.fail(f"never so: {json.dumps(active, indent=1)}")

    def test_records_of_each_kind_become_targets_and_go_again(self):
        raise_loopback()
        names, port = NameServer(), metrics_target()
        names.address("one.fleet.test", "127.0.0.1")
        names.services("_metrics._tcp.fleet.test", [("one.fleet.test.", port)])
        names.services("_many._tcp.fleet.test", [(f"instance-{i}.fleet.test.", 9000 + i) for i in range(100)])
        names.records["fleet.test", MX] = [struct.pack("!H", 10) + encoded("one.fleet.test")]
        self.write("prometheus.yml", "scrape_configs:\n" + self.job("srv", "names: [_metrics._tcp.fleet.test]") +
                   self.job("address", f"names: [one.fleet.test], type: A, port: {port}") +
                   self.job("mail", f"names: [fleet.test], type: MX, port: {port}") +
                   self.job("many", "names: [_many._tcp.fleet.test]") + self.job("missing", "names: [_no._tcp.fleet.test]"))
        self.write("alertmanager.yml", ALERTMANAGER)
        tocsin, address = self.tocsin("--storage.keep=all", "--storage.retention=1m")

        up = lambda pools, pool: [target["health"] for target in pools.get(pool, [])] == ["up"]
        pools = self.targets_when(address, lambda pools: all(up(pools, pool) for pool in ("srv", "address", "mail")) and "many" in pools)
        self.assertEqual(pools["srv"][0]["labels"], {"instance": f"one.fleet.test:{port}", "job": "srv"})
        found = pools["srv"][0]["discoveredLabels"]
        self.assertEqual(found["__meta_dns_name"], "_metrics._tcp.fleet.test")
        self.assertEqual(found["__meta_dns_srv_record_target"], "one.fleet.test.")
        self.assertEqual(found["__meta_dns_srv_record_port"], str(port))
        self.assertEqual(pools["address"][0]["labels"]["instance"], f"127.0.0.1:{port}")
        self.assertEqual(pools["mail"][0]["discoveredLabels"]["__meta_dns_mx_record_target"], "one.fleet.test.")
        self.assertEqual(len(pools["many"]), 100)
        self.assertGreater(names.over_tcp, 0)  # the answer does not fit into a datagram
        self.assertNotIn("missing", pools)

        names.services("_metrics._tcp.fleet.test", [])
        self.targets_when(address, lambda pools: "srv" not in pools and up(pools, "address"))


def run_inside():
    """Again in a network and with a resolv.conf of its own; says why when that is not allowed here."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write(RESOLV_CONF)
        conf.flush()
        if subprocess.run([*NAMESPACES, conf.name, "true"], capture_output=True).returncode != 0:
            print("OK (skipped=1): network namespaces are not allowed here", file=sys.stderr)
            return 0
        return subprocess.run([*NAMESPACES, conf.name, sys.executable, *sys.argv], env={**os.environ, INSIDE: "1"}).returncode


if __name__ == "__main__":
    if INSIDE not in os.environ:
        sys.exit(run_inside())
    main()
