//! The types that an argument can have, and how they are read.

use manage_test_servers::Suite;

use crate::project::Project;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("arguments::every_way_to_read_one", every_way_to_read_one);
    suite.test(
        "arguments::what_cannot_be_read_is_told_as_clap_does",
        what_cannot_be_read_is_told_as_clap_does,
    );
}

fn every_way_to_read_one() {
    let ran = Project::new().run(
        "takes 3,4 v w x --tone very-cold --raw r --path a --path b --secret hunter2 --address 127.0.0.1 --small 2 \
         --port 80 --letter y --maybe --loud -l --one-of b --flag --takes it",
    );
    assert_eq!(
        ran.out,
        "3,4 Some(\"v\") [\"w\", \"x\"] Some(VeryCold) Some(\"r\") [\"a\", \"b\"] Some(Secret(…))\n\
         127.0.0.1 Some(2) Some(80) y Some(None) 2 Some(\"b\") true Some(\"it\")\n"
    );
    let ran = Project::new().run("takes 3,4");
    assert_eq!(ran.out, "3,4 None [] None None [] None\n::1 None None x None 0 None false None\n");
}

fn what_cannot_be_read_is_told_as_clap_does() {
    for (words, told) in [
        ("takes 34", "error: invalid value '34' for '<POINT>': it is two numbers, such as 3,4\n"),
        ("takes 3,4 --small 4", "error: invalid value '4' for '--small <SMALL>': 4 is not in 1..=3\n"),
        (
            "takes 3,4 --tone warm",
            "error: invalid value 'warm' for '--tone <TONE>'\n  [possible values: kind, very-cold]\n",
        ),
        (
            "takes 3,4 --address here",
            "error: invalid value 'here' for '--address <ADDRESS>': invalid IP address syntax\n",
        ),
        (
            "takes 3,4 --letter xy",
            "error: invalid value 'xy' for '--letter <LETTER>': too many characters in string\n",
        ),
    ] {
        let ran = Project::new().run(words);
        assert_eq!(ran.exit.0, 2, "{words}");
        assert!(ran.err.starts_with(told), "{words}: {}", ran.err);
    }
}
