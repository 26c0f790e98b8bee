//! Attacks on what reads, compiles and describes a component, and on the cache of compiled code. Each runs in
//! a `kennel` of its own, as an operator would who was handed the file.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use end_to_end::installation::kennel;
use end_to_end::wait::pause;

use crate::forge::{Area, Body, Forgery};
use crate::report::{Report, Verdict};
use crate::trial::peak;

/// A loader may take so long: it has the limits of a call, whatever the connector's are.
const PATIENCE: Duration = Duration::from_secs(20);
/// Files of one kind of damage.
const CUTS: usize = 12;
const MUTATIONS: usize = 96;
/// Exit code of a refused component.
const REFUSED: i32 = 3;

/// All of them.
pub const NAMES: [&str; 17] = [
    "core-module",
    "other-world",
    "other-version",
    "exports-missing",
    "imports-unknown",
    "description-malformed",
    "description-giant",
    "describe-trap",
    "describe-endless",
    "describe-memory-bomb",
    "start-endless",
    "start-trap",
    "memory-minimum-giant",
    "validate-endless",
    "truncated",
    "fuzzed",
    "cache-tampered",
];

/// Tries those that are chosen and answers what became of them.
pub fn run(chosen: &dyn Fn(&str) -> bool, told: bool) -> Report {
    let report = Mutex::new(Report::default());
    let names: Vec<_> = NAMES.into_iter().filter(|name| chosen(name)).collect();
    let names = Mutex::new(names.into_iter());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let next = names.lock().unwrap().next();
                    let Some(name) = next else { return };
                    let (verdict, peak) = attack(name);
                    if told {
                        let mark = if verdict.contained { "contained" } else { "NOT CONTAINED" };
                        eprintln!("{name:<28} {mark} after {:.2} s", verdict.after.as_secs_f64());
                    }
                    let mut report = report.lock().unwrap();
                    report.verdicts.push(verdict);
                    report.peak = report.peak.max(peak);
                }
            });
        }
    });
    report.into_inner().unwrap()
}

fn attack(name: &str) -> (Verdict, u64) {
    let folder = tempfile::tempdir().unwrap();
    match name {
        "truncated" => {
            let whole = Forgery::sink().build();
            let cuts = (0..CUTS).map(|cut| whole[..whole.len() * cut / CUTS].to_vec());
            many(folder.path(), name, cuts.collect(), Some(REFUSED))
        }
        "fuzzed" => {
            let whole = Forgery::sink().build();
            many(
                folder.path(),
                name,
                (1..=MUTATIONS as u64).map(|seed| mutated(&whole, seed)).collect(),
                None,
            )
        }
        "cache-tampered" => tampered(folder.path(), name),
        "validate-endless" => {
            let forged = Forgery::sink().with("describe.validate", Body::Loop).build();
            let ran = check(folder.path(), &forged);
            (ran.judge(name, Some(REFUSED), "cpu_timeout"), ran.peak)
        }
        _ => {
            let (bytes, words) = file(name);
            let ran = inspect(folder.path(), &bytes);
            (ran.judge(name, Some(REFUSED), words), ran.peak)
        }
    }
}

/// The file of one attack, and the words that refuse it.
fn file(name: &str) -> (Vec<u8>, &'static str) {
    let sink = Forgery::sink;
    let describe = |area| sink().answer("describe.describe", area).build();
    match name {
        "core-module" => (sink().core(), "core WebAssembly module"),
        "other-world" => {
            let other = sink().rename("kennel:connector/sink@", "kennel:connector/sunk@");
            (other.build(), "exports neither sink, source nor transform")
        }
        "other-version" => (sink().version("0.2.0-rc.1").build(), "speaks kennel:connector@0.2.0"),
        "exports-missing" => {
            let without = sink().rename("connector/lifecycle@", "connector/lifecycli@");
            (without.build(), "no export")
        }
        "imports-unknown" => {
            let needy = sink().rename("wasi:cli/environment@", "wasi:cli/environmenu@");
            (needy.build(), "imports what this host does not offer")
        }
        "description-malformed" => (describe(Area::text("{\"name\":[[[[")), "malformed document"),
        "description-giant" => (
            sink()
                .pages(2000)
                .answer("describe.describe", Area::zeros().list(0, b"", 120 << 20))
                .build(),
            "describe",
        ),
        "describe-trap" => {
            (sink().with("describe.describe", Body::Trap).build(), "the guest trapped")
        }
        "describe-endless" => (sink().with("describe.describe", Body::Loop).build(), "cpu_timeout"),
        "describe-memory-bomb" => {
            (sink().with("describe.describe", Body::GrowMemory).build(), "memory limit")
        }
        "start-endless" => (sink().start(Body::Loop).build(), "instantiate"),
        "start-trap" => (sink().start(Body::Trap).build(), "instantiate"),
        "memory-minimum-giant" => (sink().pages(65_536).build(), "memory"),
        other => panic!("no file for {other}"),
    }
}

/// How a `kennel` ended that was handed a file.
struct Ran {
    code: Option<i32>,
    said: String,
    took: Duration,
    peak: u64,
}

impl Ran {
    fn judge(&self, name: &str, code: Option<i32>, words: &str) -> Verdict {
        let panicked = self.said.contains("panicked at host/");
        let contained = self.code.is_some()
            && !panicked
            && self.took <= PATIENCE
            && code.is_none_or(|code| self.code == Some(code))
            && self.said.contains(words);
        Verdict {
            name: name.to_owned(),
            expected: "refused".to_owned(),
            seen: match (contained, self.code) {
                (true, Some(REFUSED)) => "refused".to_owned(),
                _ => format!("exit code {:?}: {}", self.code, self.said.trim()),
            },
            after: self.took,
            contained,
            throughput: None,
        }
    }
}

fn inspect(folder: &Path, bytes: &[u8]) -> Ran {
    let path = folder.join("handed.wasm");
    fs::write(&path, bytes).unwrap();
    let mut command = kennel();
    command.arg("inspect").arg(path);
    run_to_end(command)
}

/// `kennel check` of a configuration with this sink.
fn check(folder: &Path, bytes: &[u8]) -> Ran {
    let config = folder.join("config");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("handed.wasm"), bytes).unwrap();
    let cache = folder.join("cache");
    fs::write(config.join("kennel.toml"), format!("[components]\ncache = {cache:?}\n")).unwrap();
    let connector = "type = \"sink\"\ncomponent = \"handed.wasm\"\n[[streams]]\nstream = \"s\"\ntopics = [\"t\"]\n";
    fs::write(config.join("handed.toml"), connector).unwrap();
    let mut command = kennel();
    command.args(["check", "--config"]).arg(config);
    run_to_end(command)
}

fn run_to_end(mut command: Command) -> Ran {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let reader = thread::spawn(move || {
        let mut said = Vec::new();
        drop(std::io::Read::read_to_end(&mut errors, &mut said));
        String::from_utf8_lossy(&said).into_owned()
    });
    let mut most = 0;
    let code = loop {
        most = peak(child.id()).max(most);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        pause();
    };
    Ran { code, said: reader.join().unwrap(), took: began.elapsed(), peak: most }
}

/// All of them have to be survived; `code`: with this exit code.
fn many(folder: &Path, name: &str, files: Vec<Vec<u8>>, code: Option<i32>) -> (Verdict, u64) {
    let mut most = 0;
    let (began, mut worst) = (Instant::now(), None::<Verdict>);
    let count = files.len();
    for bytes in files {
        let ran = inspect(folder, &bytes);
        most = ran.peak.max(most);
        let verdict = ran.judge(name, code, "");
        if !verdict.contained {
            worst = Some(verdict);
        }
    }
    let fine = Verdict {
        name: name.to_owned(),
        expected: "refused".to_owned(),
        seen: format!("{count} files survived"),
        after: began.elapsed(),
        contained: true,
        throughput: None,
    };
    (worst.unwrap_or(fine), most)
}

/// Some bytes after the preamble changed, by a generator that gives the same for the same seed.
fn mutated(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes = whole.to_vec();
    for _ in 0..1 + seed % 8 {
        let at = 8 + next() as usize % (bytes.len() - 8);
        bytes[at] = next() as u8;
    }
    bytes
}

/// Cached code that somebody changed: not used, but compiled anew and replaced.
fn tampered(folder: &Path, name: &str) -> (Verdict, u64) {
    let began = Instant::now();
    let component = Forgery::sink().build();
    let first = check(folder, &component);
    let entry = fs::read_dir(folder.join("cache")).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.extension().is_some_and(|extension| extension == "cwasm").then_some(path)
    });
    let mut failures = Vec::new();
    if first.code != Some(0) {
        failures.push(format!("not accepted at first: {}", first.said));
    }
    let Some(entry) = entry else { panic!("nothing was cached: {}", first.said) };
    let honest = fs::read(&entry).unwrap();
    let flipped = |at: usize| {
        let mut bytes = honest.clone();
        bytes[at] ^= 1;
        bytes
    };
    let forgeries = [
        ("code", flipped(honest.len() / 2)),
        ("tag", flipped(3)),
        ("cut", honest[..honest.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("longer", [honest.as_slice(), b"more"].concat()),
        ("foreign", b"\x7fELF".repeat(1000)),
    ];
    for (what, bytes) in forgeries {
        fs::write(&entry, &bytes).unwrap();
        let ran = check(folder, &component);
        let replaced = fs::read(&entry).is_ok_and(|found| found != bytes);
        if ran.code != Some(0) || !replaced {
            failures.push(format!(
                "{what}: exit code {:?}, replaced {replaced}: {}",
                ran.code, ran.said
            ));
        }
    }
    let verdict = Verdict {
        name: name.to_owned(),
        expected: "compiled anew".to_owned(),
        seen: if failures.is_empty() { "compiled anew".to_owned() } else { failures.join("; ") },
        after: began.elapsed(),
        contained: failures.is_empty(),
        throughput: None,
    };
    (verdict, first.peak)
}
