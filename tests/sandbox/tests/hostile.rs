//! The catalogue, as part of all tests.

use hostile_guests::{Options, Trial, catalogue, loading};

/// MiB.
const PEAK: u64 = 1024;

#[test]
fn given_every_attack_in_one_host_should_contain_it_and_lose_no_message_of_the_neighbour() {
    let options = Options { measured: None, told: false };
    let report = Trial::start(catalogue::all(), options).run();
    assert!(report.is_good(0.0, PEAK << 20), "{}", report.table());
}

#[test]
fn given_hostile_files_should_refuse_them_in_time() {
    let report = loading::run(&|_| true, false);
    assert!(report.is_good(0.0, PEAK << 20), "{}", report.table());
}
