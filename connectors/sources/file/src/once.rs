//! Reads the files that are there, in the order of their names, and finishes.

use kennel_sdk::prelude::*;

use crate::config::Config;
use crate::cursor::Cursor;
use crate::followed::{Followed, Stop};
use crate::pattern::Pattern;
use crate::read_error;

/// What is read, and what is still to be read.
#[derive(Debug, Default)]
pub(crate) struct Once {
    /// Files up to this name are done.
    passed: Option<String>,
    current: Option<Followed>,
    /// The names after the current one, last first.
    ahead: Vec<String>,
}

impl Once {
    /// Begins with what `cursor` leaves to be read.
    pub(crate) fn start(config: &Config, pattern: &Pattern, cursor: Cursor) -> Result<Self, Error> {
        let mut ahead = pattern.list().map_err(|cause| read_error(pattern.folder(), &cause))?;
        if ahead.is_empty() && cursor.passed.is_none() {
            return Err(Error::unavailable(format!("there is no file {pattern}")));
        }
        ahead.retain(|name| cursor.passed.as_ref().is_none_or(|passed| name > passed));
        ahead.reverse();
        let mut once = Self { passed: cursor.passed, current: None, ahead };
        if let Some(position) = cursor.files.first() {
            let name = &position.name;
            let path = pattern.path(name);
            let found = once.ahead.last() == Some(name);
            if found {
                once.current = Followed::resume(config, pattern, name, position)
                    .map_err(|cause| read_error(&path, &cause))?;
            }
            if once.current.is_some() {
                once.ahead.pop();
            } else if found {
                log::warn!("a file has changed and is read again from its start"; file = name);
            } else {
                log::warn!("a file is gone before it was read to its end"; file = name);
            }
        }
        Ok(once)
    }

    /// Reads on.
    pub(crate) fn poll(
        &mut self,
        config: &Config,
        pattern: &Pattern,
        limit: &Limit,
        records: &mut Records,
    ) -> Result<Progress, Error> {
        loop {
            let Some(file) = &mut self.current else {
                let Some(name) = self.ahead.last() else { return Ok(Progress::Finished) };
                let file = Followed::new(config, pattern, name)
                    .map_err(|cause| read_error(&pattern.path(name), &cause))?;
                self.current = Some(file);
                self.ahead.pop();
                continue;
            };
            let path = pattern.path(&file.name);
            match file.read(true, limit, records).map_err(|cause| read_error(&path, &cause))? {
                Stop::Full => return Ok(Progress::More),
                Stop::End => {
                    self.passed = Some(file.name.clone());
                    self.current = None;
                }
                Stop::Replaced => {
                    let path = path.display();
                    return Err(Error::unavailable(format!(
                        "{path} was changed while it was read"
                    )));
                }
            }
        }
    }

    /// Where to go on.
    pub(crate) fn cursor(&self) -> Cursor {
        let files = self.current.iter().map(Followed::position).collect();
        Cursor { passed: self.passed.clone(), files }
    }
}
