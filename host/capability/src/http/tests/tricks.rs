//! Ways around grants that do not work. Each test is one trick.

use super::*;

/// Sends to each URL; none may arrive, whatever the guest is told.
async fn assert_refused(guest: &mut Guest, server: &Server, urls: &[String]) {
    for url in urls {
        let outcome = guest.get(url).await;
        let expected = [refused("HttpRequestDenied"), refused("HttpRequestUriInvalid")];
        assert!(expected.contains(&outcome), "{url}: {outcome:?}");
    }
    assert_eq!(server.connections(), 0);
}

fn with_port(server: &Server, hosts: &[&str]) -> Vec<String> {
    hosts.iter().map(|host| format!("http://{host}:{}/", server.port)).collect()
}

#[tokio::test]
async fn trick_dns_rebinding_a_name_that_becomes_local_should_not_be_followed() {
    let server = Server::start(OK).await;
    // A public address that nobody has, and then this machine and its neighbours.
    let answers: &[&[&str]] = &[&["203.0.113.1"], &["127.0.0.1"], &["169.254.169.254"], &["::1"]];
    let resolver = Scripted::of("rebound.example", answers);
    let mut guest = Guest::resolving(vec![rule("rebound.example", server.port)], resolver.clone());
    let url = format!("http://rebound.example:{}/", server.port);
    let ask = Ask { timeout: Some(Duration::from_millis(50)), ..Ask::get(&url) };
    let first = guest.send(&ask).await;
    assert_ne!(first, refused("DestinationIpProhibited"), "a public address is allowed");
    for _ in 1..answers.len() {
        assert_eq!(guest.send(&ask).await, refused("DestinationIpProhibited"));
    }
    assert_eq!(resolver.asked().len(), answers.len(), "each connection asks once, and uses that");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn trick_addresses_in_ipv6_clothes_should_not_be_the_granted_one() {
    let server = Server::start(OK).await;
    let mut guest = Guest::new(server.rules());
    let hosts = ["[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"];
    assert_refused(&mut guest, &server, &with_port(&server, &hosts)).await;
}

#[tokio::test]
async fn trick_other_spellings_of_an_ipv4_address_should_not_be_looked_up() {
    let server = Server::start(OK).await;
    let resolver = Scripted::of("127.1", &[&["127.0.0.1"]]);
    let mut guest = Guest::resolving(server.rules(), resolver.clone());
    let hosts = [
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.1.",
        "127.000.000.001",
        "[127.0.0.1]",
        "0",
        "%31%32%37.0.0.1",
    ];
    assert_refused(&mut guest, &server, &with_port(&server, &hosts)).await;
    assert_eq!(resolver.asked(), [""; 0]);
}

#[tokio::test]
async fn trick_user_names_in_front_of_the_host_should_be_invalid() {
    let server = Server::start(OK).await;
    let mut guest = Guest::new(server.rules());
    let port = server.port;
    let urls = [
        format!("http://user@127.0.0.1:{port}/"),
        format!("http://user:secret@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}@evil.example/"),
        format!("http://evil.example:80@127.0.0.1:{port}/"),
        format!("http://@127.0.0.1:{port}/"),
    ];
    assert_refused(&mut guest, &server, &urls).await;
}

#[tokio::test]
async fn trick_names_that_resolvers_read_as_the_granted_one_should_be_denied() {
    let server = Server::start(OK).await;
    let resolver = Arc::new(SystemResolver);
    let mut guest = Guest::resolving(vec![rule("localhost", server.port)], resolver);
    let hosts = [
        "localhost.",
        "localhost..",
        ".localhost",
        "a.localhost",
        "localhost.localdomain",
        "local%68ost",
        "localhost%00.example",
        "lo\u{441}alhost",
        "\u{ff4c}ocalhost",
        "xn--localhost-",
        "localhost\\@evil.example",
        "localhost#.evil.example",
        "local host",
        "127.0.0.1",
        "",
    ];
    assert_refused(&mut guest, &server, &with_port(&server, &hosts)).await;
    let upper = format!("http://LocalHost:{}/", server.port);
    assert_eq!(guest.get(&upper).await, Ok(200), "case is no trick");
}

#[tokio::test]
async fn trick_ports_that_are_none_should_not_become_the_schemes() {
    let server = Server::start(OK).await;
    // As if it listened there.
    let mut guest = Guest::new(vec![rule("127.0.0.1", 80), rule("127.0.0.1", server.port)]);
    let port = server.port;
    let ports = ["0", "65536", "99999", "+80", "-1", "", "8O", "0x50", " 80"];
    let mut urls: Vec<_> = ports.iter().map(|it| format!("http://127.0.0.1:{it}/")).collect();
    urls.push(format!("http://127.0.0.1:{port}:{port}/"));
    urls.push(format!("http://127.0.0.1:{}/", u32::from(port) + 65_536));
    for url in &urls {
        assert_eq!(guest.get(url).await, refused("HttpRequestUriInvalid"), "{url}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn trick_paths_that_cannot_be_read_in_one_way_should_be_invalid() {
    let server = Server::start(OK).await;
    let mut guest = Guest::new(server.rules());
    for path in ["/v1/..\\admin", "/v1\\..\\admin", "/v1/\u{ff0e}\u{ff0e}/admin", "/v1/ /admin"] {
        let url = server.url(path);
        assert_eq!(guest.get(&url).await, refused("HttpRequestUriInvalid"), "{path}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn trick_absolute_form_another_host_in_the_path_should_be_refused() {
    let server = Server::start(OK).await;
    let mut guest = Guest::new(server.rules());
    for path in ["http://evil.example/", "evil.example:80", "*", "x/../y", ":8080/"] {
        let fields = guest.fields(&[]).unwrap();
        let mut http = guest.data.http();
        let request = HostOutgoingRequest::new(&mut http, fields).unwrap();
        let outcome = http.set_path_with_query(request, Some(path.to_owned())).unwrap();
        assert_eq!(outcome, Err(()), "{path}");
    }
    // A double slash stays a path of the granted host.
    assert_eq!(guest.get(&server.url("//evil.example/x")).await, Ok(200));
    let requests = server.requests();
    assert!(requests[0].head.starts_with("GET //evil.example/x HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[0].head.contains(&format!("host: 127.0.0.1:{}\r\n", server.port)));
}

#[tokio::test]
async fn trick_line_breaks_in_headers_should_be_refused() {
    let mut guest = Guest::new(vec![]);
    for (name, value) in [
        ("x-a", "1\r\nhost: evil.example"),
        ("x-a", "1\nhost: evil.example"),
        ("x-a", "1\r\n\r\nGET /admin HTTP/1.1"),
        ("x-a", "1\0"),
        ("x-a\r\nhost", "evil.example"),
        ("x-a: 1\r\nx-b", "2"),
        ("x a", "1"),
        ("", "1"),
        ("content-length", "5, 6"),
        ("content-length", "+5"),
    ] {
        let outcome = guest.fields(&[(name, value)]).map(|_| ());
        assert!(matches!(outcome, Err(HeaderError::InvalidSyntax)), "{name:?}: {outcome:?}");
    }
    let twice = guest.fields(&[("content-length", "5"), ("content-length", "6")]).map(|_| ());
    assert!(matches!(twice, Err(HeaderError::InvalidSyntax)), "{twice:?}");
}

#[tokio::test]
async fn trick_headers_of_the_host_and_of_proxies_should_be_forbidden() {
    let mut guest = Guest::new(vec![]);
    for name in [
        "host",
        "Host",
        "HOST",
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "Transfer-Encoding",
        "upgrade",
        "http2-settings",
        "proxy-authorization",
        "proxy-authenticate",
        "forwarded",
        "via",
        "x-forwarded-for",
        "X-Forwarded-Host",
        "x-forwarded-proto",
        "x-real-ip",
        "x-original-url",
        "x-rewrite-url",
    ] {
        let outcome = guest.fields(&[(name, "1")]).map(|_| ());
        assert!(matches!(outcome, Err(HeaderError::Forbidden)), "{name}: {outcome:?}");
    }
    assert!(guest.fields(&[("authorization", "x"), ("cookie", "y"), ("x-host", "z")]).is_ok());
}

#[tokio::test]
async fn trick_tunnels_and_echoes_should_be_no_method() {
    let server = Server::start(OK).await;
    let mut guest = Guest::new(server.rules());
    let url = server.url("/");
    let other = |name: &str| Method::Other(name.to_owned());
    for method in [Method::Connect, Method::Trace, other("CONNECT"), other("track"), other("trace")]
    {
        let ask = Ask { method: method.clone(), ..Ask::get(&url) };
        let outcome = guest.send(&ask).await;
        assert_eq!(outcome, refused("HttpRequestMethodInvalid"), "{method:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn trick_a_redirect_to_loopback_should_not_be_followed_and_its_target_checked_again() {
    let target = Server::start(OK).await;
    let elsewhere = target.url("/admin");
    let answer = format!("HTTP/1.1 307 x\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
    let server = Server::start(answer).await;
    let mut guest = Guest::new(server.rules());
    assert_eq!(guest.get(&server.url("/")).await, Ok(307));
    assert_eq!(guest.get(&elsewhere).await, refused("HttpRequestDenied"));
    assert_eq!(target.connections(), 0);
}
