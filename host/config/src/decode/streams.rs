//! The `[[streams]]` sections.

use std::collections::HashSet;

use super::{Surroundings, check_iggy_name, iggy_name};
use crate::error::{ConfigError, Problem};
use crate::policy::Asked;
use crate::reader::Reader;
use crate::stream::{
    BatchLimit, CreateTopic, Format, PartitionBy, SinkStream, SourceStream, Start,
};

/// None: something required is wrong; the errors say what.
pub(super) fn sink_streams(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    default_group: &str,
) -> Option<Vec<SinkStream>> {
    let sections = sections(reader);
    if sections.is_empty() {
        return None;
    }
    let streams: Option<Vec<_>> =
        sections.iter().map(|section| sink_stream(section, surroundings, default_group)).collect();
    let streams = streams?;
    let mut seen = HashSet::new();
    for (section, stream) in sections.iter().zip(&streams) {
        for topic in &stream.topics {
            if !seen.insert((&stream.stream, topic)) {
                let detail =
                    format!("topic `{topic}` of stream `{}` is named twice", stream.stream);
                section.conflict("topics", detail, "name each topic once");
            }
        }
    }
    Some(streams)
}

fn sink_stream(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    default_group: &str,
) -> Option<SinkStream> {
    let stream = iggy_name(reader, "stream");
    let topics = topics(reader, surroundings, stream.as_deref());
    let format = format(reader);
    let consumer_group = match reader.has("consumer_group") {
        true => iggy_name(reader, "consumer_group"),
        false => Some(default_group.to_owned()),
    };
    let (batch, create) = (batch(reader), create(reader));
    let parallelism = reader.small_integer("parallelism");
    let start = start(reader);
    let poll_interval = reader.duration("poll_interval");
    Some(SinkStream {
        stream: stream?,
        topics: topics?,
        format: format?,
        consumer_group: consumer_group?,
        batch,
        parallelism,
        start: start?,
        create,
        poll_interval,
    })
}

/// None: something required is wrong; the errors say what.
pub(super) fn source_stream(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
) -> Option<SourceStream> {
    let sections = sections(reader);
    let (first, more) = sections.split_first()?;
    if let Some(second) = more.first() {
        let detail = "a source has exactly one [[streams]] section".to_owned();
        let help = "list several topics in `topics`; the component routes messages to them";
        let error = ConfigError::new(Problem::Conflict { detail });
        reader.errors.push(error.at(second.origin()).help(help));
    }
    let stream = iggy_name(first, "stream");
    let topics = topics(first, surroundings, stream.as_deref());
    let format = format(first);
    let (batch, create) = (batch(first), create(first));
    let partition_by = partition_by(first);
    let poll_interval = first.duration("poll_interval");
    Some(SourceStream {
        stream: stream?,
        topics: topics?,
        format: format?,
        create,
        partition_by: partition_by?,
        batch,
        poll_interval,
    })
}

/// None of them is an error, reported here.
fn sections<'a>(reader: &Reader<'a>) -> Vec<Reader<'a>> {
    let errors = reader.errors.len();
    let sections = reader.sections("streams");
    if sections.is_empty() && reader.errors.len() == errors {
        reader.refuse("streams", "the list is empty", "add a section [[streams]]");
    }
    sections
}

/// `stream` is None where it is wrong.
fn topics(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    stream: Option<&str>,
) -> Option<Vec<String>> {
    let errors = reader.errors.len();
    let topics = reader.texts("topics");
    for (topic, origin) in &topics {
        if let Some(stream) = stream {
            surroundings.judge(&Asked::Topic { stream, topic }, origin, reader.errors);
        }
        if let Err(detail) = check_iggy_name(topic) {
            reader.refuse("topics", detail, "choose a shorter name");
        }
    }
    let distinct: HashSet<_> = topics.iter().map(|(topic, _)| topic).collect();
    if distinct.len() < topics.len() {
        reader.refuse("topics", "a topic is named twice", "name each topic once");
    }
    if topics.is_empty() && reader.errors.len() == errors {
        reader.refuse("topics", "the list is empty", "name at least one topic");
    }
    (!topics.is_empty()).then(|| topics.into_iter().map(|(topic, _)| topic).collect())
}

fn format(reader: &Reader<'_>) -> Option<Format> {
    let formats = [("raw", Format::Raw), ("text", Format::Text), ("json", Format::Json)];
    reader.choice("format", &formats)
}

fn batch(reader: &Reader<'_>) -> BatchLimit {
    let reader = reader.section("batch");
    BatchLimit { messages: reader.small_integer("messages"), bytes: reader.size("bytes") }
}

fn create(reader: &Reader<'_>) -> Option<CreateTopic> {
    let (create, partitions) = (reader.flag("create"), reader.small_integer("partitions"));
    if !create && reader.has("partitions") {
        let detail = "`partitions` has no effect while topics are not made";
        reader.conflict("partitions", detail, "add `create = true`, or remove `partitions`");
    }
    create.then_some(CreateTopic { partitions })
}

fn start(reader: &Reader<'_>) -> Option<Start> {
    let choices = [("earliest", Start::Earliest), ("latest", Start::Latest)];
    let section = match reader.choice_or_section("start", &choices)? {
        Ok(start) => return Some(start),
        Err(section) => section,
    };
    let (offset, timestamp) = (section.integer_option("offset"), section.timestamp("timestamp"));
    match (section.has("offset"), section.has("timestamp")) {
        (true, false) => offset.map(Start::Offset),
        (false, true) => timestamp.map(Start::Timestamp),
        _ => {
            let help = "for example `start = { offset = 0 }`";
            reader.refuse("start", "needs either `offset` or `timestamp`", help);
            None
        }
    }
}

fn partition_by(reader: &Reader<'_>) -> Option<PartitionBy> {
    let choices = [("balanced", PartitionBy::Balanced), ("key", PartitionBy::Key)];
    match reader.choice_or_section("partition_by", &choices)? {
        Ok(partition_by) => Some(partition_by),
        Err(section) => {
            let partition = u32::try_from(section.integer_option("partition")?).ok()?;
            Some(PartitionBy::Partition(partition))
        }
    }
}
