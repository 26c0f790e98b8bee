//! The `[policy]` section.

use std::fmt::Display;
use std::str::FromStr;

use super::Surroundings;
use super::grants::{correct_http, correct_tcp, list};
use crate::error::{ConfigError, Problem};
use crate::grant::FileMode;
use crate::policy::{FileRoot, PatternError, Policy, PolicyKey, Reveal};
use crate::reader::Reader;

pub(super) fn policy(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Policy {
    let http = list(reader, "http", correct_http);
    let tcp = list(reader, "tcp", correct_tcp);
    let folders = |key| {
        let texts = reader.texts(key);
        texts.into_iter().map(|(folder, _)| surroundings.resolve(folder)).collect()
    };
    Policy {
        http: http.into_iter().map(|(grant, _)| grant).collect(),
        tcp: tcp.into_iter().map(|(grant, _)| grant).collect(),
        files: files(reader, surroundings),
        env: patterns(reader, "env"),
        secrets: patterns(reader, "secrets"),
        reveal: reveal(reader),
        components: folders("components"),
        registries: patterns(reader, "registries"),
        signers: signers(reader, surroundings),
        topics: patterns(reader, "topics"),
        memory: reader.size_option("memory"),
        state: reader.size_option("state"),
        stdout: reader.flag("stdout"),
        trusted: reader.flag("trusted"),
        places: PolicyKey::ALL
            .into_iter()
            .filter(|key| reader.has(key.name()))
            .map(|key| (key, reader.origin_of(key.name()).clone()))
            .collect(),
    }
}

fn files(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Vec<FileRoot> {
    let modes = [("ro", FileMode::ReadOnly), ("rw", FileMode::ReadWrite)];
    let roots = reader.texts_or_sections("files").into_iter().filter_map(|root| match root {
        Ok((path, origin)) if path.is_empty() => {
            let detail = "the text is empty".to_owned();
            let problem = Problem::InvalidValue { key: "files".to_owned(), detail };
            let error = ConfigError::new(problem).at(&origin);
            reader.errors.push(error.help("write a folder, or remove it from the list"));
            None
        }
        Ok((path, _)) => {
            Some(FileRoot { path: surroundings.resolve(path), mode: FileMode::ReadOnly })
        }
        Err(section) => {
            let (path, mode) = (section.path("path"), section.choice("mode", &modes));
            Some(FileRoot { path: surroundings.resolve(path?), mode: mode? })
        }
    });
    roots.collect()
}

fn signers(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Vec<std::path::PathBuf> {
    let mut signers = Vec::new();
    for (file, _) in reader.texts("signers") {
        let path = surroundings.resolve(file);
        if !path.is_file() {
            let detail = format!("there is no file {}", path.display());
            reader.refuse("signers", detail, "write the path of a public key (PEM)");
        }
        signers.push(path);
    }
    signers
}

fn reveal(reader: &Reader<'_>) -> Reveal {
    match reader.flag_or_texts("reveal") {
        Ok(false) => Reveal::Nothing,
        Ok(true) => Reveal::Everything,
        Err(_) => Reveal::Names(patterns(reader, "reveal")),
    }
}

fn patterns<T: FromStr<Err = PatternError> + Display>(
    reader: &Reader<'_>,
    key: &'static str,
) -> Vec<T> {
    list(reader, key, correct_pattern).into_iter().map(|(pattern, _)| pattern).collect()
}

fn correct_pattern(text: &str, error: PatternError) -> String {
    match error {
        PatternError::Empty => "write a name, for example \"PG_*\"".to_owned(),
        PatternError::Wildcard => {
            "for example \"PG_*\"; one name ends it, several are a list".to_owned()
        }
        PatternError::Character => "remove what cannot be seen".to_owned(),
        PatternError::Topic => format!("for example \"{}/*\"", text.trim_end_matches('*')),
        PatternError::Secret => "for example \"env/PG_*\" or \"file/run/secrets/*\"".to_owned(),
        PatternError::Path => "for example \"file/run/secrets/*\"".to_owned(),
        PatternError::Registry | PatternError::Repository => {
            "for example \"registry.example.com/acme/*\"".to_owned()
        }
    }
}
