//! The rows of the table: what is measured, and how often.

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    SelectOne,
    ByKey,
    Load,
    Insert,
    Returning,
    Batch,
    Update,
    Delete,
    Connect,
    ConnectPassword,
    /// A whole process, which `--processes` measures.
    Process,
}

impl Row {
    pub const ALL: [Self; 10] = [
        Self::SelectOne,
        Self::ByKey,
        Self::Load,
        Self::Insert,
        Self::Returning,
        Self::Batch,
        Self::Update,
        Self::Delete,
        Self::Connect,
        Self::ConnectPassword,
    ];

    /// Its name, for `--rows` and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::SelectOne => "select-1",
            Self::ByKey => "by-key",
            Self::Load => "load",
            Self::Insert => "insert",
            Self::Returning => "returning",
            Self::Batch => "batch",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Connect => "connect",
            Self::ConnectPassword => "connect-password",
            Self::Process => "process",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::SelectOne => "SELECT 1",
            Self::ByKey => "SELECT by primary key",
            Self::Load => "load 200,000 rows of 5 columns",
            Self::Insert => "INSERT one by one",
            Self::Returning => "INSERT … RETURNING",
            Self::Batch => "INSERT of 500 rows",
            Self::Update => "transaction with an UPDATE",
            Self::Delete => "DELETE by primary key",
            Self::Connect => "connect",
            Self::ConnectPassword => "connect with a password",
            Self::Process => "process with one query",
        }
    }

    pub fn is(self, name: &str) -> bool {
        self.name() == name
    }

    /// The most repetitions in one turn.
    pub fn most(self) -> usize {
        match self {
            Self::Load => 1,
            Self::Batch => 50,
            Self::Connect | Self::ConnectPassword => 100,
            Self::Delete => 500,
            _ => 5000,
        }
    }
}
