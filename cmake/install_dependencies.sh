#!/bin/sh
# Installs what building, running the example and testing tocsin need, on Debian 12. Does nothing when all of it is there.
#
# usage: cmake/install_dependencies.sh [build|run|test|fuzz]…      (build alone when nothing is said)
set -eu

BUILD="g++ cmake ninja-build pkg-config ccache python3-minimal ca-certificates tzdata
    libboost1.81-dev libboost-url1.81-dev libboost-json1.81-dev tao-pegtl-dev libcpp-httplib-dev libyaml-cpp-dev nlohmann-json3-dev
    libexpected-dev libfmt-dev libspdlog-dev libcli11-dev libre2-dev libsqlite3-dev libssl-dev zlib1g-dev libzstd-dev libxxhash-dev
    libhowardhinnant-date-dev libcrypt-dev catch2"
# python3-minimal lacks the http server of the example and of the end-to-end tests. Chromium, about 100 MB and a minute, opens the page that
# `tocsin replay --html` writes.
RUN="python3 curl"
TEST="$RUN openssl zstd chromium chromium-driver"
FUZZ="clang clang-tidy clang-format libclang-rt-14-dev libbenchmark-dev"

wanted=""
for set in "${@:-build}"; do
    case $set in
        build) wanted="$wanted $BUILD" ;;
        run) wanted="$wanted $RUN" ;;
        test) wanted="$wanted $TEST" ;;
        fuzz) wanted="$wanted $FUZZ" ;;
        *) echo "install_dependencies.sh: unknown set '$set'; expected build, run, test or fuzz" >&2; exit 2 ;;
    esac
done

missing=""
for package in $wanted; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

system=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown} ${VERSION_ID:-}" || echo unknown)
case $system in
    "debian 12"*) ;;
    *)
        echo "tocsin is built on Debian 12 (bookworm); this is $system." >&2
        echo "Install the equivalents of these packages yourself, then run make again:$missing" >&2
        exit 3 ;;
esac

as_root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "These packages are missing and can be installed by root only; sudo is not there:$missing" >&2
        exit 3
    }
    as_root=sudo
fi

echo "Installing:$missing"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
