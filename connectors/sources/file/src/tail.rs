//! Follows files for ever, also when they are rotated or truncated.
//!
//! A log is rotated by renaming the file and making a new one, or by copying it and cutting it to
//! nothing. Either way the rest of the old file is read before it is given up, and the new one is
//! read from its start. A file is recognised by its number and by what it holds.

use std::time::{Duration, Instant};

use kennel_sdk::prelude::*;

use crate::config::{Config, Start};
use crate::cursor::{Cursor, Position};
use crate::followed::{Followed, Stop};
use crate::identity;
use crate::pattern::Pattern;
use crate::read_error;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a writer may go on writing to a file that was renamed.
const LEAVING: Duration = Duration::from_secs(5);
/// Most files at a time: their positions have to fit a cursor of 64 KiB.
const MOST_FILES: usize = 200;

/// The files that are followed.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    files: Vec<Followed>,
    looked: Option<Instant>,
    /// The file to begin with, so that a busy one does not starve the others.
    turn: usize,
}

impl Tail {
    /// Finds the files of `cursor` again, or begins.
    pub(crate) fn start(
        config: &Config,
        pattern: &Pattern,
        cursor: Option<Cursor>,
    ) -> Result<Self, Error> {
        let mut tail = Self::default();
        match cursor {
            Some(cursor) => {
                for position in &cursor.files {
                    match tail.find(config, pattern, position)? {
                        Some(file) => tail.files.push(file),
                        None => log::warn!(
                            "a file is gone; what was added to it behind this offset is not read";
                            file = position.name, offset = position.offset
                        ),
                    }
                }
            }
            None if config.start == Start::End => {
                for name in list(pattern)? {
                    let file = Followed::at_end(config, pattern, &name)
                        .map_err(|cause| read_error(&pattern.path(&name), &cause))?;
                    tail.files.push(file);
                }
            }
            None => {}
        }
        Ok(tail)
    }

    /// Reads on. `now` never goes back.
    pub(crate) fn poll(
        &mut self,
        config: &Config,
        pattern: &Pattern,
        now: Instant,
        (limit, records): (&Limit, &mut Records),
    ) -> Result<Progress, Error> {
        if self.looked.is_none_or(|looked| now.duration_since(looked) >= LOOK_EVERY) {
            self.look(config, pattern, now)?;
            self.looked = Some(now);
        }
        let mut progress = Progress::Idle;
        let count = self.files.len();
        self.turn = self.turn.wrapping_add(1);
        for step in 0..count {
            let place = (self.turn + step) % count;
            if self.read(place, config, pattern, now, (limit, &mut *records))? == Stop::Full {
                progress = Progress::More;
                break;
            }
        }
        self.files.retain(|file| !file.finished);
        Ok(progress)
    }

    /// Reads from one file.
    fn read(
        &mut self,
        place: usize,
        config: &Config,
        pattern: &Pattern,
        now: Instant,
        (limit, records): (&Limit, &mut Records),
    ) -> Result<Stop, Error> {
        let Some(file) = self.files.get_mut(place) else { return Ok(Stop::End) };
        let last = file.is_left(now);
        let stop = file
            .read(last, limit, records)
            .map_err(|cause| read_error(&pattern.path(&file.name), &cause))?;
        match stop {
            // A renamed file that is cut off afterwards has nothing more to say either.
            Stop::Replaced if file.leaving.is_some() => file.finished = true,
            Stop::Replaced => self.begin_again(place, config, pattern, now)?,
            Stop::End => file.finished = last,
            Stop::Full => {}
        }
        Ok(stop)
    }

    /// The file was truncated or written anew: read the rest of the copy that was made of it, if
    /// there is one, and the file itself from its start.
    fn begin_again(
        &mut self,
        place: usize,
        config: &Config,
        pattern: &Pattern,
        now: Instant,
    ) -> Result<(), Error> {
        let Some(file) = self.files.get(place) else { return Ok(()) };
        let position = file.position();
        metrics::add(crate::REPLACED, 1);
        log::info!("a file was truncated and is read from its start"; file = position.name);
        let anywhere = Position { identity: None, ..position.clone() };
        let copy = self.find(config, pattern, &anywhere)?;
        let file = Followed::new(config, pattern, &position.name)
            .map_err(|cause| read_error(&pattern.path(&position.name), &cause))?;
        if let Some(old) = self.files.get_mut(place) {
            *old = file;
        }
        self.files.extend(copy.map(|copy| copy.leave(now)));
        Ok(())
    }

    /// Looks which files are there, under which names.
    fn look(&mut self, config: &Config, pattern: &Pattern, now: Instant) -> Result<(), Error> {
        let mut names: Vec<(String, Option<u64>)> = list(pattern)?
            .into_iter()
            .map(|name| {
                let identity = identity::of(&pattern.path(&name));
                (name, identity)
            })
            .collect();
        for file in &mut self.files {
            let place = names
                .iter()
                .position(|(name, identity)| file.is_at(config, pattern, name, *identity));
            match place {
                Some(place) => {
                    file.name = names.swap_remove(place).0;
                    file.leaving = None;
                }
                None => file.leaving = file.leaving.or(Some(now)),
            }
        }
        // What is left is new.
        if self.files.len() + names.len() > MOST_FILES {
            return Err(Error::invalid_config(format!(
                "{pattern} matches {} files, and at most {MOST_FILES} can be followed",
                names.len()
            )));
        }
        names.sort();
        for (name, _) in names {
            match Followed::new(config, pattern, &name) {
                Ok(file) => self.files.push(file),
                // Gone since the folder was listed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(read_error(&pattern.path(&name), &error)),
            }
        }
        Ok(())
    }

    /// Finds the file of a position: the likeliest of those that hold what was read of it.
    fn find(
        &self,
        config: &Config,
        pattern: &Pattern,
        position: &Position,
    ) -> Result<Option<Followed>, Error> {
        let mut names = pattern.siblings().map_err(|cause| read_error(pattern.folder(), &cause))?;
        names.retain(|name| self.files.iter().all(|file| file.name != *name));
        // The old name first, so that it wins among equals.
        names.sort_by_key(|name| *name != position.name);
        let mut best: Option<Followed> = None;
        for name in names {
            // Nothing was read of it, so any file would look the same.
            if position.offset == 0 && name != position.name {
                continue;
            }
            // What cannot be read is not what was read.
            let Ok(Some(file)) = Followed::resume(config, pattern, &name, position) else {
                continue;
            };
            if position.identity.is_some() && file.identity == position.identity {
                return Ok(Some(file));
            }
            best = best.or(Some(file));
        }
        Ok(best)
    }

    /// Where to go on.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor { passed: None, files: self.files.iter().map(Followed::position).collect() }
    }
}

impl Followed {
    /// Whether nobody writes to the file any more.
    fn is_left(&self, now: Instant) -> bool {
        self.leaving.is_some_and(|since| now.duration_since(since) >= LEAVING)
    }

    /// Begins to give the file up.
    fn leave(mut self, now: Instant) -> Self {
        self.leaving = Some(now);
        self
    }

    /// Whether the file is now the one called `name` with the number `identity`.
    fn is_at(&self, config: &Config, pattern: &Pattern, name: &str, identity: Option<u64>) -> bool {
        if self.identity.is_some() && identity.is_some() {
            return self.identity == identity;
        }
        // No numbers here: the same name and content is the same file.
        let same = |file: Option<Self>| file.is_some();
        name == self.name && Self::resume(config, pattern, name, &self.position()).is_ok_and(same)
    }
}

fn list(pattern: &Pattern) -> Result<Vec<String>, Error> {
    pattern.list().map_err(|cause| read_error(pattern.folder(), &cause))
}
