//! The files of one partition: what is finished, what is held, who may write.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kennel_sdk::prelude::*;

use crate::name::{Names, Reach, Token};
use crate::part::{AppendError, Part, sync_folder};

/// The clock behind a file's time advances in steps; a message written at once may look younger.
const CLOCK_STEP: Duration = Duration::from_millis(100);

/// When a file is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) bytes: u64,
    /// 0: no limit.
    pub(crate) messages: u64,
}

/// One assigned partition.
#[derive(Debug)]
pub(crate) struct Partition {
    folder: PathBuf,
    names: Names,
    token: Token,
    /// The offset that comes next, once known.
    next: Option<u64>,
    /// When the newest file was finished that was there at the start.
    finished: Option<SystemTime>,
    /// Files that are held, oldest first. All but the last are full.
    parts: Vec<Part>,
    /// What is held cannot be trusted any more, and why. Only assigning again helps.
    broken: Option<String>,
}

impl Partition {
    /// Takes the partition: removes what an earlier owner left half-written, and reads from the
    /// finished files how far this epoch is.
    pub(crate) fn assign(
        folder: &Path,
        origin: &Origin,
        saved: Option<u64>,
    ) -> Result<Self, Error> {
        let names = Names::new(origin);
        let token = Token::new();
        claim(folder, &names, token).map_err(|cause| folder_error(folder, &cause))?;
        let found = recover(folder, &names).map_err(|cause| folder_error(folder, &cause))?;
        let (position, run, finished) = match found {
            Some((reach, finished)) => (Some(reach.next), reach.run, Some(finished)),
            None => (None, 0, None),
        };
        Ok(Self {
            folder: folder.to_owned(),
            names: names.of_run(run),
            token,
            // Finished files may have been moved away. The host's checkpoint was saved only after
            // they were finished, so the further of the two is true.
            next: position.max(saved),
            finished,
            parts: Vec::new(),
            broken: None,
        })
    }

    /// The next offset that is not here, counting what is held; none: nothing was ever here.
    pub(crate) fn next(&self) -> Option<u64> {
        self.next
    }

    /// The first offset of `batch` that is not here yet.
    ///
    /// # Errors
    /// Fenced, if the batch begins after a gap.
    pub(crate) fn first_new(&mut self, batch: &Batch) -> Result<u64, Error> {
        if self.is_made_anew(batch) {
            let run = self.names.run() + 1;
            log::warn!(
                "the files of this partition are those of an earlier topic; its messages go beside them";
                partition = batch.origin().partition, run = run
            );
            self.names = self.names.clone().of_run(run);
            self.next = None;
            self.finished = None;
        }
        match self.next {
            Some(next) if batch.begin() > next => Err(Error::fenced(format!(
                "the files of {} end at offset {next}, but the batch begins at {}",
                self.folder.display(),
                batch.begin()
            ))),
            Some(next) => Ok(next),
            None => Ok(batch.begin()),
        }
    }

    /// Whether `batch` brings an offset that the finished files seem to hold already, but with a
    /// message that is younger than all of them: then the topic was made anew, and the epoch does
    /// not say so. To take it for a repetition would lose it. If only the clocks disagree, messages are
    /// written twice, which is the lesser evil.
    fn is_made_anew(&self, batch: &Batch) -> bool {
        let (Some(next), Some(finished)) = (self.next, self.finished) else { return false };
        if batch.begin() >= next || !self.parts.is_empty() {
            return false;
        }
        let Some(finished) = finished.checked_add(CLOCK_STEP) else { return false };
        let known = batch.iter().take_while(|message| message.offset() < next);
        known.filter_map(|message| message.timestamp()).any(|micros| {
            UNIX_EPOCH
                .checked_add(Duration::from_micros(micros))
                .is_some_and(|time| time > finished)
        })
    }

    /// Holds `lines`, which are the messages of offsets `first..next` that have one.
    pub(crate) fn hold(
        &mut self,
        lines: &[u8],
        messages: u64,
        (first, next): (u64, u64),
        rotation: Rotation,
    ) -> Result<(), Error> {
        self.check_broken()?;
        if next <= first {
            return Ok(());
        }
        let full = |part: &Part| {
            part.bytes() >= rotation.bytes
                || (rotation.messages > 0 && part.messages() >= rotation.messages)
        };
        if !lines.is_empty() && self.parts.last().is_none_or(full) {
            let path = self.folder.join(self.names.unfinished(first, self.token));
            let part = Part::create(path, first).map_err(|cause| self.error(&cause))?;
            self.parts.push(part);
        }
        // Offsets without a line get no file of their own; the host's checkpoint covers them.
        if let Some(part) = self.parts.last_mut() {
            match part.append(lines, messages, next) {
                Ok(()) => {}
                Err(AppendError::Refused(cause)) => return Err(self.error(&cause)),
                Err(AppendError::Torn(cause)) => {
                    return Err(self.give_up(format!("a write failed half-way: {cause}")));
                }
            }
        }
        self.next = Some(next);
        Ok(())
    }

    /// Makes everything held durable and visible, oldest first, so that the finished files always
    /// end at one position.
    pub(crate) fn flush(&mut self, sync: bool) -> Result<(), Error> {
        self.check_broken()?;
        if self.parts.is_empty() {
            return Ok(());
        }
        if sync && let Err(cause) = self.parts.iter().try_for_each(Part::sync) {
            // After a failed sync the system may have dropped the bytes and forgotten about it: a
            // second sync would lie. So the messages have to come again.
            return Err(self.give_up(format!("cannot sync a held file: {cause}")));
        }
        self.check_owner()?;
        while let Some(part) = self.parts.first() {
            let published = if part.messages() > 0 {
                let (first, next) = part.range();
                part.publish(&self.folder.join(self.names.finished(first, next)))
            } else {
                // Its first write was refused, and no other followed.
                part.discard()
            };
            published.map_err(|cause| match cause.kind() {
                io::ErrorKind::NotFound => self.fenced(),
                _ => self.error(&cause),
            })?;
            self.parts.remove(0);
        }
        if sync {
            sync_folder(&self.folder).map_err(|cause| self.error(&cause))?;
        }
        Ok(())
    }

    /// Gives the partition up without writing. `lost`: leave even what was held where it is,
    /// because the folder is somebody else's now.
    pub(crate) fn revoke(self, lost: bool) {
        if lost {
            return;
        }
        for part in self.parts {
            // What cannot be removed now is removed by the next `assign`.
            let _left_over = part.discard();
        }
    }

    fn check_owner(&self) -> Result<(), Error> {
        let owner = fs::read_to_string(self.folder.join(self.names.owner()))
            .map_err(|cause| self.error(&cause))?;
        if owner == self.token.to_string() { Ok(()) } else { Err(self.fenced()) }
    }

    fn check_broken(&self) -> Result<(), Error> {
        self.broken.as_ref().map_or(Ok(()), |reason| Err(Error::broken(reason)))
    }

    fn give_up(&mut self, reason: String) -> Error {
        Error::broken(self.broken.insert(reason))
    }

    fn error(&self, cause: &io::Error) -> Error {
        folder_error(&self.folder, cause)
    }

    fn fenced(&self) -> Error {
        Error::fenced(format!(
            "another instance has taken this partition over in {}",
            self.folder.display()
        ))
    }
}

/// Writes down who owns the partition, so that an earlier owner that is still alive stops. Who reads
/// half a token reads one that is not its own, which is true already.
fn claim(folder: &Path, names: &Names, token: Token) -> io::Result<()> {
    fs::write(folder.join(names.owner()), token.to_string())
}

/// Removes half-written files, and answers how far the finished ones of the latest run go and when
/// the newest of them was finished.
fn recover(folder: &Path, names: &Names) -> io::Result<Option<(Reach, SystemTime)>> {
    let mut furthest: Option<(Reach, SystemTime)> = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if names.is_unfinished(name) {
            unless_gone(fs::remove_file(entry.path()))?;
        } else if let Some(reach) = names.reach(name) {
            let Some(metadata) = unless_gone(entry.metadata())? else { continue };
            let finished = metadata.modified()?;
            furthest = Some(match furthest {
                Some((other, time)) if other.run == reach.run => {
                    (other.max(reach), time.max(finished))
                }
                Some(later) if later.0.run > reach.run => later,
                _ => (reach, finished),
            });
        }
    }
    Ok(furthest)
}

/// None: somebody else was faster. Finished files may be moved away at any time, and another instance
/// may clean up at the same moment.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// What is missing or forbidden is the operator's to mend; all else may pass.
pub(crate) fn folder_error(folder: &Path, cause: &io::Error) -> Error {
    let folder = folder.display();
    match cause.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::unauthorized(format!(
                "cannot write to {folder}: {cause}; its line under [[grants.files]] needs mode = \"rw\""
            ))
        }
        io::ErrorKind::NotFound => Error::unavailable(format!(
            "cannot write to {folder}: {cause}; is it granted under [[grants.files]]?"
        )),
        _ => Error::unavailable(format!("cannot write to {folder}: {cause}")),
    }
}
