//! The `[delivery]` section.

use super::check_iggy_name;
use crate::connector::Direction;
use crate::delivery::{DeadLetterTopic, Delivery, FlushLimit, OnError};
use crate::reader::Reader;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Guarantee {
    AtLeastOnce,
    ExactlyOnce,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ErrorPolicy {
    Stop,
    Skip,
    DeadLetter,
}

/// None: something required is wrong; the errors say what.
pub(super) fn delivery(reader: &Reader<'_>, direction: Option<&Direction>) -> Option<Delivery> {
    let guarantees =
        [("at-least-once", Guarantee::AtLeastOnce), ("exactly-once", Guarantee::ExactlyOnce)];
    if reader.choice("guarantee", &guarantees) == Some(Guarantee::ExactlyOnce) {
        let help = "write \"at-least-once\"; a sink may still see a message again after a crash";
        reader.not_available("guarantee", "delivery exactly once", help);
    }
    let on_error = on_error(reader, direction);
    let (attempts, restarts) = (reader.small_integer("attempts"), reader.small_integer("restarts"));
    let flush = reader.section("flush");
    let flush = FlushLimit {
        messages: flush.integer("messages"),
        bytes: flush.size("bytes"),
        age: flush.duration("age"),
    };
    Some(Delivery { on_error: on_error?, attempts, restarts, flush })
}

fn on_error(reader: &Reader<'_>, direction: Option<&Direction>) -> Option<OnError> {
    let policies = [
        ("stop", ErrorPolicy::Stop),
        ("skip", ErrorPolicy::Skip),
        ("dead_letter", ErrorPolicy::DeadLetter),
    ];
    let policy = reader.choice("on_error", &policies);
    let topic = reader.text("dead_letter_topic").map(|text| match text.split_once('/') {
        Some((stream, topic)) => {
            DeadLetterTopic { stream: Some(stream.to_owned()), topic: topic.to_owned() }
        }
        None => DeadLetterTopic { stream: None, topic: text },
    });
    if let Some(topic) = &topic {
        check_topic(reader, topic, direction);
    }
    match (policy?, topic) {
        (ErrorPolicy::Stop, None) => Some(OnError::Stop),
        (ErrorPolicy::Skip, None) => Some(OnError::Skip),
        (ErrorPolicy::DeadLetter, Some(topic)) => Some(OnError::DeadLetter(topic)),
        (ErrorPolicy::DeadLetter, None) => {
            if !reader.has("dead_letter_topic") {
                let detail = "`on_error = \"dead_letter\"` needs a `dead_letter_topic`";
                let help = "add `dead_letter_topic = \"orders.dlq\"` to [delivery]";
                reader.conflict("on_error", detail, help);
            }
            None
        }
        (ErrorPolicy::Stop | ErrorPolicy::Skip, Some(_)) => {
            let detail = "`dead_letter_topic` has no effect without `on_error = \"dead_letter\"`";
            let help = "add `on_error = \"dead_letter\"`, or remove `dead_letter_topic`";
            reader.conflict("dead_letter_topic", detail, help);
            None
        }
    }
}

fn check_topic(reader: &Reader<'_>, dead: &DeadLetterTopic, direction: Option<&Direction>) {
    let names = [dead.stream.as_deref().unwrap_or("default"), &dead.topic];
    if names.iter().any(|name| name.is_empty() || check_iggy_name(name).is_err()) {
        let detail = "a stream and a topic have 1 to 255 bytes each";
        reader.refuse("dead_letter_topic", detail, "write \"topic\" or \"stream/topic\"");
    }
    let loops = |stream: &str, topics: &[String]| {
        dead.stream.as_deref().is_none_or(|dead| dead == stream) && topics.contains(&dead.topic)
    };
    let loops = match direction {
        Some(Direction::Sink(streams)) => streams.iter().any(|it| loops(&it.stream, &it.topics)),
        Some(Direction::Source(stream)) => loops(&stream.stream, &stream.topics),
        None => false,
    };
    if loops {
        let detail = format!("dead letters would go to `{dead}`, a topic of this connector");
        reader.conflict("dead_letter_topic", detail, "choose a topic of its own");
    }
}
