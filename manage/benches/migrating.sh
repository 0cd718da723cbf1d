#!/usr/bin/env bash
# What `manage migrate` costs beside `diesel migration run`: with many pending migrations, and with nothing to do.
#
#     manage/benches/migrating.sh [DIRECTORY] [--migrations 1000] [--rounds 10] [--only sqlite|postgres|mysql]
#                                 [--diesel PROGRAM] [--manage NAME=PROGRAM …]
#
# It writes a project with that many migrations, of a table each, into DIRECTORY (by default target/migrating),
# and builds it in release mode, as most projects do. Each `--manage` adds another build of that project's program: what a
# change costs is seen side by side. `diesel` is the one on the PATH unless it is named. The servers are its own: in temporary
# folders, on free ports of 127.0.0.1.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/target/migrating migrations=1000 diesel=diesel rounds=10
backends=(sqlite postgres mysql) builds=()
while [ $# -gt 0 ]; do
    case $1 in
        --migrations) migrations=$2; shift 2 ;;
        --rounds) rounds=$2; shift 2 ;;
        --only) backends=("$2"); shift 2 ;;
        --diesel) diesel=$2; shift 2 ;;
        --manage) builds+=(--manage "$2"); shift 2 ;;
        -*) echo "there is no option $1" >&2; exit 2 ;;
        *) folder=$1; shift ;;
    esac
done
mkdir -p "$folder/src/bin"
folder=$(cd "$folder" && pwd)
diesel=$(command -v "$diesel") || { echo "diesel is not on the PATH: cargo install diesel_cli" >&2; exit 2; }

cat > "$folder/Cargo.toml" <<TOML
[package]
name = "migrating"
version = "0.1.0"
edition = "2024"

[[bin]]
name = "manage"
path = "src/bin/manage.rs"

[workspace]

[dependencies]
diesel-manage = { path = "$root/manage", features = ["mysql"] }
TOML
cp "$root/Cargo.lock" "$folder/Cargo.lock"
echo 'manage::migrations!("migrations");' > "$folder/src/lib.rs"
echo 'manage::main!(migrating);' > "$folder/src/bin/manage.rs"
rm -rf "$folder/migrations"
for number in $(seq -f %06.0f 1 "$migrations"); do
    migration=$folder/migrations/2026-01-01-${number}_table_$number
    mkdir -p "$migration"
    echo "CREATE TABLE table_$number (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, amount INTEGER NOT NULL);" \
        > "$migration/up.sql"
    echo "DROP TABLE table_$number;" > "$migration/down.sql"
done
CARGO_TARGET_DIR=$folder/target cargo build --quiet --release --manifest-path "$folder/Cargo.toml"

cd "$root"
for backend in "${backends[@]}"; do
    cargo bench --quiet -p manage-test-support --bench migrating -- --backend "$backend" --rounds "$rounds" \
        --migrations "$folder/migrations" --diesel "$diesel" --manage "$folder/target/release/manage" \
        ${builds[@]+"${builds[@]}"}
done
