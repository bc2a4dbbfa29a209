#!/usr/bin/env python3
"""The ironforge backend's /metrics, without the backend: every family it exposes, and faults to switch on by hand.

    demo_target.py [--listen 127.0.0.1:8088] [--story]

    curl http://127.0.0.1:8088/metrics
    curl http://127.0.0.1:8088/faults                            what can go wrong, and what does
    curl -X POST http://127.0.0.1:8088/faults/pool               the connection pool runs dry
    curl -X POST 'http://127.0.0.1:8088/faults/pool?seconds=60'  … for a minute
    curl -X DELETE http://127.0.0.1:8088/faults/pool             all is well again

SIGUSR1 switches the pool fault on or off. --story lets the pool run dry from second 15 to second 60.
Pure standard library."""
import argparse
import http.server
import json
import signal
import sys
import threading
import time
import urllib.parse

FAULTS = {
    "errors": "every second request is answered 500",
    "latency": "requests take 2 to 5 seconds",
    "pool": "2 idle database connections are left",
    "redis": "operations on Redis fail",
    "memory": "1.6 GB of memory are in use",
    "unavailable": "/metrics answers 503",
    "garbage": "/metrics answers something that is no metrics",
    "hang": "/metrics never answers",
}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
PATHS = (("GET", "/api/v1/wallets", 40), ("POST", "/api/v1/wallets", 5), ("GET", "/api/v1/transactions", 25),
         ("POST", "/api/v1/transactions", 10), ("POST", "/api/v1/login", 8))
CHAINS = (("bitcoin", 3), ("ethereum", 7), ("polygon", 5))
QUERIES = (("select_wallet", 60), ("insert_transaction", 10), ("select_user", 20))


class Backend:
    """Counters that grow with time, faster or slower by the faults that are on. One lock, since requests come in threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.since = time.monotonic()
        self.updated = self.since
        self.until = {}      # fault -> when it ends by itself, or None
        self.requests = {}   # (method, path, status) -> count
        self.buckets = {}    # (method, path) -> counts by bucket, +Inf last
        self.seconds = {}    # (method, path) -> sum
        self.redis_errors = 0.0
        self.query_errors = 0.0

    def active(self, fault):
        end = self.until.get(fault, 0)
        return fault in self.until and (end is None or time.monotonic() < end)

    def switch(self, fault, on, seconds=None):
        with self.lock:
            self._advance()
            if on:
                self.until[fault] = None if seconds is None else time.monotonic() + seconds
            else:
                self.until.pop(fault, None)

    def faults(self):
        with self.lock:
            return {name: {"active": self.active(name), "what": what} for name, what in FAULTS.items()}

    def _advance(self):
        now = time.monotonic()
        elapsed, self.updated = now - self.updated, now
        for method, path, rate in PATHS:
            wrong = 0.5 if self.active("errors") else 0.0005
            for status, share in (("200", 1 - wrong), ("500", wrong)):
                key = (method, path, status)
                self.requests[key] = self.requests.get(key, 0) + rate * elapsed * share
            slow = self.active("latency")
            counts = self.buckets.setdefault((method, path), [0.0] * (len(BUCKETS) + 1))
            for i, bound in enumerate(BUCKETS + (float("inf"),)):
                low, high = (2, 5) if slow else (0.004, 0.3)
                counts[i] += rate * elapsed * min(1, max(0, (bound - low) / (high - low)))
            self.seconds[method, path] = self.seconds.get((method, path), 0) + rate * elapsed * (3.5 if slow else 0.06)
        if self.active("redis"):
            self.redis_errors += 5 * elapsed
        if self.active("pool"):
            self.query_errors += 2 * elapsed

    def metrics(self):
        with self.lock:
            self._advance()
            return "".join(self._lines())

    def _lines(self):
        age = self.updated - self.since

        def family(name, kind, text):
            yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"

        def sample(name, value, **labels):
            inside = ",".join(f'{k}="{v}"' for k, v in labels.items())
            return f"{name}{{{inside}}} {value:.6g}\n" if inside else f"{name} {value:.6g}\n"

        yield from family("http_requests_total", "counter", "Requests answered.")
        for (method, path, status), count in self.requests.items():
            yield sample("http_requests_total", int(count), method=method, path=path, status=status)
        yield from family("http_request_duration_seconds", "histogram", "Time to answer a request.")
        for (method, path), counts in self.buckets.items():
            for bound, count in zip(BUCKETS + ("+Inf",), counts):
                yield sample("http_request_duration_seconds_bucket", int(count), method=method, path=path, le=bound)
            yield sample("http_request_duration_seconds_sum", self.seconds[method, path], method=method, path=path)
            yield sample("http_request_duration_seconds_count", int(counts[-1]), method=method, path=path)
            quantiles = (3.5, 4.85, 4.97) if self.active("latency") else (0.05, 0.2, 0.28)
            for quantile, value in zip(("0.5", "0.95", "0.99"), quantiles):
                yield sample("http_request_duration_seconds", value, method=method, path=path, quantile=quantile)
        yield from family("http_active_connections", "gauge", "Connections that are open.")
        yield sample("http_active_connections", 180 if self.active("latency") else 24)
        yield from family("db_pool_connections", "gauge", "Connections of the database pool.")
        idle = 2 if self.active("pool") else 16
        yield sample("db_pool_connections", idle, state="idle")
        yield sample("db_pool_connections", 20 - idle, state="active")
        yield from family("db_query_duration_seconds", "summary", "Time of a database query.")
        for query, _ in QUERIES:
            for quantile, value in (("0.5", 0.002), ("0.95", 0.01), ("0.99", 0.03)):
                yield sample("db_query_duration_seconds", value * (40 if self.active("pool") else 1), query=query,
                             quantile=quantile)
        yield from family("db_query_errors_total", "counter", "Database queries that failed.")
        for query, _ in QUERIES:
            yield sample("db_query_errors_total", int(self.query_errors), query=query)
        yield from family("db_transactions_total", "counter", "Database transactions.")
        yield sample("db_transactions_total", int(30 * age), status="committed")
        yield sample("db_transactions_total", int(0.01 * age + self.query_errors), status="rolled_back")
        yield from family("redis_operations_total", "counter", "Operations on Redis.")
        for operation, rate in (("get", 80), ("set", 12)):
            yield sample("redis_operations_total", int(rate * age), operation=operation, status="success")
            yield sample("redis_operations_total", int(self.redis_errors), operation=operation, status="error")
        yield from family("redis_connections", "gauge", "Connections to Redis.")
        yield sample("redis_connections", 6, state="idle")
        yield sample("redis_connections", 2, state="active")
        for name, rate in (("redis_cache_hits_total", 70), ("redis_cache_misses_total", 10)):
            yield from family(name, "counter", "Look-ups in the cache.")
            yield sample(name, int(rate * age))
        for name, share in (("wallets_created_total", 0.1), ("wallets_deleted_total", 0.01),
                            ("transactions_submitted_total", 1), ("transactions_confirmed_total", 0.97),
                            ("transactions_failed_total", 0.01)):
            yield from family(name, "counter", "By chain, since the start.")
            for chain, rate in CHAINS:
                yield sample(name, int(rate * age * share), chain=chain)
        yield from family("users_registered_total", "counter", "Users who signed up.")
        yield sample("users_registered_total", 1200 + int(age / 30))
        yield from family("users_active_total", "gauge", "Users seen in the last day.")
        yield sample("users_active_total", 830)
        yield from family("users_login_attempts_total", "counter", "Attempts to log in.")
        yield sample("users_login_attempts_total", int(7.5 * age), status="success")
        yield sample("users_login_attempts_total", int(0.5 * age), status="failure")
        yield from family("process_resident_memory_bytes", "gauge", "Memory in use.")
        yield sample("process_resident_memory_bytes", 1.6e9 if self.active("memory") else 3.1e8)


def handler_for(backend):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body, kind="application/json"):
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            if self.path == "/faults":
                return self.answer(200, json.dumps(backend.faults(), indent=2) + "\n")
            if self.path in ("/health", "/api/health"):
                return self.answer(200, '{"code":0,"message":"success","data":{"status":"ok"}}\n')
            if self.path != "/metrics":
                return self.answer(404, '{"code":404,"message":"not found"}\n')
            if backend.active("hang"):
                threading.Event().wait(60)
            if backend.active("unavailable"):
                return self.answer(503, "the backend is being restarted\n", "text/plain")
            if backend.active("garbage"):
                return self.answer(200, "<html>not { what you = wanted\n", "text/plain; version=0.0.4")
            return self.answer(200, backend.metrics(), "text/plain; version=0.0.4; charset=utf-8")

        def switch(self, on):
            url = urllib.parse.urlsplit(self.path)
            fault = url.path.removeprefix("/faults/")
            if fault not in FAULTS:
                return self.answer(404, json.dumps({"error": f"no such fault; there are {', '.join(FAULTS)}"}) + "\n")
            seconds = urllib.parse.parse_qs(url.query).get("seconds")
            backend.switch(fault, on, float(seconds[0]) if seconds else None)
            print(f"demo target: fault '{fault}' {'on' if on else 'off'}: {FAULTS[fault]}", flush=True)
            return self.answer(200, json.dumps({fault: on}) + "\n")

        def do_POST(self):
            self.switch(True)

        def do_DELETE(self):
            self.switch(False)

    return Handler


def tell_story(backend):
    def pool(on):
        backend.switch("pool", on)
        print("demo target: the database pool", "runs dry" if on else "has recovered", flush=True)

    for second, on in ((15, True), (60, False)):
        timer = threading.Timer(second, pool, (on,))
        timer.daemon = True
        timer.start()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:8088")
    parser.add_argument("--story", action="store_true")
    options = parser.parse_args()
    host, port = options.listen.rsplit(":", 1)
    backend = Backend()
    try:
        server = http.server.ThreadingHTTPServer((host, int(port)), handler_for(backend))
    except OSError as error:
        sys.exit(f"demo target: cannot listen on {options.listen}: {error.strerror}")
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(
        target=lambda: backend.switch("pool", not backend.active("pool"))).start())
    print("demo target: listening on %s:%d" % server.server_address, flush=True)
    if options.story:
        tell_story(backend)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
