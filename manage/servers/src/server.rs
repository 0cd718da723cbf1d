//! What both servers can do, written once.

/// The methods that are the same for every server. The argument is the database that always exists.
macro_rules! server_methods {
    ($maintenance:literal) => {
        /// Its port on 127.0.0.1.
        pub fn port(&self) -> u16 {
            self.instance.port()
        }

        /// The name of the superuser for TCP.
        pub fn user(&self) -> &'static str {
            $crate::USER
        }

        /// The superuser's password, in clear.
        pub fn password(&self) -> &'static str {
            $crate::PASSWORD
        }

        /// The files of its certificate, if it speaks TLS.
        pub fn tls(&self) -> Option<&$crate::Tls> {
            self.tls.as_ref()
        }

        /// The process id of the server, while it runs.
        pub fn pid(&self) -> Option<u32> {
            self.instance.pid()
        }

        /// The temporary folder with everything of this server.
        pub fn folder(&self) -> &std::path::Path {
            self.instance.folder()
        }

        /// What the server has logged so far.
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

        /// The first value of a query.
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

        /// Stops every process of the server where it stands (`SIGSTOP`): it still completes TCP handshakes, and
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

        /// Starts a server that was stopped, killed or only prepared, and waits until it accepts connections. Port and
        /// data are the same as before.
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

pub(crate) use server_methods;
