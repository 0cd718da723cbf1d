#!/usr/bin/env bash
# Makes 100 edits (or as many as its argument says) in a project that `runserver` serves, while clients send 200 requests a
# second and follow its events. Of ten edits, two do not compile and one crashes at its start. Prints how many requests
# failed, and how soon after cargo's end the new code answers.
set -euo pipefail
cd "$(dirname "$0")/../.."

MANAGE_TEST_EDITS=${1:-100} cargo test -p diesel-manage --test it -- reloading::no_request_fails --nocapture
