//! What the whole program cannot show exactly: every export that fails, and how soon a loop is stopped.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hostile_guests::forge::{Area, Body, Forgery};
use kennel_sandbox::capability::context::Attributes;
use kennel_sandbox::capability::http::HttpClient;
use kennel_sandbox::capability::metrics::GuestMetrics;
use kennel_sandbox::capability::{Grants, Services};
use kennel_sandbox::{
    Batch, Component, Engine, Fault, Format, InstanceSpec, Limit, Limits, Origin, Sink, Source,
    StartError, Transform,
};

/// The step in which guests are interrupted.
const TICK: Duration = Duration::from_millis(10);

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(None).unwrap())
}

async fn component(forgery: &Forgery) -> Component {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.wasm");
    std::fs::write(&path, forgery.build()).unwrap();
    Component::load(engine(), &path).await.unwrap()
}

fn spec(cpu_timeout: Duration) -> InstanceSpec {
    InstanceSpec {
        grants: Grants::default(),
        services: Services {
            http: HttpClient::new().unwrap(),
            state: None,
            metrics: GuestMetrics::new([]),
        },
        attributes: Attributes { connector: "test".into(), ..Attributes::default() },
        limits: Limits { cpu_timeout, call_timeout: Duration::from_secs(10), ..Limits::default() },
        config: "{}".into(),
    }
}

fn origin() -> Origin {
    Origin { stream: "s".into(), topic: "t".into(), partition: 0, epoch: 0 }
}

/// Three messages of one byte.
fn batch() -> Batch {
    Batch {
        origin: origin(),
        begin: 0,
        end: 3,
        attempt: 0,
        isolate: false,
        format: Format::Raw,
        data: Bytes::from_static(b"abc"),
        spans: Arc::new(vec![0, 1, 0, 0, 1, 2, 0, 0, 2, 3, 0, 0]),
        offsets: Arc::new(vec![0, 1, 2]),
        ordinals: Arc::default(),
    }
}

/// Calls everything that a sink exports, until a call ends it.
async fn end_of_sink(component: &Component, spec: &InstanceSpec) -> Result<(), Fault> {
    let sink = match Sink::open(component, spec).await {
        Ok(sink) => sink,
        Err(StartError::Fault(fault)) => return Err(fault),
        Err(other) => panic!("{other}"),
    };
    let (sink, _) = sink.assign(origin(), None).await?;
    let (sink, _) = sink.consume(batch(), None).await?;
    let (sink, _) = sink.flush().await?;
    let (sink, _) = sink.tick().await?;
    let (sink, _) = sink.revoke(origin(), false).await?;
    sink.close().await;
    Ok(())
}

async fn end_of_source(component: &Component, spec: &InstanceSpec) -> Result<(), Fault> {
    let source = Source::open(component, spec).await.unwrap();
    let (source, _) = source.start(None).await?;
    let (source, _) = source.poll(Limit::new(1, 1, TICK), 1).await?;
    let (source, _) = source.confirm(Bytes::from_static(b"c")).await?;
    source.close().await;
    Ok(())
}

async fn end_of_transform(component: &Component, spec: &InstanceSpec) -> Result<(), Fault> {
    let transform = Transform::open(component, spec).await.unwrap();
    let (transform, _) = transform.apply(batch(), None, 1).await?;
    let (transform, _) = transform.tick().await?;
    transform.close().await;
    Ok(())
}

/// Each export of each kind with `body`, and the fault that it ends with.
async fn assert_each_export_ends_with(body: Body, code: &str, cpu_timeout: Duration) {
    let sink = [
        "lifecycle.open",
        "sink.assign",
        "sink.consume",
        "sink.flush",
        "lifecycle.tick",
        "sink.revoke",
    ];
    let source = ["source.start", "source.poll", "source.confirm"];
    let transform = ["transform.apply", "lifecycle.tick"];
    let spec = spec(cpu_timeout);
    for export in sink {
        let forged = component(&Forgery::sink().with(export, body.clone())).await;
        assert_ended(export, code, end_of_sink(&forged, &spec).await);
    }
    for export in source {
        let forged = component(&Forgery::source().with(export, body.clone())).await;
        assert_ended(export, code, end_of_source(&forged, &spec).await);
    }
    for export in transform {
        let forged = component(&Forgery::transform().with(export, body.clone())).await;
        assert_ended(export, code, end_of_transform(&forged, &spec).await);
    }
}

#[track_caller]
fn assert_ended(export: &str, code: &str, ended: Result<(), Fault>) {
    let Err(fault) = ended else { panic!("{export} did not end the instance") };
    assert_eq!((fault.export, fault.kind.code()), (export, code), "{fault}");
}

#[tokio::test]
async fn given_a_forged_component_that_is_honest_should_be_called_to_the_end() {
    let spec = spec(Duration::from_secs(1));
    end_of_sink(&component(&Forgery::sink()).await, &spec).await.unwrap();
    end_of_source(&component(&Forgery::source()).await, &spec).await.unwrap();
    end_of_transform(&component(&Forgery::transform()).await, &spec).await.unwrap();
}

#[tokio::test]
async fn given_a_trap_in_any_export_should_end_the_instance_and_name_the_export() {
    assert_each_export_ends_with(Body::Trap, "trap", Duration::from_secs(1)).await;
}

#[tokio::test]
async fn given_a_loop_in_any_export_should_end_the_instance_and_name_the_limit() {
    assert_each_export_ends_with(Body::Loop, "cpu_timeout", Duration::from_millis(50)).await;
}

#[tokio::test]
async fn given_a_memory_bomb_in_any_export_should_end_the_instance_and_name_the_limit() {
    assert_each_export_ends_with(Body::GrowMemory, "memory_limit", Duration::from_secs(5)).await;
}

#[tokio::test]
async fn given_a_trap_or_loop_in_close_should_come_back_all_the_same() {
    let spec = spec(Duration::from_millis(50));
    for body in [Body::Trap, Body::Loop] {
        let forged = component(&Forgery::sink().with("lifecycle.close", body)).await;
        let began = Instant::now();
        end_of_sink(&forged, &spec).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn given_an_answer_that_lies_about_its_length_should_end_the_instance_only() {
    let lies = [
        Area::zeros().list(12, b"", u32::MAX),
        Area::zeros().list(12, b"", 1 << 31),
        Area::zeros().word(12, u32::MAX - 15).word(16, 4),
        Area::zeros().byte(0, 7),
    ];
    for lie in lies {
        let forged = component(&Forgery::sink().answer("sink.consume", lie)).await;
        let Err(fault) = end_of_sink(&forged, &spec(Duration::from_secs(1))).await else {
            panic!("the lie was believed")
        };
        assert_eq!(fault.export, "sink.consume");
    }
}

/// On a machine that does other things meanwhile a single measurement shows them too; the promise is
/// about the best of several, and the bound for all of them is coarse.
#[tokio::test]
async fn given_an_endless_loop_should_be_stopped_within_two_ticks_of_its_deadline() {
    let limit = Duration::from_millis(100);
    let forged = component(&Forgery::sink().with("sink.consume", Body::Loop)).await;
    let mut overdue = Vec::new();
    for _ in 0..10 {
        let sink = Sink::open(&forged, &spec(limit)).await.unwrap();
        let began = Instant::now();
        let Err(fault) = sink.consume(batch(), None).await else { panic!("the loop ended") };
        let took = began.elapsed();
        assert_eq!(fault.kind.code(), "cpu_timeout", "{fault}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        overdue.push(took.saturating_sub(limit));
    }
    overdue.sort_unstable();
    eprintln!("stopped after its deadline by {overdue:?}");
    assert!(overdue[0] <= 2 * TICK, "stopped after its deadline by {overdue:?}");
}
