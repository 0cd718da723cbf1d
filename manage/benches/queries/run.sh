#!/usr/bin/env bash
# Times queries on this crate's connections, beside Diesel's own (libpq, libmariadb, SQLite) and diesel-async's.
#
#     manage/benches/queries/run.sh [postgres|mysql|sqlite …] [--quick] [--rows TEXT,…] [--only TEXT,…] [--rounds COUNT]
#                                   [--via tcp|socket|pgbouncer] [--json FILE]
#
# --quick takes less than a minute, the whole less than ten. README.md beside this file says what is measured, and
# which packages it needs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../../target/queries}
cargo build --release --quiet --manifest-path "$here/Cargo.toml" --target-dir "$target"
exec "$target/release/manage-queries" "$@"
