use std::net::Ipv4Addr;

use super::*;

fn access(rules: Vec<TcpRule>) -> TcpAccess {
    TcpAccess::new(TcpGrants::new(rules), Arc::new(Denials::new("c")))
}

fn name(name: &str, port: u16) -> TcpRule {
    TcpRule { host: TcpHost::Name(name.to_owned()), port }
}

fn connects(access: &TcpAccess, target: &str) -> bool {
    access.check(target.parse().unwrap(), SocketAddrUse::TcpConnect)
}

#[test]
fn given_a_granted_name_should_connect_only_to_what_it_was_looked_up_to() {
    let access = access(vec![name("db.internal", 5432)]);
    let answer = "10.0.0.7".parse().unwrap();
    assert!(!connects(&access, "10.0.0.7:5432"), "nothing was looked up yet");
    assert!(access.check_name("db.internal") && access.admit_answer("db.internal", answer));
    assert!(connects(&access, "10.0.0.7:5432"));
    assert!(connects(&access, "[::ffff:10.0.0.7]:5432"), "the same address");
    for other in ["10.0.0.7:5433", "10.0.0.8:5432", "[::ffff:10.0.0.8]:5432", "127.0.0.1:5432"] {
        assert!(!connects(&access, other), "{other}");
    }
}

#[test]
fn given_a_name_that_answers_with_a_local_address_should_leave_it_out() {
    let access = access(vec![name("rebound.example", 80)]);
    for answer in ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0"] {
        assert!(!access.admit_answer("rebound.example", answer.parse().unwrap()), "{answer}");
    }
    assert!(!connects(&access, "127.0.0.1:80") && !connects(&access, "169.254.169.254:80"));
    let mapped = "::ffff:1.1.1.1".parse().unwrap();
    assert!(access.admit_answer("rebound.example", mapped) && connects(&access, "1.1.1.1:80"));
}

#[test]
fn given_an_address_should_cover_its_mapped_form_and_no_name() {
    let range = AddressRange::new(Ipv4Addr::LOCALHOST.into(), 32);
    let access = access(vec![TcpRule { host: TcpHost::Range(range), port: 80 }]);
    assert!(connects(&access, "127.0.0.1:80") && connects(&access, "[::ffff:127.0.0.1]:80"));
    assert!(!connects(&access, "127.0.0.2:80") && !connects(&access, "[::ffff:127.0.0.2]:80"));
    assert!(!access.check_name("localhost") && !access.check_name("127.0.0.1"));
}

#[test]
fn given_any_grant_should_bind_only_where_the_system_chooses() {
    let range = AddressRange::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    let access = access(vec![TcpRule { host: TcpHost::Range(range), port: 80 }]);
    let checks = |target: &str, purpose| access.check(target.parse().unwrap(), purpose);
    assert!(checks("0.0.0.0:0", SocketAddrUse::TcpBind));
    assert!(checks("[::]:0", SocketAddrUse::TcpBind));
    for target in ["0.0.0.0:80", "1.1.1.1:0", "1.1.1.1:80", "[::]:80", "[::1]:0"] {
        assert!(!checks(target, SocketAddrUse::TcpBind), "{target}");
    }
    for purpose in [
        SocketAddrUse::TcpListen,
        SocketAddrUse::TcpAccept,
        SocketAddrUse::UdpBind,
        SocketAddrUse::UdpSend,
        SocketAddrUse::UdpReceive,
    ] {
        assert!(!checks("0.0.0.0:0", purpose) && !checks("1.1.1.1:80", purpose), "{purpose:?}");
    }
}

#[test]
fn given_a_name_of_any_length_and_characters_should_deny_it_without_harm() {
    let access = access(Vec::new());
    for name in ["", "ä", "a\nb", &"ä".repeat(100_000), "\0"] {
        assert!(!access.check_name(name));
    }
}
