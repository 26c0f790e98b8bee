//! Whatever columns a guest returns are used or refused.

use std::collections::BTreeMap;

use kennel_fuzz::{Target, Unstructured, fuzz};

use crate::batch::Origin;
use crate::bindings::{sink, source, transform, types};
use crate::columns::Violation;
use crate::description::Description;

/// Bytes that mean something in any column.
const PIECES: [&[u8]; 4] =
    [b"kennel.x", b"\x02\x01\0\0\0k\x02\x01\0\0\0v", &[0; 16], &[1, 0, 0, 0, 2, 0, 0, 0]];
/// Messages of the batch that is answered.
const COUNT: usize = 4;

/// Reads columns from bytes; what is missing is empty.
struct Columns<'a>(Unstructured<'a>);

impl Columns<'_> {
    fn number(&mut self) -> u32 {
        // Small ones are right more often.
        let small = self.0.arbitrary::<u8>().unwrap_or_default();
        if small < 250 { u32::from(small % 8) } else { self.0.arbitrary().unwrap_or_default() }
    }

    fn numbers(&mut self) -> Vec<u32> {
        (0..self.number().min(24)).map(|_| self.number()).collect()
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.number().min(64) as usize;
        self.0.bytes(length.min(self.0.len())).unwrap_or_default().to_vec()
    }

    fn failures(&mut self) -> Vec<types::Failure> {
        let indices = self.numbers().into_iter();
        let verdicts = [types::Verdict::Retry, types::Verdict::Reject];
        let failure = |index: u32| types::Failure {
            index,
            verdict: verdicts[index as usize % 2],
            code: "code".into(),
            detail: "detail".into(),
        };
        indices.map(failure).collect()
    }

    fn messages(&mut self) -> types::Messages {
        types::Messages {
            format: types::Format::Json,
            data: self.bytes(),
            spans: self.numbers(),
            keys: self.numbers(),
            routes: self.numbers(),
        }
    }
}

/// Runs `check` on columns made of bytes.
fn fuzz_columns<T>(name: &str, check: impl Fn(&mut Columns<'_>) -> Result<T, Violation>) {
    let seed = |seed: u32| (0..96u32).map(|at| (seed * 7 + at * at * seed) as u8).collect();
    let seeds: Vec<Vec<u8>> = (0..32).map(seed).collect();
    let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    fuzz(&Target { name, seeds: &seeds, pieces: &PIECES }, |bytes| {
        let checked = check(&mut Columns(Unstructured::new(bytes)));
        checked.map(drop).map_err(|violation| {
            let text = violation.to_string();
            text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>()
        })
    });
}

#[test]
fn given_any_receipt_should_use_or_refuse_it() {
    fuzz_columns("receipts", |columns| {
        let receipt =
            sink::Receipt { handled: columns.number(), failed: columns.failures(), held: true };
        let receipt = crate::sink::check(receipt, COUNT, columns.number() % 2 == 0)?;
        assert!(receipt.handled as usize <= COUNT);
        assert!(receipt.failed.iter().all(|failure| failure.index < receipt.handled));
        Ok(())
    });
}

#[test]
fn given_any_positions_should_use_or_refuse_them() {
    let origin = Origin { stream: "s".into(), topic: "t".into(), partition: 1, epoch: 2 };
    let given = BTreeMap::from([(origin, 5)]);
    fuzz_columns("positions", |columns| {
        let positions = (0..columns.number().min(4)).map(|_| sink::Position {
            origin: types::Origin {
                stream_name: "s".into(),
                topic_name: "t".into(),
                partition: columns.number() % 3,
                epoch: u64::from(columns.number() % 3),
            },
            next: u64::from(columns.number()),
        });
        let positions = crate::sink::check_positions(positions.collect(), &given)?;
        assert!(positions.iter().all(|position| position.next <= 5));
        Ok(())
    });
}

#[test]
fn given_any_messages_of_a_source_should_use_or_refuse_them() {
    fuzz_columns("produced", |columns| {
        let produced = source::Produced {
            messages: columns.messages(),
            ids: columns.numbers().into_iter().map(u64::from).collect(),
            cursor: columns.bytes(),
            progress: source::Progress::More,
        };
        assert_readable(&crate::source::check(produced, 2)?.messages);
        Ok(())
    });
}

#[test]
fn given_any_messages_of_a_transform_should_use_or_refuse_them() {
    fuzz_columns("transformed", |columns| {
        let made = transform::Transformed {
            messages: columns.messages(),
            replaced: columns.bytes(),
            inputs: columns.numbers(),
            input_ends: columns.numbers(),
            absorbed: columns.numbers(),
            failed: columns.failures(),
        };
        let ordered = columns.number() % 2 == 0;
        let made = crate::transform::check(made, (COUNT, 2), ordered)?;
        assert_readable(made.messages());
        for output in 0..made.len() {
            assert!(made.inputs(output).iter().all(|input| (*input as usize) < COUNT));
        }
        Ok(())
    });
}

/// Everything that later stages index without looking is there.
fn assert_readable(messages: &crate::Messages) {
    for span in messages.spans.chunks(4) {
        let [payload_start, payload_end, headers_start, headers_end] = span else {
            panic!("a span of {} numbers", span.len())
        };
        let _payload = &messages.data[*payload_start as usize..*payload_end as usize];
        let _headers = &messages.data[*headers_start as usize..*headers_end as usize];
    }
    for key in messages.keys.chunks(2) {
        let _key = &messages.data[key[0] as usize..key[1] as usize];
    }
    assert!(messages.routes.iter().all(|route| *route < 2));
}

#[test]
fn given_any_description_should_read_or_refuse_it() {
    let good = br#"{"name":"n","version":"1","config_schema":{"type":"object"},"asks":[{"capability":"http",
        "target":"config:/url","reason":"r"}],"delivery":"transactional","state_version":3,"metrics":["m"]}"#;
    let target = Target {
        name: "descriptions",
        seeds: &[good],
        pieces: &[b"\"asks\":", b"[[[[", b"{\"", b"null", b"-1", b"1e999", b"\\ud800"],
    };
    fuzz(&target, |bytes| match serde_json::from_slice::<Description>(bytes) {
        Ok(description) => Ok(description.asks.len()),
        Err(error) => Err((error.classify() as u8, error.to_string().len())),
    });
}
