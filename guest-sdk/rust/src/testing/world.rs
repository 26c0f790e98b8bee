//! What stands in for the host in a unit test: one world per thread, so tests do not see each other.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::secrets::Secrets;
use crate::glue::common::kennel::connector::state::Error as StateError;
use crate::http::{Error as HttpError, Request, Response, Url};
use crate::log::Level;

/// One logged line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The level.
    pub level: Level,
    /// The text.
    pub message: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

type Server = Box<dyn FnMut(&Request) -> Result<Response, HttpError>>;

#[derive(Default)]
pub(super) struct World {
    logs: Vec<LogLine>,
    counters: BTreeMap<String, u64>,
    gauges: BTreeMap<String, f64>,
    observations: BTreeMap<String, Vec<f64>>,
    state: BTreeMap<String, Vec<u8>>,
    state_error: Option<StateError>,
    attributes: BTreeMap<String, String>,
    schemas: BTreeMap<u64, String>,
    marks: Vec<u32>,
    server: Option<Server>,
    pub(super) secrets: Secrets,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

pub(super) fn with<R>(work: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with_borrow_mut(work)
}

// === for tests ===

/// Forgets everything that this thread's world has seen or was told.
pub fn reset() {
    with(|world| *world = World::default());
}

/// The lines logged since the last call.
#[must_use]
pub fn take_logs() -> Vec<LogLine> {
    with(|world| std::mem::take(&mut world.logs))
}

/// The messages that the component was about to touch while the batch was isolated.
#[must_use]
pub fn take_marks() -> Vec<u32> {
    with(|world| std::mem::take(&mut world.marks))
}

/// A counter's sum.
#[must_use]
pub fn counter(name: &str) -> u64 {
    with(|world| world.counters.get(name).copied().unwrap_or(0))
}

/// A gauge's latest value.
#[must_use]
pub fn gauge(name: &str) -> Option<f64> {
    with(|world| world.gauges.get(name).copied())
}

/// All observations of a histogram.
#[must_use]
pub fn observations(name: &str) -> Vec<f64> {
    with(|world| world.observations.get(name).cloned().unwrap_or_default())
}

/// The whole state.
#[must_use]
pub fn state() -> BTreeMap<String, Vec<u8>> {
    with(|world| world.state.clone())
}

/// Makes every use of the state fail as if it were not granted, or work again.
pub fn deny_state(denied: bool) {
    with(|world| {
        world.state_error = denied.then(|| StateError::Denied("not granted".to_owned()));
    });
}

/// What [`crate::attribute`] answers.
pub fn set_attribute(name: &str, value: &str) {
    with(|world| world.attributes.insert(name.to_owned(), value.to_owned()));
}

/// What [`crate::schema`] answers.
pub fn set_schema(id: u64, text: &str) {
    with(|world| world.schemas.insert(id, text.to_owned()));
}

/// Answers HTTP requests of this thread.
pub fn serve(server: impl FnMut(&Request) -> Result<Response, HttpError> + 'static) {
    with(|world| world.server = Some(Box::new(server)));
}

// === the host's side ===

pub(crate) fn log(level: Level, message: &str, fields: &[(String, String)]) {
    let line = LogLine { level, message: message.to_owned(), fields: fields.to_vec() };
    with(|world| world.logs.push(line));
}

pub(crate) fn add(counter: &str, value: u64) {
    with(|world| *world.counters.entry(counter.to_owned()).or_default() += value);
}

pub(crate) fn set(gauge: &str, value: f64) {
    with(|world| world.gauges.insert(gauge.to_owned(), value));
}

pub(crate) fn observe(histogram: &str, value: f64) {
    with(|world| world.observations.entry(histogram.to_owned()).or_default().push(value));
}

pub(crate) fn attribute(name: &str) -> Option<String> {
    with(|world| world.attributes.get(name).cloned())
}

pub(crate) fn schema(id: u64) -> Option<String> {
    with(|world| world.schemas.get(&id).cloned())
}

/// A batch from the builder brings its columns along, so this is for columns that the builder was not given.
pub(crate) fn column(_name: &str) -> Option<Vec<u64>> {
    None
}

pub(crate) fn mark(index: u32) {
    with(|world| world.marks.push(index));
}

fn with_state<R>(work: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> R) -> Result<R, StateError> {
    with(|world| match &world.state_error {
        Some(error) => Err(error.clone()),
        None => Ok(work(&mut world.state)),
    })
}

pub(crate) fn get(keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
    with_state(|state| keys.iter().map(|key| state.get(key).cloned()).collect())
}

pub(crate) fn put(entries: &[(String, Vec<u8>)]) -> Result<(), StateError> {
    with_state(|state| state.extend(entries.iter().cloned()))
}

pub(crate) fn remove(keys: &[String]) -> Result<(), StateError> {
    with_state(|state| state.retain(|key, _| !keys.contains(key)))
}

pub(crate) fn scan(
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Vec<u8>)>, StateError> {
    with_state(|state| {
        state
            .iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after))
            .take(limit as usize)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    })
}

/// One after the other; the server is taken out meanwhile, so that it may use the world itself.
pub(crate) fn send_all(
    requests: Vec<Request>,
    _concurrency: usize,
) -> Vec<Result<Response, HttpError>> {
    let mut server = with(|world| world.server.take());
    let answers = requests
        .iter()
        .map(|request| {
            Url::parse(request.url())?;
            match &mut server {
                Some(server) => server(request),
                None => Err(HttpError::Denied(request.url().to_owned())),
            }
        })
        .collect();
    with(|world| world.server = server);
    answers
}
