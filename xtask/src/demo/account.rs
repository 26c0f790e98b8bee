//! Expectation against outcome: the proof the demo ends with.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::expectation::Expectation;
use super::outcome::Outcome;

/// Every input record is in exactly one of `records_out`, `filtered`, `dead_lettered`, `missing`
/// (the sum is `records_in`), unless `surplus` says what else was found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Account {
    /// Lines of the input.
    pub(crate) records_in: u64,
    /// Different orders found in the output that belong there.
    pub(crate) records_out: u64,
    /// Orders that had to be filtered and are not in the output.
    pub(crate) filtered: u64,
    /// Broken lines found among the dead letters, byte for byte.
    pub(crate) dead_lettered: u64,
    /// Orders and broken lines found nowhere.
    pub(crate) missing: u64,
    /// What was found and should not have been.
    #[serde(skip)]
    pub(crate) surplus: Surplus,
    /// Some of the missing, for the reader.
    #[serde(skip)]
    pub(crate) examples: Vec<String>,
}

/// Deviations that lose nothing, but are wrong all the same.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Surplus {
    /// Second and later copies of an order or dead letter. At-least-once allows them after a crash only.
    pub(crate) repeated: u64,
    /// Orders that differ from what the transforms should have made of them.
    pub(crate) altered: u64,
    /// Records that should have been filtered, or never were in the input.
    pub(crate) uninvited: u64,
}

impl Surplus {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

const EXAMPLES: usize = 5;

impl Account {
    /// Compares what had to happen with what did.
    pub(crate) fn settle(expectation: &Expectation, outcome: &Outcome) -> Self {
        let mut surplus =
            Surplus { uninvited: outcome.strangers.len() as u64, ..Surplus::default() };
        let mut records_out = 0;
        for (id, arrived) in &outcome.orders {
            surplus.repeated += arrived.copies - 1;
            match expectation.delivered.get(id) {
                Some(expected) => {
                    records_out += 1;
                    surplus.altered += u64::from(*expected != arrived.order);
                }
                None => surplus.uninvited += 1,
            }
        }
        let filtered =
            expectation.filtered.iter().filter(|id| !outcome.orders.contains_key(*id)).count();

        let mut letters = BTreeMap::<&str, u64>::new();
        for letter in &outcome.dead_letters {
            *letters.entry(letter).or_default() += 1;
        }
        let mut examples: Vec<String> = expectation
            .delivered
            .keys()
            .filter(|id| !outcome.orders.contains_key(*id))
            .cloned()
            .collect();
        let mut dead_lettered = 0;
        for line in &expectation.rejected {
            match letters.get_mut(line.as_str()).filter(|copies| **copies > 0) {
                Some(copies) => {
                    *copies -= 1;
                    dead_lettered += 1;
                }
                None => examples.push(line.clone()),
            }
        }
        for (letter, left) in letters {
            match expectation.rejected.iter().any(|line| line == letter) {
                true => surplus.repeated += left,
                false => surplus.uninvited += left,
            }
        }
        let missing = examples.len() as u64;
        examples.truncate(EXAMPLES);
        Self {
            records_in: expectation.records,
            records_out,
            filtered: filtered as u64,
            dead_lettered,
            missing,
            surplus,
            examples,
        }
    }

    /// Nothing is missing and nothing is there that should not be.
    pub(crate) fn is_balanced(&self) -> bool {
        self.missing == 0 && self.surplus.is_empty()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "  orders and other lines in the input    {:>7}", self.records_in)?;
        writeln!(formatter, "  orders found in the output             {:>7}", self.records_out)?;
        writeln!(formatter, "  cancelled orders, filtered             {:>7}", self.filtered)?;
        writeln!(formatter, "  broken lines found as dead letters     {:>7}", self.dead_lettered)?;
        write!(formatter, "  missing                                {:>7}", self.missing)?;
        for (count, what) in [
            (self.surplus.repeated, "delivered more than once"),
            (self.surplus.altered, "not transformed as configured"),
            (self.surplus.uninvited, "in the output but should not be"),
        ] {
            if count > 0 {
                write!(formatter, "\n  {what:<38} {count:>7}")?;
            }
        }
        for example in &self.examples {
            write!(formatter, "\n  missing: {example}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use super::*;

    const INPUT: &str = r#"{"order_id":"1","status":"paid","card":"4111"}
{"order_id":"2","status":"cancelled"}
{"order_id":"3","status":"shipped"}
not an order
"#;
    const FIRST: &str = r#"{"order_id":"1","status":"paid","channel":"web","processed_at":7}"#;
    const THIRD: &str = r#"{"order_id":"3","status":"shipped","channel":"web","processed_at":7}"#;

    /// Writes the three files as the demo would find them and settles.
    fn account(orders: &[&str], dead_letters: &[&str]) -> Account {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, lines: &[String]| {
            let folder = folder.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("shop.ndjson"), lines.join("\n")).unwrap();
            folder
        };
        let input = folder.path().join("input");
        fs::write(&input, INPUT).unwrap();
        let orders: Vec<_> = orders.iter().map(|order| (*order).to_owned()).collect();
        let letters: Vec<_> = dead_letters
            .iter()
            .map(|text| json!({"topic": "dlq", "text": text}).to_string())
            .collect();
        let (orders, dead) = (write("orders", &orders), write("dead", &letters));
        settle(&input, &orders, &dead)
    }

    fn settle(input: &Path, orders: &Path, dead_letters: &Path) -> Account {
        Account::settle(
            &Expectation::read(input).unwrap(),
            &Outcome::read(orders, dead_letters).unwrap(),
        )
    }

    #[test]
    fn given_everything_in_its_place_should_balance() {
        let account = account(&[THIRD, FIRST], &["not an order"]);

        assert!(account.is_balanced(), "{account:?}");
        assert_eq!(
            serde_json::to_string(&account).unwrap(),
            r#"{"records_in":4,"records_out":2,"filtered":1,"dead_lettered":1,"missing":0}"#
        );
    }

    #[test]
    fn given_a_lost_order_should_name_it() {
        let account = account(&[FIRST], &["not an order"]);

        assert_eq!((account.records_out, account.missing), (1, 1));
        assert_eq!(account.examples, ["3"]);
        assert!(!account.is_balanced());
    }

    #[test]
    fn given_a_lost_dead_letter_should_count_it_as_missing() {
        let account = account(&[FIRST, THIRD], &[]);

        assert_eq!((account.dead_lettered, account.missing), (0, 1));
        assert!(!account.is_balanced());
    }

    #[test]
    fn given_a_repeated_order_should_not_balance_but_miss_nothing() {
        let account = account(&[FIRST, FIRST, THIRD], &["not an order", "not an order"]);

        assert_eq!((account.records_out, account.dead_lettered, account.missing), (2, 1, 0));
        assert_eq!(account.surplus.repeated, 2);
        assert!(!account.is_balanced());
    }

    #[test]
    fn given_a_card_left_in_should_call_the_order_altered() {
        let leaky = FIRST.replace("\"status\"", "\"card\":\"4111\",\"status\"");
        let account = account(&[&leaky, THIRD], &["not an order"]);

        assert_eq!(account.surplus.altered, 1);
        assert!(!account.is_balanced());
    }

    #[test]
    fn given_a_cancelled_order_in_the_output_should_call_it_uninvited() {
        let second = FIRST.replace("\"1\"", "\"2\"");
        let account = account(&[FIRST, &second, THIRD], &["not an order", "who is this"]);

        assert_eq!((account.filtered, account.missing), (0, 0));
        assert_eq!(account.surplus.uninvited, 2);
        assert!(!account.is_balanced());
    }

    #[test]
    fn given_no_output_at_all_should_miss_everything_that_was_not_filtered() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        fs::write(&input, INPUT).unwrap();

        let account =
            settle(&input, &folder.path().join("none"), &folder.path().join("none either"));

        assert_eq!((account.records_out, account.filtered, account.missing), (0, 1, 3));
    }
}
