//! libpq's environment variables.

use super::ServiceEntry;
use crate::settings::SettingsError;
use crate::settings::variables::Variables;

/// The variables and the parameters that they set.
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLCOMPRESSION", "sslcompression"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGCLIENTENCODING", "client_encoding"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGMINPROTOCOLVERSION", "min_protocol_version"),
    ("PGMAXPROTOCOLVERSION", "max_protocol_version"),
];

/// Returns whether it is a variable that sets a connection parameter.
pub(crate) fn is_variable(name: &str) -> bool {
    name == "PGSERVICE" || VARIABLES.iter().any(|(variable, _)| *variable == name)
}

/// Returns the variables that are set and not empty.
pub(super) fn read(variables: &Variables<'_>) -> Result<Vec<ServiceEntry>, SettingsError> {
    let mut found = Vec::new();
    for (variable, parameter) in VARIABLES {
        if let Some(value) = variables.plain(variable)? {
            found.push(ServiceEntry {
                name: (*parameter).to_owned(),
                value: value.text.expose().to_owned(),
                origin: value.origin,
                folder: value.folder,
            });
        }
    }
    Ok(found)
}
