//! What the demo's input must become, worked out from the input alone.
//!
//! This repeats in plain code what `configs/demo/orders-out.toml` asks of the connectors, so that
//! the summary compares two independent computations and not the host with itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// Field that holds the identity of an order, in the input and in the output.
pub(crate) const ORDER_ID: &str = "order_id";
/// Field that the fields transform computes; its value is the time of the run.
pub(crate) const COMPUTED_FIELD: &str = "processed_at";
/// Orders of this status are filtered.
const FILTERED_STATUS: &str = "cancelled";
/// Field that must not leave the shop.
const DELETED_FIELD: &str = "card";
/// Field that gets a new name.
const RENAMED_FIELD: (&str, &str) = ("placed_at", "ordered_at");
/// Field that every order gets.
const ADDED_FIELD: (&str, &str) = ("channel", "web");

/// Every line of the input, by what must happen to it.
#[derive(Debug, Default)]
pub(crate) struct Expectation {
    /// Lines that are not empty.
    pub(crate) records: u64,
    /// Orders that must arrive: by id, as they must look without [`COMPUTED_FIELD`].
    pub(crate) delivered: BTreeMap<String, Value>,
    /// Ids of orders that must not arrive.
    pub(crate) filtered: BTreeSet<String>,
    /// Lines that are no order and must end in the dead letter topic as they are.
    pub(crate) rejected: Vec<String>,
}

impl Expectation {
    /// Reads an input file of one order per line.
    ///
    /// # Errors
    /// When the file cannot be read, or two orders share an id: then ids would prove nothing.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the input {}", path.display()))?;
        Self::of(&text).with_context(|| format!("the input {} is unusable", path.display()))
    }

    fn of(text: &str) -> Result<Self> {
        let mut expectation = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            expectation.records += 1;
            match serde_json::from_str::<Map<String, Value>>(line) {
                Ok(order) => expectation.add(order)?,
                Err(_) => expectation.rejected.push(line.to_owned()),
            }
        }
        Ok(expectation)
    }

    fn add(&mut self, mut order: Map<String, Value>) -> Result<()> {
        let Some(id) = order.get(ORDER_ID).and_then(Value::as_str).map(str::to_owned) else {
            bail!("an order has no {ORDER_ID}: {}", Value::Object(order));
        };
        if self.filtered.contains(&id) || self.delivered.contains_key(&id) {
            bail!("two orders are called {id}");
        }
        if order.get("status").and_then(Value::as_str) == Some(FILTERED_STATUS) {
            self.filtered.insert(id);
            return Ok(());
        }
        order.remove(DELETED_FIELD);
        if let Some(value) = order.remove(RENAMED_FIELD.0) {
            order.insert(RENAMED_FIELD.1.to_owned(), value);
        }
        order.insert(ADDED_FIELD.0.to_owned(), ADDED_FIELD.1.into());
        self.delivered.insert(id, Value::Object(order));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn given_an_order_should_expect_it_transformed() {
        let expectation = Expectation::of(
            r#"{"order_id":"SO-1","placed_at":"2026-09-01","status":"paid","card":{"last4":"1"}}"#,
        )
        .unwrap();

        assert_eq!(expectation.records, 1);
        assert_eq!(
            expectation.delivered["SO-1"],
            json!({"order_id": "SO-1", "ordered_at": "2026-09-01", "status": "paid", "channel": "web"})
        );
    }

    #[test]
    fn given_a_cancelled_order_and_a_broken_line_should_expect_neither_to_arrive() {
        let expectation =
            Expectation::of("{\"order_id\":\"SO-2\",\"status\":\"cancelled\"}\n\nnot json\n[1]\n")
                .unwrap();

        assert_eq!(expectation.records, 3);
        assert!(expectation.delivered.is_empty());
        assert!(expectation.filtered.contains("SO-2"));
        assert_eq!(expectation.rejected, ["not json", "[1]"]);
    }

    #[test]
    fn given_two_orders_of_one_id_should_refuse_the_input() {
        let twice = "{\"order_id\":\"SO-3\"}\n{\"order_id\":\"SO-3\",\"status\":\"cancelled\"}";
        assert!(Expectation::of(twice).is_err());
    }

    #[test]
    fn given_the_input_of_the_repository_should_find_all_three_kinds() {
        let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(super::super::INPUT);
        let expectation = Expectation::read(&input).unwrap();

        let sum = expectation.delivered.len() + expectation.filtered.len();
        assert!(sum >= 4000, "{sum}");
        assert!(expectation.filtered.len() > 100);
        assert_eq!(expectation.rejected.len(), 5);
        assert_eq!(expectation.records, (sum + expectation.rejected.len()) as u64);
    }
}
