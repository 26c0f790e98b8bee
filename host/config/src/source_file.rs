//! A configuration file's text, and the places in it that errors point to.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

/// Longest part of a line that is quoted, in characters.
const QUOTED_CHARACTERS: usize = 120;

/// The text of one file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    path: PathBuf,
    text: String,
}

/// Where a value came from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Bytes of a file.
    File(Arc<SourceFile>, Range<usize>),
    /// An environment variable.
    Variable(Arc<str>),
    /// A value of a JSON document.
    Url(Arc<UrlPlace>),
}

/// A value of a JSON document that came from a URL.
#[derive(Debug)]
pub(crate) struct UrlPlace {
    /// Where the document came from, without its query.
    pub(crate) url: Arc<str>,
    /// JSON pointer to the value; empty: the document itself.
    pub(crate) pointer: String,
    /// Position among the values of the document.
    pub(crate) number: usize,
}

/// Where an error is, in the words of the person who has to correct it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Location {
    /// A place in a file.
    File(FileLocation),
    /// An environment variable that overrides a key.
    Variable {
        /// Its name.
        variable: String,
    },
    /// A value of a JSON document that came from a URL.
    Url {
        /// The URL, without its query.
        url: String,
        /// JSON pointer to the value; empty: the document itself.
        pointer: String,
    },
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLocation {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line, shortened around the place if it is long; the values of secret keys are masked.
    pub quoted: String,
    /// Where in `quoted` the place begins, in characters from 0.
    #[serde(skip)]
    pub(crate) caret: usize,
    /// How many characters of `quoted` it covers; never 0.
    #[serde(skip)]
    pub(crate) width: usize,
}

impl SourceFile {
    pub(crate) fn new(path: PathBuf, text: String) -> Self {
        Self { path, text }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The place of a byte range. A range outside of the text is moved to its end.
    fn locate(&self, span: &Range<usize>) -> FileLocation {
        let start = floor_boundary(&self.text, span.start);
        let end = floor_boundary(&self.text, span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[..line_start].bytes().filter(|byte| *byte == b'\n').count() + 1;
        let content = self.text[line_start..].lines().next().unwrap_or_default();
        let column = self.text[line_start..start].chars().count();
        let width = self.text[start..end].lines().next().unwrap_or_default().chars().count();
        let (quoted, caret, width) = quote(content, column, width);
        FileLocation { file: self.path.clone(), line, column: column + 1, quoted, caret, width }
    }
}

impl Location {
    /// Leaves out of the quoted line everything behind its first `=`.
    pub(crate) fn mask(&mut self) {
        let Self::File(place) = self else { return };
        let kept = place.quoted.split_once('=').map(|(key, _)| format!("{key}= "));
        let kept = kept.unwrap_or_default();
        place.caret = kept.chars().count();
        place.quoted = format!("{kept}***");
        place.width = 3;
    }
}

impl Origin {
    /// The place for people.
    pub(crate) fn location(&self) -> Location {
        match self {
            Self::File(source, span) => Location::File(source.locate(span)),
            Self::Variable(name) => Location::Variable { variable: name.to_string() },
            Self::Url(place) => {
                Location::Url { url: place.url.to_string(), pointer: place.pointer.clone() }
            }
        }
    }

    /// The place in a few words, to name it beside another one.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::File(source, span) => {
                format!("{}:{}", source.path.display(), source.locate(span).line)
            }
            Self::Variable(name) => format!("environment variable {name}"),
            Self::Url(place) => format!("{}#{}", place.url, place.pointer),
        }
    }

    /// Orders errors as a reader meets them: by file, then by place.
    pub(crate) fn rank(&self) -> (PathBuf, usize) {
        match self {
            Self::File(source, span) => (source.path.clone(), span.start),
            Self::Variable(_) => (PathBuf::new(), 0),
            Self::Url(place) => (PathBuf::from(&*place.url), place.number),
        }
    }
}

/// The part of a line worth printing: masked, without control characters, at most
/// `QUOTED_CHARACTERS` long, with the place in it.
fn quote(content: &str, column: usize, width: usize) -> (String, usize, usize) {
    let (content, secret_from) = mask_secret(content.trim_end());
    let (column, width) = match secret_from {
        Some(from) if column + width > from => (column.min(from), 1),
        _ => (column, width),
    };
    let characters: Vec<char> =
        content.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let from = match column > QUOTED_CHARACTERS / 2 && characters.len() > QUOTED_CHARACTERS {
        true => (column - QUOTED_CHARACTERS / 2).min(characters.len()),
        false => 0,
    };
    let until = (from + QUOTED_CHARACTERS).min(characters.len());
    let mut quoted: String = characters[from..until].iter().collect();
    let caret = column - from;
    let width = width.min((until - from).saturating_sub(caret)).max(1);
    if until < characters.len() {
        quoted.push('…');
    }
    if from > 0 {
        quoted.insert(0, '…');
        return (quoted, caret + 1, width);
    }
    (quoted, caret, width)
}

/// Whether people call a secret so.
pub(crate) fn sounds_secret(key: &str) -> bool {
    const SECRET_WORDS: [&str; 6] =
        ["password", "token", "secret", "api_key", "apikey", "authorization"];
    let key = key.trim_matches(|c: char| c.is_whitespace() || "\"'".contains(c));
    let key = key.to_ascii_lowercase();
    // A misspelt `password` holds a password as well.
    let near = |word: &str| strsim::damerau_levenshtein(&key, word) <= word.len() / 4;
    SECRET_WORDS.iter().any(|word| key.contains(word) || near(word))
}

/// Replaces what follows the `=` of a key that sounds like a secret. A quoted line ends up in logs
/// and bug reports. Answers the character where the masked part begins.
fn mask_secret(line: &str) -> (String, Option<usize>) {
    let mut equals = line.match_indices('=').map(|(at, _)| at);
    let Some(equals) = equals.find(|at| {
        sounds_secret(line[..*at].rsplit(['{', ',', '.', '=']).next().unwrap_or_default())
    }) else {
        return (mask_user(line), None);
    };
    let value = &line[equals + 1..];
    // Where a secret is kept is not the secret, and is what people need to see.
    let reference = value.trim_start().trim_start_matches(['"', '\'']);
    let references = ["env:", "file:", "secret://"];
    if value.trim().is_empty() || references.iter().any(|it| reference.starts_with(it)) {
        return (line.to_owned(), None);
    }
    let masked = format!("{} ***", &line[..=equals]);
    let from = line[..=equals].chars().count() + 1;
    (masked, Some(from))
}

/// What follows the `@` of a reference to a registry.
const DIGEST: [char; 7] = ['s', 'h', 'a', '2', '5', '6', ':'];

/// Stars over `user:password` in `scheme://user:password@host` and in `user:password@host`, as many as
/// characters.
fn mask_user(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    let mut masked = characters.clone();
    for at in characters.iter().enumerate().filter_map(|(at, c)| (*c == '@').then_some(at)) {
        let before = &characters[..at];
        // A digest, and what stands before it is the tag of a component in a registry.
        if line.contains("oci://") && characters[at + 1..].starts_with(&DIGEST) {
            continue;
        }
        let start = before.iter().rposition(|c| "/\"' ?".contains(*c)).map_or(0, |it| it + 1);
        if before[..start].ends_with(&[':', '/', '/']) || before[start..].contains(&':') {
            masked[start..at].fill('*');
        }
    }
    masked.into_iter().collect()
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(text: &str, span: Range<usize>) -> FileLocation {
        SourceFile::new("f.toml".into(), text.into()).locate(&span)
    }

    #[test]
    fn given_a_span_should_count_lines_and_characters_from_one() {
        let place = locate("a = 1\nß = 2\r\n", 9..10);
        assert_eq!((place.line, place.column), (2, 3));
        assert_eq!((place.quoted.as_str(), place.caret, place.width), ("ß = 2", 2, 1));
    }

    #[test]
    fn given_a_span_outside_should_point_to_the_end() {
        let place = locate("a = 1\nb", 90..95);
        assert_eq!((place.line, place.column, place.width), (2, 2, 1));
    }

    #[test]
    fn given_a_long_line_should_quote_around_the_place() {
        let text = format!("a = \"{}\"", "x".repeat(1_000));
        let place = locate(&text, 500..501);
        assert_eq!(place.column, 501);
        assert!(place.quoted.chars().count() <= QUOTED_CHARACTERS + 2);
        assert_eq!(place.quoted.chars().nth(place.caret), Some('x'));
    }

    #[test]
    fn given_a_secret_should_not_quote_it() {
        for line in [
            "password = hunter2",
            "pasword = \"hunter2\"",
            "db.api_key=\"hunter2\"",
            "x = { token = \"hunter2\" }",
            "url = \"postgres://user:hunter2@hunter/\"",
            "tcp = [\"a:1\", \"user:hunter2@hunter2@db:5432\"]",
        ] {
            let place = locate(line, line.len() - 5..line.len());
            assert!(!place.quoted.contains("hunter2"), "{}", place.quoted);
        }
        assert!(locate("password = \"env:PW\"", 0..1).quoted.contains("env:PW"));
        // A tag in front of a digest is no password.
        let reference = "component = \"oci://r.example/sink:1.0@sha256:00\"";
        assert_eq!(locate(reference, 0..1).quoted, reference);
        let place = locate("component = \"oci://user:hunter2@r.example/a@sha256:00\"", 0..1);
        assert!(!place.quoted.contains("hunter2"), "{}", place.quoted);
    }
}
