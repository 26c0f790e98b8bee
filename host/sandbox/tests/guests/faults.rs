//! A guest that ends badly ends alone, and says why.

use std::time::{Duration, Instant};

use kennel_sandbox::{Fault, FaultKind, Sink, StartError, Wear};

use crate::world::{batch, component, origin, spec};

async fn fault_of(name: &str, config: &str) -> Fault {
    let sink = Sink::open(&component(name).await, &spec(config)).await.unwrap();
    let (sink, assigned) = sink.assign(origin(), None).await.unwrap();
    assigned.unwrap();
    match sink.consume(batch(&["{}", "{\"poison\":1}", "{}"]), None).await {
        Ok((_, answer)) => panic!("no fault, but {answer:?}"),
        Err(fault) => fault,
    }
}

#[tokio::test]
async fn given_a_panic_should_name_export_and_message() {
    let fault = fault_of("panicking_sink", r#"{"containing":"poison"}"#).await;
    assert!(matches!(fault.kind, FaultKind::Trap(_)), "{fault}");
    let text = fault.to_string();
    assert!(text.contains("sink.consume") && text.contains("told to panic"), "{text}");
    assert!(fault.backtrace.is_some());
}

#[tokio::test]
async fn given_a_panic_in_open_should_refuse_to_start() {
    let opened = Sink::open(&component("panicking_sink").await, &spec(r#"{"in_open":true}"#)).await;
    assert!(matches!(opened, Err(StartError::Fault(_))));
}

#[tokio::test]
async fn given_an_endless_loop_should_stop_it_soon_after_its_cpu_limit() {
    let started = Instant::now();
    let fault = fault_of("looping_sink", r#"{"at_offset":1}"#).await;
    assert!(matches!(fault.kind, FaultKind::CpuTimeout { .. }), "{fault}");
    assert!(fault.to_string().contains("[limits] cpu_timeout"), "{fault}");
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
}

/// Time that this thread has computed.
fn computed() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn given_an_endless_loop_should_let_it_compute_at_most_two_ticks_longer_than_its_limit() {
    const TICK: Duration = Duration::from_millis(10);
    let spec = spec(r#"{"at_offset":0}"#);
    let sink = Sink::open(&component("looping_sink").await, &spec).await.unwrap();
    let before = computed();
    assert!(sink.consume(batch(&["{}"]), None).await.is_err());
    let over = (computed() - before).saturating_sub(spec.limits.cpu_timeout);
    assert!(over <= 2 * TICK, "{over:?} longer");
}

#[tokio::test]
async fn given_a_share_of_a_core_should_compute_no_more_than_that_over_time() {
    let mut spec = spec(r#"{"at_offset":0}"#);
    // All that is left to it after its first second's worth is a tenth of the time.
    (spec.limits.cpu_share, spec.limits.cpu_timeout) = (10, Duration::from_millis(250));
    let sink = Sink::open(&component("looping_sink").await, &spec).await.unwrap();
    let began = Instant::now();
    let Err(fault) = sink.consume(batch(&["{}"]), None).await else { panic!("it ended") };
    assert!(matches!(fault.kind, FaultKind::CpuTimeout { .. }), "{fault}");
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn given_an_instance_with_its_number_of_batches_should_be_worn() {
    let mut spec = spec("{}");
    spec.limits.batches = Some(2);
    let mut sink = Sink::open(&component("noop_sink").await, &spec).await.unwrap();
    for _ in 0..2 {
        assert_eq!(sink.wear(), None);
        (sink, _) = sink.consume(batch(&["{}"]), None).await.unwrap();
    }
    assert_eq!(sink.wear(), Some(Wear::Batches(2)));
}

#[tokio::test]
async fn given_a_loop_should_leave_other_guests_of_the_thread_running() {
    // Opened first: compiling may take longer than the loop is allowed to live.
    let noop = component("noop_sink").await;
    let mut sink = Sink::open(&noop, &spec("{}")).await.unwrap();
    let looping = tokio::spawn(fault_of("looping_sink", r#"{"at_offset":1}"#));
    let mut calls = 0;
    while !looping.is_finished() {
        let (next, answer) = sink.consume(batch(&["{}"; 100]), None).await.unwrap();
        assert_eq!(answer.unwrap().handled, 100);
        sink = next;
        calls += 1;
        tokio::task::yield_now().await;
    }
    assert!(calls > 2, "the other guest was called {calls} times meanwhile");
}

#[tokio::test]
async fn given_too_little_memory_should_say_which_limit() {
    let mut spec = spec("{}");
    spec.limits.store.memory = 64 * 1024;
    let Err(error) = Sink::open(&component("noop_sink").await, &spec).await else {
        panic!("opened with a page of memory")
    };
    assert!(format!("{error}").contains("memory limit of 65536 bytes"), "{error}");
}

#[tokio::test]
async fn given_a_batch_larger_than_the_memory_should_end_the_instance_only() {
    let mut spec = spec("{}");
    spec.limits.store.memory = 4 << 20;
    let sink = Sink::open(&component("noop_sink").await, &spec).await.unwrap();
    let giant = "x".repeat(8 << 20);
    let Err(fault) = sink.consume(batch(&[&giant]), None).await else { panic!("it fitted") };
    assert!(matches!(fault.kind, FaultKind::Limit(_)), "{fault}");
    assert!(fault.to_string().contains("[limits] memory"), "{fault}");
}
