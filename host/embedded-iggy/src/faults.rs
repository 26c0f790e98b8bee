//! Faults on demand, to test how a client copes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use iggy_binary_protocol::codes;

use crate::lock::Lock;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed; the command is not carried out.
    Drop,
    /// The command is carried out, but the connection is closed instead of answering.
    LoseReply,
    /// The command is carried out only after this time.
    Delay(Duration),
    /// The command is not carried out but answered with this `IggyError` code.
    Refuse(u32),
    /// The command is carried out twice and answered once: a sent batch is stored twice.
    Duplicate,
    /// The whole server stops at once, as if killed: the command is not carried out, nothing is
    /// flushed, all connections are cut.
    Die,
    /// The command is carried out, then the server dies as with [`Fault::Die`], without answering.
    DieAfter,
}

/// Which commands a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Every command, including pings.
    Any,
    /// Login by password or token.
    Login,
    /// Heartbeat.
    Ping,
    /// Sending a batch.
    Send,
    /// Polling.
    Poll,
    /// Storing a consumer offset.
    StoreOffset,
    /// Reading a consumer offset.
    GetOffset,
    /// Joining a consumer group.
    JoinGroup,
    /// Leaving a consumer group.
    LeaveGroup,
    /// Asking which partitions to read in a consumer group.
    SyncGroup,
    /// Creating a stream.
    CreateStream,
    /// Creating a topic.
    CreateTopic,
    /// Any other command by its code in the protocol.
    Code(u32),
}

impl Command {
    fn matches(self, code: u32) -> bool {
        let expected = match self {
            Self::Any => return true,
            Self::Login => codes::LOGIN_REGISTER_CODE,
            Self::Ping => codes::PING_CODE,
            Self::Send => codes::SEND_MESSAGES_CODE,
            Self::Poll => codes::POLL_MESSAGES_CODE,
            Self::StoreOffset => codes::STORE_CONSUMER_OFFSET_CODE,
            Self::GetOffset => codes::GET_CONSUMER_OFFSET_CODE,
            Self::JoinGroup => codes::JOIN_CONSUMER_GROUP_CODE,
            Self::LeaveGroup => codes::LEAVE_CONSUMER_GROUP_CODE,
            Self::SyncGroup => codes::SYNC_CONSUMER_GROUP_CODE,
            Self::CreateStream => codes::CREATE_STREAM_CODE,
            Self::CreateTopic => codes::CREATE_TOPIC_CODE,
            Self::Code(code) => code,
        };
        expected == code
    }
}

#[derive(Debug)]
struct Rule {
    command: Command,
    fault: Fault,
    /// Matching commands to let pass first.
    skip: u32,
    /// Matching commands to strike after those.
    times: u32,
}

#[derive(Debug, Default)]
struct State {
    rules: VecDeque<Rule>,
    fired: u64,
}

/// The faults of a running server. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Lock<State>>);

impl Faults {
    /// Strikes the next `times` commands of a kind. Faults for the same command strike one after
    /// the other, in the order they were injected.
    pub fn inject(&self, command: Command, fault: Fault, times: u32) {
        self.inject_after(0, command, fault, times);
    }

    /// Lets `skip` commands of a kind pass, then strikes the next `times`.
    pub fn inject_after(&self, skip: u32, command: Command, fault: Fault, times: u32) {
        if times > 0 {
            self.0.lock().rules.push_back(Rule { command, fault, skip, times });
        }
    }

    /// Forgets all faults that have not struck yet.
    pub fn clear(&self) {
        self.0.lock().rules.clear();
    }

    /// How many commands have been struck since the server started.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.0.lock().fired
    }

    /// How many strikes are still to come.
    #[must_use]
    pub fn armed(&self) -> u64 {
        self.0.lock().rules.iter().map(|rule| u64::from(rule.times)).sum()
    }

    /// The fault that strikes a command now. At most one does.
    pub(crate) fn strike(&self, code: u32) -> Option<Fault> {
        let mut state = self.0.lock();
        let index = state.rules.iter().position(|rule| rule.command.matches(code))?;
        let rule = state.rules.get_mut(index)?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.times -= 1;
        let (fault, spent) = (rule.fault, rule.times == 0);
        if spent {
            state.rules.remove(index);
        }
        state.fired += 1;
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_fault_for_the_next_two_sends_should_strike_those_and_nothing_else() {
        let faults = Faults::default();
        faults.inject(Command::Send, Fault::Drop, 2);
        assert_eq!(faults.strike(codes::POLL_MESSAGES_CODE), None);
        assert_eq!(faults.strike(codes::SEND_MESSAGES_CODE), Some(Fault::Drop));
        assert_eq!(faults.armed(), 1);
        assert_eq!(faults.strike(codes::SEND_MESSAGES_CODE), Some(Fault::Drop));
        assert_eq!(faults.strike(codes::SEND_MESSAGES_CODE), None);
        assert_eq!(faults.fired(), 2);
    }

    #[test]
    fn given_a_fault_to_come_later_should_let_the_first_pass() {
        let faults = Faults::default();
        faults.inject_after(1, Command::Any, Fault::Refuse(3), 1);
        assert_eq!(faults.strike(codes::PING_CODE), None);
        assert_eq!(faults.strike(codes::PING_CODE), Some(Fault::Refuse(3)));
        assert_eq!(faults.strike(codes::PING_CODE), None);
    }

    #[test]
    fn given_several_faults_should_strike_in_order_until_cleared() {
        let faults = Faults::default();
        faults.inject(Command::Poll, Fault::LoseReply, 1);
        faults.inject(Command::Poll, Fault::Duplicate, 1);
        faults.inject(Command::Poll, Fault::Die, 1);
        assert_eq!(faults.strike(codes::POLL_MESSAGES_CODE), Some(Fault::LoseReply));
        assert_eq!(faults.strike(codes::POLL_MESSAGES_CODE), Some(Fault::Duplicate));
        faults.clear();
        assert_eq!(faults.strike(codes::POLL_MESSAGES_CODE), None);
    }
}
