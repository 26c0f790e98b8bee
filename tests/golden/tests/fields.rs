//! The fields transform in Rust, Python and JavaScript: the same cases, in the same sandbox, with the same answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod case;

use std::path::{Path, PathBuf};

use case::{Answer, Golden};
use kennel_sandbox::capability::context::Attributes;
use kennel_sandbox::capability::http::HttpClient;
use kennel_sandbox::capability::metrics::GuestMetrics;
use kennel_sandbox::capability::{Grants, Services};
use kennel_sandbox::{Component, Engine, GuestError, InstanceSpec, Limits, StartError, Transform};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

async fn load(name: &str) -> Component {
    let folder = std::env::var_os("KENNEL_COMPONENTS")
        .map_or_else(|| repository().join("target/components"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.is_file(), "{} is missing; `cargo xtask components` builds it", path.display());
    let engine = Engine::new(Some(repository().join("target/kennel-cache"))).unwrap();
    Component::load(&engine, &path).await.unwrap()
}

/// Grants nothing: the transform needs nothing.
fn spec(config: &serde_json::Value) -> InstanceSpec {
    let http = HttpClient::new().unwrap();
    InstanceSpec {
        grants: Grants::default(),
        services: Services { http, state: None, metrics: GuestMetrics::new([]) },
        attributes: Attributes::default(),
        limits: Limits::default(),
        config: config.to_string(),
    }
}

async fn answer_every_case(component: &Component) {
    let golden = Golden::read("fields.json");
    assert!(golden.cases.len() > 20, "the file is not empty");
    for case in &golden.cases {
        let transform = Transform::open(component, &spec(&case.config)).await.expect(&case.name);
        let (batch, columns) = golden.batch(case);
        let (transform, made) =
            transform.apply(batch.clone(), Some(columns), 1).await.expect(&case.name);
        let made = made.expect(&case.name);
        let answers = Answer::of_each(&batch, &made);
        assert_eq!(answers, case.expect, "{}", case.name);
        transform.close().await;
    }
}

async fn refuse_every_wrong_configuration(component: &Component) {
    for case in &Golden::read("fields.json").invalid_configs {
        let problems = component.validate(&case.config.to_string()).await.expect(&case.name);
        assert!(!problems.is_empty(), "{}: no problem found", case.name);
        let opened = Transform::open(component, &spec(&case.config)).await;
        let refused = matches!(opened, Err(StartError::Refused(GuestError::InvalidConfig(_))));
        assert!(refused, "{}: {:?}", case.name, opened.err());
    }
}

async fn is_the_fields_transform(name: &str, language: &str) {
    let component = load(name).await;
    assert_eq!(component.description().name, "fields");
    assert_eq!(component.description().sdk["language"], language);
    answer_every_case(&component).await;
    refuse_every_wrong_configuration(&component).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_fields_transform_in_rust_should_pass_the_golden_cases() {
    is_the_fields_transform("fields_transform.wasm", "rust").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_fields_transform_in_python_should_pass_the_golden_cases() {
    is_the_fields_transform("fields-python.wasm", "python").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_fields_transform_in_javascript_should_pass_the_golden_cases() {
    is_the_fields_transform("fields-javascript.wasm", "javascript").await;
}
