//! Users, tokens, statistics, options.

use std::collections::BTreeMap;

use embedded_iggy::Server;
use iggy::prelude::*;

use crate::support::{
    STREAM, TOPIC, client, code, create_topic, id, numbered, send, server, stranger,
};

fn may_poll(stream: usize) -> Permissions {
    let stream_permissions =
        StreamPermissions { poll_messages: true, ..StreamPermissions::default() };
    Permissions {
        global: GlobalPermissions::default(),
        streams: Some(BTreeMap::from([(stream, stream_permissions)])),
    }
}

async fn try_poll(client: &IggyClient) -> Result<PolledMessages, IggyError> {
    let (consumer, first) = (Consumer::new(id("reader")), PollingStrategy::first());
    client.poll_messages(&id(STREAM), &id(TOPIC), Some(0), &consumer, &first, 10, false).await
}

#[tokio::test]
async fn given_a_user_when_created_should_do_what_is_permitted_and_nothing_else() {
    let server = server().await;
    let root = client(&server).await;
    create_topic(&root, 1).await;
    send(&root, 0, &mut numbered(0..3)).await;
    let created =
        root.create_user("reader", "secret", UserStatus::Active, Some(may_poll(0))).await.unwrap();
    assert_eq!((created.id, created.username.as_str()), (1, "reader"));
    assert_eq!(created.permissions, Some(may_poll(0)));
    let twice = root.create_user("reader", "secret", UserStatus::Active, None).await;
    assert_eq!(code(twice), 46);

    let user = stranger(&server).await;
    assert_eq!(user.login_user("reader", "secret").await.unwrap().user_id, 1);
    assert_eq!(try_poll(&user).await.unwrap().messages.len(), 3);
    let partition = Partitioning::partition_id(0);
    let send = user.send_messages(&id(STREAM), &id(TOPIC), &partition, &mut numbered(0..1)).await;
    assert_eq!(code(send), 41);
    for refused in [
        code(user.create_stream("other").await),
        code(user.get_streams().await),
        code(user.get_users().await),
        code(user.get_stats().await),
        code(user.delete_topic(&id(STREAM), &id(TOPIC)).await),
        code(user.get_user(&Identifier::numeric(0).unwrap()).await),
    ] {
        assert_eq!(refused, 41);
    }
    assert_eq!(user.get_user(&id("reader")).await.unwrap().unwrap().id, 1);

    root.update_permissions(&id("reader"), None).await.unwrap();
    assert_eq!(code(try_poll(&user).await), 41);
    root.update_permissions(&id("reader"), Some(may_poll(0))).await.unwrap();
    root.delete_user(&id("reader")).await.unwrap();
    assert_eq!(code(try_poll(&user).await), 41);
    assert_eq!(code(stranger(&server).await.login_user("reader", "secret").await), 42);
}

#[tokio::test]
async fn given_users_when_changed_should_log_in_accordingly() {
    let server = server().await;
    let root = client(&server).await;
    root.create_user("ops", "secret", UserStatus::Active, None).await.unwrap();
    let user = id("ops");
    assert_eq!(code(root.change_password(&user, "wrong", "better").await), 42);
    root.change_password(&user, "secret", "better").await.unwrap();
    assert_eq!(code(stranger(&server).await.login_user("ops", "secret").await), 42);
    stranger(&server).await.login_user("ops", "better").await.unwrap();
    let options = UserUpdateOptions::default();
    root.update_user(&user, Some("admin"), Some(UserStatus::Inactive), &options).await.unwrap();
    assert!(stranger(&server).await.login_user("admin", "better").await.is_err());
    let taken = root.update_user(&id("admin"), Some("iggy"), None, &options).await;
    assert_eq!(code(taken), 46);
    assert_eq!(root.get_users().await.unwrap().len(), 2);
    let itself = Identifier::numeric(0).unwrap();
    assert_eq!(code(root.delete_user(&itself).await), 48);
    assert_eq!(code(root.update_permissions(&itself, None).await), 49);
}

#[tokio::test]
async fn given_a_token_when_logging_in_with_it_should_be_its_owner_until_it_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Server::builder().data_dir(folder.path().to_owned());
    let server = builder.clone().start().await.unwrap();
    let root = client(&server).await;
    root.create_user("ops", "secret", UserStatus::Active, Some(may_poll(0))).await.unwrap();
    let owner = stranger(&server).await;
    owner.login_user("ops", "secret").await.unwrap();
    let token =
        owner.create_personal_access_token("ci", IggyExpiry::NeverExpire).await.unwrap().token;
    let again = owner.create_personal_access_token("ci", IggyExpiry::NeverExpire).await;
    assert_eq!(code(again), 51);
    let soon = IggyExpiry::ExpireDuration(IggyDuration::from(1));
    let expired = owner.create_personal_access_token("short", soon).await.unwrap().token;
    assert_eq!(owner.get_personal_access_tokens().await.unwrap().len(), 2);
    assert!(root.get_personal_access_tokens().await.unwrap().is_empty());
    server.die().await;

    let server = builder.start().await.unwrap();
    let user = stranger(&server).await;
    assert_eq!(user.login_with_personal_access_token(&token).await.unwrap().user_id, 1);
    for wrong in ["", "no-such-token", expired.as_str()] {
        assert!(stranger(&server).await.login_with_personal_access_token(wrong).await.is_err());
    }
    assert_eq!(code(user.create_stream("other").await), 41);
    user.delete_personal_access_token("ci").await.unwrap();
    assert!(stranger(&server).await.login_with_personal_access_token(&token).await.is_err());
    stranger(&server).await.login_user("ops", "secret").await.unwrap();
}

#[tokio::test]
async fn given_a_server_when_asked_for_statistics_should_count_what_is_there() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 3).await;
    client.create_consumer_group(&id(STREAM), &id(TOPIC), "group").await.unwrap();
    send(&client, 1, &mut numbered(0..5)).await;
    let stats = client.get_stats().await.unwrap();
    let counts =
        (stats.streams_count, stats.topics_count, stats.partitions_count, stats.messages_count);
    assert_eq!(counts, (1, 1, 3, 5));
    assert_eq!((stats.consumer_groups_count, stats.clients_count), (1, 1));
    assert_eq!(stats.process_id, std::process::id());
}

#[tokio::test]
async fn given_scopes_when_described_should_list_the_options_of_topics() {
    let server = server().await;
    let client = client(&server).await;
    let topic = client.describe_options(OptionsScope::Topic).await.unwrap();
    let keys: Vec<&str> = topic.iter().map(|option| option.key.as_str()).collect();
    for key in iggy_common::TOPIC_OPTION_KEYS {
        assert!(keys.contains(key), "{key} is not described");
    }
    assert!(topic.iter().all(|option| !option.description.is_empty()));
    assert!(client.describe_options(OptionsScope::User).await.unwrap().is_empty());
}
