#!/usr/bin/env bash
# How soon `manage wait_for_db` and other waiters see that PostgreSQL and MariaDB are ready, and what they cost meanwhile.
#
#     manage/benches/waiting.sh [--docker-compose-wait PROGRAM] [--rounds 50] [--latest-ms 4000] [--idle-seconds 30]
#                               [--only postgres|mariadb] [--manage NAME=PROGRAM …]
#
# Each `--manage` adds another build of the program: `--manage before=/tmp/manage` shows what a change costs, side by side.
# It needs both servers and their client programs, and about twenty minutes on a machine that does nothing else.
# The servers are its own: in temporary folders, on free ports of 127.0.0.1. docker-compose-wait (`wait`) is measured if it
# is named: https://github.com/ufoscout/docker-compose-wait
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --release -p app --features mysql --bin manage
target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
exec cargo bench --quiet -p manage-test-support --bench waiting -- --manage "$target/release/manage" "$@"
