#!/usr/bin/env python3
"""A helper's name stands in one file of a layer: prints each name that two files give to functions or to different types of their
anonymous namespaces, exits 1 if there is any.

Neighbouring files are compiled together, so their anonymous namespaces are one. A second function of the same name is an overload there:
`escaped(text, "")` of one file once became the other's `escaped(std::string_view, bool)`, without an error.

usage: names.py [SOURCE_ROOT]"""
import collections
import pathlib
import re
import sys

LAYERS = ("base", "parser", "engine", "rules", "notifiers", "daemon", "cli")
# Overloads that are meant: a template finds them by their argument.
OVERLOADED = {"to_text"}  # base/asio_lookups.h
NAMESPACE = re.compile(r"namespace ([\w:]+) \{")
# A definition at the beginning of a line: a type, a name, parameters.
TYPE = re.compile(r"(?:using|struct|class|enum class) (\w+)(?: = .*| \{| final.*| :.*)")
FUNCTION = re.compile(r"(?!using |return |namespace |template |#|//)[A-Za-z\[][\w:<>,&*\[\] ]*?[&* ]+(\w+)\((?:[^;]*|[^;{]*\{.*\})$")


def helpers_of(path):
    """(enclosing namespace, name, for an alias what it stands for) of each function and type in an anonymous namespace."""
    namespace, hidden = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line == "namespace {":
            hidden = True
        elif line == "}  // namespace":
            hidden = False
        elif line.startswith("}  // namespace ") and namespace:
            namespace.pop()
        elif found := NAMESPACE.match(line):
            namespace.append(found[1])
        elif hidden and (found := FUNCTION.match(line)):
            yield "::".join(namespace), found[1], ""
        elif hidden and (found := TYPE.match(line)):
            yield "::".join(namespace), found[1], line if line.startswith("using ") else ""


def problems_of(root, layer):
    homes, aliases = collections.defaultdict(set), collections.defaultdict(set)
    for path in sorted((root / layer).rglob("*.cpp")):
        for namespace, name, alias in helpers_of(path):
            homes[namespace, name].add(path.relative_to(root).as_posix())
            aliases[namespace, name].add(alias)
    for (namespace, name), files in sorted(homes.items()):
        same = len(aliases[namespace, name]) == 1 and "" not in aliases[namespace, name]
        if len(files) > 1 and not same and name not in OVERLOADED:
            yield f"{name}: {', '.join(sorted(files))}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    problems = [problem for layer in LAYERS for problem in problems_of(root, layer)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
