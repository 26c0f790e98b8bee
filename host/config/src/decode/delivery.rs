//! The `[delivery]` section.

use std::collections::BTreeSet;

use super::{Surroundings, check_iggy_name};
use crate::connector::Direction;
use crate::delivery::{DeadLetterTopic, Delivery, FlushLimit, Guarantee, OnError};
use crate::policy::Asked;
use crate::reader::Reader;

#[derive(Clone, Copy, PartialEq, Eq)]
enum ErrorPolicy {
    Stop,
    Skip,
    DeadLetter,
}

/// None: something required is wrong; the errors say what.
pub(super) fn delivery(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    direction: Option<&Direction>,
) -> Option<Delivery> {
    let guarantees =
        [("at-least-once", Guarantee::AtLeastOnce), ("exactly-once", Guarantee::ExactlyOnce)];
    let guarantee = reader.choice("guarantee", &guarantees);
    if guarantee == Some(Guarantee::ExactlyOnce) && matches!(direction, Some(Direction::Source(_)))
    {
        // D8: the broker keeps no identities that would tell a repetition from a new message.
        let detail = "a source cannot deliver exactly once: Iggy appends what is sent twice, twice";
        let help = "write \"at-least-once\", and let readers drop repetitions by message id";
        reader.conflict("guarantee", detail, help);
    }
    let on_error = on_error(reader, surroundings, direction);
    let (attempts, restarts) = (reader.small_integer("attempts"), reader.small_integer("restarts"));
    let dead_letter_budget = reader.small_integer("dead_letter_budget");
    let flush = reader.section("flush");
    let flush = FlushLimit {
        messages: flush.integer("messages"),
        bytes: flush.size("bytes"),
        age: flush.duration("age"),
    };
    Some(Delivery {
        guarantee: guarantee?,
        guarantee_origin: reader.origin_of("guarantee").clone(),
        on_error: on_error?,
        attempts,
        restarts,
        dead_letter_budget,
        flush,
    })
}

fn on_error(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    direction: Option<&Direction>,
) -> Option<OnError> {
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
        let origin = reader.origin_of("dead_letter_topic");
        for stream in streams_of(topic, direction) {
            let asked = Asked::Topic { stream, topic: &topic.topic };
            surroundings.judge(&asked, origin, reader.errors);
        }
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

/// The streams that dead letters go to.
fn streams_of<'a>(
    topic: &'a DeadLetterTopic,
    direction: Option<&'a Direction>,
) -> BTreeSet<&'a str> {
    if let Some(stream) = &topic.stream {
        return BTreeSet::from([stream.as_str()]);
    }
    match direction {
        Some(Direction::Sink(streams)) => streams.iter().map(|it| it.stream.as_str()).collect(),
        Some(Direction::Source(stream)) => BTreeSet::from([stream.stream.as_str()]),
        None => BTreeSet::new(),
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
