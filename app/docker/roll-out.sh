#!/bin/sh
# Replaces the replicas of a service by those of a new version, without a failed request:
#
#   docker-compose --file docker-compose.yml build app && app/docker/roll-out.sh app
#
# As many new replicas start beside the old ones. When they are healthy, the old ones are stopped: each finishes its
# requests, and the proxy asks the others. If the new ones do not become healthy, they are removed, and the old ones stay.
set -eu

service=${1:?the name of the service}
compose=${COMPOSE:-docker-compose --file docker-compose.yml}
limit=${ROLL_OUT_SECONDS:-300}

old=$($compose ps --quiet "$service")
count=$(echo "$old" | grep -c .) || {
    echo "roll-out: $service does not run: start it with up" >&2
    exit 1
}
$compose up --detach --no-deps --no-recreate --scale "$service=$((count * 2))" "$service"
new=$($compose ps --quiet "$service" | grep -vxF "$old")

remove() {
    # shellcheck disable=SC2086
    docker stop $1 >/dev/null && docker rm $1 >/dev/null
}

for container in $new; do
    until [ "$(docker inspect --format '{{.State.Health.Status}}' "$container")" = healthy ]; do
        limit=$((limit - 1))
        if [ "$limit" -le 0 ]; then
            docker logs --tail 20 "$container" >&2
            remove "$new"
            echo "roll-out: the new version is not healthy, so the old one stays" >&2
            exit 1
        fi
        sleep 1
    done
done
remove "$old"
