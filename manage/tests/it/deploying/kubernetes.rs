//! Manifests for Kubernetes, and the schemas of its API.

use std::process::Command;

use manage_test_support::{Need, case, needs, python};
use serde_json::{Value, json};

use super::{Workspace, texts};

const IMAGE: [&str; 3] = ["kubernetes", "--image", "registry.example/shop:1.4.0"];

const FILES: [&str; 6] = ["configmap", "migrate", "deployment", "service", "disruption", "cronjob-check"];

fn file(name: &str) -> String {
    format!("deploy/kubernetes/{name}.yaml")
}

/// Returns what kubernetes-validate says against a file, if anything.
fn refused(workspace: &Workspace, name: &str) -> Option<String> {
    let module = "import sys; from kubernetes_validate.__main__ import main; sys.exit(main())";
    let output = Command::new(python())
        .args(["-c", module, "--strict"])
        .arg(workspace.path(name))
        .output()
        .expect("Python");
    let said = format!("{output:?}");
    (!output.status.success()).then_some(said)
}

#[case(needs(Need::KubernetesValidate))]
fn the_manifests_have_the_schemas_of_the_api() {
    let workspace = Workspace::new();
    let cron = ["--cron", "check --deploy", "--schedule", "30 3 * * *"];
    workspace.write(&[&IMAGE[..], &cron].concat());
    for name in FILES {
        assert_eq!(refused(&workspace, &file(name)), None, "{}", workspace.read(&file(name)));
    }
    // The tool finds a wrong type and an unknown key.
    let deployment = workspace.read(&file("deployment"));
    for (theirs, wrong) in [("replicas: 2", "replicas: two"), ("httpGet:", "httpget:")] {
        let changed = deployment.replace(theirs, wrong);
        assert_ne!(changed, deployment);
        std::fs::write(workspace.path(&file("wrong")), changed).expect("a file");
        assert!(refused(&workspace, &file("wrong")).is_some(), "{wrong}");
    }
}

#[case(needs(Need::KubernetesValidate))]
fn the_pods_are_of_the_settings() {
    let workspace = Workspace::new().settings(
        "[server]\naddress = \"127.0.0.1:9000\"\nrequest_timeout_seconds = 12\n[pool]\nmax_size = 4\n\
         [apps.it]\ncurrency = \"EUR: $%\\\"\"\nwebhook-key = \"hunter2\"\n[apps.it.mail]\nport = 25\n",
    );
    workspace
        .write(&[&IMAGE[..], &["--replicas", "3", "--cron", "check it", "--schedule", "@daily"]].concat());
    let [config] = &workspace.yaml(&file("configmap"))[..] else { panic!("one document") };
    let expected = json!({
        "MANAGE_ENV": "production",
        "MANAGE_SERVER_ALLOWED_HOSTS": "shop.example,.example.org",
        "MANAGE_SERVER_REQUEST_TIMEOUT": "12",
        "MANAGE_POOL_MAX_SIZE": "4",
        "MANAGE_APPS__IT__CURRENCY": "EUR: $%\"",
        "MANAGE_APPS__IT__MAIL__PORT": "25",
    });
    assert_eq!(config["data"], expected);

    let [deployment] = &workspace.yaml(&file("deployment"))[..] else { panic!("one document") };
    let spec = &deployment["spec"];
    assert_eq!(spec["replicas"], 3);
    assert_eq!(spec["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    let pod = &spec["template"]["spec"];
    let [server] = &pod["containers"].as_array().expect("containers")[..] else { panic!("one container") };
    assert_eq!(server["command"], json!(["/usr/local/bin/manage"]));
    let arguments = texts(&server["args"]);
    assert_eq!(arguments, ["serve", "0.0.0.0:9000", "--shutdown-delay", "5", "--shutdown-timeout", "12"]);
    let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("a number");
    assert!(grace > 5 + 12, "{grace}");
    assert_eq!(server["ports"][0]["containerPort"], 9000);
    for (probe, path) in
        [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
    {
        let get = &server[probe]["httpGet"];
        assert_eq!((&get["path"], &get["port"]), (&json!(path), &server["ports"][0]["name"]), "{probe}");
    }
    let init = texts(&pod["initContainers"][0]["args"]);
    assert_eq!(init, ["wait_for_db", "--migrations", "--timeout", "300"]);

    let [job] = &workspace.yaml(&file("migrate"))[..] else { panic!("one document") };
    assert_eq!(job["metadata"]["name"], "shop-migrate-1-4-0");
    let job = &job["spec"]["template"]["spec"];
    let migrate = ["wait_for_db", "--timeout", "300", "--", "/usr/local/bin/manage", "migrate"];
    assert_eq!(texts(&job["containers"][0]["args"]), migrate);
    let [cron] = &workspace.yaml(&file("cronjob-check"))[..] else { panic!("one document") };
    assert_eq!(cron["spec"]["concurrencyPolicy"], "Forbid");
    let cron = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert!(texts(&cron["containers"][0]["args"]).ends_with(&["/usr/local/bin/manage", "check", "it"]));

    for pod in [pod, job, cron] {
        restricted(pod);
    }
    // The Service finds the server's pods, and no Job's.
    let [service] = &workspace.yaml(&file("service"))[..] else { panic!("one document") };
    assert_eq!(service["spec"]["selector"], spec["template"]["metadata"]["labels"]);
    assert_eq!(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]);
}

/// Each container is restricted, and gets the secrets from files.
#[track_caller]
fn restricted(pod: &Value) {
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(pod["volumes"][0]["secret"]["secretName"], "shop");
    let all = ["initContainers", "containers"].map(|kind| pod[kind].as_array().cloned().unwrap_or_default());
    for container in all.concat() {
        let security = &container["securityContext"];
        assert_eq!(security["readOnlyRootFilesystem"], true, "{container}");
        assert_eq!(security["capabilities"]["drop"], json!(["ALL"]), "{container}");
        assert!(container["resources"]["limits"]["memory"].is_string(), "{container}");
        let mount = container["volumeMounts"][0]["mountPath"].as_str().expect("a path").to_owned();
        let expected = ["DATABASE_URL", "MANAGE_APPS__IT__WEBHOOK_KEY"]
            .map(|name| json!({"name": format!("{name}_FILE"), "value": format!("{mount}/{name}")}));
        assert_eq!(container["env"], json!(expected), "{container}");
    }
}

#[case(needs(Need::KubernetesValidate))]
fn each_database_is_awaited_and_migrated() {
    let workspace =
        Workspace(Workspace::new().0.env("DATABASE_URL_ARCHIVE", "postgres://old:hunter2@db.invalid/old"));
    workspace.write(&IMAGE);
    let program = "/usr/local/bin/manage";
    let [job] = &workspace.yaml(&file("migrate"))[..] else { panic!("one document") };
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let wait = ["wait_for_db", "--all", "--timeout", "300"];
    let migrate = ["--", program, "migrate", "--", program, "migrate", "--database", "archive"];
    assert_eq!(texts(&container["args"]), [&wait[..], &migrate].concat());
    assert_eq!(container["env"][1]["name"], "DATABASE_URL_ARCHIVE_FILE");
}
