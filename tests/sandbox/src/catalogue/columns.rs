//! Answers that lie: about lengths, indices, positions and texts.

use std::time::Duration;

use crate::attack::Attack;
use crate::attack::Expected::{Fault, Harmless};
use crate::forge::{Area, Forgery};

const SINK: &str = "nonsense_sink.wasm";
const TRANSFORM: &str = "nonsense_transform.wasm";

pub(super) fn attacks() -> Vec<Attack> {
    let contract = || Fault("contract_violation", "broke the contract");
    let failed = |words| Fault("call_failed", words);
    let sink = |name, about, config| Attack::built(name, about, (SINK, config), contract());
    let transform =
        |name, about, config| Attack::built(name, about, (TRANSFORM, config), contract());
    let consume = |area| Forgery::sink().answer("sink.consume", area);
    let poll = |area| Forgery::source().answer("source.poll", area);
    let source = |name, about, area| {
        Attack::forged(name, about, poll(area), contract()).within(Duration::from_secs(20))
    };
    let lying = |name, about, forgery, words| {
        Attack::forged(name, about, forgery, failed(words)).within(Duration::from_secs(20))
    };
    vec![
        sink(
            "handled-beyond-batch",
            "has handled more messages than it was given",
            "mode = \"handled-beyond-batch\"",
        ),
        sink(
            "failed-out-of-order",
            "names failed messages out of order",
            "mode = \"failed-unsorted\"",
        ),
        sink("failed-twice", "names a failed message twice", "mode = \"failed-twice\""),
        sink(
            "failed-beyond-batch",
            "names a failed message that does not exist",
            "mode = \"failed-beyond-batch\"",
        ),
        sink(
            "flush-beyond-given",
            "is further than what it was given",
            "mode = \"position-beyond-end\"",
        ),
        sink(
            "flush-of-a-stranger",
            "answers the position of another's partition",
            "mode = \"position-of-stranger\"",
        ),
        transform(
            "spans-past-data",
            "a payload beyond its own bytes",
            "mode = \"spans-past-data\"",
        ),
        transform(
            "spans-reversed",
            "a payload that ends before it begins",
            "mode = \"spans-reversed\"",
        ),
        transform("columns-unequal", "columns of unequal length", "mode = \"replaced-incomplete\""),
        transform("inputs-out-of-order", "inputs out of order", "mode = \"inputs-unsorted\""),
        transform("inputs-twice", "one input twice", "mode = \"inputs-twice\""),
        transform(
            "input-ends-overlap",
            "outputs that share inputs they cannot share",
            "mode = \"input-ends-descending\"",
        ),
        transform(
            "failed-and-passed-on",
            "a message that failed and is passed on",
            "mode = \"failed-and-passed-on\"",
        ),
        transform("headers-torn", "a header longer than all headers", "mode = \"headers-torn\""),
        transform(
            "forged-header",
            "a header that only the host may set",
            "mode = \"headers-reserved\"",
        ),
        source(
            "routes-unknown",
            "a source writes to a topic that nobody named",
            one_message(&[], &[7]),
        ),
        source(
            "ids-incomplete",
            "a source gives half of an id",
            one_message(&[], &[]).list(52, &[0; 8], 1),
        ),
        source(
            "cursor-too-large",
            "a source keeps a megabyte of cursor",
            Area::zeros().list(60, &[7; 1 << 20], 1 << 20),
        ),
        source(
            "forged-header-source",
            "a source sets a header that only the host may set",
            one_message(&header("kennel.dlq.code"), &[]),
        ),
        Attack::forged(
            "honest-header",
            "a header that anyone may set",
            poll_finished(one_message(&header("own.code"), &[])),
            Harmless,
        ),
        lying(
            "length-giant",
            "a list of 4 GiB of failures",
            consume(Area::zeros().list(12, b"", u32::MAX)),
            "list pointer/length out of bounds of memory",
        ),
        lying(
            "length-negative",
            "a list of minus 2^31 failures",
            consume(Area::zeros().list(12, b"", 1 << 31)),
            "list pointer/length out of bounds of memory",
        ),
        lying(
            "length-giant-poll",
            "a source answers 4 GiB of spans",
            poll(Area::zeros().list(28, b"", u32::MAX)),
            "list pointer/length out of bounds of memory",
        ),
        lying(
            "pointer-beyond-memory",
            "a list that lies beyond its memory",
            consume(Area::zeros().word(12, 0xffff_fff0).word(16, 4)),
            "list pointer/length out of bounds of memory",
        ),
        lying(
            "pointer-unaligned",
            "a list at an odd address",
            consume(Area::zeros().word(12, 1025).word(16, 4)),
            "list pointer is not aligned",
        ),
        lying(
            "variant-unknown",
            "an answer that is neither ok nor an error",
            consume(Area::zeros().byte(0, 7)),
            "invalid expected discriminant",
        ),
        lying(
            "utf8-invalid",
            "an error that is no UTF-8",
            consume(error(b"\xff\xfe\xc0\x80")),
            "invalid utf-8",
        ),
        lying(
            "utf8-surrogate",
            "an error with half of a character",
            consume(error(b"ok \xed\xa0\x80")),
            "invalid utf-8",
        ),
    ]
}

/// `err(other(text))`.
fn error(text: &[u8]) -> Area {
    Area::zeros().byte(0, 1).byte(8, 5).list(16, text, text.len() as u32)
}

/// A poll that answers one empty message with these headers and routes.
fn one_message(headers: &[u8], routes: &[u32]) -> Area {
    let end = headers.len() as u32;
    let area = Area::zeros().list(20, headers, end).words(28, &[0, 0, 0, end]);
    if routes.is_empty() { area } else { area.words(44, routes) }
}

fn poll_finished(area: Area) -> Forgery {
    Forgery::source().answer("source.poll", area.byte(68, 2))
}

/// A text header.
fn header(key: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in [key, "x"] {
        bytes.push(2);
        bytes.extend((field.len() as u32).to_le_bytes());
        bytes.extend(field.as_bytes());
    }
    bytes
}
