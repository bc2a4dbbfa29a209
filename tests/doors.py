#!/usr/bin/env python3
"""Nothing goes around the doors to the world: prints each raw call outside the file that is its door, exits 1 if there is any.

usage: doors.py [SOURCE_ROOT]"""
import pathlib
import re
import sys

LAYERS = ("base", "parser", "engine", "rules", "notifiers", "daemon", "cli")

# What reaches into the world, and the files that may: the real implementation of the interface named.
DOORS = {
    "time (Scheduler)": (r"system_clock::now|steady_clock::now|high_resolution_clock|\bclock_gettime\b|\bgettimeofday\b|"
                         r"\btime\(\s*(nullptr|NULL|0)\s*\)|\blocaltime|\bgmtime", ("base/asio_scheduler.cpp",)),
    "sleeping (Scheduler)": (r"\bsleep_(for|until)\b|(?<![\w>])::(u|nano)?sleep\s*\(|\b(usleep|nanosleep)\s*\(", ()),
    "chance (Random)": (r"random_device|\bgetrandom\b|\bs?rand\(|mt19937|/dev/u?random", ("base/system_random.cpp",)),
    "names (Resolver, DnsClient)": (r"\bgetaddrinfo\b|\bgethostby|\bres_n?(search|query)\b", ("base/asio_resolver.cpp", "base/asio_dns.cpp")),
    "files (Disk)": (r"std::filesystem|[io]?fstream\b|\bfopen\b|\bmkstemp\b|\bstatvfs\b|(?<![\w>])::(open|rename|unlink)\(",
                     ("base/posix_disk.cpp",)),
    "file watch (FileWatch)": (r"\binotify_", ("base/asio_file_watch.cpp",)),
    "signals (Signals)": (r"\bsigaction\b|std::signal\(|\bsignal\(SIG|signal_set", ("base/asio_signals.cpp",)),
    "threads (Executor)": (r"std::j?thread\b(?!::hardware)|std::async\b|\bpthread_create\b",
                           ("base/asio_", "base/httplib_client", "base/virtual_scheduler", "base/thread_pool", "base/worker_thread")),
    "programs (run_program)": (r"\bposix_spawn|\bexec[lv]p?e?\(|\bv?fork\(|\bpopen\(|(?<![\w.>])(::)?system\(", ("base/posix_process.cpp",)),
    "environment": (r"\bgetenv\b", ("cli/",)),
    "printing": (r"std::c(out|err)\b|\bprintf\(|\bfputs\(|\bputs\(|fmt::print\(", ("cli/", "base/assert.cpp", "base/log.cpp")),
}

COMMENT = re.compile(r"//.*$|/\*.*?\*/")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def problems_of(path, root):
    name = path.relative_to(root).as_posix()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith(("#include", "//", "///")):
            continue
        code = COMMENT.sub("", STRING.sub('""', line))
        for door, (pattern, homes) in DOORS.items():
            found = re.search(pattern, code)
            if found and not name.startswith(tuple(homes) or ("-",)):
                yield f"{name}:{number}: {found.group(0).strip()} goes around the door for {door}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = [p for layer in LAYERS for p in sorted((root / layer).rglob("*")) if p.suffix in (".h", ".cpp")]
    found = [problem for path in files for problem in problems_of(path, root)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
