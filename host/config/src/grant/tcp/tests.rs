use super::*;

fn parse(text: &str) -> Result<TcpGrant, TcpGrantError> {
    text.parse()
}

#[test]
fn given_valid_grants_should_print_them_in_full() {
    for (text, full) in [
        ("db.internal:5432", "db.internal:5432"),
        ("DB.Internal:5432", "db.internal:5432"),
        ("db:1", "db:1"),
        ("localhost:65535", "localhost:65535"),
        ("my_service:80", "my_service:80"),
        ("xn--bcher-kva.example:443", "xn--bcher-kva.example:443"),
        ("1password.com:443", "1password.com:443"),
        ("*.example.com:5432", "*.example.com:5432"),
        ("*.A.b.c:5432", "*.a.b.c:5432"),
        ("127.0.0.1:15432", "127.0.0.1:15432"),
        ("10.1.2.3/32:5432", "10.1.2.3:5432"),
        ("10.0.0.0/8:5432", "10.0.0.0/8:5432"),
        ("172.16.0.0/12:5432", "172.16.0.0/12:5432"),
        ("10.1.2.254/31:5432", "10.1.2.254/31:5432"),
        ("0.0.0.0/0:443", "0.0.0.0/0:443"),
        ("[::1]:9000", "[::1]:9000"),
        ("[0:0::1]:9000", "[::1]:9000"),
        ("[::1/128]:9000", "[::1]:9000"),
        ("[fd00::/8]:9000", "[fd00::/8]:9000"),
        ("[FD00:EC2::254]:80", "[fd00:ec2::254]:80"),
        ("[2001:db8::/33]:9000", "[2001:db8::/33]:9000"),
        ("[::/0]:443", "[::/0]:443"),
        ("db:0443", "db:443"),
    ] {
        let grant = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(grant.to_string(), full, "{text}");
        assert_eq!(parse(full), Ok(grant), "{full}");
    }
}

#[test]
fn given_invalid_grants_should_name_the_part() {
    use HostPatternError::{Ipv4, Ipv6, Missing, Name, Wildcard};
    use TcpGrantError::*;
    let begins = |text: &str| Beyond(text.parse().unwrap());
    for (text, error) in [
        ("postgres://db:5432", Scheme),
        ("tcp://db:5432", Scheme),
        ("user@db:5432", User),
        ("user:pw@db:5432", User),
        ("", NoPort),
        ("db", NoPort),
        ("*", NoPort),
        ("10.0.0.0/8", NoPort),
        ("[::1]", NoPort),
        ("[fd00::/8]", NoPort),
        ("db:", Port),
        ("db:0", Port),
        ("db:65536", Port),
        ("db:+80", Port),
        ("db:-80", Port),
        ("db: 80", Port),
        ("db:*", Port),
        ("db:80-90", Port),
        ("db:80,90", Port),
        ("db:postgresql", Port),
        ("db:5432/orders", Port),
        ("db:5432?x", Port),
        ("[::1]:", Port),
        (":5432", Host(Missing)),
        ("a..b:1", Host(Name)),
        (".b:1", Host(Name)),
        ("b.:1", Host(Name)),
        ("-a.b:1", Host(Name)),
        ("a-.b:1", Host(Name)),
        ("bücher.example:1", Host(Name)),
        ("a b:1", Host(Name)),
        (" db:1", Host(Name)),
        ("a\\b:1", Host(Name)),
        ("a%2eb:1", Host(Name)),
        ("127.1:1", Host(Ipv4)),
        ("2130706433:1", Host(Ipv4)),
        ("0x7f.0x1:1", Host(Ipv4)),
        ("0x7f000001:1", Host(Ipv4)),
        ("256.0.0.1:1", Host(Ipv4)),
        ("01.2.3.4:1", Host(Ipv4)),
        ("1.2.3.4.5:1", Host(Ipv4)),
        ("10/8:1", Host(Ipv4)),
        ("10.0/8:1", Host(Ipv4)),
        ("[]:1", Host(Ipv6)),
        ("[::1:9000", Host(Ipv6)),
        ("[::1]x:1", Host(Ipv6)),
        ("[fe80::1%eth0]:1", Host(Ipv6)),
        ("[127.0.0.1]:1", Host(Ipv6)),
        ("[db]:1", Host(Ipv6)),
        ("[fd00::]/8:1", Host(Ipv6)),
        ("[/8]:1", Host(Ipv6)),
        ("*:1", Host(Wildcard)),
        ("*.com:1", Host(Wildcard)),
        ("*.*.example.com:1", Host(Wildcard)),
        ("a.*.example.com:1", Host(Wildcard)),
        ("a*.example.com:1", Host(Wildcard)),
        ("*example.com:1", Host(Wildcard)),
        ("*.0.0.1:1", Host(Wildcard)),
        ("::1:9000", Brackets),
        ("::1", Brackets),
        ("fd00::/8:9000", Brackets),
        ("a:b:1", Brackets),
        ("[::ffff:10.0.0.1]:1", Mapped),
        ("[::ffff:a00:1]:1", Mapped),
        ("[::ffff:0:0/96]:1", Mapped),
        ("db/8:1", Length),
        ("*.example.com/8:1", Length),
        ("10.0.0.0/:1", Length),
        ("10.0.0.0/33:1", Length),
        ("10.0.0.0/256:1", Length),
        ("10.0.0.0/-1:1", Length),
        ("10.0.0.0/+8:1", Length),
        ("10.0.0.0/08:1", Length),
        ("10.0.0.0/00:1", Length),
        ("10.0.0.0/8/8:1", Length),
        ("10.0.0.0/255.0.0.0:1", Length),
        ("[fd00::/129]:1", Length),
        ("[fd00::/]:1", Length),
        ("10.1.2.3/8:1", begins("10.0.0.0")),
        ("10.1.2.3/31:1", begins("10.1.2.2")),
        ("10.1.2.3/0:1", begins("0.0.0.0")),
        ("[fd00::1/8]:1", begins("fd00::")),
        ("[2001:db8:c000::/33]:1", begins("2001:db8:8000::")),
        ("[::1/0]:1", begins("::")),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

/// Whether a host of a grant is meant by the pattern, for what needs no resolver.
fn means(grant: &TcpHost, host: &str) -> bool {
    match (grant, host.parse::<IpAddr>()) {
        (TcpHost::Range { first, length }, Ok(address)) => {
            first.is_ipv4() == address.is_ipv4() && first_of_range(address, *length) == *first
        }
        (TcpHost::Name(name), Err(_)) => name == host,
        (TcpHost::AnyLabelBelow(parent), Err(_)) => {
            host.split_once('.').is_some_and(|(_, rest)| rest == parent)
        }
        _ => false,
    }
}

#[test]
fn given_two_grants_should_say_whether_one_covers_the_other() {
    for (wide, narrow, covers) in [
        ("10.0.0.0/8:1", "10.1.0.0/16:1", true),
        ("10.0.0.0/8:1", "10.0.0.0/8:1", true),
        ("10.0.0.0/8:1", "10.255.255.255:1", true),
        ("10.0.0.0/8:1", "10.0.0.0/7:1", false),
        ("10.0.0.0/8:1", "11.0.0.0/8:1", false),
        ("10.0.0.0/8:1", "10.1.0.0/16:2", false),
        ("0.0.0.0/0:1", "[::1]:1", false),
        ("[::/0]:1", "10.0.0.1:1", false),
        ("[fd00::/8]:1", "[fd12:3456::/32]:1", true),
        ("0.0.0.0/0:1", "db:1", false),
        ("*.b.c:1", "a.b.c:1", false),
        ("*.b.c:1", "x.a.b.c:1", false),
        ("*.b.c:1", "b.c:1", false),
        ("*.b.c:1", "*.b.c:1", true),
        ("a.b.c:1", "*.b.c:1", false),
        ("a.b.c:1", "a.b.c:1", true),
    ] {
        let (own, other) = (parse(wide).unwrap(), parse(narrow).unwrap());
        assert_eq!(own.covers(&other), covers, "{wide} {narrow}");
    }
}

#[test]
fn given_a_grant_that_is_included_should_mean_nothing_that_the_other_does_not() {
    let mut grants: Vec<TcpHost> =
        ["db", "b.c", "a.b.c", "*.b.c", "*.a.b.c", "x.a.b.c", "localhost"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
    let mut hosts: Vec<String> =
        ["db", "b.c", "a.b.c", "y.b.c", "x.a.b.c", "z.a.b.c", "localhost"].map(String::from).into();
    for base in ["10.0.0.0", "10.128.0.0", "11.0.0.0", "0.0.0.0", "192.168.1.1"] {
        let base: IpAddr = base.parse().unwrap();
        for length in [0, 1, 7, 8, 9, 16, 31, 32] {
            let range = TcpHost::Range { first: first_of_range(base, length), length };
            let IpAddr::V4(address) = base else { panic!("an IPv4 address") };
            // The first and the last address within, and the first one behind.
            let host = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
            let last = (address.to_bits() & !host) | host;
            hosts.push(Ipv4Addr::from_bits(last & !host).to_string());
            hosts.push(Ipv4Addr::from_bits(last).to_string());
            hosts.push(Ipv4Addr::from_bits(last.wrapping_add(1)).to_string());
            grants.push(range);
        }
    }
    for (base, length) in [("::", 0), ("::1", 128), ("fd00::", 8), ("fd00:1::", 32), ("fe80::", 10)]
    {
        let base: IpAddr = base.parse().unwrap();
        grants.push(TcpHost::Range { first: first_of_range(base, length), length });
        hosts.push(base.to_string());
    }
    let (mut covered, mut separate) = (0, 0);
    for wide in &grants {
        for narrow in &grants {
            let contained = hosts.iter().all(|host| means(wide, host) || !means(narrow, host));
            assert!(contained || !wide.includes(narrow), "{wide} includes {narrow}");
            assert!(!contained || wide.includes(narrow), "{wide} does not include {narrow}");
            *if contained { &mut covered } else { &mut separate } += 1;
        }
    }
    assert!(covered > 150 && separate > 1_000, "{covered} covered, {separate} separate");
}
