use super::*;

fn parse(text: &str) -> Result<HttpGrant, HttpGrantError> {
    text.parse()
}

#[test]
fn given_valid_grants_should_print_them_in_full() {
    for (text, full) in [
        ("http://localhost:9200/", "http://localhost:9200/"),
        ("http://localhost:9200", "http://localhost:9200/*"),
        ("https://api.example.com", "https://api.example.com:443/*"),
        ("http://api.example.com", "http://api.example.com:80/*"),
        ("HTTPS://API.Example.COM/V1/*", "https://api.example.com:443/V1/*"),
        ("https://*.example.com/v1/*", "https://*.example.com:443/v1/*"),
        ("https://*.a.b.c:8443/x", "https://*.a.b.c:8443/x"),
        ("http://10.0.0.1:80/*", "http://10.0.0.1:80/*"),
        ("http://[::1]:8080/a*", "http://[::1]:8080/a*"),
        ("http://[0:0::1]/", "http://[::1]:80/"),
        ("http://my_service/a%20b", "http://my_service:80/a%20b"),
        ("http://xn--bcher-kva.example/*", "http://xn--bcher-kva.example:80/*"),
        ("http://1password.com/*", "http://1password.com:80/*"),
        ("http://h/*", "http://h:80/*"),
        ("http://h/a..b/...", "http://h:80/a..b/..."),
    ] {
        let grant = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(grant.to_string(), full, "{text}");
        assert_eq!(parse(full), Ok(grant), "{full}");
    }
}

#[test]
fn given_invalid_grants_should_name_the_part() {
    use HostPatternError::{Ipv4, Ipv6, Missing, Name, Wildcard};
    use HttpGrantError::*;
    for (text, error) in [
        ("", Scheme),
        ("api.example.com", Scheme),
        ("*", Scheme),
        ("//api.example.com", Scheme),
        ("ftp://api.example.com", Scheme),
        ("*://api.example.com", Scheme),
        (" http://api.example.com", Scheme),
        ("http:/api.example.com", Scheme),
        ("http://", Host(Missing)),
        ("http:///v1", Host(Missing)),
        ("http://:80", Host(Missing)),
        ("http://user@api.example.com", User),
        ("http://user:pw@api.example.com", User),
        ("http://api.example.com?x=1", Query),
        ("http://api.example.com/v1?x=*", Query),
        ("http://api.example.com/#top", Query),
        ("http://api..example.com", Host(Name)),
        ("http://.example.com", Host(Name)),
        ("http://example.com.", Host(Name)),
        ("http://-a.example.com", Host(Name)),
        ("http://a-.example.com", Host(Name)),
        ("http://bücher.example", Host(Name)),
        ("http://exa mple.com", Host(Name)),
        ("http://api.example.com\\evil", Host(Name)),
        ("http://api%2eexample.com", Host(Name)),
        ("http://127.1", Host(Ipv4)),
        ("http://2130706433", Host(Ipv4)),
        ("http://0x7f.0x1", Host(Ipv4)),
        ("http://0x7f000001", Host(Ipv4)),
        ("http://256.0.0.1", Host(Ipv4)),
        ("http://01.2.3.4", Host(Ipv4)),
        ("http://1.2.3.4.5", Host(Ipv4)),
        ("http://[::1", Host(Ipv6)),
        ("http://[::1]x", Host(Ipv6)),
        ("http://[fe80::1%25eth0]", Host(Ipv6)),
        ("http://[127.0.0.1]", Host(Ipv6)),
        ("http://*", Host(Wildcard)),
        ("http://*.com", Host(Wildcard)),
        ("http://*.*.example.com", Host(Wildcard)),
        ("http://a.*.example.com", Host(Wildcard)),
        ("http://a*.example.com", Host(Wildcard)),
        ("http://*example.com", Host(Wildcard)),
        ("http://*.0.0.1", Host(Wildcard)),
        ("http://h:", Port),
        ("http://h:0", Port),
        ("http://h:65536", Port),
        ("http://h:+80", Port),
        ("http://h:*", Port),
        ("http://h:80-90", Port),
        ("http://h/*/b", PathWildcard),
        ("http://h/a*b", PathWildcard),
        ("http://h/**", PathWildcard),
        ("http://h/../a", PathTraversal),
        ("http://h/a/./b", PathTraversal),
        ("http://h/a/%2e%2E/b", PathTraversal),
        ("http://h/a/..;x/b", PathTraversal),
        ("http://h/a\\b", PathTraversal),
        ("http://h/a b", PathCharacter),
        ("http://h/ä", PathCharacter),
        ("http://h/a\nb", PathCharacter),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

#[test]
fn given_requests_should_cover_exactly_what_is_written() {
    use HttpScheme::*;
    for (grant, scheme, host, port, path, covered) in [
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v1/x", true),
        ("https://a.b.c/v1/*", Https, "A.B.C", 443, "/v1/", true),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v1", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v10", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/V1/x", false),
        ("https://a.b.c/v1/*", Http, "a.b.c", 443, "/v1/x", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 8443, "/v1/x", false),
        ("https://a.b.c/v1/*", Https, "b.c", 443, "/v1/x", false),
        ("https://a.b.c/v1/*", Https, "a.b.c.d", 443, "/v1/x", false),
        ("https://a.b.c/v1/*", Https, "a.b.c.", 443, "/v1/x", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v1/../admin", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v1/%2e%2e/admin", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v1/..%2fadmin", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v1/..\\admin", false),
        ("https://a.b.c/v1/*", Https, "a.b.c", 443, "/v1/..;p=1/admin", false),
        ("https://a.b.c/v1*", Https, "a.b.c", 443, "/v10", true),
        ("https://a.b.c/v1", Https, "a.b.c", 443, "/v1", true),
        ("https://a.b.c/v1", Https, "a.b.c", 443, "/v1/", false),
        ("https://a.b.c", Https, "a.b.c", 443, "", true),
        ("https://a.b.c/", Https, "a.b.c", 443, "", true),
        ("https://a.b.c/", Https, "a.b.c", 443, "/x", false),
        ("https://*.b.c", Https, "x.b.c", 443, "/", true),
        ("https://*.b.c", Https, "b.c", 443, "/", false),
        ("https://*.b.c", Https, ".b.c", 443, "/", false),
        ("https://*.b.c", Https, "x.y.b.c", 443, "/", false),
        ("https://*.b.c", Https, "evil/x.b.c", 443, "/", false),
        ("https://*.b.c", Https, "xb.c", 443, "/", false),
        ("http://127.0.0.1", Http, "127.0.0.1", 80, "/", true),
        ("http://127.0.0.1", Http, "127.1", 80, "/", false),
        ("http://127.0.0.1", Http, "localhost", 80, "/", false),
        ("http://localhost", Http, "127.0.0.1", 80, "/", false),
        ("http://[::1]", Http, "[::1]", 80, "/", true),
        ("http://[::1]", Http, "[0:0:0::1]", 80, "/", true),
        ("http://[::1]", Http, "[::ffff:127.0.0.1]", 80, "/", false),
    ] {
        let allowed = parse(grant).unwrap().allows(scheme, host, port, path);
        assert_eq!(allowed, covered, "{grant} {host}:{port}{path}");
    }
}

/// Ways from a granted prefix to somewhere else, as one server or another reads them.
#[test]
fn given_paths_that_leave_their_prefix_in_any_reading_should_cover_none() {
    let grant = parse("https://a.b.c/v1/*").unwrap();
    let everything = parse("https://a.b.c/*").unwrap();
    for path in [
        "/v1/..",
        "/v1/../",
        "/v1/../admin",
        "/v1/./../admin",
        "/v1/x/../../admin",
        "/v1/%2e%2e/admin",
        "/v1/%2E%2e/admin",
        "/v1/.%2e/admin",
        "/v1/..%2fadmin",
        "/v1/..%2Fadmin",
        "/v1/..%5cadmin",
        "/v1/..\\admin",
        "/v1\\..\\admin",
        "/v1/%252e%252e/admin",
        "/v1/%25252e%25252e/admin",
        "/v1/%252e%252e%252fadmin",
        "/v1/%c0%ae%c0%ae/admin",
        "/v1/..%c0%afadmin",
        "/v1/..%c1%9cadmin",
        "/v1/%e0%80%ae%e0%80%ae/admin",
        "/v1/%f0%80%80%ae./admin",
        "/v1/..;/admin",
        "/v1/..;p=1/admin",
        "/v1/..%3b/admin",
        "/v1/..%3Bp=1/admin",
        "/v1/..%00/admin",
        "/v1/..%20/admin",
        "/v1/..%09/admin",
        "/v1/.",
        "/v1/.;x",
    ] {
        assert!(!grant.allows(HttpScheme::Https, "a.b.c", 443, path), "{path}");
        assert!(!everything.allows(HttpScheme::Https, "a.b.c", 443, path), "{path}");
    }
    // Under the prefix in every reading, or outside it in every reading.
    for (path, covered) in [
        ("/v1//x", true),
        ("/v1/...", true),
        ("/v1/..x", true),
        ("/v1/x..", true),
        ("/v1/.well-known/x", true),
        ("/v1/a%2fb", true),
        ("/v1/%e4", true),
        ("/v1/%", true),
        ("/v1/%2", true),
        ("/v1/100%25", true),
        ("/v1/%25", true),
        ("/v1/a;b=..", true),
        ("//v1/x", false),
        ("/%76%31/x", false),
        ("/V1/x", false),
        ("v1/x", false),
        ("/v1%2fx", false),
    ] {
        assert_eq!(grant.allows(HttpScheme::Https, "a.b.c", 443, path), covered, "{path}");
    }
}

#[test]
fn given_a_path_of_nothing_but_percent_signs_should_judge_it_in_one_pass() {
    let path = format!("/v1/%{}2e", "25".repeat(1_000_000));
    let grant = parse("https://a.b.c/v1/*").unwrap();
    assert!(!grant.allows(HttpScheme::Https, "a.b.c", 443, &path));
}

#[test]
fn given_two_grants_should_say_whether_one_covers_the_other() {
    for (wide, narrow, covers) in [
        ("https://a.b.c", "https://a.b.c/v1", true),
        ("https://a.b.c/v1/*", "https://a.b.c/v1/x/*", true),
        ("https://a.b.c/v1/*", "https://a.b.c/v1", false),
        ("https://a.b.c/v1", "https://a.b.c/v1*", false),
        ("https://a.b.c/v1/*", "https://a.b.c/*", false),
        ("https://a.b.c", "http://a.b.c", false),
        ("https://a.b.c", "https://a.b.c:8443", false),
        ("https://*.b.c", "https://a.b.c", false),
        ("https://*.b.c", "https://*.b.c/x", true),
        ("https://*.b.c", "https://*.a.b.c", false),
        ("https://*.b.c", "https://x.a.b.c", false),
        ("https://*.b.c", "https://b.c", false),
        ("https://a.b.c", "https://*.b.c", false),
        ("http://[::1]", "http://[0:0::1]/x", true),
        ("http://127.0.0.1", "http://127.0.0.2", false),
        ("http://127.0.0.1", "http://localhost", false),
    ] {
        let (own, other) = (parse(wide).unwrap(), parse(narrow).unwrap());
        assert_eq!(own.covers(&other), covers, "{wide} {narrow}");
    }
}

/// Every pair of a few hundred grants, with requests that lie on and beside their borders.
#[test]
fn given_a_grant_that_is_covered_should_allow_nothing_that_the_other_does_not() {
    let hosts = ["b.c", "a.b.c", "*.b.c", "x.a.b.c", "*.a.b.c", "127.0.0.1", "[::1]", "localhost"];
    let paths = ["", "/", "/*", "/v1", "/v1*", "/v1/", "/v1/*", "/v1/x", "/v1/x*", "/V1/*", "/v10"];
    let mut grants = Vec::new();
    for scheme in ["http", "https"] {
        for host in hosts {
            for port in ["", ":8443"] {
                let texts = paths.iter().map(|path| format!("{scheme}://{host}{port}{path}"));
                grants.extend(texts.map(|text| parse(&text).unwrap()));
            }
        }
    }
    let mut requests = Vec::new();
    for host in ["b.c", "a.b.c", "A.B.C", "x.a.b.c", "y.x.a.b.c", "127.0.0.1", "::1", "localhost"] {
        for path in ["", "/", "/v1", "/v1/", "/v1/x", "/v1/xy", "/v1/../x", "/V1/x", "/v10", "/v2"]
        {
            for (scheme, port) in [
                (HttpScheme::Http, 80),
                (HttpScheme::Http, 8443),
                (HttpScheme::Https, 443),
                (HttpScheme::Https, 8443),
            ] {
                requests.push((scheme, host, port, path));
            }
        }
    }
    let allowed: Vec<Vec<bool>> = grants
        .iter()
        .map(|grant| requests.iter().map(|(s, h, port, p)| grant.allows(*s, h, *port, p)).collect())
        .collect();
    let (mut covered, mut separate) = (0, 0);
    for (wide, of_wide) in grants.iter().zip(&allowed) {
        for (narrow, of_narrow) in grants.iter().zip(&allowed) {
            let contained = of_wide.iter().zip(of_narrow).all(|(wide, narrow)| *wide || !narrow);
            match wide.covers(narrow) {
                true => {
                    assert!(contained, "{wide} covers {narrow}");
                    covered += 1;
                }
                // Not the other way round for certain: these requests cannot tell all grants apart.
                false if !contained => separate += 1,
                false => {}
            }
        }
    }
    assert!(covered > 1_000 && separate > 50_000, "{covered} covered, {separate} separate");
}
