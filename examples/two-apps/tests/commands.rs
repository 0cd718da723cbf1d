//! The commands of both apps.

use manage::testing::Project;

#[test]
fn the_tables_are_made_in_order() {
    let project = Project::new(manage::program!(two_apps, billing));
    let ran = project.run(["migrate", "billing"]);
    let place = |name: &str| ran.stdout.find(name).unwrap_or_else(|| panic!("{ran}"));
    assert!(place("two_apps.2026-01-01-000000_customers") < place("billing.2026-01-02-000000_invoices"));
}

#[test]
fn an_app_uses_the_tables_of_another() {
    let project = Project::new(manage::program!(two_apps, billing)).with_database();
    project.run(["add_customer", "Ada", "--invoice", "1250", "--invoice", "5"]).expect_success();
    project.run(["add_customer", "Grace"]).expect_success();
    assert_eq!(project.run(["revenue"]).stdout, "12.55\n");
}
