//! Payloads that nobody expects.

use bytes::Bytes;

use crate::scenario::{Scenario, Stage, Step, Stop};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "undecodable-payloads",
    proves: "invalid JSON, no bytes, a mebibyte, invalid UTF-8 and binary payloads are delivered or \
             rejected one by one; they end no instance and take no neighbour along",
    rules: &["D1", "D3"],
    play: |stage| Box::pin(play(stage)),
};

/// What they are called and what they are.
pub(crate) fn payloads() -> [(&'static str, Bytes); 7] {
    [
        ("invalid JSON", Bytes::from_static(b"{\"id\": 1,")),
        ("no bytes", Bytes::new()),
        ("a mebibyte of text", vec![b'a'; 1 << 20].into()),
        ("invalid UTF-8", Bytes::from_static(b"\xff\xfe{\xc0\x80}")),
        ("binary", (0..=255).collect::<Vec<u8>>().into()),
        ("several lines", Bytes::from_static(b"two\nlines")),
        ("JSON of another shape", Bytes::from_static(b"[null, {\"a\": [1e400]}]")),
    ]
}

async fn play(stage: &mut Stage<'_>) -> Step {
    let log = stage.topic.add_log(0, 0);
    let mut kinds = Vec::new();
    for (kind, payload) in payloads() {
        stage.topic.append(log, 3);
        kinds.push((kind, stage.topic.append_unsound(log, payload).identity));
    }
    stage.topic.append(log, 3);
    // Each in a batch with good neighbours, so that the culprit is known.
    let mut lane = stage.assigned_lane().await?;
    let mut end = 0;
    for (kind, _) in &kinds {
        end += 5;
        let end = end.min(stage.topic.logs[log].end);
        lane.deliver(&mut stage.topic, log, end).await.map_err(|stop| about(kind, stop))?;
    }
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await?;
    for (verdict, rejected) in [("rejected", true), ("delivered", false)] {
        let kinds = kinds.iter().filter(|(_, it)| stage.topic.is_rejected(*it) == rejected);
        let kinds: Vec<&str> = kinds.map(|(kind, _)| *kind).collect();
        if !kinds.is_empty() {
            stage.notes.push(format!("{verdict}: {}", kinds.join(", ")));
        }
    }
    Ok(())
}

/// Names the payload that a failure is about.
fn about(kind: &str, stop: Stop) -> Stop {
    match stop {
        Stop::Failed(detail) => Stop::Failed(format!("at or before {kind}: {detail}")),
        Stop::Answered(export, error) => Stop::Failed(format!(
            "at or before {kind}, {export} answered for the whole batch: {error}; one message is \
             rejected in the receipt"
        )),
        other => other,
    }
}
