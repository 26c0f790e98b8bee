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

/// The functions of `wasi:sockets/ip-name-lookup` as a guest calls them.
mod lookups {
    use std::collections::VecDeque;
    use std::io;
    use std::sync::Mutex;

    use wasmtime::component::Resource;
    use wasmtime_wasi::p2::Pollable as _;
    use wasmtime_wasi::p2::bindings::sockets::instance_network::Host as _;
    use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{
        Host as _, HostResolveAddressStream,
    };
    use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress};
    use wasmtime_wasi::sockets::WasiSocketsView as _;

    use super::super::lookup::Lookup;
    use super::*;
    use crate::context::Attributes;
    use crate::http::{HttpClient, Trust};
    use crate::limits::StoreLimits;
    use crate::metrics::GuestMetrics;
    use crate::network::Resolver;
    use crate::{Grants, GuestData, Services};

    /// Gives one answer after the other.
    #[derive(Debug, Default)]
    struct Scripted {
        answers: Mutex<VecDeque<Vec<IpAddr>>>,
        asked: Mutex<Vec<String>>,
    }

    #[async_trait::async_trait]
    impl Resolver for Scripted {
        async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
            self.asked.lock().unwrap().push(name.to_owned());
            self.answers.lock().unwrap().pop_front().ok_or(io::ErrorKind::NotFound.into())
        }
    }

    fn guest(rules: Vec<TcpRule>, answers: &[&[&str]]) -> (GuestData, Arc<Scripted>) {
        let parsed = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
        let answers = Mutex::new(answers.iter().map(parsed).collect());
        let resolver = Arc::new(Scripted { answers, ..Scripted::default() });
        let http = HttpClient::with(&Trust::default(), resolver.clone()).unwrap();
        let grants = Grants { tcp: TcpGrants::new(rules), ..Grants::default() };
        let services = Services { http, state: None, metrics: GuestMetrics::new([]) };
        let limits = StoreLimits::default();
        let data = GuestData::new(&grants, services, Attributes::default(), limits).unwrap();
        (data, resolver)
    }

    async fn look_up(data: &mut GuestData, name: &str) -> Result<Vec<IpAddr>, ErrorCode> {
        let network = data.sockets().instance_network().unwrap();
        let stream = data.resolve_addresses(network, name.to_owned());
        let stream = stream.map_err(|error| error.downcast().unwrap())?;
        let own = || Resource::new_own(stream.rep());
        data.table.get_mut(&Lookup::handle(&stream)).unwrap().ready().await;
        let mut addresses = Vec::new();
        let outcome = loop {
            match data.resolve_next_address(own()) {
                Ok(Some(IpAddress::Ipv4((a, b, c, d)))) => addresses.push([a, b, c, d].into()),
                Ok(Some(IpAddress::Ipv6((a, b, c, d, e, f, g, h)))) => {
                    addresses.push([a, b, c, d, e, f, g, h].into());
                }
                Ok(None) => break Ok(addresses),
                Err(error) => break Err(error.downcast().unwrap()),
            }
        };
        HostResolveAddressStream::drop(data, stream).unwrap();
        outcome
    }

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn trick_dns_rebinding_a_name_that_becomes_local_should_lead_nowhere() {
        let local: &[&str] = &["127.0.0.1", "169.254.169.254", "::1"];
        let (mut data, _) = guest(vec![name("rebound.example", 80)], &[&["203.0.113.1"], local]);
        let first = look_up(&mut data, "rebound.example").await;
        assert_eq!(first.unwrap(), addresses(&["203.0.113.1"]));
        assert_eq!(look_up(&mut data, "rebound.example").await.unwrap(), addresses(&[]));
        let access = Arc::clone(&data.tcp);
        assert!(connects(&access, "203.0.113.1:80"));
        for target in ["127.0.0.1:80", "169.254.169.254:80", "[::1]:80"] {
            assert!(!connects(&access, target), "{target}");
        }
    }

    #[tokio::test]
    async fn trick_local_addresses_in_ipv6_clothes_should_be_left_out() {
        let answer: &[&str] = &[
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "::ffff:0:127.0.0.1",
            "::127.0.0.1",
            "::ffff:1.1.1.1",
        ];
        let (mut data, _) = guest(vec![name("translated.example", 80)], &[answer]);
        let seen = look_up(&mut data, "translated.example").await.unwrap();
        assert_eq!(seen, addresses(&["1.1.1.1"]), "a mapped address is the one it stands for");
    }

    #[tokio::test]
    async fn trick_other_spellings_should_not_be_looked_up() {
        let (mut data, resolver) = guest(vec![name("localhost", 80)], &[]);
        for name in [
            "127.1",
            "0177.0.0.1",
            "0x7f.1",
            "2130706433",
            "localhost.",
            "a.localhost",
            "[::1]",
            "\u{ff4c}ocalhost",
            "local%68ost",
            "localhost\0.example",
            "user@localhost",
            "",
        ] {
            let denied = look_up(&mut data, name).await;
            assert!(matches!(denied, Err(ErrorCode::AccessDenied)), "{name:?}: {denied:?}");
        }
        assert!(resolver.asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn given_an_address_should_answer_with_itself_and_ask_nobody() {
        let (mut data, resolver) = guest(vec![], &[]);
        let seen = look_up(&mut data, "127.0.0.1").await.unwrap();
        assert_eq!(seen, addresses(&["127.0.0.1"]));
        assert!(!connects(&Arc::clone(&data.tcp), "127.0.0.1:80"), "that opens nothing");
        assert!(resolver.asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn given_a_name_that_nobody_knows_should_say_so() {
        let (mut data, _) = guest(vec![name("nowhere.example", 80)], &[]);
        let outcome = look_up(&mut data, "nowhere.example").await;
        assert!(matches!(outcome, Err(ErrorCode::NameUnresolvable)), "{outcome:?}");
    }

    #[tokio::test]
    async fn given_too_many_lookups_should_refuse_the_next_until_one_is_done() {
        let (mut data, _) = guest(vec![name("a.example", 80)], &[]);
        let mut begin = || {
            let network = data.sockets().instance_network().unwrap();
            data.resolve_addresses(network, "a.example".to_owned()).ok()
        };
        let mut streams: Vec<_> = (0..16).map(|_| begin().unwrap()).collect();
        assert!(begin().is_none());
        HostResolveAddressStream::drop(&mut data, streams.pop().unwrap()).unwrap();
        let network = data.sockets().instance_network().unwrap();
        assert!(data.resolve_addresses(network, "a.example".to_owned()).is_ok());
    }
}
