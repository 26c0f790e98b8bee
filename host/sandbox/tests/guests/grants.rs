//! What a guest sees of environment, clocks and secrets: exactly what is granted, and nothing next to it.

use std::sync::Arc;
use std::time::SystemTime;

use kennel_sandbox::capability::secrets::{SecretGrant, SecretSource};
use kennel_sandbox::capability::{Clock, Grants};
use kennel_sandbox::{GuestError, Sink};
use serde_json::{Value, json};

use crate::world::{batch, component, origin, spec};

const VALUE: &str = "c4n4ry-value";

/// What a guest with these grants says that it found.
async fn found(grants: Grants, config: Value) -> String {
    let mut spec = spec(&config.to_string());
    spec.grants = grants;
    spec.limits.cpu_timeout = std::time::Duration::from_secs(10);
    let sink = Sink::open(&component("probe_sink").await, &spec).await.unwrap();
    let (sink, assigned) = sink.assign(origin(), None).await.unwrap();
    assigned.unwrap();
    let (_, answer) = sink.consume(batch(&["{}"]), None).await.unwrap();
    match answer {
        Err(GuestError::Unavailable(unavailability)) => unavailability.detail,
        Err(other) => other.to_string(),
        Ok(_) => panic!("it has nothing to say"),
    }
}

async fn found_json(grants: Grants, action: &str) -> Value {
    serde_json::from_str(&found(grants, json!({ "action": action })).await).unwrap()
}

#[tokio::test]
async fn given_no_grant_should_see_neither_variables_nor_arguments_of_the_host() {
    assert!(std::env::vars().count() > 0 && std::env::args().count() > 0, "nothing to hide");
    let nothing = json!({ "variables": {}, "arguments": [] });
    assert_eq!(found_json(Grants::default(), "environment").await, nothing);
}

#[tokio::test]
async fn given_variables_should_see_these_and_no_others() {
    let env = vec![("TZ".to_owned(), "UTC".to_owned()), ("REGION".to_owned(), "eu".to_owned())];
    let seen = found_json(Grants { env, ..Grants::default() }, "environment").await;
    assert_eq!(seen, json!({ "variables": { "TZ": "UTC", "REGION": "eu" }, "arguments": [] }));
}

#[tokio::test]
async fn given_a_clock_should_see_that_one() {
    let clocks = async |clock| {
        let seen = found_json(Grants { clock, ..Grants::default() }, "clocks").await;
        let number = |name: &str| seen[name].as_u64().unwrap_or_else(|| panic!("{name} in {seen}"));
        (number("wall_ms"), number("wall_step_ms"), number("monotonic_step_us"), seen.to_string())
    };
    let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;

    let before = now();
    let (wall, _, step, seen) = clocks(Clock::Real).await;
    assert!((before..=now()).contains(&wall), "{seen}");
    assert!((1..100_000).contains(&step), "{seen}");

    let before = now();
    let (wall, wall_step, step, seen) = clocks(Clock::Coarse).await;
    assert!((before - 100..=now()).contains(&wall) && wall % 100 == 0, "{seen}");
    assert!(wall_step >= 100 && wall_step % 100 == 0, "{seen}");
    assert!(step >= 100_000 && step % 100_000 == 0, "{seen}");

    let (wall, wall_step, step, seen) = clocks(Clock::Frozen).await;
    // 2026-01-01T00:00:00Z, and no step at all.
    assert_eq!((wall, wall_step, step), (1_767_225_600_000, 0, 0), "{seen}");
}

fn secret(name: &str, reveal: bool) -> SecretGrant {
    let source = SecretSource::Variable { name: "KEY".into(), value: VALUE.into() };
    SecretGrant { name: name.into(), source: Arc::new(source), hosts: None, reveal }
}

async fn found_with(secrets: Vec<SecretGrant>, action: &str, more: Value) -> String {
    let mut config = json!({ "action": action, "secret": "key" });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    found(Grants { secrets, ..Grants::default() }, config).await
}

#[tokio::test]
async fn given_a_secret_should_use_it_without_learning_it() {
    let granted = || vec![secret("other", true), secret("key", false)];
    assert_eq!(found_with(granted(), "open", json!({})).await, "opened");
    // hmac(sha256, "AWS4" + value, "data"), as bytes.
    let signed = found_with(granted(), "hmac", json!({})).await;
    assert_eq!(signed.matches(',').count(), 31, "{signed}");
    let proof = found_with(granted(), "scram", json!({ "iterations": 4096 })).await;
    assert_eq!(proof.matches(',').count(), 31, "{proof}");
    let few = found_with(granted(), "scram", json!({ "iterations": 4095 })).await;
    assert!(few.contains("fewer than 4096"), "{few}");
    let many = found_with(granted(), "scram", json!({ "iterations": 1_000_001 })).await;
    assert!(many.contains("more than 1000000"), "{many}");
    let revealed = found_with(granted(), "reveal", json!({})).await;
    assert!(revealed.contains("reveal_denied") && !revealed.contains(VALUE), "{revealed}");
    assert!(revealed.contains("[grants] reveal = [\"key\"]"), "{revealed}");
}

#[tokio::test]
async fn given_the_grant_to_reveal_should_learn_that_secret() {
    assert_eq!(found_with(vec![secret("key", true)], "reveal", json!({})).await, VALUE);
}

#[tokio::test]
async fn given_no_grant_or_another_should_deny_the_secret() {
    for granted in [vec![], vec![secret("keys", true), secret("Key", true), secret("ke", true)]] {
        let denied = found_with(granted, "open", json!({})).await;
        assert!(denied.contains("secret_denied"), "{denied}");
        assert!(denied.contains("[grants] secrets = { key = \"secret://env/NAME\" }"), "{denied}");
    }
}
