//! TLS to the broker, and who signs in.

use std::fs;

use embedded_iggy::Tls;

use crate::support::client::Access;
use crate::support::destination::Account;
use crate::support::{Authority, Broker, Connector, Target, World};

const DOMAIN: &str = "broker.test";
const COUNT: u64 = 2_000;
const USERNAME: &str = "us@er:/ö\"#";
const PASSWORD: &str = "p@:/ä\"#";

fn new_authority() -> Authority {
    let authority = Authority::new();
    authority.issue(DOMAIN);
    authority
}

fn broker_of(authority: &Authority) -> Broker {
    let tls = Tls::PemFiles {
        certificates: authority.file("server.pem"),
        key: authority.file("server.key"),
    };
    let access = Access {
        address: String::new(),
        username: USERNAME.to_owned(),
        password: PASSWORD.to_owned(),
        tls: Some((authority.file("ca.pem"), DOMAIN.to_owned())),
    };
    Broker::with_tls(tls, access)
}

/// `[iggy]` with these lines for who signs in.
fn iggy(authority: &Authority, broker: &Broker, identity: &str) -> String {
    let (address, ca) = (&broker.client.access().address, authority.file("ca.pem"));
    format!(
        "address = \"{address}\"\n{identity}\n[iggy.tls]\nenabled = true\nca_file = {ca:?}\n\
         domain = \"{DOMAIN}\"\n"
    )
}

/// Sends and delivers, and finds no secret in the log.
fn assert_messages_pass(world: &World, secret: &str) {
    let target = Target::unique("numbers");
    let out = world.folder("out");
    world.connector("numbers", Connector::numbers(&target, COUNT).create(2));
    world.connector("files", Connector::files(&target, &out).create(2));
    let ended = world.run(&["--once", "--log-level", "debug"]).wait().with_code(0);
    Account::of(&out, COUNT).assert_exact();
    let escaped = serde_json::to_string(secret).unwrap();
    for secret in [secret, escaped.trim_matches('"')] {
        assert!(!ended.log.contains(secret), "the log holds the secret");
    }
}

#[test]
fn given_a_private_authority_and_an_awkward_password_should_pass_messages() {
    let authority = new_authority();
    let broker = broker_of(&authority);
    let identity = format!("username = {USERNAME:?}\npassword = {PASSWORD:?}");
    assert_messages_pass(&World::with_iggy(&iggy(&authority, &broker, &identity)), PASSWORD);
}

#[test]
fn given_a_password_in_a_file_should_pass_messages() {
    let authority = new_authority();
    let broker = broker_of(&authority);
    let file = authority.file("password");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let identity = format!("username = {USERNAME:?}\npassword = \"file:{}\"", file.display());
    assert_messages_pass(&World::with_iggy(&iggy(&authority, &broker, &identity)), PASSWORD);
}

#[test]
fn given_a_personal_access_token_should_pass_messages() {
    let authority = new_authority();
    let broker = broker_of(&authority);
    let token = broker.client.create_token("kennel");
    let lines = iggy(&authority, &broker, &format!("token = {token:?}"));
    assert_messages_pass(&World::with_iggy(&lines), &token);
}

#[test]
fn given_the_wrong_password_should_wait_and_say_so_and_work_once_it_is_right() {
    let authority = new_authority();
    let broker = broker_of(&authority);
    let wrong = format!("username = {USERNAME:?}\npassword = \"something else\"");
    let world = World::with_iggy(&iggy(&authority, &broker, &wrong));
    let target = Target::unique("numbers");
    world.connector("sink", Connector::sink("noop_sink.wasm", &target).create(1));
    let mut host = world.run(&[]);
    host.until_logged("the broker does not accept the credentials", 1);
    assert!(!host.log().contains("something else"), "the log holds the secret");
    host.terminate().with_code(0);
}

#[test]
fn given_a_certificate_of_a_stranger_should_not_sign_in() {
    let (authority, stranger) = (new_authority(), new_authority());
    let broker = broker_of(&authority);
    let identity = format!("username = {USERNAME:?}\npassword = {PASSWORD:?}");
    let trusting = iggy(&authority, &broker, &identity);
    let own = authority.file("ca.pem").display().to_string();
    let others = stranger.file("ca.pem").display().to_string();
    let world = World::with_iggy(&trusting.replace(&own, &others));
    let target = Target::unique("numbers");
    world.connector("sink", Connector::sink("noop_sink.wasm", &target).create(1));
    let mut host = world.run(&[]);
    host.until_logged("TLS", 1);
    host.terminate().with_code(0);
    assert_eq!(broker.client.partitions(&target), None);
}
