"""What the end-to-end stories share: programs that are started, watched line by line, and ended; ports are always free ones.

Nothing here waits by the clock: every wait is for a line or for the end of a process, with a deadline that only a broken program
reaches."""
import asyncio
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN", str(ROOT / "build" / "tocsin"))
PEERS = pathlib.Path(os.environ.get("TOCSIN_PEERS", ROOT / "build" / "peers"))
EXAMPLE = ROOT / "examples" / "ironforge"
DEADLINE = 60  # seconds


class Process:
    """A program whose output is read line by line."""

    def __init__(self, *command, **options):
        self.lines = []
        self._queue = queue.Queue()
        self.child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, errors="replace", **options)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern, deadline=DEADLINE):
        """The match of the first line from here on that `pattern` is found in."""
        end = time.monotonic() + deadline
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line like /{pattern}/ within {deadline} s; got:\n" + "\n".join(self.lines)) from None
            if line is None:
                self._queue.put(None)
                raise AssertionError(f"ended before a line like /{pattern}/; got:\n" + "\n".join(self.lines))
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found

    def wait(self, deadline=DEADLINE):
        """Its exit code; everything it said is in `lines` then."""
        code = self.child.wait(timeout=deadline)
        while (line := self._queue.get(timeout=deadline)) is not None:
            self.lines.append(line)
        self._queue.put(None)
        return code

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child.stdout.close()


class LoopServer:
    """A server of one thread that does nothing else: `talk(reader, writer)` for each connection to `port`, the same at all hosts, under TLS with `tls`."""

    def __init__(self, talk, hosts=("127.0.0.1",), tls=None):
        self._loop = asyncio.new_event_loop()
        listening = threading.Event()
        threading.Thread(target=self._run, args=(talk, hosts, tls, listening), daemon=True).start()
        listening.wait()

    def _run(self, talk, hosts, tls, listening):
        asyncio.set_event_loop(self._loop)
        first = self._loop.run_until_complete(asyncio.start_server(talk, hosts[0], 0, ssl=tls))
        self.port = first.sockets[0].getsockname()[1]
        for host in hosts[1:]:
            self._loop.run_until_complete(asyncio.start_server(talk, host, self.port, ssl=tls))
        listening.set()
        self._loop.run_forever()

    def stop(self):
        def end():
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(end)


class Story(unittest.TestCase):
    """A test with a folder of its own, and programs that end with it."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)

    def start(self, *command, **options):
        process = Process(*command, **options)
        self.addCleanup(process.stop)
        return process

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def demo_target(self, *flags):
        """The example's target on a free port: the process and its address."""
        process = self.start(sys.executable, EXAMPLE / "demo_target.py", "--listen=127.0.0.1:0", *flags)
        return process, process.wait_for(r"listening on (\S+)")[1]

    def receiver(self):
        process = self.start(sys.executable, EXAMPLE / "receiver.py", "--listen=127.0.0.1:0", "--json")
        return process, process.wait_for(r"listening on (\S+)")[1]

    def tocsin(self, *flags, **options):
        """tocsin run in the story's folder, with JSON logs, once it listens: the process and its address."""
        process = self.start(TOCSIN, "run", "--web.listen-address=127.0.0.1:0", "--log.format=json",
                             f"--storage.path={self.folder / 'data'}", *flags, cwd=self.folder, **options)
        return process, process.wait_for(r'"message":"listening".*"address":"([^"]+)"')[1]

    def notification(self, receiver, matches, deadline=DEADLINE):
        """The next request to the receiver for which matches(path, body) holds."""
        while True:
            line = json.loads(receiver.wait_for(r"^\{.*\}$", deadline)[0])
            if matches(line["path"], line["body"]):
                return line


def get(address, path, headers=None, method="GET", data=None):
    """Status and body of a request."""
    request = urllib.request.Request(f"http://{address}{path}", headers=headers or {}, method=method, data=data)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def run(*arguments, **options):
    """tocsin once: exit code and what it said on stdout and stderr."""
    done = subprocess.run([TOCSIN, *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE, **options)
    return done.returncode, done.stdout, done.stderr


def main():
    unittest.main(verbosity=2)
