//! What both servers can do, written once.

/// The methods that are the same for the builder of every server.
macro_rules! builder_methods {
    ($server:ident) => {
        /// Adds a line to the server's settings: `postgresql.conf`, or `[mysqld]` of `my.cnf`.
        #[must_use]
        pub fn setting(mut self, line: impl Into<String>) -> Self {
            self.settings.push(line.into());
            self
        }

        /// Lets the server speak TLS. It still accepts connections without.
        #[must_use]
        pub fn tls(mut self) -> Self {
            self.tls = true;
            self
        }

        /// Limits the number of connections. PostgreSQL reserves three of them for superusers by default;
        /// MariaDB keeps one more for a superuser, and allows no fewer than 10.
        #[must_use]
        pub fn max_connections(self, count: u32) -> Self {
            self.setting(format!("max_connections = {count}"))
        }

        /// Starts the server and waits until it accepts connections.
        pub fn start(self) -> Result<$server, $crate::Unavailable> {
            let server = self.prepare()?;
            server.instance.first_start()?;
            Ok(server)
        }
    };
}

/// The methods that are the same for every server: the type of its builder, the scheme of its URLs, and the
/// database that always exists. The server itself has `try_drop_database`, `sql`, and beside it `TEMPLATE`
/// and `quoted`.
macro_rules! server_methods {
    ($builder:ident, $scheme:literal, $maintenance:literal) => {
        /// Creates a server as most tests want it: a password over TCP, no TLS.
        pub fn start() -> Result<Self, $crate::Unavailable> {
            Self::builder().start()
        }

        /// The same, which is not started before [`Self::start_again`].
        pub fn prepare() -> Result<Self, $crate::Unavailable> {
            Self::builder().prepare()
        }

        /// For a server that differs.
        pub fn builder() -> $builder {
            $builder::default()
        }

        /// Returns the URL of a database over TCP.
        pub fn url(&self, database: &str) -> String {
            self.url_as("127.0.0.1", $crate::USER, $crate::PASSWORD, database)
        }

        /// Returns the URL with another name of this machine, another user or password.
        pub fn url_as(&self, host: &str, user: &str, password: &str, database: &str) -> String {
            let [user, password, database] = [user, password, database].map($crate::percent_encoded);
            format!(concat!($scheme, "://{}:{}@{}:{}/{}"), user, password, host, self.port(), database)
        }

        /// Creates an empty database.
        #[track_caller]
        pub fn create_database(&self, name: &str) {
            self.execute(&format!("CREATE DATABASE {}", quoted(name)));
        }

        /// Drops a database, in PostgreSQL also one that is in use.
        #[track_caller]
        pub fn drop_database(&self, name: &str) {
            self.try_drop_database(name).unwrap_or_else(|error| panic!("{error}"));
        }

        pub(crate) fn discard_template() {
            TEMPLATE.discard();
        }

        /// Returns its port on 127.0.0.1.
        pub fn port(&self) -> u16 {
            self.instance.port()
        }

        /// Returns the name of the superuser for TCP.
        pub fn user(&self) -> &'static str {
            $crate::USER
        }

        /// Returns the superuser's password, in clear.
        pub fn password(&self) -> &'static str {
            $crate::PASSWORD
        }

        /// Returns the files of its certificate, if it speaks TLS.
        pub fn tls(&self) -> Option<&$crate::Tls> {
            self.tls.as_ref()
        }

        /// Returns the process id of the server, while it runs.
        pub fn pid(&self) -> Option<u32> {
            self.instance.pid()
        }

        /// Returns the temporary directory with everything of this server.
        pub fn folder(&self) -> &std::path::Path {
            self.instance.folder()
        }

        /// Returns what the server has logged so far.
        pub fn log(&self) -> String {
            self.instance.log()
        }

        /// Runs SQL as the superuser, through the socket.
        #[track_caller]
        pub fn execute(&self, sql: &str) {
            self.execute_in($maintenance, sql);
        }

        /// The same in another database.
        #[track_caller]
        pub fn execute_in(&self, database: &str, sql: &str) {
            if let Err(error) = self.sql(database, sql) {
                panic!("{error}");
            }
        }

        /// Returns the first value of a query.
        #[track_caller]
        pub fn query_value(&self, sql: &str) -> String {
            self.query_value_in($maintenance, sql)
        }

        /// The same in another database.
        #[track_caller]
        pub fn query_value_in(&self, database: &str, sql: &str) -> String {
            match self.sql(database, sql) {
                Ok(output) => output.trim_end_matches('\n').to_owned(),
                Err(error) => panic!("{error}"),
            }
        }

        /// Suspends every process of the server (`SIGSTOP`): it still completes TCP handshakes, and
        /// answers nothing.
        pub fn pause(&self) {
            self.instance.pause();
        }

        /// Ends [`Self::pause`].
        pub fn resume(&self) {
            self.instance.resume();
        }

        /// Kills every process of the server (`SIGKILL`), paused or not. Its data stay.
        pub fn kill(&self) {
            self.instance.kill();
        }

        /// Stops the server in good order; its clients lose their connections.
        pub fn stop(&self) {
            self.instance.stop();
        }

        /// Starts a server that was stopped, killed or only prepared, and waits until it accepts connections.
        /// Port and data are the same as before.
        #[track_caller]
        pub fn start_again(&self) {
            self.start_in_background();
            self.wait_until_ready(std::time::Duration::from_secs(60));
        }

        /// Starts it without waiting.
        #[track_caller]
        pub fn start_in_background(&self) {
            if let Err(error) = self.instance.spawn() {
                panic!("{}", self.instance.complaint(&error.to_string()));
            }
        }

        /// Waits until it accepts connections.
        #[track_caller]
        pub fn wait_until_ready(&self, deadline: std::time::Duration) {
            if let Err(error) = self.instance.try_ready(deadline) {
                panic!("{error}");
            }
        }

        pub(crate) fn end(&self) {
            self.instance.end();
        }
    };
}

pub(crate) use {builder_methods, server_methods};
