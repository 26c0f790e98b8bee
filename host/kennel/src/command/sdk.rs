//! Where the guest SDKs are: new components depend on them, and building some languages needs
//! their tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::exit_code::Failure;

/// The folder `guest-sdk` of a Kennel checkout, absolute.
#[derive(Debug, Clone)]
pub(crate) struct SdkFolder(PathBuf);

impl SdkFolder {
    /// The one named on the command line, else the one of the checkout that this program was
    /// built in, else the one of a checkout around `start`.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn find(named: Option<&Path>, start: &Path) -> Result<Self, Failure> {
        if let Some(named) = named {
            let folder = std::path::absolute(named).map_err(Failure::usage)?;
            return match is_sdk(&folder) {
                true => Ok(Self(folder)),
                false => Err(Failure::usage(anyhow!(
                    "{} is not Kennel's guest-sdk folder: it has no rust/Cargo.toml",
                    named.display()
                ))),
            };
        }
        let program = std::env::current_exe().context("cannot find this program's file");
        let program = program.map_err(Failure::running)?;
        let start = std::path::absolute(start).map_err(Failure::usage)?;
        program
            .ancestors()
            .chain(start.ancestors())
            .map(|folder| folder.join("guest-sdk"))
            .find(|folder| is_sdk(folder))
            .map(Self)
            .ok_or_else(|| {
                Failure::usage(anyhow!(
                    "cannot find Kennel's guest-sdk folder; name it by --sdk DIR or KENNEL_SDK"
                ))
            })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of one language.
    pub(crate) fn language(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Where Kennel's own build installs the tools of a language.
    pub(crate) fn tools(&self, language: &str) -> PathBuf {
        self.0.with_file_name("target").join("kennel-tools").join(language)
    }

    /// The WIT package that this version of the host speaks.
    pub(crate) fn wit(&self) -> PathBuf {
        self.0.with_file_name("wit").join("0.1")
    }
}

fn is_sdk(folder: &Path) -> bool {
    folder.join("rust/Cargo.toml").is_file()
}
