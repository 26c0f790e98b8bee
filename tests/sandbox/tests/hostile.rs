//! The catalogue, as part of all tests. `cargo xtask hostile` measures more exactly, on a machine that does
//! nothing else.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use hostile_guests::{Attack, Options, Trial, catalogue, loading};

/// What the host may have resident at most.
const PEAK: u64 = 1 << 30;
/// What the neighbour keeps of its throughput even while other tests run.
const RATIO: f64 = 0.6;
/// Messages of a measured period.
const WORK: u64 = 40_000;

/// One at a time: they would measure each other.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn given_every_attack_in_one_host_should_contain_it_and_lose_no_message_of_the_neighbour() {
    let _turn = turn();
    let options = Options { measured: None, told: false };
    let report = Trial::start(catalogue::all(), options).run();
    assert!(report.is_good(0.0, PEAK), "{}", report.table());
}

#[test]
fn given_attacks_on_time_and_memory_should_leave_the_neighbour_its_throughput() {
    let _turn = turn();
    let greedy = ["flood", "bomb", "infinite", "stack", "loris", "loop-in-host-call"];
    let is_greedy = |attack: &Attack| greedy.iter().any(|name| attack.name.contains(name));
    let attacks = catalogue::all().into_iter().filter(is_greedy).collect();
    let options = Options { measured: Some(WORK), told: false };
    let report = Trial::start(attacks, options).run();
    assert!(report.is_good(RATIO, PEAK), "{}", report.table());
}

#[test]
fn given_hostile_files_should_refuse_them_in_time() {
    let _turn = turn();
    let report = loading::run(&|_| true, false);
    assert!(report.is_good(0.0, PEAK), "{}", report.table());
}
