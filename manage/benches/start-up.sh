#!/usr/bin/env bash
# Start-up of a `manage` program with 10 and with 1,000 commands: instructions (valgrind), time and memory (GNU time).
#
#     manage/benches/start-up.sh [DIRECTORY]
#
# It writes two projects into DIRECTORY (by default target/start-up), builds them in release mode and runs an
# empty command with three arguments, `version`, `help`, and the question behind `manage <TAB>` and `manage command_7 --<TAB>` in
# each. Of the times it prints the least and the median of 101.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$root/target/start-up}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

project() { # NAME COUNT
    local path="$folder/$1"
    mkdir -p "$path/src/bin" "$path/src/management/commands"
    cat > "$path/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
diesel-manage = { path = "$root/manage", default-features = false, features = ["sqlite"] }

[profile.release]
lto = "thin"
codegen-units = 1
strip = "debuginfo"
TOML
    echo 'manage::commands!();' > "$path/src/lib.rs"
    echo "manage::main!($1);" > "$path/src/bin/manage.rs"
    for number in $(seq 1 "$2"); do
        cat > "$path/src/management/commands/command_$number.rs" <<RUST
use manage::prelude::*;

/// Do nothing, number $number
#[command]
pub fn command_$number(_cx: &mut Context, _first: String, #[arg(long)] second: Option<u32>, #[arg(short)] third: bool) -> Result<()> {
    let _ = (second, third);
    Ok(())
}
RUST
    done
    # The two share what they depend on; the programs have one name.
    (cd "$path" && CARGO_TARGET_DIR="$folder/target" cargo build --release --quiet)
    cp "$folder/target/release/manage" "$path/manage"
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

kilobytes() { # PROGRAM ARGUMENT...
    command time -f %M "$@" 2>&1 >/dev/null | tail -n 1
}

project few 10
project many 1000
for name in few many; do
    program="$folder/$name/manage"
    cd "$folder/$name"
    for line in "command_7 text --second 5 -t" "version" "help" \
        "__complete zsh manage" "__complete zsh manage command_7 --"; do
        # shellcheck disable=SC2086
        set -- $line
        printf '%-5s manage %-35s %10s instructions  %12s ms  %6s KiB\n' "$name" "$line" \
            "$(instructions "$program" "$@")" "$(milliseconds "$program" "$@")" "$(kilobytes "$program" "$@")"
    done
done
