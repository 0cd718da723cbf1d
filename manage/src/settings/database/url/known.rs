//! The parameters that a database URL may have, and what to write instead of others.
//!
//! `docs/guide/database-urls.md` documents the same list.

use super::Backend;

/// How a parameter is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is read under this name: its own, or the one that it is an alias of.
    Read(&'static str),
    /// One of these values requests the default behaviour and is accepted. The text describes that behaviour,
    /// and what to write instead of another value.
    Anyway(&'static [&'static str], &'static str),
    /// It is rejected. The text is what to write instead.
    Refused(&'static str),
}

use Kind::{Anyway, Read, Refused};

/// Returns how a parameter is handled. Names are case-sensitive, as in libpq.
pub(super) fn find(backend: Backend, name: &str) -> Option<(&'static str, Kind)> {
    let tables = match backend {
        Backend::Postgres => [POSTGRES, POSTGRES_OTHERS, BOTH],
        _ => [MYSQL, MYSQL_OTHERS, BOTH],
    };
    tables.iter().copied().flatten().find(|(known, _)| *known == name).copied()
}

/// Returns the names that are read, the preferred spelling first.
pub(super) fn names(backend: Backend) -> Vec<&'static str> {
    let table = if backend == Backend::Postgres { POSTGRES } else { MYSQL };
    table.iter().map(|(name, _)| *name).collect()
}

/// Returns all names that a URL may have.
pub(super) fn supported(backend: Backend) -> impl Iterator<Item = &'static str> {
    let others = if backend == Backend::Postgres { POSTGRES_OTHERS } else { MYSQL_OTHERS };
    let others = others.iter().chain(BOTH).filter(|(_, kind)| !matches!(kind, Refused(_)));
    names(backend).into_iter().chain(others.map(|(name, _)| *name))
}

pub(super) const ON: &[&str] = &["true", "1", "on", "yes"];
pub(super) const OFF: &[&str] = &["false", "0", "off", "no"];
const UTF8: &[&str] = &["utf8", "UTF8", "utf-8", "UTF-8", "unicode", "UNICODE"];

type Table = &'static [(&'static str, Kind)];

/// The parameters of libpq that are read.
const POSTGRES: Table = &[
    ("sslmode", Read("sslmode")),
    ("sslrootcert", Read("sslrootcert")),
    ("sslcert", Read("sslcert")),
    ("sslkey", Read("sslkey")),
    ("connect_timeout", Read("connect_timeout")),
    ("host", Read("host")),
    ("hostaddr", Read("hostaddr")),
    ("port", Read("port")),
    ("user", Read("user")),
    ("password", Read("password")),
    ("passfile", Read("passfile")),
    ("dbname", Read("dbname")),
    ("service", Read("service")),
    ("application_name", Read("application_name")),
    ("fallback_application_name", Read("fallback_application_name")),
    ("options", Read("options")),
    ("target_session_attrs", Read("target_session_attrs")),
    ("load_balance_hosts", Read("load_balance_hosts")),
    ("keepalives", Read("keepalives")),
    ("keepalives_idle", Read("keepalives_idle")),
    ("keepalives_interval", Read("keepalives_interval")),
    ("keepalives_count", Read("keepalives_count")),
    ("tcp_user_timeout", Read("tcp_user_timeout")),
    ("channel_binding", Read("channel_binding")),
    ("ssl_min_protocol_version", Read("ssl_min_protocol_version")),
    ("ssl_max_protocol_version", Read("ssl_max_protocol_version")),
];

/// The other parameters of libpq, other drivers and other frameworks.
const POSTGRES_OTHERS: Table = &[
    ("client_encoding", Anyway(&["utf8", "UTF8", "utf-8", "UTF-8", "unicode", "UNICODE", "auto"], ENCODING)),
    ("encoding", Anyway(UTF8, ENCODING)),
    ("charset", Anyway(UTF8, ENCODING)),
    (
        "gssencmode",
        Anyway(
            &["disable", "prefer"],
            "disable or prefer: there is no GSSAPI here; encrypt with sslmode=verify-full",
        ),
    ),
    ("sslnegotiation", Anyway(&["postgres"], "postgres: the server is asked for TLS in its own protocol")),
    ("sslsni", Anyway(&["1"], "1: the host's name is always sent")),
    ("sslcompression", Anyway(&["0"], "0: nothing is compressed")),
    ("sslcertmode", Anyway(&["allow"], "allow; leave out `sslcert` where no certificate shall be sent")),
    (
        "replication",
        Anyway(&["false", "0", "off", "no"], "false: a replication connection runs no ordinary queries"),
    ),
    ("gssdelegation", Anyway(&["0"], "0: there is no GSSAPI here")),
    ("min_protocol_version", Anyway(&["3.0"], "3.0, which every server speaks")),
    ("max_protocol_version", Anyway(&["3.0", "latest"], "3.0 or latest: version 3.0 is spoken")),
    (
        "require_auth",
        Refused(
            "channel_binding=require lets nothing but SCRAM over TLS in; sslmode=verify-full makes sure who asks for the password",
        ),
    ),
    (
        "requirepeer",
        Refused(
            "leave it out, and guard the socket's directory by its permissions; over TCP sslmode=verify-full verifies the server",
        ),
    ),
    (
        "sslpassword",
        Refused("a client key has no passphrase here: write one without by `openssl pkey -in KEY -out NEW`"),
    ),
    ("sslcrl", Refused("leave it out: revocation lists are not read")),
    ("sslcrldir", Refused("leave it out: revocation lists are not read")),
    ("requiressl", Refused("write sslmode=require")),
    (
        "krbsrvname",
        Refused("leave it out: there is no GSSAPI here, log in with a password or a client certificate"),
    ),
    (
        "gsslib",
        Refused("leave it out: there is no GSSAPI here, log in with a password or a client certificate"),
    ),
    ("authtype", Refused("leave it out: libpq no longer has it either")),
    ("tty", Refused("leave it out: libpq no longer has it either")),
    ("servicefile", Refused("set the variable PGSERVICEFILE")),
    ("scram_client_key", Refused("write the password")),
    ("scram_server_key", Refused("write the password")),
    ("oauth_issuer", Refused("leave it out: log in with a password or a client certificate")),
    ("oauth_client_id", Refused("leave it out: log in with a password or a client certificate")),
    ("oauth_client_secret", Refused("leave it out: log in with a password or a client certificate")),
    ("oauth_scope", Refused("leave it out: log in with a password or a client certificate")),
    ("sslkeylogfile", Refused("leave it out: the keys of connections are not logged")),
    // From other drivers and frameworks.
    ("database", Refused("write dbname")),
    ("username", Refused("write user")),
    ("ApplicationName", Refused("write application_name")),
    ("schema", Refused(SEARCH_PATH)),
    ("currentSchema", Refused(SEARCH_PATH)),
    ("schema_search_path", Refused(SEARCH_PATH)),
    ("search_path", Refused(SEARCH_PATH)),
    ("statement_timeout", Refused("write options=-c%20statement_timeout%3DMILLISECONDS")),
    ("lock_timeout", Refused("write options=-c%20lock_timeout%3DMILLISECONDS")),
    (
        "idle_in_transaction_session_timeout",
        Refused("write options=-c%20idle_in_transaction_session_timeout%3DMILLISECONDS"),
    ),
    ("default_transaction_read_only", Refused("write options=-c%20default_transaction_read_only%3Don")),
    ("role", Refused("write options=-c%20role%3DNAME")),
    ("timezone", Refused("leave it out: a session's time zone is UTC")),
    ("TimeZone", Refused("leave it out: a session's time zone is UTC")),
    (
        "pgbouncer",
        Refused("leave it out: a pooler is noticed, and needs `max_prepared_statements` of its own"),
    ),
    (
        "prepared_statements",
        Refused("leave it out: statements are prepared; behind PgBouncer set its `max_prepared_statements`"),
    ),
    ("ssl", Refused("write sslmode=verify-full, or sslmode=require, which verifies nothing")),
    ("ssl_mode", Refused("write sslmode")),
    ("ssl-mode", Refused("write sslmode")),
    ("sslMode", Refused("write sslmode")),
    ("ssl_require", Refused("write sslmode=require")),
    (
        "sslaccept",
        Refused("write sslmode=verify-full for `strict`, sslmode=require for `accept_invalid_certs`"),
    ),
    ("sslca", Refused("write sslrootcert")),
    ("connectTimeout", Refused("write connect_timeout, in seconds")),
    ("targetServerType", Refused("write target_session_attrs")),
    ("loadBalanceHosts", Refused("write load_balance_hosts=random")),
    ("tcpKeepAlive", Refused("write keepalives=1")),
];

/// The parameters of MySQL, MariaDB and their drivers that are read.
const MYSQL: Table = &[
    ("sslmode", Read("sslmode")),
    ("sslrootcert", Read("sslrootcert")),
    ("sslcert", Read("sslcert")),
    ("sslkey", Read("sslkey")),
    ("ssl-mode", Read("sslmode")),
    ("ssl-ca", Read("sslrootcert")),
    ("ssl-cert", Read("sslcert")),
    ("ssl-key", Read("sslkey")),
    ("connect_timeout", Read("connect_timeout")),
    ("connectTimeout", Read("connectTimeout")),
    ("host", Read("host")),
    ("port", Read("port")),
    ("socket", Read("socket")),
    ("user", Read("user")),
    ("password", Read("password")),
    ("dbname", Read("dbname")),
    ("get-server-public-key", Read("get-server-public-key")),
    ("server-public-key-path", Read("server-public-key-path")),
];

const MYSQL_OTHERS: Table = &[
    // The spellings of Diesel, Connector/J, Rails, mysqlclient and PyMySQL.
    ("ssl_mode", Read("sslmode")),
    ("sslMode", Read("sslmode")),
    ("ssl_ca", Read("sslrootcert")),
    ("sslca", Read("sslrootcert")),
    ("ssl_cert", Read("sslcert")),
    ("ssl_key", Read("sslkey")),
    ("unix_socket", Read("socket")),
    ("unixSocket", Read("socket")),
    ("charset", Anyway(&["utf8mb4", "UTF8MB4", "utf8", "UTF8", "UTF-8", "utf-8", "utf8mb3"], MYSQL_ENCODING)),
    ("encoding", Anyway(&["utf8mb4", "UTF8MB4", "utf8", "UTF8", "UTF-8", "utf-8"], MYSQL_ENCODING)),
    ("characterEncoding", Anyway(&["utf8mb4", "UTF8MB4", "utf8", "UTF8", "UTF-8", "utf-8"], MYSQL_ENCODING)),
    ("useUnicode", Anyway(ON, "true: the session's character set is utf8mb4")),
    ("use_unicode", Anyway(ON, "true: the session's character set is utf8mb4")),
    ("parseTime", Anyway(ON, "true: dates are read as dates")),
    ("useSSL", Read("useSSL")),
    ("requireSSL", Refused("write ssl-mode=REQUIRED, or VERIFY_IDENTITY, which also verifies the server")),
    ("verifyServerCertificate", Refused("write ssl-mode=VERIFY_CA or VERIFY_IDENTITY")),
    (
        "tls",
        Refused(
            "write ssl-mode=VERIFY_IDENTITY for `true`, REQUIRED for `skip-verify`, PREFERRED or DISABLED",
        ),
    ),
    ("ssl", Refused("write ssl-mode=VERIFY_IDENTITY, or REQUIRED, which verifies nothing")),
    (
        "sslaccept",
        Refused("write ssl-mode=VERIFY_IDENTITY for `strict`, REQUIRED for `accept_invalid_certs`"),
    ),
    ("ssl-capath", Refused("write ssl-ca with one file of all authorities")),
    ("sslcapath", Refused("write ssl-ca with one file of all authorities")),
    ("ssl-cipher", Refused("leave it out: the ciphers of TLS 1.2 and 1.3 that are safe are used")),
    ("tls-version", Refused("leave it out: TLS 1.2 and 1.3 are used")),
    ("tls_version", Refused("leave it out: TLS 1.2 and 1.3 are used")),
    ("tlsVersions", Refused("leave it out: TLS 1.2 and 1.3 are used")),
    ("enabledTLSProtocols", Refused("leave it out: TLS 1.2 and 1.3 are used")),
    ("allowPublicKeyRetrieval", Read("get-server-public-key")),
    ("get_server_public_key", Read("get-server-public-key")),
    ("serverRSAPublicKeyFile", Read("server-public-key-path")),
    ("server_public_key_path", Read("server-public-key-path")),
    ("serverTimezone", Anyway(UTC, "UTC, which is every session's time zone")),
    ("time_zone", Anyway(UTC, "UTC, which is every session's time zone")),
    ("loc", Anyway(UTC, "UTC, which is every session's time zone")),
    ("collation", Refused("leave it out, and give the collation to the database, the table or the column")),
    ("sql_mode", Refused("leave it out, and set it on the server or by a statement")),
    ("init_command", Refused("leave it out, and run the statement where it is needed")),
    ("database", Refused("write the name behind the host, as in mysql://user@host/name, or dbname")),
    ("db", Refused("write the name behind the host, as in mysql://user@host/name, or dbname")),
    ("passwd", Refused("write password")),
    ("username", Refused("write user")),
    ("autoReconnect", Anyway(OFF, RECONNECT)),
    ("local_infile", Anyway(OFF, "0: no file of this machine is sent")),
    ("allowLoadLocalInfile", Anyway(OFF, "false: no file of this machine is sent")),
    ("rewriteBatchedStatements", Refused("leave it out")),
    ("zeroDateTimeBehavior", Refused("leave it out: a date of zeros is an error")),
    ("cachePrepStmts", Refused("leave it out: statements are prepared once for each connection")),
    ("useCompression", Anyway(OFF, "false: nothing is compressed")),
    ("compress", Anyway(OFF, "false: nothing is compressed")),
    (
        "read_timeout",
        Refused("leave it out, or limit statements on the server: max_execution_time, max_statement_time"),
    ),
    ("write_timeout", Refused("leave it out")),
    ("application_name", Refused("leave it out: MySQL has none")),
    ("options", Refused("leave it out: MySQL has none")),
];

/// Parameters that Rails, Django, Prisma, SQLAlchemy, Connector/J and others add to URLs of any server.
const BOTH: Table = &[
    ("pool", Refused(POOL)),
    ("pool_size", Refused(POOL)),
    ("max_connections", Refused(POOL)),
    ("connection_limit", Refused(POOL)),
    ("max_overflow", Refused(POOL)),
    ("pool_timeout", Refused(POOL)),
    ("pool_recycle", Refused(POOL)),
    ("pool_pre_ping", Refused(POOL)),
    ("checkout_timeout", Refused(POOL)),
    ("reaping_frequency", Refused(POOL)),
    ("conn_max_age", Refused(POOL)),
    ("conn_health_checks", Refused(POOL)),
    ("reconnect", Anyway(OFF, RECONNECT)),
    ("statement_cache_size", Refused("leave it out: statements are prepared once for each connection")),
    ("statement-cache-capacity", Refused("leave it out: statements are prepared once for each connection")),
    (
        "prepared_statement_cache_size",
        Refused("leave it out: statements are prepared once for each connection"),
    ),
    ("socketTimeout", Refused("write connect_timeout for the log-in; statements are limited on the server")),
    ("socket_timeout", Refused("write connect_timeout for the log-in; statements are limited on the server")),
    (
        "command_timeout",
        Refused("write connect_timeout for the log-in; statements are limited on the server"),
    ),
    ("timeout", Refused("write connect_timeout, in seconds")),
    ("loginTimeout", Refused("write connect_timeout, in seconds")),
    ("adapter", Refused("leave it out: the scheme says it")),
    ("driver", Refused("leave it out: the scheme says it")),
];

const ENCODING: &str = "UTF8: this program speaks UTF-8, and the server converts";
const MYSQL_ENCODING: &str =
    "utf8mb4 or utf8: the session's character set is utf8mb4, and the server converts";
const RECONNECT: &str = "false: a connection that is lost is an error, and a pool opens another one";
const SEARCH_PATH: &str = "write options=-c%20search_path%3DNAME";
const POOL: &str =
    "leave it out: pools are set by [pool] of manage.toml, by MANAGE_POOL_MAX_SIZE and the like, or in code";
const UTC: &[&str] = &["UTC", "+00:00", "Z", "Etc/UTC"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_parameter_is_listed_twice() {
        for tables in [[POSTGRES, POSTGRES_OTHERS, BOTH], [MYSQL, MYSQL_OTHERS, BOTH]] {
            let mut names: Vec<&str> = tables.iter().copied().flatten().map(|(name, _)| *name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }
}
