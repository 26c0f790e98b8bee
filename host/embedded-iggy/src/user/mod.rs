//! Users, their passwords, tokens and permissions.

mod password;
mod permissions;
mod token;

use std::collections::BTreeMap;

use iggy_binary_protocol::responses::users::{UserDetailsResponse, UserResponse};
use iggy_binary_protocol::{WireName, WireOptions, WirePermissions};

pub(crate) use password::Password;
pub(crate) use permissions::{Need, permits};
pub(crate) use token::{MAX_TOKENS, Token};

use crate::registry::Named;

/// The root user's id. Root may do everything and cannot be deleted or restricted.
pub(crate) const ROOT: u32 = 0;

/// A user.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) name: WireName,
    /// Microseconds since the epoch.
    pub(crate) created_at: u64,
    pub(crate) active: bool,
    pub(crate) password: Password,
    pub(crate) permissions: Option<WirePermissions>,
    /// Personal access tokens by name.
    pub(crate) tokens: BTreeMap<String, Token>,
}

impl Named for User {
    fn id(&self) -> u32 {
        self.id
    }

    fn name(&self) -> &WireName {
        &self.name
    }

    fn rename(&mut self, name: WireName) {
        self.name = name;
    }
}

impl User {
    pub(crate) fn is_root(&self) -> bool {
        self.id == ROOT
    }

    pub(crate) fn summary(&self) -> UserResponse {
        UserResponse {
            id: self.id,
            created_at: self.created_at,
            status: status_code(self.active),
            username: self.name.clone(),
            options: WireOptions::empty(),
        }
    }

    pub(crate) fn details(&self) -> UserDetailsResponse {
        let permissions =
            if self.is_root() { Some(permissions::everything()) } else { self.permissions.clone() };
        UserDetailsResponse { user: self.summary(), permissions }
    }
}

/// The protocol's code for whether a user may log in.
fn status_code(active: bool) -> u8 {
    if active { 1 } else { 2 }
}

/// The meaning of a status code; `None` if it has none.
pub(crate) fn is_active(code: u8) -> Option<bool> {
    match code {
        1 => Some(true),
        2 => Some(false),
        _ => None,
    }
}
