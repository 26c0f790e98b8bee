use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn range(text: &str) -> AddressRange {
    let (first, length) = text.split_once('/').unwrap();
    AddressRange::new(address(first), length.parse().unwrap())
}

#[test]
fn given_ranges_should_contain_exactly_what_shares_their_first_bits() {
    for (of, inside, outside) in [
        ("10.0.0.0/8", "10.0.0.0", "9.255.255.255"),
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("172.16.0.0/12", "172.31.255.255", "172.32.0.0"),
        ("10.1.2.2/31", "10.1.2.3", "10.1.2.4"),
        ("10.1.2.3/32", "10.1.2.3", "10.1.2.2"),
        ("0.0.0.0/0", "255.255.255.255", "::"),
        ("0.0.0.0/0", "0.0.0.0", "::ffff:10.0.0.1"),
        ("::/0", "ffff::", "0.0.0.0"),
        ("fd00::/8", "fdff::1", "fc00::"),
        ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
        ("::1/128", "::1", "::2"),
        ("a00::/8", "a00::1", "10.0.0.1"),
    ] {
        assert!(range(of).contains(address(inside)), "{of} {inside}");
        assert!(!range(of).contains(address(outside)), "{of} {outside}");
    }
}

#[test]
fn given_reserved_addresses_should_reserve_them() {
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        // The same in IPv6 clothes: mapped, compatible, NAT64, 6to4.
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        // Translated, Teredo.
        "::ffff:0:127.0.0.1",
        "2001:0:101:101::80ff:fffe",
        "2001:0:101:101::5601:5601",
    ] {
        assert!(matches!(reach(address(text)), Reach::Reserved(_)), "{text}");
    }
}

#[test]
fn given_private_and_public_addresses_should_tell_them_apart() {
    for text in [
        "10.0.0.0",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "198.18.0.1",
        "198.19.255.255",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "64:ff9b:1::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:101:101::f5ff:fffe",
    ] {
        assert_eq!(reach(address(text)), Reach::Private, "{text}");
    }
    for text in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "223.255.255.255",
        "2001:db8::1",
        "2a00:1450::1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2002:101:101::1",
        "2001:0:101:101::fefe:fefe",
        "2001:1::80ff:fffe",
    ] {
        assert_eq!(reach(address(text)), Reach::Public, "{text}");
    }
}

#[test]
fn given_a_wide_range_should_grant_nothing_reserved_along_with_the_rest() {
    for (of, granted, reserved) in [
        ("0.0.0.0/0", "1.1.1.1", "127.0.0.1"),
        ("0.0.0.0/0", "10.0.0.1", "169.254.169.254"),
        ("0.0.0.0/1", "100.64.0.1", "100.100.100.200"),
        ("100.64.0.0/10", "100.64.0.1", "100.100.100.200"),
        ("126.0.0.0/7", "126.0.0.1", "127.0.0.1"),
        ("169.254.0.0/15", "169.255.0.1", "169.254.0.1"),
        ("::/0", "2001:db8::1", "::1"),
        ("fd00::/8", "fd00::1", "fd00:ec2::254"),
        ("fc00::/7", "fd20::1", "fd20:ce::254"),
        ("64:ff9b::/96", "64:ff9b::101:101", "64:ff9b::7f00:1"),
    ] {
        assert!(range(of).grants(address(granted)), "{of} {granted}");
        assert!(!range(of).grants(address(reserved)), "{of} {reserved}");
    }
}

#[test]
fn given_a_range_of_nothing_but_reserved_addresses_should_grant_them() {
    for (of, reserved) in [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1/32", "127.0.0.1"),
        ("169.254.0.0/16", "169.254.169.254"),
        ("169.254.169.254/32", "169.254.169.254"),
        ("100.100.100.200/32", "100.100.100.200"),
        ("::1/128", "::1"),
        ("fe80::/10", "fe80::1"),
        ("fe80::/64", "fe80::1"),
        ("fd00:ec2::/32", "fd00:ec2::254"),
        ("64:ff9b::7f00:1/128", "64:ff9b::7f00:1"),
    ] {
        assert!(range(of).grants(address(reserved)), "{of} {reserved}");
    }
}

#[test]
fn given_two_ranges_should_cover_only_what_is_granted_by_both() {
    let range = |text: &str, length| AddressRange::new(text.parse().unwrap(), length);
    for (wide, narrow, covers) in [
        (range("0.0.0.0", 0), range("0.0.0.0", 0), true),
        (range("0.0.0.0", 0), range("10.0.0.0", 8), true),
        (range("0.0.0.0", 0), range("93.184.216.34", 32), true),
        // A wide range does not grant these, so it covers no grant of them.
        (range("0.0.0.0", 0), range("127.0.0.1", 32), false),
        (range("0.0.0.0", 0), range("169.254.0.0", 16), false),
        (range("100.64.0.0", 10), range("100.100.100.200", 32), false),
        (range("169.254.0.0", 16), range("169.254.169.254", 32), true),
        (range("127.0.0.0", 8), range("127.0.0.1", 32), true),
        (range("10.0.0.0", 8), range("10.0.0.0", 7), false),
        (range("::", 0), range("fd00:ec2::254", 128), false),
        (range("::", 0), range("64:ff9b::a9fe:a9fe", 128), false),
        (range("::", 0), range("10.0.0.0", 8), false),
    ] {
        assert_eq!(wide.covers(&narrow), covers, "{wide:?} {narrow:?}");
    }
}
