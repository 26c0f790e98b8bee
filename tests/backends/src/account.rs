//! The account that a server runs as: PostgreSQL refuses to be root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::BackendError;

/// Who runs the server: the caller, or somebody with fewer rights if the caller is root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// None: the caller.
    other: Option<(u32, u32)>,
}

impl Account {
    /// `postgres`, else `nobody`, if the caller is root.
    pub(crate) fn unprivileged() -> Result<Self, BackendError> {
        if !is_root()? {
            return Ok(Self { other: None });
        }
        let accounts = fs::read_to_string("/etc/passwd")
            .map_err(|source| BackendError::Machine { what: "cannot read /etc/passwd", source })?;
        let other = ["postgres", "nobody"].into_iter().find_map(|name| find(&accounts, name));
        other.map(|other| Self { other: Some(other) }).ok_or(BackendError::Machine {
            what: "there is no user postgres or nobody to run the server as",
            source: std::io::ErrorKind::NotFound.into(),
        })
    }

    /// A command that this account runs.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        command
    }

    /// Gives a file or folder to this account.
    pub(crate) fn own(self, path: &Path) -> Result<(), BackendError> {
        match self.other {
            Some((user, group)) => {
                chown(path, Some(user), Some(group)).map_err(BackendError::prepare(path))
            }
            None => Ok(()),
        }
    }
}

/// Whether the caller is root.
pub(crate) fn is_root() -> Result<bool, BackendError> {
    let own = fs::metadata("/proc/self")
        .map_err(|source| BackendError::Machine { what: "cannot read /proc/self", source })?;
    Ok(own.uid() == 0)
}

/// User and group number of `name` in the text of /etc/passwd.
fn find(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = accounts
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?
        .skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_accounts_should_find_user_and_group_by_the_whole_name() {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\npostgres2:x:7:8::/:\npostgres:x:101:104::/:\n";
        assert_eq!(find(accounts, "postgres"), Some((101, 104)));
        assert_eq!(find(accounts, "nobody"), None);
    }
}
