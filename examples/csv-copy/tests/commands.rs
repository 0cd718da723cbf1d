//! On a PostgreSQL server, which `TEST_DATABASE_URL` names: each test has a database of its own there.

use csv_copy::articles;
use diesel::prelude::*;
use manage::testing::Project;

fn project(csv: &str) -> Project {
    Project::new(manage::program!(csv_copy)).with_database().stdin(csv)
}

#[test]
fn a_file_is_imported() {
    let project = project("ean,name,cents\n4001,\"Teapot, blue\",1250\n4002,Cup,600\n");
    assert_eq!(project.run(["import_articles", "-"]).expect_success().stdout, "Imported 2 articles.\n");
    let names: Vec<String> =
        articles::table.select(articles::name).order(articles::ean).load(&mut project.connect()).unwrap();
    assert_eq!(names, ["Teapot, blue", "Cup"]);
}

#[test]
fn a_wrong_line_is_named_and_nothing_is_imported() {
    let project = project("ean,name,cents\n4001,Teapot,1250\n4002,Cup,free\n");
    let ran = project.run(["import_articles", "-", "--replace"]).expect_exit(1);
    assert!(ran.stderr.contains("line 3") && ran.stderr.contains("free"), "{ran}");
    let count: i64 = articles::table.count().get_result(&mut project.connect()).unwrap();
    assert_eq!(count, 0);
}
