#!/usr/bin/env bash
# What a project of many commands costs to build: from an edit to a running command, in a debug build.
#
#     manage/benches/many-commands.sh [DIRECTORY [COUNT]...]
#
# It writes a project for each count (by default 10, 200 and 1,000) into DIRECTORY (by default
# target/many-commands), builds it, and prints for each:
#
# - seconds from an edit of one command to its output, least of 5, and the CPU seconds of that run;
# - of these, seconds of the library's crate and of the program with the linker, from a second run of each;
# - KiB of the program;
# - with `PASSES=1`, the longest of the compiler's passes (this needs the compiler's unstable options).
#
# `RELEASE=1` also builds in release mode and prints KiB of the program.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$root/target/many-commands}
shift || true
counts=("$@")
[ ${#counts[@]} -gt 0 ] || counts=(10 200 1000)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
# The projects share what they depend on.
export CARGO_TARGET_DIR="$folder/target"

project() { # COUNT
    local path="$folder/many_$1"
    mkdir -p "$path/src/bin" "$path/src/management/commands"
    cat > "$path/Cargo.toml" <<TOML
[package]
name = "many_$1"
version = "0.1.0"
edition = "2024"

[[bin]]
name = "manage_$1"
path = "src/bin/manage.rs"

[workspace]

[dependencies]
diesel-manage = { path = "$root/manage", default-features = false, features = ["sqlite"] }
TOML
    cp "$root/Cargo.lock" "$path/Cargo.lock"
    echo 'manage::commands!();' > "$path/src/lib.rs"
    echo "manage::main!(many_$1);" > "$path/src/bin/manage.rs"
    for number in $(seq 1 "$1"); do
        cat > "$path/src/management/commands/command_$number.rs" <<RUST
use manage::prelude::*;

/// Do nothing, number $number
#[command]
pub fn command_$number(
    cx: &mut Context,
    /// What to begin with
    first: String,
    /// How many
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// Up to which
    #[arg(long)]
    second: Option<u32>,
    /// Whether to do it
    #[arg(short, long)]
    third: bool,
) -> Result<()> {
    cx.line(format_args!("{first} {count} {second:?} {third} revision 0"))
}
RUST
    done
}

# Prints the seconds of the clock and of the processor.
timed() { # COMMAND...
    local TIMEFORMAT='%R %U %S'
    { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%.2f %.2f\n", $1, $2 + $3 }'
}

edit() { # PATH REVISION
    sed -i "s/revision [0-9]*/revision $2/" "$1/src/management/commands/command_7.rs"
}

build_and_run() { # COUNT
    cargo build --quiet && "$folder/target/debug/manage_$1" command_7 text
}

for count in "${counts[@]}"; do
    path="$folder/many_$count"
    project "$count"
    cd "$path"
    cargo build --quiet
    for revision in 1 2 3 4 5; do
        edit "$path" "$revision"
        timed build_and_run "$count"
    done | sort -n | awk -v count="$count" \
        'NR == 1 { printf "%5d commands: edit to output %s s, CPU %s s", count, $1, $2 }'
    edit "$path" 6
    library=$(timed cargo build --quiet --lib)
    program=$(timed cargo build --quiet)
    printf '; library %s s, program %s s; %s KiB\n' "${library%% *}" "${program%% *}" \
        "$(($(stat -c %s "$folder/target/debug/manage_$count") / 1024))"
    if [ -n "${PASSES:-}" ]; then
        edit "$path" 7
        RUSTC_BOOTSTRAP=1 cargo rustc --quiet --lib -- -Z time-passes 2>&1 |
            sed -n 's/^time: *\([0-9.]*\);.*\t\(.*\)$/\1 \2/p' | sort -rn | head -n 20
    fi
    if [ -n "${RELEASE:-}" ]; then
        cargo build --release --quiet
        printf '%5d commands, release: %s KiB\n' "$count" \
            "$(($(stat -c %s "$folder/target/release/manage_$count") / 1024))"
    fi
done
