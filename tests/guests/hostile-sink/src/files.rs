//! Attacks on files and on what else a process can see. /data is granted; beside it lies `outside` with a file `secret`.

use std::fs;
use std::io::Read as _;

use crate::report::Report;

pub(crate) fn escape() -> Report {
    let mut report = Report::default();
    for path in [
        "/data/../outside/secret",
        "/data/./x/../../outside/secret",
        "/data//..//outside//secret",
        "../outside/secret",
        // Links that the operator's folder already holds: to a folder beside it, and to a file by its full path.
        "/data/beside/secret",
        "/data/absolute",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/urandom",
    ] {
        report.attempt(path, fs::read(path));
    }
    for folder in ["/", "..", "/data/..", "/data/beside"] {
        report.attempt(&format!("list {folder}"), fs::read_dir(folder));
    }
    report.attempt("write beside", fs::write("/data/../outside/planted", "planted"));
    report.attempt("write through a link", fs::write("/data/beside/planted", "planted"));
    report.attempt("link to beside", fs::hard_link("/data/../outside/secret", "/data/taken"));
    report.attempt("rename out", fs::rename("/data/own", "/data/../outside/planted"));
    report.attempt("remove beside", fs::remove_file("/data/../outside/secret"));
    report
}

pub(crate) fn write_read_only() -> Report {
    let mut report = Report::default();
    report.attempt("write", fs::write("/reading/own", "changed"));
    report.attempt("create", fs::write("/reading/planted", "planted"));
    report.attempt("remove", fs::remove_file("/reading/own"));
    report.attempt("rename", fs::rename("/reading/own", "/reading/planted"));
    report.attempt("make folder", fs::create_dir("/reading/folder"));
    report.attempt("append", fs::OpenOptions::new().append(true).open("/reading/own"));
    let truncated = fs::OpenOptions::new().write(true).truncate(true).open("/reading/own");
    report.attempt("truncate", truncated);
    report
}

pub(crate) fn read_granted() -> Report {
    Report::of("read /data/own", fs::read("/data/own"))
}

pub(crate) fn environment() -> Report {
    let mut report = Report::default();
    let some = |what: &str, found: Option<String>| found.ok_or_else(|| format!("no {what}"));
    let variable = std::env::vars_os().next().map(|(name, _)| format!("{name:?}"));
    report.attempt("a variable", some("variable", variable));
    report.attempt("PATH", std::env::var("PATH"));
    report.attempt("CANARY", std::env::var("CANARY"));
    let argument = std::env::args_os().next().map(|argument| format!("{argument:?}"));
    report.attempt("an argument", some("argument", argument));
    let mut input = String::new();
    let read = std::io::stdin().read_to_string(&mut input);
    let read = read.map_err(|error| error.to_string());
    report.attempt(
        "standard input",
        read.and_then(|read| some("input", (read > 0).then_some(input))),
    );
    report.attempt("working folder", fs::read_dir("."));
    report
}

pub(crate) use links::escape_through_links;

/// `std` cannot make links here; the host's interface can.
#[cfg(target_family = "wasm")]
mod links {
    use std::fs;

    use wasip2::filesystem::preopens::get_directories;

    use crate::report::Report;

    pub(crate) fn escape_through_links() -> Report {
        let mut report = Report::default();
        let targets = ["../outside", "/etc", "x/../../outside", "..", "/proc/self/root"];
        for (folder, _) in get_directories().iter().filter(|(_, path)| path == "/data") {
            for (number, target) in targets.into_iter().enumerate() {
                let link = format!("made-{number}");
                // A link that leads nowhere outside may be made; what counts is that it cannot be followed.
                if let Err(error) = folder.symlink_at(target, &link) {
                    report.attempt(&format!("link to {target}"), Err::<(), _>(error));
                    continue;
                }
                for below in ["secret", "passwd", "etc/passwd", "outside/secret"] {
                    let path = format!("/data/{link}/{below}");
                    report.attempt(&format!("{path} ({target})"), fs::read(path));
                }
                let written = fs::write(format!("/data/{link}/planted"), "planted");
                report.attempt(&format!("write through {target}"), written);
            }
        }
        report
    }
}

#[cfg(not(target_family = "wasm"))]
mod links {
    use crate::report::Report;

    pub(crate) fn escape_through_links() -> Report {
        Report::default()
    }
}
