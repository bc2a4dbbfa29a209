#!/usr/bin/env python3
"""Holds the order of the layers and the one door of each library: prints each #include that breaks it, exits 1 if any does.

usage: layers.py [SOURCE_ROOT]"""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "base": set(),
    "parser": {"base"},
    "engine": {"base", "parser"},
    "rules": {"base", "parser", "engine"},
    "notifiers": {"base", "parser"},
    "daemon": {"base", "parser", "engine", "rules", "notifiers"},
    "cli": {"base", "parser", "engine", "rules", "notifiers", "daemon"},
}

# The places where a library is at home; nowhere else is it included.
HOME = {
    "boost/asio": ("base/asio_", "base/beast_", "daemon/http_server"),
    "boost/beast": ("base/beast_", "daemon/http_server"),
    "boost/url": ("base/url.cpp",),
    "boost/json": ("base/json_walk.cpp",),
    "httplib.h": ("base/httplib_",),
    "yaml-cpp/": ("base/yaml.cpp",),
    "nlohmann/": ("base/json.cpp",),
    "re2/": ("base/regex.cpp",),
    "spdlog/": ("base/log.cpp",),
    "sqlite3.h": ("base/sqlite",),
    "openssl/": ("base/digest.cpp", "base/asio_tls", "base/beast_", "base/httplib_"),
    "crypt.h": ("base/password_hash.cpp",),
    "zlib.h": ("base/compression.cpp", "base/gunzip_stream.cpp"),
    "zstd.h": ("base/zstd_stream.cpp",),
    "xxhash.h": ("base/hash.h",),
    "date/": ("base/time_zone.cpp",),
    "tao/pegtl": ("parser/",),
    "CLI/": ("cli/",),
    "sys/inotify.h": ("base/asio_",),
}

# Kept out of headers: what they cost is paid by every file that includes the header.
NOT_IN_HEADERS = ("boost/asio.hpp", "boost/beast", "httplib.h", "yaml-cpp/", "nlohmann/", "re2/", "spdlog/", "fmt/",
                  "<regex>", "<filesystem>", "<iostream>")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])')


def problems_of(path, root):
    name = path.relative_to(root).as_posix()
    layer = name.split("/")[0]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        header = found.group(1)
        target = header.strip('<>"')
        other = target.split("/")[0]
        if header[0] == '"' and other in MAY_INCLUDE and other != layer and other not in MAY_INCLUDE[layer]:
            yield f"{name}:{number}: {layer}/ may not include {other}/"
        for library, homes in HOME.items():
            if target.startswith(library) and not name.startswith(homes):
                yield f"{name}:{number}: {library} is at home in {', '.join(homes)} only"
        if name.endswith(".h") and not name.startswith("parser/promql_grammar"):
            for heavy in NOT_IN_HEADERS:
                if target.startswith(heavy.strip("<>")) and (heavy[0] != "<" or header == heavy):
                    yield f"{name}:{number}: {target} costs too much for a header"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = [p for layer in MAY_INCLUDE for p in sorted((root / layer).rglob("*")) if p.suffix in (".h", ".cpp")]
    found = [problem for path in files for problem in problems_of(path, root)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
