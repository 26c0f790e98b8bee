//! The `[grants]` section.

use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;

use super::Surroundings;
use super::env::env;
use super::secrets::secrets;
use crate::error::{ConfigError, Problem};
use crate::grant::{
    ClockGrant, FileGrant, FileMode, Grants, HostPatternError, HttpGrantError, TcpGrantError,
};
use crate::policy::Asked;
use crate::reader::Reader;
use crate::source_file::Origin;

/// `enabled`: variables and secrets that the host gives have to be there.
pub(super) fn grants(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    enabled: bool,
) -> Grants {
    let clocks = [
        ("real", ClockGrant::Real),
        ("coarse", ClockGrant::Coarse),
        ("frozen", ClockGrant::Frozen),
    ];
    let (http, tcp) = (list(reader, "http", correct_http), list(reader, "tcp", correct_tcp));
    for (grant, origin) in &http {
        surroundings.judge(&Asked::Http(grant), origin, reader.errors);
    }
    for (grant, origin) in &tcp {
        surroundings.judge(&Asked::Tcp(grant), origin, reader.errors);
    }
    let state = reader.size_option("state");
    if let Some(size) = state {
        surroundings.judge(&Asked::State(size), reader.origin_of("state"), reader.errors);
    }
    let stdout = reader.flag("stdout");
    if stdout {
        surroundings.judge(&Asked::Stdout, reader.origin_of("stdout"), reader.errors);
    }
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
        http: http.into_iter().map(|(grant, _)| grant).collect(),
        tcp: tcp.into_iter().map(|(grant, _)| grant).collect(),
        files,
        env: env(reader, surroundings, enabled),
        secrets: secrets(reader, surroundings, enabled),
        clock: reader.choice("clock", &clocks).unwrap_or_default(),
        state,
        stdout,
        origin: Some(reader.origin().clone()),
    }
}

/// The values of a list, each with its place; `correct` says what to write in place of a wrong one.
pub(super) fn list<T: FromStr<Err: Display>>(
    reader: &Reader<'_>,
    key: &str,
    correct: fn(&str, T::Err) -> String,
) -> Vec<(T, Origin)> {
    let mut grants = Vec::new();
    for (text, origin) in reader.texts(key) {
        match text.parse::<T>() {
            Ok(grant) => grants.push((grant, origin)),
            Err(error) => {
                let problem =
                    Problem::InvalidValue { key: key.to_owned(), detail: error.to_string() };
                let help = correct(&text, error);
                reader.errors.push(ConfigError::new(problem).at(&origin).help(help));
            }
        }
    }
    grants
}

pub(super) fn correct_http(text: &str, error: HttpGrantError) -> String {
    match error {
        HttpGrantError::Scheme if !text.contains([':', '*', ' ']) => {
            format!("write \"https://{text}\" or \"http://{text}\"")
        }
        HttpGrantError::Host(HostPatternError::Wildcard) => {
            "for example \"https://*.example.com/*\"".to_owned()
        }
        HttpGrantError::User => "credentials belong into the component's requests".to_owned(),
        HttpGrantError::Query => {
            "leave it out; a granted path is granted with every query".to_owned()
        }
        HttpGrantError::Port => "for example \"http://localhost:9200/*\"".to_owned(),
        HttpGrantError::Host(HostPatternError::Ipv4) => {
            "write all four numbers, for example \"http://127.0.0.1\"".to_owned()
        }
        HttpGrantError::Host(HostPatternError::Name) if !text.is_ascii() => {
            IN_ASCII_FORM.to_owned()
        }
        _ => "for example \"https://api.example.com/v1/*\"".to_owned(),
    }
}

pub(super) fn correct_tcp(text: &str, error: TcpGrantError) -> String {
    match error {
        TcpGrantError::Scheme => "leave out what stands before the host and its port".to_owned(),
        TcpGrantError::User => "credentials belong into the component's connection".to_owned(),
        TcpGrantError::NoPort if !text.contains(['*', ' ', '[']) && !text.is_empty() => {
            format!("write the port after it, for example \"{text}:5432\"")
        }
        TcpGrantError::Host(HostPatternError::Wildcard) => {
            "for example \"*.example.com:5432\"".to_owned()
        }
        TcpGrantError::Host(HostPatternError::Ipv4) => {
            "write all four numbers, for example \"127.0.0.1:5432\"".to_owned()
        }
        TcpGrantError::Host(HostPatternError::Ipv6) | TcpGrantError::Brackets => {
            "for example \"[::1]:9000\" or \"[fd00::/8]:9000\"".to_owned()
        }
        TcpGrantError::Host(HostPatternError::Name) if !text.is_ascii() => IN_ASCII_FORM.to_owned(),
        TcpGrantError::Mapped | TcpGrantError::Length | TcpGrantError::Beyond(_) => {
            "for example \"10.1.2.3:5432\" or \"10.0.0.0/8:5432\"".to_owned()
        }
        _ => "for example \"db.internal:5432\"; each port is granted by itself".to_owned(),
    }
}

const IN_ASCII_FORM: &str = "write an international name in its ASCII form (xn--…)";

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
    let (written, guest, mode) = (surroundings.resolve(path?), guest?, mode?);
    let path = surroundings.permitted_place(&written, reader.origin_of("path"), reader.errors)?;
    surroundings.judge(
        &Asked::Files { path: &path, mode },
        reader.origin_of("path"),
        reader.errors,
    );
    Some(FileGrant { path, guest, mode })
}

fn is_guest_path(path: &str) -> bool {
    let plain =
        |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\0', '\\']);
    path == "/" || path.strip_prefix('/').is_some_and(|path| path.split('/').all(plain))
}
