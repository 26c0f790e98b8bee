//! The HTTP sink against a real server.

use std::collections::BTreeMap;

use crate::support::{Authority, Broker, Connector, HttpServer, Target, message};

const COUNT: u64 = 3_000;

fn sink(target: &Target, server: &HttpServer) -> Connector {
    let url = server.url();
    Connector::sink("http_sink.wasm", target)
        .config(&format!("url = \"{url}/v1/records\""))
        .grant(&format!("http = [\"{url}/v1/*\"]"))
}

/// How often each line arrived.
fn counted(lines: Vec<String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

#[test]
fn given_a_server_should_get_every_message_once_and_in_order() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let server = HttpServer::start(0);
    let world = broker.world();
    world.connector("numbers", Connector::numbers(&target, COUNT).create(1));
    world.connector("http", sink(&target, &server).create(1));
    world.run_once().with_code(0);
    let expected: Vec<_> = (0..COUNT).map(|n| format!("{{\"sequence\":{n}}}")).collect();
    assert_eq!(server.lines(), expected);
}

#[test]
fn given_a_server_that_refuses_at_first_should_cost_nothing() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let server = HttpServer::start(6);
    let world = broker.world();
    world.connector("numbers", Connector::numbers(&target, COUNT).create(2));
    let http = sink(&target, &server)
        .create(2)
        .stream("parallelism = 2")
        .dead_letters("numbers.dlq")
        .delivery("attempts = 1");
    world.connector("http", http);
    let ended = world.run_once().with_code(0);
    assert_eq!(server.refused(), 6);
    let counts = counted(server.lines());
    assert_eq!(counts.len() as u64, COUNT);
    assert!(counts.values().all(|times| *times == 1), "a message arrived twice");
    assert_eq!(ended.connector("http")["dead_lettered"], 0);
    assert_eq!(broker.client.partitions(&target.topic("numbers.dlq")), None);
}

#[test]
fn given_single_messages_with_metadata_should_keep_every_byte() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let server = HttpServer::start(0);
    broker.client.create_topic(&target, 1);
    let payloads: [&[u8]; 3] = [b"{ \"a\" :\n 1.0 }", &[0, 10, 255, 13], "ä\r\n".as_bytes()];
    broker.client.send(&target, 0, payloads.map(message).into());
    let world = broker.world();
    let http = sink(&target, &server)
        .stream("format = \"raw\"")
        .config("mode = \"single\"\nmetadata = true\nheaders = { authorization = \"Bearer x\" }");
    world.connector("http", http);
    world.run_once().with_code(0);
    let requests = server.requests();
    assert_eq!(requests.iter().map(|it| it.body.as_slice()).collect::<Vec<_>>(), payloads);
    for (offset, request) in requests.iter().enumerate() {
        assert_eq!(request.path, "/v1/records");
        assert_eq!(request.headers["x-kennel-offset"], offset.to_string());
        assert_eq!(request.headers["x-kennel-topic"], "numbers");
        assert_eq!(request.headers["authorization"], "Bearer x");
    }
}

#[test]
fn given_a_host_that_is_not_granted_should_be_denied_with_the_line_that_grants_it() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let server = HttpServer::start(0);
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..3);
    let world = broker.world();
    let denied = |grant: &str| {
        Connector::sink("http_sink.wasm", &target)
            .config(&format!("url = \"{}/v1/records\"", server.url()))
            .grant(grant)
    };
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    world.connector("nothing", denied("http = []"));
    world.connector("other-name", denied(&format!("http = [\"http://localhost:{port}/*\"]")));
    world.connector("other-path", denied(&format!("http = [\"{}/v2/*\"]", server.url())));
    for ended in [world.command("check", &[]), world.command("run", &["--once"])] {
        let log = ended.with_code(2).log;
        let line = format!("add to [grants]: http = [\"{}/v1/records\"]", server.url());
        assert_eq!(log.matches(&line).count(), 3, "{log}");
        assert_eq!(log.matches("error[ask_not_granted]").count(), 3, "{log}");
    }
    assert!(server.requests().is_empty(), "something got through");
    for key in ["nothing", "other-name", "other-path"] {
        let stored = broker.client.stored_offset(&target, &format!("kennel-{key}"), 0);
        assert_eq!(stored, None, "{key}");
    }
}

#[test]
fn given_a_server_that_fails_for_long_should_open_the_breaker_and_cost_nothing() {
    let broker = Broker::start();
    let target = Target::unique("records");
    let server = HttpServer::start(u32::MAX);
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..10);
    let world = broker.world();
    world.connector(
        "web",
        sink(&target, &server).dead_letters("records.dlq").delivery("attempts = 1"),
    );
    let mut host = world.run(&[]);
    host.until("it was refused some times", || server.refused() >= 4);
    let stopped = host.terminate().with_code(0);
    let web = stopped.connector("web");
    assert_eq!(web["breaker"], "open", "{web}");
    assert!(web["unavailable"].as_str().is_some_and(|reason| reason.contains("503")), "{web}");
    assert!(web["failures"].as_u64() >= Some(4), "{web}");
    assert_eq!(broker.client.stored_offset(&target, "kennel-web", 0), None);

    server.recover();
    let ended = world.run_once().with_code(0);
    assert_eq!(ended.connector("web")["breaker"], "closed");
    assert_eq!(server.lines().len(), 10);
    assert_eq!(broker.client.partitions(&target.topic("records.dlq")), None, "a dead letter");
}

#[test]
fn given_a_private_authority_should_speak_tls_with_its_servers_and_with_no_others() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let (authority, stranger) = (Authority::new(), Authority::new());
    authority.issue("localhost");
    stranger.issue("localhost");
    let (server, other) = (HttpServer::start_tls(&authority), HttpServer::start_tls(&stranger));
    let secure = |server: &HttpServer| {
        let url = format!("https://localhost:{}/v1", server.port());
        Connector::sink("http_sink.wasm", &target)
            .config(&format!("url = \"{url}/records\""))
            .grant(&format!("http = [\"{url}/*\"]"))
    };
    let world = broker.world();
    let address = &broker.client.access().address;
    let ca = authority.file("ca.pem");
    world.host(&format!(
        "address = \"{address}\"\nusername = \"iggy\"\npassword = \"iggy\"\n\
         [network]\nca_files = [{ca:?}]\n"
    ));
    world.connector("numbers", Connector::numbers(&target, COUNT).create(1));
    world.connector("http", secure(&server).create(1));
    world.run_once().with_code(0);
    let expected: Vec<_> = (0..COUNT).map(|n| format!("{{\"sequence\":{n}}}")).collect();
    assert_eq!(server.lines(), expected);

    world.connector("stranger", secure(&other));
    let mut host = world.run(&[]);
    host.until_logged("TlsCertificateError", 1);
    host.terminate().with_code(0);
    assert!(other.requests().is_empty(), "a stranger got the messages");
}

#[test]
fn given_proxies_in_the_environment_should_not_use_them() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let (server, proxy) = (HttpServer::start(0), HttpServer::start(0));
    let world = broker.world();
    world.connector("numbers", Connector::numbers(&target, COUNT).create(1));
    world.connector("http", sink(&target, &server).create(1));
    let url = proxy.url();
    let names =
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let variables = names.map(|name| (name, url.as_str()));
    world.run_once_with(&variables).with_code(0);
    assert_eq!(server.count_lines(), COUNT);
    assert!(proxy.requests().is_empty());
}

#[test]
fn given_a_name_that_leads_elsewhere_should_open_only_that_path_of_that_host_and_port() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let (granted, neighbour) = (HttpServer::start(0), HttpServer::start(0));
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..3);
    let world = broker.world();
    let grant = format!("http = [\"http://localhost:{}/v1/*\"]", granted.port());
    let to = |url: String| {
        Connector::sink("http_sink.wasm", &target).config(&format!("url = \"{url}\"")).grant(&grant)
    };
    // What the configuration itself says is refused before anything runs.
    for elsewhere in [
        format!("http://localhost:{}/v1/records", neighbour.port()),
        format!("{}/v1/records", granted.url()),
        format!("https://localhost:{}/v1/records", granted.port()),
        format!("http://localhost:{}/v2/records", granted.port()),
    ] {
        world.connector("elsewhere", to(elsewhere.clone()));
        let refused = world.command("check", &[]).with_code(2);
        assert!(refused.log.contains("ask_not_granted"), "{elsewhere}: {}", refused.log);
    }
    std::fs::remove_file(world.config().join("elsewhere.toml")).unwrap();
    world.connector("granted", to(format!("http://localhost:{}/v1/records", granted.port())));
    world.connector("path", to(format!("http://localhost:{}/v1/../admin", granted.port())));
    world.connector("encoded", to(format!("http://localhost:{}/v1/%2e%2e/admin", granted.port())));
    let mut host = world.run(&[]);
    host.until("the granted one is delivered", || granted.count_lines() == 3);
    // Each of the two says it once.
    host.until_logged("denied HTTP request to", 2);
    host.until_logged("unauthorized", 2);
    host.terminate().with_code(0);
    assert!(neighbour.requests().is_empty());
    assert!(granted.requests().iter().all(|request| request.path == "/v1/records"));
}
