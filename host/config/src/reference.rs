//! Every key there is, written down once: the reader takes defaults and bounds from here, and
//! unknown keys, the JSON Schema and the tables of the manual follow from it.

mod connector;
mod host;
mod kind;
#[cfg(test)]
mod manual;
mod policy;

pub(crate) use connector::CONNECTOR;
pub(crate) use host::HOST;

/// A table of keys.
pub(crate) struct Section {
    /// As people write it: `[iggy.tls]`, `[[streams]]`.
    pub(crate) label: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
    /// Names that people may know from elsewhere, and what to write instead.
    pub(crate) hints: &'static [(&'static str, &'static str)],
}

/// One key.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Default,
    pub(crate) scope: Scope,
    /// What it does, in one sentence.
    pub(crate) about: &'static str,
}

/// What happens when a key is not written.
#[derive(Clone, Copy)]
pub(crate) enum Default {
    Required,
    /// As if this TOML value were written.
    Value(&'static str),
    /// In words.
    None(&'static str),
}

/// Which connectors a key is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Both,
    Sink,
    Source,
}

/// The type of a value.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    /// Text, `env:NAME` or `file:PATH`.
    Secret,
    /// Text, a path relative to the folder of the file.
    Path,
    Flag,
    Integer {
        least: u64,
        most: u64,
    },
    /// Whole number of bytes or text with a unit; never 0.
    Size,
    /// Text with a unit; never 0.
    Duration,
    /// A TOML time, RFC 3339 text, or microseconds since 1970 UTC.
    Timestamp,
    Choice(&'static [&'static str]),
    Texts,
    Section(&'static Section),
    Sections(&'static Section),
    /// A list of texts and tables.
    TextsOrSections(&'static Section),
    /// A table with a text or a table for each of its keys, which are not fixed.
    NamedTextsOrSections(&'static Section),
    ChoiceOrSection(&'static [&'static str], &'static Section),
    /// A boolean, or a list of texts.
    FlagOrTexts,
    /// The component's own table.
    Guest,
}

impl Section {
    /// Where a key of this section stands.
    pub(crate) fn place(&self) -> String {
        match self.label.starts_with('[') {
            true => format!("in {}", self.label),
            false => format!("at {}", self.label),
        }
    }

    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// This section and all below it.
    pub(crate) fn walk(&'static self) -> Vec<&'static Section> {
        let mut sections = vec![self];
        for key in self.keys {
            if let Kind::Section(below)
            | Kind::Sections(below)
            | Kind::TextsOrSections(below)
            | Kind::NamedTextsOrSections(below)
            | Kind::ChoiceOrSection(_, below) = key.kind
            {
                sections.extend(below.walk());
            }
        }
        sections
    }
}

const fn key(name: &'static str, kind: Kind, default: Default, about: &'static str) -> Key {
    Key { name, kind, default, scope: Scope::Both, about }
}

impl Key {
    /// A value for it: the default, if there is one, else one of its kind.
    pub(crate) fn example(&self) -> String {
        match self.default {
            Default::Value(text) if text != "[]" => text.to_owned(),
            _ => self.kind.example(),
        }
    }

    const fn only(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}
