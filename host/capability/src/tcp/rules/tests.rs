use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn name(name: &str, port: u16) -> TcpRule {
    TcpRule { host: TcpHost::Name(name.to_owned()), port }
}

fn below(parent: &str, port: u16) -> TcpRule {
    TcpRule { host: TcpHost::AnyLabelBelow(parent.to_owned()), port }
}

fn range(first: &str, length: u8, port: u16) -> TcpRule {
    TcpRule { host: TcpHost::Range(AddressRange::new(address(first), length)), port }
}

#[test]
fn given_no_rules_should_grant_nothing() {
    let grants = TcpGrants::default();
    assert!(!grants.grant_address(address("1.1.1.1"), 443));
    assert!(grants.ports_of_name("localhost").is_empty());
    assert!(grants.ports_of_answer("localhost", address("127.0.0.1")).is_empty());
}

#[test]
fn given_ranges_should_grant_their_addresses_on_their_port_only() {
    let grants = TcpGrants::new(vec![range("10.0.0.0", 8, 5432), range("::1", 128, 9000)]);
    for (to, port, granted) in [
        ("10.1.2.3", 5432, true),
        ("10.1.2.3", 9000, false),
        ("10.1.2.3", 5433, false),
        ("11.1.2.3", 5432, false),
        ("::1", 9000, true),
        ("::1", 5432, false),
        ("127.0.0.1", 9000, false),
        ("::2", 9000, false),
        // Never the same address as 10.1.2.3; whoever asks has to unwrap it first.
        ("::ffff:10.1.2.3", 5432, false),
    ] {
        assert_eq!(grants.grant_address(address(to), port), granted, "{to} {port}");
    }
    assert!(grants.ports_of_name("10.1.2.3").is_empty());
}

#[test]
fn given_names_should_cover_exactly_what_is_written() {
    let rules = vec![
        name("db.internal", 5432),
        name("db.internal", 5433),
        name("localhost", 1),
        below("example.com", 443),
    ];
    let grants = TcpGrants::new(rules);
    for (name, ports) in [
        ("db.internal", &[5432, 5433][..]),
        ("DB.Internal", &[5432, 5433]),
        ("db.internal.", &[]),
        ("xdb.internal", &[]),
        ("x.db.internal", &[]),
        ("db", &[]),
        ("internal", &[]),
        ("", &[]),
        ("localhost", &[1]),
        ("LOCALHOST", &[1]),
        ("localhost.", &[]),
        ("a.localhost", &[]),
        ("localhost.localdomain", &[]),
        ("a.example.com", &[443]),
        ("A.Example.COM", &[443]),
        ("a-1_b.example.com", &[443]),
        ("example.com", &[]),
        (".example.com", &[]),
        ("a.b.example.com", &[]),
        ("-a.example.com", &[]),
        ("a-.example.com", &[]),
        ("aexample.com", &[]),
        ("*.example.com", &[]),
        ("a b.example.com", &[]),
        ("ä.example.com", &[]),
        ("a\0.example.com", &[]),
        ("a.example.com.", &[]),
    ] {
        assert_eq!(grants.ports_of_name(name), ports, "{name}");
    }
    assert_eq!(grants.ports_of_name(&format!("{}.example.com", "a".repeat(63))), [443]);
    assert!(grants.ports_of_name(&format!("{}.example.com", "a".repeat(64))).is_empty());
    assert!(!grants.grant_address(address("127.0.0.1"), 1), "a name grants no address by itself");
}

#[test]
fn given_answers_should_lead_only_where_the_kind_of_name_may() {
    let rules = vec![name("db.internal", 1), name("localhost", 2), below("example.com", 3)];
    let grants = TcpGrants::new(rules);
    for (answer, exact, localhost, wildcard) in [
        ("1.1.1.1", true, false, true),
        ("2a00:1450::1", true, false, true),
        ("::ffff:1.1.1.1", true, false, true),
        ("10.0.0.1", true, false, false),
        ("172.16.0.1", true, false, false),
        ("192.168.1.1", true, false, false),
        ("100.64.0.1", true, false, false),
        ("fd12::1", true, false, false),
        ("64:ff9b::a00:1", true, false, false),
        ("127.0.0.1", false, true, false),
        ("127.0.0.53", false, true, false),
        ("::1", false, true, false),
        ("0.0.0.0", false, false, false),
        ("::", false, false, false),
        ("169.254.169.254", false, false, false),
        ("fe80::1", false, false, false),
        ("fd00:ec2::254", false, false, false),
        ("100.100.100.200", false, false, false),
        ("224.0.0.1", false, false, false),
        ("255.255.255.255", false, false, false),
        ("ff02::1", false, false, false),
        ("64:ff9b::7f00:1", false, false, false),
    ] {
        let leads = |name: &str| !grants.ports_of_answer(name, address(answer)).is_empty();
        assert_eq!(leads("db.internal"), exact, "db.internal {answer}");
        assert_eq!(leads("localhost"), localhost, "localhost {answer}");
        assert_eq!(leads("a.example.com"), wildcard, "a.example.com {answer}");
        assert!(!leads("other.internal"), "other.internal {answer}");
    }
}

#[test]
fn given_a_name_granted_exactly_and_by_a_wildcard_should_judge_each_rule_by_itself() {
    let grants = TcpGrants::new(vec![name("db.example.com", 5432), below("example.com", 443)]);
    assert_eq!(grants.ports_of_answer("db.example.com", address("1.1.1.1")), [5432, 443]);
    assert_eq!(grants.ports_of_answer("db.example.com", address("10.0.0.1")), [5432]);
    assert!(grants.ports_of_answer("db.example.com", address("127.0.0.1")).is_empty());
}
