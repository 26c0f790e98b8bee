//! The `[grants]` section.

use std::collections::HashSet;

use super::Surroundings;
use crate::error::{ConfigError, Problem};
use crate::grant::{FileGrant, FileMode, Grants, HttpGrant, HttpGrantError};
use crate::reader::Reader;

pub(super) fn grants(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Grants {
    let files = reader.sections("files");
    let mut guests = HashSet::new();
    let files = files.iter().filter_map(|section| {
        let grant = file(section, surroundings)?;
        if !guests.insert(grant.guest.clone()) {
            let detail = format!("two folders have the guest path `{}`", grant.guest);
            section.conflict("guest", detail, "give each folder a guest path of its own");
        }
        Some(grant)
    });
    let files = files.collect();
    Grants {
        http: http(reader),
        files,
        state: reader.size_option("state"),
        stdout: reader.flag("stdout"),
    }
}

fn http(reader: &Reader<'_>) -> Vec<HttpGrant> {
    let mut grants = Vec::new();
    for (text, origin) in reader.texts("http") {
        match text.parse::<HttpGrant>() {
            Ok(grant) => grants.push(grant),
            Err(error) => {
                let problem =
                    Problem::InvalidValue { key: "http".to_owned(), detail: error.to_string() };
                let help = correction(&text, error);
                reader.errors.push(ConfigError::new(problem).at(&origin).help(help));
            }
        }
    }
    grants
}

fn correction(text: &str, error: HttpGrantError) -> String {
    match error {
        HttpGrantError::Scheme if !text.contains([':', '*', ' ']) => {
            format!("write \"https://{text}\" or \"http://{text}\"")
        }
        HttpGrantError::Wildcard => "for example \"https://*.example.com/*\"".to_owned(),
        HttpGrantError::User => "credentials belong into the component's requests".to_owned(),
        HttpGrantError::Query => {
            "leave it out; a granted path is granted with every query".to_owned()
        }
        HttpGrantError::Port => "for example \"http://localhost:9200/*\"".to_owned(),
        HttpGrantError::Ipv4 => {
            "write all four numbers, for example \"http://127.0.0.1\"".to_owned()
        }
        HttpGrantError::Host if !text.is_ascii() => {
            "write an international name in its ASCII form (xn--…)".to_owned()
        }
        _ => "for example \"https://api.example.com/v1/*\"".to_owned(),
    }
}

fn file(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<FileGrant> {
    let modes = [("ro", FileMode::ReadOnly), ("rw", FileMode::ReadWrite)];
    let (path, guest) = (reader.path("path"), reader.text("guest"));
    let mode = reader.choice("mode", &modes);
    let guest = guest.filter(|guest| {
        let valid = is_guest_path(guest);
        if !valid {
            let detail = format!("\"{guest}\" is not an absolute path without `.`, `..` and `//`");
            reader.refuse("guest", detail, "for example \"/in\"");
        }
        valid
    });
    Some(FileGrant { path: surroundings.resolve(path?), guest: guest?, mode: mode? })
}

fn is_guest_path(path: &str) -> bool {
    let plain =
        |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\0', '\\']);
    path == "/" || path.strip_prefix('/').is_some_and(|path| path.split('/').all(plain))
}
