#!/bin/bash
# The entrypoint of the stand-in for the image `postgres`: what the official one documents, in few words.
# An empty volume is set up by a temporary server that only its Unix socket reaches. It is stopped, then the real one starts.
# Bash, because a script in /docker-entrypoint-initdb.d that is not executable is sourced and may expect it.
set -eu

version=$(basename "$(readlink -f /usr/lib/postgresql/current)")
export PGDATA="${PGDATA:-/var/lib/postgresql/$version/docker}"

# The value of variable $1, or of the file that $1_FILE names, or $2.
setting() {
    local file=${1}_FILE
    if [ -n "${!1-}" ] && [ -n "${!file-}" ]; then
        echo "$1 and $file are both set" >&2
        return 1
    elif [ -n "${!file-}" ]; then
        cat "${!file}"
    else
        echo "${!1-$2}"
    fi
}

if [ "${1-}" != postgres ]; then
    exec "$@"
fi

# The server refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /run/postgresql
    chown -R postgres: "$PGDATA" /run/postgresql
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=$(setting POSTGRES_USER postgres)
    password=$(setting POSTGRES_PASSWORD '')
    database=$(setting POSTGRES_DB "$user")
    method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
    if [ -z "$password" ] && [ "$method" != trust ]; then
        echo 'POSTGRES_PASSWORD is not set: the superuser needs a password' >&2
        exit 1
    fi

    initdb --username="$user" --pwfile=<(echo "${password:-none}") --auth=trust --encoding=UTF8
    echo "host all all all $method" >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"

    pg_ctl --wait --options="-c listen_addresses=''" start
    if [ "$database" != postgres ]; then
        createdb --username="$user" --maintenance-db=postgres "$database"
    fi
    run=(psql --set=ON_ERROR_STOP=1 --no-psqlrc --username="$user" --dbname="$database")
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
        *.sh)
            # shellcheck source=/dev/null
            if [ -x "$file" ]; then "$file"; else . "$file"; fi
            ;;
        *.sql) "${run[@]}" --file="$file" ;;
        *.sql.gz) gunzip --stdout "$file" | "${run[@]}" ;;
        *) continue ;;
        esac
        echo "ran $file"
    done
    pg_ctl --wait --mode=fast stop
    echo 'PostgreSQL init process complete; ready for start up.'
fi

unset POSTGRES_PASSWORD
exec "$@"
