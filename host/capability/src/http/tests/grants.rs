//! A grant opens what it says and nothing next to it.

use super::*;

#[tokio::test]
async fn given_a_rule_should_reach_its_scheme_host_port_and_path_and_nothing_next_to_it() {
    let (server, other) = (Server::start(OK).await, Server::start(OK).await);
    let (port, other_port) = (server.port, other.port);
    let mut guest = Guest::new(vec![Rule { path: "/v1/", ..rule("127.0.0.1", port) }]);
    for (url, reached) in [
        (format!("http://127.0.0.1:{port}/v1/records?x=1"), true),
        (format!("http://127.0.0.1:{port}/v1/"), true),
        (format!("http://127.0.0.1:{port}/v1"), false),
        (format!("http://127.0.0.1:{port}/v2/records"), false),
        (format!("http://127.0.0.1:{port}/"), false),
        (format!("https://127.0.0.1:{port}/v1/records"), false),
        (format!("http://127.0.0.1:{other_port}/v1/records"), false),
        ("http://127.0.0.1/v1/records".to_owned(), false),
        (format!("http://localhost:{port}/v1/records"), false),
        (format!("http://127.0.0.2:{port}/v1/records"), false),
        (format!("http://[::1]:{port}/v1/records"), false),
    ] {
        let before = server.requests().len();
        let outcome = guest.get(&url).await;
        match reached {
            true => assert_eq!(outcome, Ok(200), "{url}"),
            false => assert_eq!(outcome, refused("HttpRequestDenied"), "{url}"),
        }
        assert_eq!(server.requests().len() - before, usize::from(reached), "{url}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn given_no_rule_should_reach_nothing_and_look_nothing_up() {
    let server = Server::start(OK).await;
    let resolver = Scripted::of("localhost", &[&["127.0.0.1"]]);
    let mut guest = Guest::resolving(vec![], resolver.clone());
    for url in [server.url("/"), format!("http://localhost:{}/", server.port)] {
        assert_eq!(guest.get(&url).await, refused("HttpRequestDenied"), "{url}");
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(resolver.asked(), [""; 0]);
}

#[tokio::test]
async fn given_names_should_lead_where_the_kind_of_grant_lets_them() {
    // What the resolver says, and whether a name in full and one by `*` lead there.
    for (answer, in_full, by_wildcard) in [
        ("93.184.216.34", true, true),
        ("::ffff:93.184.216.34", true, true),
        ("10.0.0.7", true, false),
        ("fd12::1", true, false),
        ("127.0.0.1", false, false),
        ("::1", false, false),
        ("::ffff:127.0.0.1", false, false),
        ("169.254.169.254", false, false),
        ("fd00:ec2::254", false, false),
        ("0.0.0.0", false, false),
        ("64:ff9b::7f00:1", false, false),
        ("64:ff9b::a9fe:a9fe", false, false),
        ("2002:7f00:1::", false, false),
    ] {
        let resolver = Scripted::of("a.example.com", &[&[answer]]);
        for (naming, leads) in [(Naming::Full, in_full), (Naming::Wildcard, by_wildcard)] {
            let outcome = connect::resolve(naming, &*resolver, "a.example.com").await;
            assert_eq!(outcome.is_ok(), leads, "{answer} {naming:?}");
            let expected = answer.parse::<IpAddr>().unwrap().to_canonical();
            assert!(outcome.into_iter().flatten().all(|it| it.ip() == expected), "{answer}");
        }
    }
}

#[tokio::test]
async fn given_some_answers_that_are_not_granted_should_connect_to_the_others_only() {
    let answer: &[&str] = &["127.0.0.1", "10.0.0.7", "1.1.1.1", "::1"];
    let resolver = Scripted::of("a.example.com", &[answer]);
    let addresses = async |naming| {
        let outcome = connect::resolve(naming, &*resolver, "a.example.com").await;
        outcome.unwrap().map(|it| it.ip().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(addresses(Naming::Full).await, ["10.0.0.7", "1.1.1.1"]);
    assert_eq!(addresses(Naming::Wildcard).await, ["1.1.1.1"]);
}

#[tokio::test]
async fn given_localhost_should_lead_to_loopback_and_nowhere_else() {
    let server = Server::start(OK).await;
    let resolver = Scripted::of("localhost", &[&["10.0.0.7", "127.0.0.1"], &["10.0.0.7"]]);
    let url = format!("http://localhost:{}/", server.port);
    let rules = || vec![rule("localhost", server.port)];
    assert_eq!(Guest::resolving(rules(), resolver.clone()).get(&url).await, Ok(200));
    let denied = Guest::resolving(rules(), resolver).get(&url).await;
    assert_eq!(denied, refused("DestinationIpProhibited"));
}

/// Says that any host is granted, by `*`.
#[derive(Debug)]
struct AnyHost;

impl HttpRule for AnyHost {
    fn allows(&self, _scheme: &str, _host: &str, _port: u16, _path: &str) -> bool {
        true
    }

    fn naming(&self) -> Naming {
        Naming::Wildcard
    }
}

#[tokio::test]
async fn given_a_connection_under_a_wider_grant_should_not_use_it_for_a_narrower_one() {
    let server = Server::start(OK).await;
    let url = format!("http://localhost:{}/", server.port);
    let client = HttpClient::new().unwrap();
    let limits = StoreLimits::default();
    let mut wide = Guest::with(vec![rule("localhost", server.port)], client.clone(), limits);
    let mut narrow = Guest::with(vec![], client.clone(), limits);
    let rules: Vec<Arc<dyn HttpRule>> = vec![Arc::new(AnyHost)];
    let grants = Grants { http: rules, ..Grants::default() };
    let services = Services { http: client, state: None, metrics: GuestMetrics::new([]) };
    narrow.data = GuestData::new(&grants, services, Attributes::default(), limits).unwrap();

    for _ in 0..5 {
        assert_eq!(wide.get(&url).await, Ok(200));
    }
    let connections = server.connections();
    assert!(connections < 5, "connections are not used again");
    assert_eq!(narrow.get(&url).await, refused("DestinationIpProhibited"));
    assert_eq!((server.requests().len(), server.connections()), (5, connections));
}
