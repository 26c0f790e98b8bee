//! Reads the keys of one section into typed values, collecting what is wrong.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{ConfigError, Problem};
use crate::nearest;
use crate::node::{Node, Table, Value};
use crate::reference::{Default, Key, Kind, Scope, Section};
use crate::size::ByteSize;
use crate::source_file::{Origin, SourceFile};
use crate::timestamp;

/// All that was found wrong so far. Reading goes on with a default after each error.
#[derive(Default)]
pub(crate) struct Errors {
    errors: RefCell<Vec<ConfigError>>,
    warnings: RefCell<Vec<ConfigError>>,
}

impl Errors {
    pub(crate) fn push(&self, error: ConfigError) {
        self.errors.borrow_mut().push(error);
    }

    pub(crate) fn extend(&self, errors: Vec<ConfigError>) {
        self.errors.borrow_mut().extend(errors);
    }

    /// What is valid, but gives a secret away.
    pub(crate) fn warn(&self, warning: ConfigError) {
        self.warnings.borrow_mut().push(warning);
    }

    pub(crate) fn take_warnings(&self) -> Vec<ConfigError> {
        let mut warnings = self.warnings.take();
        warnings.sort_by(|left, right| left.rank().cmp(right.rank()));
        warnings
    }

    pub(crate) fn len(&self) -> usize {
        self.errors.borrow().len()
    }

    pub(crate) fn into_vec(self) -> Vec<ConfigError> {
        self.errors.into_inner()
    }
}

/// One section of a file.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    pub(crate) errors: &'a Errors,
    section: &'static Section,
    /// The whole kind of file, for keys that stand in the wrong section.
    root: &'static Section,
    table: &'a Table,
    origin: &'a Origin,
    scope: Scope,
}

static EMPTY: Table = Table::empty();

impl<'a> Reader<'a> {
    /// Reads the top level of a file.
    pub(crate) fn of_file(
        errors: &'a Errors,
        root: &'static Section,
        node: &'a Node,
    ) -> Reader<'a> {
        let table = match &node.value {
            Value::Table(table) => table,
            _ => &EMPTY,
        };
        let origin = &node.origin;
        let reader = Self { errors, section: root, root, table, origin, scope: Scope::Both };
        reader.refuse_unknown_keys();
        reader
    }

    /// From here on, keys for the other kind of connector are refused.
    pub(crate) fn for_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// The place of the section.
    pub(crate) fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// The place of a key's value, or of the section where the key is not written.
    pub(crate) fn origin_of(&self, name: &str) -> &'a Origin {
        self.table.get(name).map_or(self.origin, |entry| &entry.node.origin)
    }

    /// Whether the key is written.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.table.get(name).is_some()
    }

    // === scalars ===

    /// Text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (key, node) = self.value(name)?;
        match &node.value {
            Value::Text(text) if text.is_empty() => {
                self.invalid(&node, name, "the text is empty", "write a value, or remove the key");
                None
            }
            Value::Text(text) => Some(text.clone()),
            _ => self.wrong_type(key, &node),
        }
    }

    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        let flag = self.value(name).and_then(|(key, node)| match &node.value {
            Value::Flag(flag) => Some(*flag),
            _ => self.wrong_type(key, &node),
        });
        flag.unwrap_or_default()
    }

    /// A whole number within the bounds of the key. None: not written, or wrong.
    pub(crate) fn integer_option(&self, name: &str) -> Option<u64> {
        let (key, node) = self.value(name)?;
        let Value::Integer(integer) = node.value else { return self.wrong_type(key, &node) };
        let Kind::Integer { least, most } = key.kind else { return None };
        let valid = u64::try_from(integer).ok().filter(|it| (least..=most).contains(it));
        if valid.is_none() {
            let help = format!("for example `{name} = {}`", key.example());
            self.invalid(&node, name, &format!("must be from {least} to {most}"), &help);
        }
        valid
    }

    /// As `integer_option`, for keys with a default.
    pub(crate) fn integer(&self, name: &str) -> u64 {
        self.integer_option(name).unwrap_or(1)
    }

    /// As `integer`, for keys whose upper bound fits.
    pub(crate) fn small_integer(&self, name: &str) -> u32 {
        u32::try_from(self.integer(name)).unwrap_or(u32::MAX)
    }

    pub(crate) fn size_option(&self, name: &str) -> Option<ByteSize> {
        let (key, node) = self.value(name)?;
        let size = match &node.value {
            Value::Integer(bytes) => u64::try_from(*bytes).ok().map(ByteSize::bytes),
            Value::Text(text) => match text.parse::<ByteSize>() {
                Ok(size) => Some(size),
                Err(error) => {
                    self.invalid(&node, name, &error.to_string(), "for example \"1MiB\"");
                    return None;
                }
            },
            _ => return self.wrong_type(key, &node),
        };
        let size = size.filter(|size| size.as_u64() > 0);
        if size.is_none() {
            self.invalid(&node, name, "must be more than 0 bytes", "for example \"1MiB\"");
        }
        size
    }

    pub(crate) fn size(&self, name: &str) -> ByteSize {
        self.size_option(name).unwrap_or(ByteSize::bytes(1))
    }

    pub(crate) fn duration(&self, name: &str) -> Duration {
        self.duration_option(name).unwrap_or(Duration::from_secs(1))
    }

    fn duration_option(&self, name: &str) -> Option<Duration> {
        const EXAMPLE: &str = "write a number and a unit, for example \"500ms\", \"10s\" or \"5m\"";
        let (key, node) = self.value(name)?;
        let text = match &node.value {
            Value::Text(text) => text,
            Value::Integer(_) => {
                self.invalid(&node, name, "the unit is missing", EXAMPLE);
                return None;
            }
            _ => return self.wrong_type(key, &node),
        };
        match humantime::parse_duration(text) {
            // Far more than anybody waits, far less than what overflows a clock.
            Ok(duration) if duration > Duration::from_secs(366 * 86_400) => {
                self.invalid(&node, name, "must be at most a year", EXAMPLE);
                None
            }
            Ok(duration) if !duration.is_zero() => Some(duration),
            Ok(_) => {
                self.invalid(&node, name, "must be longer than 0", EXAMPLE);
                None
            }
            Err(_) => {
                self.invalid(&node, name, "not a duration", EXAMPLE);
                None
            }
        }
    }

    /// Microseconds since 1970 UTC.
    pub(crate) fn timestamp(&self, name: &str) -> Option<u64> {
        let (key, node) = self.value(name)?;
        let micros = match &node.value {
            Value::Integer(micros) => u64::try_from(*micros).ok(),
            Value::Time(time) => timestamp::micros(time),
            Value::Text(text) => text.parse().ok().as_ref().and_then(timestamp::micros),
            _ => return self.wrong_type(key, &node),
        };
        if micros.is_none() {
            let help = "write \"2026-01-31T08:00:00Z\" or microseconds since 1970";
            self.invalid(&node, name, "not a time with a zone since 1970", help);
        }
        micros
    }

    /// One of the names of the key's kind, turned into a value here, at the edge.
    pub(crate) fn choice<T: Copy>(&self, name: &str, values: &[(&str, T)]) -> Option<T> {
        let (key, node) = self.value(name)?;
        let Value::Text(text) = &node.value else { return self.wrong_type(key, &node) };
        let value = values.iter().find(|(choice, _)| choice == text).map(|(_, value)| *value);
        if value.is_none() {
            self.not_a_choice(&node, name, text, values.iter().map(|(choice, _)| *choice));
        }
        value
    }

    /// Each text of a list with its place.
    pub(crate) fn texts(&self, name: &str) -> Vec<(String, Origin)> {
        let Some((key, node)) = self.value(name) else { return Vec::new() };
        let Value::List(list) = &node.value else {
            self.wrong_type::<()>(key, &node);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for element in list {
            match &element.value {
                Value::Text(text) if text.is_empty() => {
                    self.invalid(element, name, "the text is empty", "remove it from the list");
                }
                Value::Text(text) => texts.push((text.clone(), element.origin.clone())),
                _ => {
                    self.wrong_type::<()>(key, element);
                }
            }
        }
        texts
    }

    // === tables ===

    /// The section below a key; an empty one where it is not written.
    pub(crate) fn section(&self, name: &str) -> Reader<'a> {
        let below = self.below(name);
        let Some(entry) = self.table.get(name) else {
            return self.enter(below, &EMPTY, self.origin);
        };
        match &entry.node.value {
            Value::Table(table) => self.enter_checked(below, table, &entry.node.origin),
            _ => {
                self.wrong_type_of(name, &entry.node);
                self.enter(below, &EMPTY, &entry.node.origin)
            }
        }
    }

    /// The sections below a key that may be repeated.
    pub(crate) fn sections(&self, name: &str) -> Vec<Reader<'a>> {
        let below = self.below(name);
        let Some(entry) = self.table.get(name) else {
            self.value(name);
            return Vec::new();
        };
        let Value::List(list) = &entry.node.value else {
            self.wrong_type_of(name, &entry.node);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for element in list {
            match &element.value {
                Value::Table(table) => {
                    sections.push(self.enter_checked(below, table, &element.origin));
                }
                _ => self.wrong_type_of(name, element),
            }
        }
        sections
    }

    /// Each element of a list, text with its place or section.
    pub(crate) fn texts_or_sections(
        &self,
        name: &str,
    ) -> Vec<Result<(String, Origin), Reader<'a>>> {
        let below = self.below(name);
        let Some(entry) = self.table.get(name) else { return Vec::new() };
        let Value::List(list) = &entry.node.value else {
            self.wrong_type_of(name, &entry.node);
            return Vec::new();
        };
        let mut elements = Vec::new();
        for element in list {
            match &element.value {
                Value::Text(text) => elements.push(Ok((text.clone(), element.origin.clone()))),
                Value::Table(table) => {
                    elements.push(Err(self.enter_checked(below, table, &element.origin)));
                }
                _ => self.wrong_type_of(name, element),
            }
        }
        elements
    }

    /// Either a boolean, or each text of a list with its place.
    pub(crate) fn flag_or_texts(&self, name: &str) -> Result<bool, Vec<(String, Origin)>> {
        match self.table.get(name).map(|entry| &entry.node.value) {
            Some(Value::List(_)) => Err(self.texts(name)),
            _ => Ok(self.flag(name)),
        }
    }

    /// Either one of the names, or the section that may stand in their place.
    pub(crate) fn choice_or_section<T: Copy>(
        &self,
        name: &str,
        values: &[(&str, T)],
    ) -> Option<Result<T, Reader<'a>>> {
        match self.table.get(name).map(|entry| &entry.node.value) {
            Some(Value::Table(_)) => Some(Err(self.section(name))),
            _ => self.choice(name, values).map(Ok),
        }
    }

    /// A table whose keys are not fixed: names, or what only the component understands.
    pub(crate) fn named(&self, name: &str) -> Option<&'a Node> {
        let entry = self.table.get(name)?;
        if !matches!(entry.node.value, Value::Table(_)) {
            self.wrong_type_of(name, &entry.node);
            return None;
        }
        Some(&entry.node)
    }

    // === errors ===

    /// A value that makes no sense.
    pub(crate) fn refuse(&self, name: &str, detail: impl Into<String>, help: impl Into<String>) {
        let problem = Problem::InvalidValue { key: name.to_owned(), detail: detail.into() };
        self.errors.push(ConfigError::new(problem).at(self.origin_of(name)).help(help));
    }

    /// Keys that do not go together; points to `name`.
    pub(crate) fn conflict(&self, name: &str, detail: impl Into<String>, help: impl Into<String>) {
        let problem = Problem::Conflict { detail: detail.into() };
        self.errors.push(ConfigError::new(problem).at(self.origin_of(name)).help(help));
    }

    fn invalid(&self, node: &Node, name: &str, detail: &str, help: &str) {
        let problem = Problem::InvalidValue { key: name.to_owned(), detail: detail.to_owned() };
        self.errors.push(ConfigError::new(problem).at(&node.origin).help(help));
    }

    fn not_a_choice<'n>(
        &self,
        node: &Node,
        name: &str,
        written: &str,
        choices: impl Iterator<Item = &'n str> + Clone,
    ) {
        let allowed: Vec<_> = choices.clone().map(|choice| format!("\"{choice}\"")).collect();
        let meant = nearest::find(written, choices)
            .map(|choice| format!("did you mean \"{choice}\"? "))
            .unwrap_or_default();
        let help = format!("{meant}allowed: {}", allowed.join(", "));
        self.invalid(node, name, &format!("\"{written}\" is not known"), &help);
    }

    fn wrong_type<T>(&self, key: &Key, node: &Node) -> Option<T> {
        let problem = Problem::WrongType {
            key: key.name.to_owned(),
            expected: key.kind.expected(),
            found: node.value.kind(),
        };
        let help = match (&key.kind, &node.value) {
            (Kind::Sections(below), Value::Table(_)) => {
                format!("write it with two brackets: {}", below.label)
            }
            _ => format!("for example `{} = {}`", key.name, key.example()),
        };
        self.errors.push(ConfigError::new(problem).at(&node.origin).help(help));
        None
    }

    fn wrong_type_of(&self, name: &str, node: &Node) {
        if let Some(key) = self.section.key(name) {
            self.wrong_type::<()>(key, node);
        }
    }

    // === keys ===

    /// The value of a key, written or by default.
    fn value(&self, name: &str) -> Option<(&'static Key, Cow<'a, Node>)> {
        let key = self.section.key(name);
        debug_assert!(key.is_some(), "{name} is not a key of {}", self.section.label);
        let key = key?;
        if let Some(entry) = self.table.get(name) {
            return Some((key, Cow::Borrowed(&entry.node)));
        }
        match key.default {
            Default::Value(text) => {
                let source = SourceFile::new("the default".into(), format!("value = {text}"));
                let (document, _) = crate::node::parse(&Arc::new(source));
                let Value::Table(table) = document.value else { return None };
                table.get("value").map(|entry| (key, Cow::Owned(entry.node.clone())))
            }
            Default::None(_) => None,
            Default::Required => {
                let problem =
                    Problem::MissingKey { key: name.to_owned(), place: self.section.place() };
                let help = match key.kind {
                    Kind::Sections(below) => format!("add a section {}", below.label),
                    _ => format!("add `{name} = {}`", key.example()),
                };
                self.errors.push(ConfigError::new(problem).at(self.origin).help(help));
                None
            }
        }
    }

    fn below(&self, name: &str) -> &'static Section {
        match self.section.key(name).map(|key| &key.kind) {
            Some(
                Kind::Section(below)
                | Kind::Sections(below)
                | Kind::TextsOrSections(below)
                | Kind::NamedTextsOrSections(below)
                | Kind::ChoiceOrSection(_, below),
            ) => below,
            _ => {
                debug_assert!(false, "{name} is not a section of {}", self.section.label);
                self.section
            }
        }
    }

    fn enter(&self, section: &'static Section, table: &'a Table, origin: &'a Origin) -> Self {
        Self { section, table, origin, ..self.clone() }
    }

    fn enter_checked(
        &self,
        section: &'static Section,
        table: &'a Table,
        origin: &'a Origin,
    ) -> Self {
        let reader = self.enter(section, table, origin);
        reader.refuse_unknown_keys();
        reader
    }

    fn refuse_unknown_keys(&self) {
        for entry in self.table.entries() {
            let problem = match self.section.key(&entry.key) {
                None => {
                    let place = self.section.place();
                    let problem = Problem::UnknownKey { key: entry.key.clone(), place };
                    let help = self.help_for_unknown(&entry.key);
                    self.errors.push(ConfigError::new(problem).at(&entry.key_origin).help(help));
                    continue;
                }
                Some(key) => match (key.scope, self.scope) {
                    (Scope::Sink, Scope::Source) => "is a key of sinks; this is a source",
                    (Scope::Source, Scope::Sink) => "is a key of sources; this is a sink",
                    _ => continue,
                },
            };
            let problem = Problem::Conflict { detail: format!("`{}` {problem}", entry.key) };
            let help = format!("remove `{}`", entry.key);
            self.errors.push(ConfigError::new(problem).at(&entry.key_origin).help(help));
        }
    }

    fn help_for_unknown(&self, written: &str) -> String {
        if let Some((_, help)) = self.section.hints.iter().find(|(name, _)| *name == written) {
            return (*help).to_owned();
        }
        let names = self.section.keys.iter().map(|key| key.name);
        let elsewhere: Vec<_> = self
            .root
            .walk()
            .into_iter()
            .filter(|section| section.key(written).is_some())
            .map(|section| section.label)
            .collect();
        match nearest::find(written, names.clone()) {
            None if !elsewhere.is_empty() => {
                format!("`{written}` belongs in {}", elsewhere.join(" or "))
            }
            _ => nearest::help(written, names),
        }
    }
}
