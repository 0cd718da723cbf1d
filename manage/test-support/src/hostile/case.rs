//! An attack is declared once: its name on the command line and what it is.

/// Declares an enum of attacks. The documentation of a variant is its description.
macro_rules! cases {
    ($(#[$about:meta])* pub enum $Case:ident { $($(#[doc = $doc:literal])+ $Variant:ident = $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Case {
            $($(#[doc = $doc])+ $Variant,)+
        }

        impl $Case {
            /// Every attack.
            pub const ALL: &[Self] = &[$(Self::$Variant),+];

            /// Returns its name on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }

            /// Returns what it does, in a sentence.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$Variant => concat!($($doc),+).trim_start(),)+
                }
            }
        }
    };
}

pub(super) use cases;
