use iggy::prelude::*;

use crate::support::{client, code, create_topic, id, server, stranger};

#[tokio::test]
async fn given_right_credentials_when_logging_in_should_be_root() {
    let server = server().await;
    let client = stranger(&server).await;
    client.ping().await.unwrap();
    let identity = client.login_user("iggy", "iggy").await.unwrap();
    assert_eq!(identity.user_id, 0);
    let me = client.get_me().await.unwrap();
    assert_eq!(me.user_id, Some(0));
}

#[tokio::test]
async fn given_a_wrong_password_when_logging_in_should_be_refused() {
    let server = server().await;
    let client = stranger(&server).await;
    assert_eq!(code(client.login_user("iggy", "wrong").await), 42);
    assert_eq!(code(client.login_user("nobody", "iggy").await), 42);
}

#[tokio::test]
async fn given_credentials_of_any_characters_when_logging_in_should_accept_them() {
    let (name, password) = ("ops@x:1", "p:ä\"ß/ %@#'");
    let server =
        embedded_iggy::Server::builder().credentials(name, password).start().await.unwrap();
    stranger(&server).await.login_user(name, password).await.unwrap();
    assert_eq!(code(stranger(&server).await.login_user("iggy", "iggy").await), 42);
}

#[tokio::test]
async fn given_no_login_when_reading_should_be_unauthenticated() {
    let server = server().await;
    let client = stranger(&server).await;
    assert_eq!(code(client.get_streams().await), 40);
}

#[tokio::test]
async fn given_a_logout_when_logging_in_again_should_work_on_the_same_connection() {
    let server = server().await;
    let client = stranger(&server).await;
    client.login_user("iggy", "iggy").await.unwrap();
    client.create_stream("first").await.unwrap();
    client.logout_user().await.unwrap();
    client.login_user("iggy", "iggy").await.unwrap();
    assert_eq!(client.get_streams().await.unwrap().len(), 1);
}

#[tokio::test]
async fn given_one_node_when_asked_for_the_cluster_should_name_the_address_reached() {
    let server = server().await;
    let metadata = client(&server).await.get_cluster_metadata().await.unwrap();
    assert_eq!(metadata.nodes.len(), 1);
    assert_eq!(metadata.nodes[0].endpoints.tcp, server.local_addr().port());
    assert_eq!(metadata.nodes[0].ip, "127.0.0.1");
}

#[tokio::test]
async fn given_several_clients_when_listed_should_show_each_until_it_leaves() {
    let server = server().await;
    let (first, second) = (client(&server).await, client(&server).await);
    create_topic(&first, 1).await;
    first.create_consumer_group(&id("orders"), &id("created"), "group").await.unwrap();
    second.join_consumer_group(&id("orders"), &id("created"), &id("group")).await.unwrap();
    let me = second.get_me().await.unwrap();
    assert_eq!(me.consumer_groups_count, 1);
    assert_eq!(first.get_clients().await.unwrap().len(), 2);
    assert_eq!(first.get_client(me.client_id).await.unwrap().unwrap().address, me.address);
    second.shutdown().await.unwrap();
    while first.get_clients().await.unwrap().len() > 1 {
        tokio::task::yield_now().await;
    }
    assert!(first.get_client(me.client_id).await.unwrap().is_none());
}

#[tokio::test]
async fn given_a_stopped_server_when_a_new_one_takes_its_port_should_reconnect() {
    let server = server().await;
    let address = server.local_addr();
    let client = client(&server).await;
    server.shutdown().await;
    let builder = embedded_iggy::Server::builder().bind(address.to_string());
    let _server = builder.start().await.unwrap();
    // A call that meets the client while it is reconnecting fails at once.
    while client.get_streams().await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn given_a_taken_port_when_starting_should_say_so() {
    let server = server().await;
    let builder = embedded_iggy::Server::builder().bind(server.local_addr().to_string());
    let error = builder.start().await.unwrap_err();
    assert!(error.to_string().contains(&server.local_addr().to_string()), "{error}");
}
