# Only a C compiler is needed, for SQLite; the drivers of PostgreSQL and MySQL are Rust.
# Each stage compiles what changes more often than what is before it: an edit of the app compiles the app alone.

# For docker-compose.override.yml, which mounts the source.
FROM rust:1.95-slim-bookworm AS development
# Volumes take their owner from here.
RUN install -d -o 1000 -g 1000 /home/app /src /target /usr/local/cargo/registry
ENV HOME=/home/app CARGO_TARGET_DIR=/target PATH=/target/debug:$PATH
USER 1000:1000
WORKDIR /src

# The manifests, and a stub for the root of every crate: what the dependencies are compiled from.
FROM rust:1.95-slim-bookworm AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name 'Cargo.*' ! -path './.cargo/*' ! -name lib.rs ! -name main.rs ! -name build.rs \
        ! -path '*/bin/*.rs' -delete \
    && find . -name Cargo.toml ! -path ./Cargo.toml -execdir sh -c 'mkdir -p src && touch src/lib.rs' \; \
    && find . -name '*.rs' -exec sh -c 'for root; do echo "#![allow(warnings)] fn main() { }" >"$root"; done' sh {} + \
    && find . -type d -empty -delete

FROM rust:1.95-slim-bookworm AS dependencies
WORKDIR /src
COPY --from=manifests /src .
RUN cargo build --release --locked --bin manage

# cargo goes by the time of change, and the stubs are younger than the files that replace them.
FROM dependencies AS framework
COPY manage manage
RUN find manage -name '*.rs' -exec touch {} + && cargo build --release --locked --bin manage

FROM framework AS build
COPY app app
COPY migrations migrations
RUN find app -name '*.rs' -exec touch {} + && cargo build --release --locked --bin manage
# The root of the image: the program, the libraries that it is linked with, the authorities that a database's
# certificate is verified with, and an account.
RUN ldd target/release/manage >/tmp/libraries && ! grep 'not found' /tmp/libraries \
    && install -D -t /image/usr/local/bin target/release/manage \
    && grep -o '/[^ ]*' /tmp/libraries | xargs -I {} cp --parents --dereference {} /image \
    && install -D -m 644 -t /image/etc/ssl/certs /etc/ssl/certs/ca-certificates.crt \
    && echo 'app:x:1000:1000::/home/app:' >/image/etc/passwd \
    && echo 'app:x:1000:' >/image/etc/group \
    # Without it the C library asks the name server before /etc/hosts.
    && echo 'hosts: files dns' >/image/etc/nsswitch.conf \
    && install -d -m 1777 /image/tmp \
    && install -d /home/app

# Without a shell or a package manager: what is not there has no holes, and 23 MB are pulled instead of 97.
FROM scratch
COPY --from=build /image /
COPY --from=build --chown=1000:1000 /home/app /home/app
ENV PATH=/usr/local/bin HOME=/home/app
# As a number: Kubernetes can tell that it is not root.
USER 1000:1000
WORKDIR /home/app
EXPOSE 8000
# Without settings of a database it uses an SQLite file in the container. It serves only the hosts of
# MANAGE_SERVER_ALLOWED_HOSTS (and localhost), and does not start without them.
CMD ["manage", "wait_for_db", "--", "manage", "migrate", "--", "manage", "serve", "0.0.0.0:8000"]
