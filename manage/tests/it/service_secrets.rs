//! `--for-env` and `--for-file`: the URL of a service, with its password, that is not on the command line.

use std::net::TcpListener;

use manage_test_support::{Need, Redis, case, needs};

use crate::project::Project;

const SECRET: &str = "hunter2";

/// Nothing listens there.
const URL: &str = "redis://app:hunter2@127.0.0.1:1/2";

const WAIT: &str = "wait_for_db --no-database --once --attempt-timeout 0.5";

#[case]
fn each_place_is_read() {
    for (project, words, origin) in [
        (Project::new().env("CACHE_URL", URL), "--for-env CACHE_URL", "CACHE_URL (environment)"),
        (Project::new().file(".env", &format!("CACHE_URL='{URL}'\n")), "--for-env=CACHE_URL", "CACHE_URL (/"),
        (
            Project::new().env("CACHE_URL_FILE", "secret").file("secret", &format!("{URL}\n")),
            "--for-env CACHE_URL",
            "CACHE_URL_FILE (environment)",
        ),
        (Project::new().file("secret", &format!("{URL}\n")), "--for-file secret", "secret (--for-file)"),
        // Settings of databases that cannot be used are of no interest.
        (
            Project::new().env("CACHE_URL", URL).env("DATABASE_URL", "odd://"),
            "--for-env CACHE_URL",
            "CACHE_URL (environment)",
        ),
    ] {
        for format in ["text", "json"] {
            let ran = project.run(&format!("{WAIT} --format {format} {words}"));
            assert_eq!(ran.exit.0, 1, "{words}: {}", ran.all());
            let all = ran.all();
            assert!(all.contains("Redis at 127.0.0.1:1/2 as app"), "{words}: {all}");
            assert!(all.contains("Its address is that of ") && all.contains(origin), "{words}: {all}");
            assert!(!all.contains(SECRET), "{words}: {all}");
        }
    }
}

#[case]
fn what_is_wrong_is_named() {
    let project = || Project::new().file("empty", "\n");
    for (project, words, exit, reported) in [
        (project(), "--for-env CACHE_URL", 78, "The variable CACHE_URL, which --for-env names, is not set."),
        (
            project().env("CACHE_URL", ""),
            "--for-env CACHE_URL",
            78,
            "The variable CACHE_URL, which --for-env",
        ),
        (
            project(),
            "--for-env redis://:hunter2@db",
            2,
            "--for-env takes the name of a variable, not (a URL).",
        ),
        (
            project(),
            "--for-env CACHE_URL=redis://:hunter2@db",
            2,
            "--for-env takes the name of a variable, not CACHE_URL=….",
        ),
        (
            project().env("CACHE_URL", "hunter2"),
            "--for-env CACHE_URL",
            78,
            "CACHE_URL (environment): A URL begins with",
        ),
        (
            project().env("CACHE_URL", "postgres://:hunter2@db"),
            "--for-env CACHE_URL",
            78,
            "CACHE_URL (environment): Name a database by its alias",
        ),
        (
            project().env("CACHE_URL", "redis://a:hun/hunter2@db"),
            "--for-env CACHE_URL",
            78,
            "CACHE_URL (environment): A `/`",
        ),
        (
            project().env("CACHE_URL_FILE", "hunter2"),
            "--for-env CACHE_URL",
            78,
            "the file that CACHE_URL_FILE (environment) names",
        ),
        (
            project().env("CACHE_URL_FILE", "/hunter2"),
            "--for-env CACHE_URL",
            78,
            "the file that CACHE_URL_FILE (environment) names",
        ),
        (
            project().env("CACHE_URL", URL).env("CACHE_URL_FILE", "empty"),
            "--for-env CACHE_URL",
            78,
            "Both CACHE_URL and CACHE_URL_FILE (environment) are set.",
        ),
        (project(), "--for-file hunter2", 78, "the file that --for-file names"),
        (project(), "--for-file redis://:hunter2@db", 78, "the file that --for-file names"),
        (project(), "--for-file empty", 78, "which --for-file names, is empty."),
        (project(), "", 2, "required arguments were not provided"),
    ] {
        for format in ["text", "json"] {
            let ran = project.run(&format!("{WAIT} --format {format} {words}"));
            assert_eq!(ran.exit.0, exit, "{words}: {}", ran.all());
            assert!(ran.all().contains(reported), "{words}: {}", ran.all());
            assert!(!ran.all().contains(SECRET), "{words}: {}", ran.all());
        }
    }
}

#[case]
fn all_are_waited_for_together() {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    let [first, second, third] =
        listeners.each_ref().map(|one| format!("tcp://{}", one.local_addr().expect("an address")));
    let project = Project::new().env("SECOND", &second).file("third", &third);
    let ran = project.run(&format!("{WAIT} --for {first} --for-env SECOND --for-file third"));
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert_eq!(ran.out.matches("TCP at 127.0.0.1:").count(), 3, "{}", ran.all());
}

#[case(needs(Need::Redis))]
fn it_logs_in() {
    let server = Redis::start(&["requirepass hunter2-of-redis"]);
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port());
    let project =
        Project::new().env("CACHE_URL", &url("hunter2-of-redis")).env("WRONG_URL", &url("hunter2-x"));
    let ran = project.run("wait_for_db --no-database --for-env CACHE_URL");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let ran = project.run(&format!("{WAIT} --fail-fast-after 0 --for-env WRONG_URL"));
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
    assert!(
        ran.err.contains("The user and the password come from WRONG_URL (environment)."),
        "{}",
        ran.all()
    );
    assert!(!ran.all().contains(SECRET), "{}", ran.all());
}
