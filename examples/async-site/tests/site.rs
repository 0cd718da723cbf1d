//! The site's routes, on a PostgreSQL server that `TEST_DATABASE_URL` names.

use async_site::articles;
use diesel::prelude::*;
use manage::testing::Project;

#[test]
fn the_articles_are_listed() {
    let project = Project::new(manage::program!(async_site)).with_database();
    diesel::insert_into(articles::table)
        .values([articles::title.eq("One"), articles::title.eq("Two")])
        .execute(&mut project.connect())
        .unwrap();
    assert_eq!(project.get("/articles").expect_status(200).text(), "[\"One\",\"Two\"]");
}
