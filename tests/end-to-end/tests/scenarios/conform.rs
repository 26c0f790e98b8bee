//! The conformance suite catches what lies, each lie by the scenario made for it, and passes what does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kennel_test_backends::Postgres;
use serde_json::Value;

use crate::support::installation::{component, kennel};
use crate::support::{Connector, Ended, Process, Target, World};

/// Enough for several batches in each of three partitions.
const MESSAGES: &str = "60";
/// Every scenario, with real processes, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A component under judgement, with a folder as its destination or as where it reads from.
struct Trial {
    world: World,
    component: PathBuf,
    folder: PathBuf,
    options: Vec<String>,
}

impl Trial {
    fn new(component_name: &str, connector: impl FnOnce(&Target, &Path) -> Connector) -> Self {
        // Nobody listens there: the suite has a broker of its own.
        let world = World::new("127.0.0.1:1");
        let folder = world.folder("data");
        world.connector("subject", connector(&Target::unique("unused"), &folder));
        let options = ["--messages", MESSAGES, "--seed", "7"].map(str::to_owned).to_vec();
        Self { world, component: component(component_name), folder, options }
    }

    /// The lying sink, which writes numbers into a file.
    fn lying_sink(mode: &str) -> Self {
        let trial = Self::new("lying_sink.wasm", |target, folder| {
            Connector::sink("lying_sink.wasm", target)
                .stream("format = \"json\"")
                .config("folder = \"/out\"")
                .config(&format!("mode = \"{mode}\""))
                .folder(folder, "/out", "rw")
        });
        let seen = trial.folder.join("seen.txt");
        let seen = seen.display();
        trial
            .with("--observe", &format!("cat {seen} 2>/dev/null || true"))
            .with("--reset", &format!("rm -f {seen}"))
            .flag("--in-order")
    }

    /// The sink that says it is transactional. Nobody looks at its rows.
    fn lying_transactional_sink(mode: &str) -> Self {
        Self::new("lying_transactional_sink.wasm", |target, folder| {
            Connector::sink("lying_transactional_sink.wasm", target)
                .stream("format = \"json\"")
                .config("folder = \"/out\"")
                .config(&format!("mode = \"{mode}\""))
                .folder(folder, "/out", "rw")
        })
    }

    /// With a command that reads the rows, and one that removes them.
    fn observed(self) -> Self {
        let rows = self.folder.join("rows.txt");
        let rows = rows.display();
        let numbers = "s/.*\"id\":\\([0-9]*\\),.*/\\1/p";
        self.with("--observe", &format!("cat {rows} 2>/dev/null | sed -n '{numbers}'"))
            .with("--reset", &format!("rm -f {rows}"))
            .flag("--in-order")
    }

    /// The lying source, which counts to sixty.
    fn lying_source(mode: &str) -> Self {
        Self::new("lying_source.wasm", |target, folder| {
            Connector::source("lying_source.wasm", target)
                .config("folder = \"/in\"")
                .config(&format!("count = {MESSAGES}"))
                .config(&format!("mode = \"{mode}\""))
                .folder(folder, "/in", "rw")
        })
    }

    /// With a command that puts the lying source's records back.
    fn with_records_put_back(self) -> Self {
        let taken = self.folder.join("taken.txt");
        self.with("--reset", &format!("rm -f {}", taken.display()))
    }

    fn with(mut self, option: &str, value: &str) -> Self {
        self.options.extend([option.to_owned(), value.to_owned()]);
        self
    }

    fn flag(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
    }

    fn start(&self) -> Process {
        let mut command = kennel();
        command.arg("conform").arg(&self.component).arg("--config");
        command.arg(self.world.config().join("subject.toml"));
        command.arg("--report").arg(self.world.path("report.json")).args(&self.options);
        Process::start(command, self.world.path("conform"))
    }

    fn ended(&self) -> Ended {
        self.start().wait_for(PATIENCE)
    }

    /// Runs the suite, which has to end with this exit code, and reads its report.
    #[track_caller]
    fn judge(&self, code: i32) -> Judgement {
        let ended = self.ended().with_code(code);
        let report = fs::read(self.world.path("report.json")).unwrap();
        Judgement { report: serde_json::from_slice(&report).unwrap(), output: ended.output }
    }
}

/// What the suite found.
struct Judgement {
    report: Value,
    output: String,
}

impl Judgement {
    #[track_caller]
    fn scenario(&self, name: &str) -> &Value {
        let scenarios = self.report["scenarios"].as_array().unwrap();
        let found = scenarios.iter().find(|scenario| scenario["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in:\n{}", self.output))
    }

    fn with_verdict(&self, verdict: &str) -> Vec<&str> {
        let scenarios = self.report["scenarios"].as_array().unwrap().iter();
        let chosen = scenarios.filter(|scenario| scenario["verdict"] == verdict);
        chosen.map(|scenario| scenario["name"].as_str().unwrap()).collect()
    }

    /// Fails unless this scenario failed, with the text in its detail and in the table.
    #[track_caller]
    fn assert_caught_by(&self, name: &str, text: &str) {
        let scenario = self.scenario(name);
        assert_eq!(scenario["verdict"], "fail", "{name}:\n{}", self.output);
        let detail = scenario["detail"].as_str().unwrap();
        assert!(detail.contains(text), "{name}: `{text}` is not in: {detail}");
        assert!(self.output.contains(&format!("fail {name}: ")), "{}", self.output);
    }
}

#[test]
fn given_an_honest_sink_should_pass_everything_with_real_processes() {
    let judgement = Trial::lying_sink("honest").judge(0);
    assert_eq!(judgement.report["verdict"], "pass");
    // What it does not do cannot be judged, and the report says so.
    let skipped = [
        "held-then-killed",
        "partly-flushed-then-killed",
        "flush-failed",
        "destination-unavailable",
    ];
    // Whether a call that writes a few bytes waits for anything is up to the system.
    let mut found = judgement.with_verdict("skipped");
    found.retain(|name| *name != "killed-within-a-call");
    assert_eq!(found, skipped, "{}", judgement.output);
    assert!(judgement.with_verdict("pass").len() >= 18, "{}", judgement.output);
    for name in ["host-killed", "broker-killed-and-restarted"] {
        let scenario = judgement.scenario(name);
        assert!(scenario["counts"]["kills"].as_u64() >= Some(1), "{scenario}");
        assert_eq!(scenario["counts"]["missing"], 0);
        assert_eq!(scenario["seen"], "destination");
    }
    // It is at-least-once, and some scenario has made it show that.
    let repeated: u64 = judgement.report["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scenario| scenario["counts"]["repeated"].as_u64().unwrap())
        .sum();
    assert!(repeated > 0, "{}", judgement.output);
    let report = &judgement.report;
    assert_eq!((&report["component"], &report["kind"]), (&"lying".into(), &"sink".into()));
    assert_eq!((&report["delivery"], &report["seed"]), (&"at-least-once".into(), &7.into()));
    assert!(report["digest"].as_str().unwrap().starts_with("sha256:"), "{report}");
}

#[test]
fn given_an_honest_sink_that_holds_should_pass_what_is_about_holding() {
    let judgement = Trial::lying_sink("honest-holding").flag("--no-processes").judge(0);
    for name in ["held-then-killed", "partly-flushed-then-killed", "revoked-as-lost"] {
        assert_eq!(judgement.scenario(name)["verdict"], "pass", "{}", judgement.output);
    }
}

#[test]
fn given_a_sink_that_lies_should_be_caught_by_the_scenario_made_for_it() {
    let lies = [
        ("acknowledges-early", "acknowledged-then-killed", "missing at the destination"),
        ("drops-one", "plain-delivery", "missing at the destination"),
        ("doubles-one", "plain-delivery", "copies too many"),
        ("reorders", "plain-delivery", "behind a later one"),
        ("forgets-held", "plain-delivery", "missing at the destination"),
        ("panics-at-nonsense", "undecodable-payloads", "told to panic at nonsense"),
    ];
    for (mode, scenario, text) in lies {
        let judgement = Trial::lying_sink(mode).flag("--no-processes").judge(1);
        judgement.assert_caught_by(scenario, text);
        assert_eq!(judgement.report["verdict"], "fail", "{mode}");
    }
}

#[test]
fn given_a_sink_that_lies_should_be_caught_by_real_processes_too() {
    for (mode, scenario) in [("drops-one", "broker-slow"), ("acknowledges-early", "host-killed")] {
        let judgement = Trial::lying_sink(mode).with("--only", scenario).judge(1);
        judgement.assert_caught_by(scenario, "missing at the destination");
    }
}

#[test]
fn given_a_sink_that_lies_about_its_transactions_should_be_caught() {
    let lies = [
        ("forgets-position", "killed-before-checkpoint", "reads its position from the destination"),
        ("unfenced", "stale-instance", "copies too many at the destination"),
        ("position-without-rows", "plain-delivery", "60 messages missing at the destination"),
    ];
    for (mode, scenario, text) in lies {
        let trial = Trial::lying_transactional_sink(mode).observed().flag("--no-processes");
        trial.judge(1).assert_caught_by(scenario, text);
    }
    let honest = Trial::lying_transactional_sink("honest").observed().flag("--no-processes");
    let judgement = honest.judge(0);
    assert_eq!(judgement.report["delivery"], "transactional");
}

#[test]
fn given_a_lie_about_positions_should_be_caught_though_nobody_looks() {
    let trial = Trial::lying_transactional_sink("position-without-rows").flag("--no-processes");
    let judgement = trial.judge(1);
    // What was flushed, a fresh instance does not find.
    judgement.assert_caught_by("killed-before-checkpoint", "reads its position");
    assert_eq!(judgement.scenario("plain-delivery")["verdict"], "pass");
}

#[test]
fn given_messages_that_do_not_fit_the_component_should_ask_for_a_template() {
    let trial = Trial::lying_sink("honest").flag("--no-processes").with("--template", "no {{n}}");
    let judgement = trial.judge(1);
    judgement
        .assert_caught_by("plain-delivery", "60 messages of the template rejected (not_numbered");
}

/// The shipped file sink, observed through the numbers in its finished files.
fn file_sink() -> Trial {
    let trial = Trial::new("file_sink.wasm", |target, folder| {
        Connector::sink("file_sink.wasm", target)
            .stream("format = \"json\"")
            .config("folder = \"/out\"")
            .folder(folder, "/out", "rw")
    });
    let folder = trial.folder.display().to_string();
    trial
        .with(
            "--observe",
            &format!(
                "cat {folder}/*.ndjson 2>/dev/null | sed -n 's/^{{\"id\":\\([0-9]*\\),.*/\\1/p'"
            ),
        )
        .with("--reset", &format!("rm -rf {folder}/* {folder}/.shop* {folder}/.conform*"))
        .flag("--in-order")
}

#[test]
fn given_the_file_sink_should_be_there_exactly_once_whatever_happens() {
    let judgement = file_sink().judge(0);
    let skipped = ["flush-failed", "destination-unavailable"];
    assert_eq!(judgement.with_verdict("skipped"), skipped, "{}", judgement.output);
    assert_eq!(judgement.report["delivery"], "transactional");
    for scenario in judgement.report["scenarios"].as_array().unwrap() {
        let counts = &scenario["counts"];
        let wrong = [&counts["missing"], &counts["doubled"], &counts["repeated"]];
        assert_eq!(wrong.map(|count| count.as_u64().unwrap()), [0; 3], "{scenario}");
    }
    // It waits for the disk, so calls can be cut off.
    let cut = &judgement.scenario("killed-within-a-call")["counts"]["kills"];
    assert!(cut.as_u64() >= Some(1), "{}", judgement.output);
    let stale = judgement.scenario("stale-instance");
    assert!(stale["detail"].as_str().unwrap().contains("was fenced"), "{stale}");
}

#[test]
fn given_the_postgres_sink_should_be_there_exactly_once_whatever_happens() {
    let server = Postgres::start().unwrap();
    let trial = Trial::new("postgres_sink.wasm", |target, _| {
        Connector::sink("postgres_sink.wasm", target)
            .config("table = \"messages\"\ncreate = true")
            .config("columns = [{ name = \"id\", type = \"bigint\" }]")
            .postgres(&server)
    });
    let psql = format!(
        "PGPASSWORD=\"{}\" psql -h {} -p {} -U {} -d {} -qAt -c",
        server.password(),
        server.host(),
        server.port(),
        server.user(),
        server.database(),
    );
    let judgement = trial
        .with("--observe", &format!("{psql} 'select id from messages' 2>/dev/null || true"))
        .with(
            "--reset",
            &format!("{psql} 'drop table if exists messages, kennel_positions' 2>/dev/null"),
        )
        .judge(0);
    assert_eq!(judgement.report["delivery"], "transactional");
    for scenario in judgement.report["scenarios"].as_array().unwrap() {
        let counts = &scenario["counts"];
        let wrong = [&counts["missing"], &counts["doubled"], &counts["repeated"]];
        assert_eq!(wrong.map(|count| count.as_u64().unwrap()), [0; 3], "{scenario}");
    }
    let stale = judgement.scenario("stale-instance");
    assert!(stale["detail"].as_str().unwrap().contains("was fenced"), "{stale}");
}

#[test]
fn given_a_destination_that_can_be_cut_off_should_judge_the_failed_flush() {
    let trial = file_sink().flag("--no-processes");
    let trial = trial.with("--only", "flush-failed").with("--only", "destination-unavailable");
    let folder = trial.folder.display().to_string();
    // A folder in the place of the file that says who owns the partition.
    let owner = format!("for f in {folder}/.*.owner; do mv $f $f.away; done");
    let back = format!("for f in {folder}/.*.owner.away; do mv $f ${{f%.away}}; done");
    let judgement = trial.with("--cut-off", &owner).with("--restore", &back).judge(0);
    for name in ["flush-failed", "destination-unavailable"] {
        assert_eq!(judgement.scenario(name)["verdict"], "pass", "{}", judgement.output);
    }
}

#[test]
fn given_nobody_who_looks_should_say_that_it_was_seen_at_the_boundary_only() {
    let trial = Trial::new("file_sink.wasm", |target, folder| {
        Connector::sink("file_sink.wasm", target)
            .config("folder = \"/out\"")
            .folder(folder, "/out", "rw")
    });
    let judgement = trial.flag("--no-processes").judge(0);
    let plain = judgement.scenario("plain-delivery");
    assert_eq!((&plain["seen"], &plain["counts"]["observed"]), (&"boundary".into(), &Value::Null));
    assert!(judgement.output.contains("seen at the boundary only"), "{}", judgement.output);
    assert_eq!(judgement.report["observed"], false);
}

#[test]
fn given_an_honest_source_should_pass_everything_with_real_processes() {
    let judgement = Trial::lying_source("honest").with_records_put_back().judge(0);
    assert_eq!(judgement.with_verdict("skipped"), ["records-gone"], "{}", judgement.output);
    for name in ["host-killed", "broker-killed-and-restarted"] {
        let scenario = judgement.scenario(name);
        assert!(scenario["counts"]["kills"].as_u64() >= Some(1), "{scenario}");
        assert_eq!(scenario["seen"], "topic");
    }
}

#[test]
fn given_a_source_whose_records_are_not_put_back_should_skip_what_needs_them() {
    let judgement = Trial::lying_source("honest").flag("--no-processes").judge(0);
    assert_eq!(judgement.scenario("killed-in-flight")["verdict"], "pass");
    let plain = judgement.scenario("plain-read");
    assert_eq!(plain["verdict"], "skipped", "{}", judgement.output);
    assert!(plain["detail"].as_str().unwrap().contains("--reset"), "{plain}");
}

#[test]
fn given_a_source_that_lies_should_be_caught_by_the_scenario_made_for_it() {
    let lies = [
        ("cursor-too-far", "killed-after-saving", "1 of 48 records were not read"),
        ("effect-before-confirm", "read-without-confirming", "records were not read"),
        ("new-ids", "read-without-confirming", "60 of 60 records came with another id"),
        ("stays-ahead", "going-back", "records were not read"),
        ("removes-too-much", "confirmed-again", "1 of 36 records were not read"),
    ];
    for (mode, scenario, text) in lies {
        let trial = Trial::lying_source(mode).with_records_put_back().flag("--no-processes");
        trial.judge(1).assert_caught_by(scenario, text);
    }
}

#[test]
fn given_the_file_source_should_pass() {
    let trial = Trial::new("file_source.wasm", |target, folder| {
        Connector::source("file_source.wasm", target)
            .config("path = \"/in/*.ndjson\"\nmode = \"once\"")
            .folder(folder, "/in", "ro")
    });
    for (name, numbers) in [("a.ndjson", 0..40), ("b.ndjson", 40..60)] {
        let lines: String = numbers.map(|number| format!("{{\"id\":{number}}}\n")).collect();
        fs::write(trial.folder.join(name), lines).unwrap();
    }
    let judgement = trial.judge(0);
    assert_eq!(judgement.with_verdict("skipped"), ["records-gone"], "{}", judgement.output);
}

#[test]
fn given_what_cannot_be_judged_should_say_why_before_anything_is_done() {
    let unknown = Trial::lying_sink("honest").with("--only", "plain").ended().with_code(2);
    assert!(unknown.log.contains("plain-delivery"), "{}", unknown.log);
    let trial = Trial::lying_sink("honest").with("--template", "{\"id\":1}");
    let nameless = trial.ended().with_code(2);
    assert!(nameless.log.contains("{{n}}"), "{}", nameless.log);
    // The reset comes too late for what the command finds here.
    let trial = Trial::new("lying_sink.wasm", |target, folder| {
        Connector::sink("lying_sink.wasm", target)
            .config("folder = \"/out\"")
            .folder(folder, "/out", "rw")
    });
    let occupied = trial.with("--observe", "echo 5").ended().with_code(2);
    assert!(occupied.log.contains("already holds message 5"), "{}", occupied.log);
}
