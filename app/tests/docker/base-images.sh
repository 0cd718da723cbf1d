#!/bin/sh
# Makes stand-ins for the base images that Dockerfile and docker-compose.yml name, where no registry can be reached.
#
#   base-images.sh            makes those that are missing; an image that is there, pulled or made, is left alone
#   base-images.sh --remove   removes the stand-ins, so that the real images are pulled again
#
# They are built from Debian's packages and this machine's own Rust toolchain, and are labelled as stand-ins.
# They behave like the official images as far as this project uses those, and are for its tests alone.
# Needed: root, Docker, debootstrap, a toolchain of rustup's.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
suite=bookworm
label=org.diesel-manage.stand-in
debian=debian:bookworm-slim
rust=rust:1.95-slim-bookworm
newest=rust:1-slim-bookworm
postgres=postgres:18
nginx=nginx:1.28

die() {
    echo "base-images: $*" >&2
    exit 1
}

exists() {
    docker image inspect "$1" >/dev/null 2>&1
}

# Without BuildKit, which newer clients only have as a plugin. The host's network: its mirror and proxy are known to work there.
build() {
    DOCKER_BUILDKIT=0 docker build --quiet --network=host --tag "$1" "$2" >"$tmp/log" 2>&1 || failed
}

failed() {
    tail -n 20 "$tmp/log" >&2
    die "that failed"
}

# The host's mirrors of Debian, one `URI SUITE COMPONENT` a line; nothing where the host runs another release.
mirrors() {
    apt-get indextargets --format "\$(REPO_URI) \$(RELEASE) \$(COMPONENT)" 'Created-By: Packages' 'Origin: Debian' |
        grep " $suite" | sort -u || true
}

# The authorities that the host trusts: a company's proxy may have one of its own.
authorities() {
    cat "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}"
}

make_debian() {
    [ "$(id -u)" = 0 ] || die "debootstrap needs root"
    command -v debootstrap >/dev/null || die "debootstrap is not installed"
    mirrors >"$tmp/mirrors"
    root=$tmp/root
    # Without a mirror of the host's, debootstrap uses its own.
    debootstrap --variant=minbase "$suite" "$root" \
        "$(sed -n "s/ $suite main\$//p" "$tmp/mirrors" | head -n 1)" >"$tmp/log" 2>&1 || failed

    if [ -s "$tmp/mirrors" ]; then
        sed 's/^/deb /' "$tmp/mirrors" >"$root/etc/apt/sources.list"
    fi
    # Proxies, and what else was set on the host for fetching packages.
    apt-config dump Acquire | grep -Ev '^Acquire::(IndexTargets|Changelogs|Compression)' >"$root/etc/apt/apt.conf.d/90host"
    # The real image has no authorities; apt needs them for a mirror behind HTTPS.
    if grep -q '^deb https' "$root/etc/apt/sources.list"; then
        authorities >"$root/etc/ssl/certs/ca-certificates.crt"
    fi
    # As slim as the real one: no manuals and no translations, now or later.
    for folder in doc man info locale; do
        echo "path-exclude /usr/share/$folder/*"
        rm -rf "$root/usr/share/${folder:?}"/*
    done >"$root/etc/dpkg/dpkg.cfg.d/slim"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
    # The host's names are none of the image's.
    rm -f "$root/etc/resolv.conf" "$root/etc/hostname"

    tar -C "$root" -c . | docker import --change 'CMD ["bash"]' --change "LABEL $label=true" - "$1" >/dev/null
}

# What cargo on this machine knows of its way to the crates. No tokens.
cargo_environment() {
    env | grep -E '^(CARGO_(HTTP|NET|SOURCE)_[A-Z_]+|(http|https|no|all)_proxy|(HTTP|HTTPS|NO|ALL)_PROXY)=' || true
}

make_rust() {
    sysroot=$(rustc --print sysroot)
    [ -f "$sysroot/lib/rustlib/components" ] || die "$sysroot is not a toolchain of rustup's"
    mkdir -p "$tmp/rust/toolchain" "$tmp/rust/cargo"
    cp -a "$sysroot/bin" "$sysroot/lib" "$tmp/rust/toolchain"
    for config in "${CARGO_HOME:-$HOME/.cargo}"/config.toml "${CARGO_HOME:-$HOME/.cargo}"/config; do
        [ ! -f "$config" ] || cp "$config" "$tmp/rust/cargo/"
    done
    authorities >"$tmp/rust/ca-certificates.crt"
    {
        cat <<DOCKERFILE
FROM $debian
LABEL $label=true
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY toolchain /usr/local/rust
COPY cargo /usr/local/cargo
COPY ca-certificates.crt /etc/ssl/certs/
# As in the real image, any user may fetch crates.
RUN chmod -R a+w /usr/local/cargo
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:/usr/local/rust/bin:\$PATH
DOCKERFILE
        cargo_environment | sed 's/\([^=]*\)=\(.*\)/ENV \1="\2"/'
    } >"$tmp/rust/Dockerfile"
    build "$1" "$tmp/rust"
    rm -rf "$tmp/rust"
}

# The layout of PostgreSQL 18's image: the volume is the folder above the data, which lies in VERSION/docker.
make_postgres() {
    mkdir "$tmp/postgres"
    cp "$here/postgres-entrypoint.sh" "$tmp/postgres/docker-entrypoint.sh"
    cat >"$tmp/postgres/Dockerfile" <<DOCKERFILE
FROM $debian
LABEL $label=true
RUN mkdir /etc/postgresql-common /docker-entrypoint-initdb.d \\
    && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \\
    && apt-get update && apt-get install --yes --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \\
    && ln -s /usr/lib/postgresql/* /usr/lib/postgresql/current
COPY docker-entrypoint.sh /usr/local/bin/
ENV LANG=C.UTF-8 PATH=/usr/lib/postgresql/current/bin:\$PATH
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
DOCKERFILE
    build "$1" "$tmp/postgres"
}

# As the real image: conf.d is for the user's own configuration, and the logs are those of the container.
make_nginx() {
    mkdir "$tmp/nginx"
    cat >"$tmp/nginx/nginx.conf" <<'CONFIGURATION'
user www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log /dev/stderr notice;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    access_log /dev/stdout;
    client_body_temp_path /var/cache/nginx/client;
    proxy_temp_path /var/cache/nginx/proxy;
    fastcgi_temp_path /var/cache/nginx/fastcgi;
    uwsgi_temp_path /var/cache/nginx/uwsgi;
    scgi_temp_path /var/cache/nginx/scgi;
    include /etc/nginx/conf.d/*.conf;
}
CONFIGURATION
    cat >"$tmp/nginx/Dockerfile" <<DOCKERFILE
FROM $debian
LABEL $label=true
RUN apt-get update && apt-get install --yes --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/* \\
    && install -d /var/cache/nginx
COPY nginx.conf /etc/nginx/
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
DOCKERFILE
    build "$1" "$tmp/nginx"
}

# Missing images are made; `debian` comes first, the others are built upon it.
make() {
    if exists "$1"; then
        echo "$1: there already"
    else
        start=$(date +%s)
        "$2" "$1"
        echo "$1: made in $(($(date +%s) - start)) s"
    fi
}

remove() {
    for image in "$nginx" "$postgres" "$newest" "$rust" "$debian"; do
        exists "$image" || continue
        if [ "$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$image")" = true ]; then
            docker image rm "$image" >/dev/null && echo "$image: removed"
        else
            echo "$image: not a stand-in, kept"
        fi
    done
}

case "${1-}" in
'') ;;
--remove) remove; exit ;;
*) die "unknown argument $1" ;;
esac

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

make "$debian" make_debian
make "$rust" make_rust
# Another name of it, which projects without a version of their own use.
exists "$newest" || docker tag "$rust" "$newest"
make "$postgres" make_postgres
make "$nginx" make_nginx
