#!/usr/bin/env bash
# What the settings of a release build do to a `manage` program: build time, size, and start-up time.
#
#     manage/benches/release-profile.sh [--into DIRECTORY] [--keep] [VARIANT...]
#     manage/benches/release-profile.sh --list
#
# It writes one project with 10 commands and the default features into DIRECTORY (by default target/release-profile) and
# builds it in each variant, by default in all of them, one after the other with two jobs. It needs valgrind and GNU time,
# and for `static-libc` the C library's static archive.
#
# For each variant it prints the seconds of the build by the clock and of CPU, the program's size, the instructions of
# `manage version` (callgrind counts the dynamic loader's, too), and the least and the median of 101 runs of it.
#
# Variants with the same [profile] share a build directory. Only the first one builds everything; the seconds of the others
# are those of the last step, and have a `+`. Without `--keep` the script deletes the build directories of an earlier run.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/target/release-profile

# name | [profile.release], separated by commas | what rustc gets for the program itself, separated by spaces
# `strip` is rustc's: in [profile] it would make cargo build everything again.
strip='-Cstrip=symbols'
thin='lto="thin",codegen-units=1'
fat='lto="fat",codegen-units=1'
packed='-Clink-arg=-Wl,-z,pack-relative-relocs'
variants=(
    'release||'
    "strip||$strip"
    "packed||$strip $packed"
    "gnu-hash||$strip -Clink-arg=-Wl,--hash-style=gnu"
    "lazy||$strip -Crelro-level=partial -Clink-arg=-Wl,-z,lazy"
    "static-libc||$strip -Ctarget-feature=+crt-static"
    "no-pie||$strip -Crelocation-model=static"
    "thin|$thin|$strip"
    "fat|$fat|$strip"
    "fat-packed|$fat|$strip $packed"
    "fat-small|$fat,opt-level=\"s\"|$strip"
    "fat-abort|$fat,panic=\"abort\"|$strip"
)

project() {
    mkdir -p "$folder/src/bin" "$folder/src/management/commands"
    cat > "$folder/Cargo.toml" <<TOML
[package]
name = "few"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
diesel-manage = { path = "$root/manage" }
TOML
    # The versions that the workspace uses.
    cp "$root/Cargo.lock" "$folder/Cargo.lock"
    echo 'manage::commands!();' > "$folder/src/lib.rs"
    echo 'manage::main!(few);' > "$folder/src/bin/manage.rs"
    for number in $(seq 10); do
        cat > "$folder/src/management/commands/command_$number.rs" <<RUST
use manage::prelude::*;

/// Do nothing, number $number
#[command]
pub fn command_$number(_cx: &mut Context, _first: String, #[arg(long)] second: Option<u32>, #[arg(short)] third: bool) -> Result<()> {
    let _ = (second, third);
    Ok(())
}
RUST
    done
}

build() { # NAME PROFILE FLAGS: prints the seconds
    local settings=() flags=() kind=' ' target
    target=$folder/target-$(printf '%s' "$2" | tr -cs 'a-z0-9' -)
    [ -d "$target" ] && kind='+'
    IFS=, read -ra settings <<<"$2"
    IFS=' ' read -ra flags <<<"$3"
    cd "$folder"
    # shellcheck disable=SC2068
    CARGO_TARGET_DIR=$target command time -f '%e %U %S' -o "$folder/seconds" \
        cargo ${settings[@]/#/--config=profile.release.} rustc --quiet --release --bin manage -j2 -- \
        "${flags[@]}" 2> "$folder/errors" || return 1
    cp "$target/release/manage" "$folder/manage-$1"
    awk -v kind="$kind" '{ printf "%s%4.0f %5.0f", kind, $1, $2 + $3 }' "$folder/seconds"
}

instructions() { # PROGRAM ARGUMENT...
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}

milliseconds() { # PROGRAM ARGUMENT... : the least and the median of 101 runs
    for _ in $(seq 101); do
        local start end
        start=$(date +%s%N)
        "$@" >/dev/null
        end=$(date +%s%N)
        echo $(((end - start) / 1000))
    done | sort -n | awk 'NR == 1 { least = $1 } NR == 51 { printf "%.1f / %.1f", least / 1000, $1 / 1000 }'
}

if [ "${1-}" = --list ]; then
    printf '%s\n' "${variants[@]}" | tr '|' '\t'
    exit
fi
keep=false
while [[ ${1-} == --* ]]; do
    case $1 in
        --into) folder=$2; shift ;;
        --keep) keep=true ;;
        *) echo "no such option: $1" >&2; exit 2 ;;
    esac
    shift
done
for name in "$@"; do
    printf '%s\n' "${variants[@]}" | grep -q "^$name|" || { echo "no such variant: $name" >&2; exit 2; }
done
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

$keep || rm -rf "$folder"/target-*
project
printf '%-12s %5s %5s %9s %13s %12s\n' variant clock CPU KiB instructions ms
for variant in "${variants[@]}"; do
    IFS='|' read -r name profile flags <<<"$variant"
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    if ! seconds=$(build "$name" "$profile" "$flags"); then
        printf '%-12s does not build: %s\n' "$name" "$(grep -m1 error "$folder/errors" || true)"
        continue
    fi
    program=$folder/manage-$name
    printf '%-12s%s %9d %13s %12s\n' "$name" "$seconds" $(($(stat -c %s "$program") / 1024)) \
        "$(instructions "$program" version)" "$(milliseconds "$program" version)"
done
