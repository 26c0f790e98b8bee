//! Guests that return nonsense: each violation is named, and none reaches the host's memory.

use kennel_sandbox::{FaultKind, Sink, Transform};

use crate::world::{batch, component, origin, spec};

const PAYLOADS: [&str; 3] = [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#];

/// The violation's text in each mode of the test guest.
const TRANSFORM_MODES: [(&str, &str); 24] = [
    ("spans-past-data", "column spans does not lie in"),
    ("spans-reversed", "column spans does not lie in"),
    ("spans-incomplete", "column spans has"),
    ("spans-huge", "column spans does not lie in"),
    ("span-of-kept-part", "a kept part must have the span 0,0"),
    ("keys-incomplete", "column keys has"),
    ("keys-past-data", "column keys does not lie in"),
    ("routes-incomplete", "column routes has"),
    ("routes-unknown", "column routes holds"),
    ("replaced-incomplete", "column replaced has"),
    ("replaced-unknown-bit", "column replaced holds"),
    ("inputs-beyond-batch", "column inputs holds"),
    ("inputs-incomplete", "column inputs has"),
    ("inputs-unsorted", "column inputs does not ascend"),
    ("inputs-twice", "column inputs does not ascend"),
    ("input-ends-descending", "column input-ends"),
    ("input-ends-past-inputs", "column input-ends"),
    ("input-ends-incomplete", "column input-ends has"),
    ("output-without-input", "column input-ends"),
    ("absorbed-beyond-batch", "column absorbed holds"),
    ("absorbed-unsorted", "column absorbed does not ascend"),
    ("failed-beyond-batch", "column failed holds"),
    ("failed-twice", "column failed does not ascend"),
    ("failed-and-passed-on", "an input that failed also has an output"),
];

#[tokio::test]
async fn given_a_transform_that_breaks_a_rule_should_name_the_rule() {
    let transform = component("nonsense_transform").await;
    for (mode, expected) in TRANSFORM_MODES
        .into_iter()
        .chain([("headers-torn", "headers of message"), ("headers-reserved", "`kennel.`")])
    {
        let spec = spec(&format!(r#"{{"mode":"{mode}"}}"#));
        let instance = Transform::open(&transform, &spec).await.unwrap();
        let fault = match instance.apply(batch(&PAYLOADS), None, 2).await {
            Ok((_, answer)) => panic!("{mode} passed: {answer:?}"),
            Err(fault) => fault,
        };
        assert!(matches!(fault.kind, FaultKind::Violation(_)), "{mode}: {fault}");
        assert!(fault.to_string().contains(expected), "{mode}: {fault}");
    }
}

#[tokio::test]
async fn given_an_honest_transform_should_keep_every_message() {
    let transform = component("nonsense_transform").await;
    let instance = Transform::open(&transform, &spec("{}")).await.unwrap();
    let (_, answer) = instance.apply(batch(&PAYLOADS), None, 1).await.unwrap();
    assert_eq!(answer.unwrap().len(), PAYLOADS.len());
}

#[tokio::test]
async fn given_a_sink_that_breaks_a_rule_should_name_the_rule() {
    let sink = component("nonsense_sink").await;
    for (mode, expected) in [
        ("handled-beyond-batch", "column handled holds 4, which is not below 4"),
        ("failed-unsorted", "column failed does not ascend"),
        ("failed-twice", "column failed does not ascend"),
        ("failed-beyond-handled", "column failed holds"),
        ("failed-beyond-batch", "column failed holds"),
        ("retry-though-ordered", "described as ordered"),
        ("position-of-stranger", "not assigned"),
        ("position-beyond-end", "column positions holds"),
    ] {
        let spec = spec(&format!(r#"{{"mode":"{mode}"}}"#));
        let instance = Sink::open(&sink, &spec).await.unwrap();
        let (instance, _) = instance.assign(origin(), None).await.unwrap();
        let fault = match instance.consume(batch(&PAYLOADS), None).await {
            Err(fault) => fault,
            Ok((instance, _)) => match instance.flush().await {
                Err(fault) => fault,
                Ok((_, answer)) => panic!("{mode} passed: {answer:?}"),
            },
        };
        assert!(matches!(fault.kind, FaultKind::Violation(_)), "{mode}: {fault}");
        assert!(fault.to_string().contains(expected), "{mode}: {fault}");
    }
}
