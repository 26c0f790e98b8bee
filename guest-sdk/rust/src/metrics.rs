//! Metrics by name. The host takes only names that the component's attribute lists under `metrics`, and adds the labels.
//!
//! Report once per batch, not once per message: each call crosses to the host.

use crate::host;

/// Adds to a counter.
pub fn add(counter: &str, value: u64) {
    host::add(counter, value);
}

/// Sets a gauge.
pub fn set(gauge: &str, value: f64) {
    host::set(gauge, value);
}

/// Adds an observation to a histogram.
pub fn observe(histogram: &str, value: f64) {
    host::observe(histogram, value);
}
