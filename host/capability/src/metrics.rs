//! The interface `metrics`: counters, gauges and histograms that `describe` names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::GuestData;
use crate::bindings::kennel::connector::metrics::Host;

/// Most histogram samples kept between two readings.
const MAX_SAMPLES: usize = 4096;

/// One metric of a guest.
#[derive(Debug, Clone, PartialEq)]
pub enum Metric {
    /// Sum of all values added.
    Counter(u64),
    /// The value last set.
    Gauge(f64),
    /// Number and sum of all values, and the newest of them.
    Histogram {
        /// How many values.
        count: u64,
        /// Their sum.
        sum: f64,
        /// The newest values, at most 4096.
        samples: Vec<f64>,
    },
}

/// Metrics of one connector, shared by its lanes.
///
/// Only names that the component described are kept: a guest cannot make up labels.
#[derive(Debug, Clone)]
pub struct GuestMetrics {
    declared: Arc<[String]>,
    values: Arc<Mutex<BTreeMap<String, Metric>>>,
}

impl GuestMetrics {
    /// Accepts the names in `declared`, drops all others.
    #[must_use]
    pub fn new(declared: impl Into<Arc<[String]>>) -> Self {
        Self { declared: declared.into(), values: Arc::default() }
    }

    /// All values now.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, Metric> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn update(&self, name: String, zero: Metric, change: impl FnOnce(&mut Metric)) {
        if self.declared.contains(&name) {
            let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            change(values.entry(name).or_insert(zero));
        }
    }
}

impl Host for GuestData {
    fn add(&mut self, counter: String, value: u64) -> wasmtime::Result<()> {
        self.services.metrics.update(counter, Metric::Counter(0), |metric| {
            if let Metric::Counter(sum) = metric {
                *sum = sum.saturating_add(value);
            }
        });
        Ok(())
    }

    fn set(&mut self, gauge: String, value: f64) -> wasmtime::Result<()> {
        self.services.metrics.update(gauge, Metric::Gauge(0.0), |metric| {
            if let Metric::Gauge(current) = metric {
                *current = value;
            }
        });
        Ok(())
    }

    fn observe(&mut self, histogram: String, value: f64) -> wasmtime::Result<()> {
        let zero = Metric::Histogram { count: 0, sum: 0.0, samples: Vec::new() };
        self.services.metrics.update(histogram, zero, |metric| {
            if let Metric::Histogram { count, sum, samples } = metric {
                *count += 1;
                *sum += value;
                if samples.len() == MAX_SAMPLES {
                    samples.remove(0);
                }
                samples.push(value);
            }
        });
        Ok(())
    }
}
