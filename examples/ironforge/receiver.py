#!/usr/bin/env python3
"""A receiver that prints what it gets: stands in for the team's webhook, for Slack and for PagerDuty.

    receiver.py [--listen 127.0.0.1:5001] [--json]

Answers as the real ones do (webhook 200, Slack `ok`, PagerDuty 202). --json prints the bodies as they came, one JSON line
each. Pure standard library."""
import argparse
import datetime
import http.server
import json
import signal
import sys

KINDS = {"/alert": "webhook", "/slack": "slack", "/pagerduty/v2/enqueue": "pagerduty", "/pagerduty/v1": "pagerduty"}


def summary(kind, body):
    """One line a person understands."""
    if kind == "slack":
        attachment = (body.get("attachments") or [{}])[0]
        return f"{body.get('channel', '')}: {attachment.get('title', '')}  ({attachment.get('fallback', '')})"
    if kind == "pagerduty":
        payload = body.get("payload") or {}
        action = body.get("event_action") or body.get("event_type")
        key = body.get("dedup_key") or body.get("incident_key") or ""
        return f"{action}: {payload.get('summary') or body.get('description')}  (incident {key[:12]})"
    names = sorted({alert["labels"].get("alertname", "?") for alert in body.get("alerts", [])})
    return f"{body.get('status')}: {', '.join(names)}  (group {body.get('groupKey')})"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    raw = False

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        kind = KINDS.get(self.path, "webhook")
        if self.raw:
            print(json.dumps({"path": self.path, "body": body}, ensure_ascii=False), flush=True)
        else:
            now = datetime.datetime.now().strftime("%H:%M:%S")
            print(f"{now}  RECEIVED  {kind:9}  {summary(kind, body)}", flush=True)
        status, answer = {"slack": (200, b"ok"), "pagerduty": (202, b'{"status":"success"}')}.get(kind, (200, b""))
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if answer.startswith(b"{") else "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:5001")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    Handler.raw = options.json
    host, port = options.listen.rsplit(":", 1)
    try:
        server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
    except OSError as error:
        sys.exit(f"receiver: cannot listen on {options.listen}: {error.strerror}")
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("receiver: listening on %s:%d" % server.server_address, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
