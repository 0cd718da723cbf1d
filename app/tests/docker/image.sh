#!/bin/sh
# Builds the image of the container tests by the repository's own Dockerfile and .dockerignore. Only the optimisation is
# left out, which would take minutes.
#
#   image.sh [TAG [DIRECTORY]]     by default manage-test-app, of the files that git knows
#
# It stays on the engine, so that the next run compiles only what has changed. Needed: the images of base-images.sh.
set -eu

tag=${1:-manage-test-app}
directory=${2-}
if [ -z "$directory" ]; then
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    cd "$(dirname "$0")/../../.."
    git ls-files -z | xargs -0 cp --parents --target-directory "$directory"
fi
cd "$directory"
sed -i '/^FROM rust:/a ENV CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16' Dockerfile
# Without BuildKit, which newer clients only have as a plugin. The host's network: its proxy is known to work there.
DOCKER_BUILDKIT=0 docker build --network=host --tag "$tag" .
