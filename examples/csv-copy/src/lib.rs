//! A CSV file by COPY.

manage::commands!();
manage::migrations!("migrations");

diesel::table! {
    articles (ean) {
        ean -> Text,
        name -> Text,
        cents -> Integer,
    }
}
