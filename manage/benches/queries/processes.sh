#!/usr/bin/env bash
# Times whole processes: a program that connects, reads one row and ends, with Diesel's own connections and as a
# command of a `manage` program.
#
#     manage/benches/queries/processes.sh [postgres|mysql|sqlite …] [--rounds COUNT] [--via tcp|socket|pgbouncer] [--json FILE]
set -euo pipefail
exec "$(dirname "$0")/run.sh" --processes "$@"
