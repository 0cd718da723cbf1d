# What one does here, by `just` (https://just.systems). Each line also works without it.

features := "mysql,tracing,metrics"

# List the recipes
default:
    @just --list

# Run the example's program: just manage runserver
manage *words:
    cargo run --quiet --bin manage -- {{ words }}

# Format, and check what the compiler and clippy say
check:
    cargo fmt --all
    cargo clippy --workspace --all-targets --features {{ features }} -- -D warnings
    .ci/words
    .ci/tables

# Run the tests whose names contain this text: just test locking::
test filter package="diesel-manage":
    cargo test -p {{ package }} --features mysql --test it -- {{ filter }}

# Run all tests, those that build projects too
test-all:
    MANAGE_TEST_ALL=1 cargo test --workspace --features {{ features }}

# Rewrite the help texts and other snapshots; review the difference
snapshots:
    SNAPSHOTS=overwrite cargo test -p diesel-manage --features mysql --test it -- help::
    SNAPSHOTS=overwrite cargo test -p diesel-manage --features mysql --test it -- book::

# Open the documentation of the library
docs:
    cargo doc --workspace --no-deps --open

# What CI runs (on Debian, as root, it installs what the tests need)
ci:
    .ci/run
