//! One connection's identity, and who is connected.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::group::MemberId;

/// Who has logged in on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The id the client chose for this login.
    pub(crate) client: u128,
    /// The number the server answered the login with.
    pub(crate) session: u64,
    pub(crate) user: u32,
}

impl Identity {
    /// Who acts on a connection with this identity.
    pub(crate) fn caller(&self, session: &Session) -> Caller {
        Caller { member: session.connection, user: self.user }
    }
}

/// Who asks for something: a member of groups, and a user with permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) member: MemberId,
    pub(crate) user: u32,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    /// Number of the connection, never reused: client id in listings, member id in groups.
    pub(crate) connection: u32,
    /// The address the client reached.
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    pub(crate) identity: Option<Identity>,
}

/// What listings show of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub(crate) peer: SocketAddr,
    pub(crate) user: Option<u32>,
}

/// All open connections by number.
pub(crate) type Clients = BTreeMap<u32, Client>;
