#!/bin/sh
# Unpacks programs of the distribution that the end-to-end tests run tocsin against, below FOLDER, without installing them: so no
# service of theirs is started on this machine. Does nothing for those that are there.
#
# usage: cmake/fetch_peers.sh FOLDER PACKAGE…
set -eu
folder=$1
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

for package in "$@"; do
    [ -d "$folder/$package" ] && continue
    work=$(mktemp -d)
    (
        cd "$work"
        apt-get download -qq "$package" 2>/dev/null || {
            # The list of packages is not there yet, or old.
            as_root=""
            [ "$(id -u)" = 0 ] || as_root=sudo
            $as_root apt-get update -qq
            apt-get download -qq "$package"
        }
        dpkg-deb -x ./*.deb unpacked
    )
    mv "$work/unpacked" "$folder/$package"
    rm -rf "$work"
done
