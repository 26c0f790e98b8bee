//! The scenarios of sinks.

mod acknowledged_then_killed;
mod bad_message;
mod checkpoint_late;
mod checkpoint_lost;
mod destination_unavailable;
mod flush_failed;
mod held_then_killed;
mod killed_before_checkpoint;
mod killed_within_call;
mod new_epoch;
mod offset_gaps;
mod partly_flushed;
mod plain_delivery;
mod rejected_then_restarted;
mod revoked;
mod split_messages;
mod stale_instance;
mod undecodable;

use crate::process;
use crate::scenario::Scenario;

pub(crate) use undecodable::payloads as undecodable_payloads;

/// All of them, in the order in which they are played: the simple ones first.
pub(crate) const SCENARIOS: &[Scenario] = &[
    plain_delivery::SCENARIO,
    acknowledged_then_killed::SCENARIO,
    killed_before_checkpoint::SAME_BATCHES,
    killed_before_checkpoint::OTHER_BATCHES,
    killed_within_call::SCENARIO,
    held_then_killed::SCENARIO,
    partly_flushed::SCENARIO,
    flush_failed::SCENARIO,
    destination_unavailable::SCENARIO,
    checkpoint_lost::SCENARIO,
    checkpoint_late::SCENARIO,
    bad_message::SCENARIO,
    rejected_then_restarted::SCENARIO,
    undecodable::SCENARIO,
    offset_gaps::SCENARIO,
    split_messages::SCENARIO,
    new_epoch::SCENARIO,
    revoked::IN_ORDER,
    revoked::LOST,
    stale_instance::SCENARIO,
    process::sink::HOST_KILLED,
    process::sink::BROKER_KILLED,
    process::sink::BROKER_SLOW,
    process::dead_letter::SCENARIO,
];
