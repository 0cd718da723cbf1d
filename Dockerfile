# Only a C compiler is needed, for SQLite; the drivers of PostgreSQL and MySQL are Rust.

# The manifests, and a stub for the root of every crate: what the dependencies are compiled from.
FROM rust:1-slim-bookworm AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name 'Cargo.*' ! -path './.cargo/*' ! -name lib.rs ! -name main.rs ! -name build.rs \
        ! -path '*/bin/*.rs' ! -path '*/examples/*.rs' ! -path '*/benches/*.rs' -delete \
    && find . -name '*.rs' -exec sh -c 'for root; do echo "#![allow(warnings)] fn main() { }" >"$root"; done' sh {} + \
    && find . -type d -empty -delete

FROM rust:1-slim-bookworm AS build
WORKDIR /src
# Changes only with the manifests, so the layer of compiled dependencies is kept when code changes.
COPY --from=manifests /src .
RUN cargo build --release --locked --bin manage
COPY . .
# cargo goes by the time of change, and the stubs are younger than the files that replaced them.
RUN find . -name target -prune -o -name '*.rs' -exec touch {} + && cargo build --release --locked --bin manage

FROM debian:bookworm-slim
# The authorities that a database's certificate is verified with.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
RUN useradd --create-home --uid 1000 app
# As a number: Kubernetes can tell that it is not root.
USER 1000:1000
WORKDIR /home/app
COPY --from=build /src/target/release/manage /usr/local/bin/
EXPOSE 8000
# Without settings of a database it uses an SQLite file in the container. It serves only the hosts of
# MANAGE_SERVER_ALLOWED_HOSTS (and localhost), and does not start without them.
# exec makes the server receive the signals, not the shell.
CMD ["sh", "-c", "manage wait_for_db && manage migrate && exec manage serve 0.0.0.0:8000"]
