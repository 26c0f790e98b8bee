//! What a user may do.
//!
//! Permissions widen: a right on everything includes the right on one stream, that the right on
//! each of its topics; managing includes reading, and reading a topic includes polling it.

use iggy_binary_protocol::{WireGlobalPermissions, WirePermissions};

/// What a command needs. Streams and topics are named by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    ReadServers,
    ReadUsers,
    ManageUsers,
    /// List all streams.
    ReadStreams,
    /// Create a stream.
    ManageStreams,
    ReadStream(u32),
    ManageStream(u32),
    /// List the topics of a stream.
    ReadTopics(u32),
    /// Create a topic in a stream.
    ManageTopics(u32),
    ReadTopic(u32, u32),
    ManageTopic(u32, u32),
    Poll(u32, u32),
    Send(u32, u32),
}

/// Whether permissions cover a need.
pub(crate) fn permits(permissions: &WirePermissions, need: Need) -> bool {
    let global = &permissions.global;
    let manage_topics = global.manage_topics || global.manage_streams;
    let read_topics = manage_topics || global.read_topics || global.read_streams;
    let everywhere = match need {
        Need::ReadServers => global.read_servers || global.manage_servers,
        Need::ReadUsers => global.read_users || global.manage_users,
        Need::ManageUsers => global.manage_users,
        Need::ReadStreams | Need::ReadStream(_) => global.read_streams || global.manage_streams,
        Need::ManageStreams | Need::ManageStream(_) => global.manage_streams,
        Need::ReadTopics(_) | Need::ReadTopic(..) => read_topics,
        Need::ManageTopics(_) | Need::ManageTopic(..) => manage_topics,
        Need::Poll(..) => read_topics || global.poll_messages,
        Need::Send(..) => manage_topics || global.send_messages,
    };
    everywhere || permits_in_stream(permissions, need)
}

fn permits_in_stream(permissions: &WirePermissions, need: Need) -> bool {
    let (stream_id, topic_id) = match need {
        Need::ReadStream(stream)
        | Need::ManageStream(stream)
        | Need::ReadTopics(stream)
        | Need::ManageTopics(stream) => (stream, None),
        Need::ReadTopic(stream, topic)
        | Need::ManageTopic(stream, topic)
        | Need::Poll(stream, topic)
        | Need::Send(stream, topic) => (stream, Some(topic)),
        _ => return false,
    };
    let Some(stream) = permissions.streams.iter().find(|stream| stream.stream_id == stream_id)
    else {
        return false;
    };
    let manage_topics = stream.manage_topics || stream.manage_stream;
    let read_topics = manage_topics || stream.read_topics || stream.read_stream;
    let topic = stream.topics.iter().find(|topic| Some(topic.topic_id) == topic_id);
    let manage_topic = topic.is_some_and(|topic| topic.manage_topic);
    let read_topic = topic.is_some_and(|topic| topic.read_topic) || manage_topic;
    match need {
        Need::ReadStream(_) => stream.read_stream || stream.manage_stream,
        Need::ManageStream(_) => stream.manage_stream,
        Need::ReadTopics(_) => read_topics,
        Need::ManageTopics(_) => manage_topics,
        Need::ReadTopic(..) => read_topics || read_topic,
        Need::ManageTopic(..) => manage_topics || manage_topic,
        Need::Poll(..) => {
            read_topics
                || stream.poll_messages
                || read_topic
                || topic.is_some_and(|topic| topic.poll_messages)
        }
        Need::Send(..) => {
            manage_topics
                || stream.send_messages
                || manage_topic
                || topic.is_some_and(|topic| topic.send_messages)
        }
        _ => false,
    }
}

/// What root is shown to have.
pub(super) fn everything() -> WirePermissions {
    WirePermissions {
        global: WireGlobalPermissions {
            manage_servers: true,
            read_servers: true,
            manage_users: true,
            read_users: true,
            manage_streams: true,
            read_streams: true,
            manage_topics: true,
            read_topics: true,
            poll_messages: true,
            send_messages: true,
        },
        streams: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use iggy_binary_protocol::{WireStreamPermissions, WireTopicPermissions};

    use super::*;

    fn nothing() -> WirePermissions {
        let global = WireGlobalPermissions {
            manage_servers: false,
            read_servers: false,
            manage_users: false,
            read_users: false,
            manage_streams: false,
            read_streams: false,
            manage_topics: false,
            read_topics: false,
            poll_messages: false,
            send_messages: false,
        };
        WirePermissions { global, streams: Vec::new() }
    }

    fn on_stream(stream_id: u32) -> WireStreamPermissions {
        WireStreamPermissions {
            stream_id,
            manage_stream: false,
            read_stream: false,
            manage_topics: false,
            read_topics: false,
            poll_messages: false,
            send_messages: false,
            topics: Vec::new(),
        }
    }

    const ALL: [Need; 13] = [
        Need::ReadServers,
        Need::ReadUsers,
        Need::ManageUsers,
        Need::ReadStreams,
        Need::ManageStreams,
        Need::ReadStream(1),
        Need::ManageStream(1),
        Need::ReadTopics(1),
        Need::ManageTopics(1),
        Need::ReadTopic(1, 2),
        Need::ManageTopic(1, 2),
        Need::Poll(1, 2),
        Need::Send(1, 2),
    ];

    #[test]
    fn given_no_permission_should_permit_nothing_and_given_all_everything() {
        assert!(ALL.iter().all(|need| !permits(&nothing(), *need)));
        assert!(ALL.iter().all(|need| permits(&everything(), *need)));
    }

    #[test]
    fn given_read_streams_should_permit_reading_only() {
        let mut permissions = nothing();
        permissions.global.read_streams = true;
        assert!(permits(&permissions, Need::Poll(1, 2)));
        assert!(permits(&permissions, Need::ReadTopic(1, 2)));
        assert!(!permits(&permissions, Need::Send(1, 2)));
        assert!(!permits(&permissions, Need::ManageTopic(1, 2)));
    }

    #[test]
    fn given_permission_on_one_topic_should_not_reach_another() {
        let mut permissions = nothing();
        let mut stream = on_stream(1);
        stream.topics.push(WireTopicPermissions {
            topic_id: 2,
            manage_topic: false,
            read_topic: false,
            poll_messages: true,
            send_messages: false,
        });
        permissions.streams.push(stream);
        assert!(permits(&permissions, Need::Poll(1, 2)));
        assert!(!permits(&permissions, Need::Poll(1, 3)));
        assert!(!permits(&permissions, Need::Poll(2, 2)));
        assert!(!permits(&permissions, Need::ReadTopic(1, 2)));
    }

    #[test]
    fn given_management_of_a_stream_should_cover_its_topics() {
        let mut permissions = nothing();
        let mut stream = on_stream(1);
        stream.manage_stream = true;
        permissions.streams.push(stream);
        assert!(permits(&permissions, Need::ManageTopic(1, 9)));
        assert!(permits(&permissions, Need::Send(1, 9)));
        assert!(!permits(&permissions, Need::ManageStreams));
        assert!(!permits(&permissions, Need::ReadStreams));
    }
}
