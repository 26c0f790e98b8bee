use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use kennel_sdk::http::Response;
use kennel_sdk::testing::{self, BatchBuilder};
use serde_json::json;

use super::*;

fn open(config: serde_json::Value) -> Http {
    testing::open_sink(config).unwrap()
}

#[test]
fn given_a_refused_message_should_reject_it_and_deliver_the_rest() {
    testing::serve(|request| {
        let bad = request.body_bytes().windows(3).any(|bytes| bytes == b"bad");
        Ok(Response::new(if bad { 422 } else { 200 }))
    });
    let mut sink = open(json!({"url": "http://localhost:1/"}));
    let batch = BatchBuilder::json(["\"good\"", "\"bad\"", "\"good\""]).build();
    let receipt = sink.consume(&batch).unwrap();
    assert_eq!((receipt.handled(), receipt.is_held()), (3, false));
    let failed: Vec<_> =
        receipt.failed().map(|(index, verdict, code, _)| (index, verdict, code)).collect();
    assert_eq!(failed, [(1, Verdict::Reject, "http_422")]);
}

#[test]
fn given_secrets_in_headers_should_send_placeholders() {
    let sent = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&sent);
    testing::serve(move |request| {
        kept.borrow_mut().extend_from_slice(request.headers());
        Ok(Response::new(200))
    });
    let config = json!({
        "url": "https://localhost/", "headers": { "authorization": "Bearer ${secret:token}" },
    });
    let error = testing::open_sink::<Http>(config.clone()).err().unwrap();
    assert!(matches!(error, Error::Unauthorized(_)), "{error}");
    testing::set_secret("token", "s3cret");
    let receipt = open(config).consume(&BatchBuilder::json(["1"]).build()).unwrap();
    assert_eq!(receipt.handled(), 1);
    let placeholder = secrets::Secret::open("token").unwrap().placeholder().unwrap();
    let expected = ("authorization".to_owned(), format!("Bearer {placeholder}"));
    assert!(sent.borrow().contains(&expected), "{sent:?}");
    let broken = json!({ "url": "https://localhost/", "headers": { "x": "${secret:token" } });
    assert_eq!(testing::validate_sink::<Http>(broken)[0].path, "/headers/x");
}

#[test]
fn given_an_outage_should_answer_an_error_that_names_the_wait() {
    testing::serve(|_| {
        let mut response = Response::new(503);
        response.headers.push(("retry-after".to_owned(), "3".to_owned()));
        Ok(response)
    });
    let mut sink = open(json!({"url": "http://localhost:1/", "mode": "single"}));
    let error = sink.consume(&BatchBuilder::json(["1"]).build()).unwrap_err();
    let Error::Unavailable { retry_after, .. } = error else { panic!("{error}") };
    assert_eq!(retry_after, Some(Duration::from_secs(3)));
}

#[test]
fn given_nothing_granted_should_name_the_grant() {
    testing::reset();
    let mut sink = open(json!({"url": "https://api.example.com/v1/orders"}));
    let error = sink.consume(&BatchBuilder::json(["1"]).build()).unwrap_err();
    let line = "[grants] http = [\"https://api.example.com/v1/orders\"]";
    assert!(matches!(&error, Error::Unauthorized(detail) if detail.contains(line)), "{error}");
}

#[test]
fn given_a_wrong_configuration_should_point_at_each_mistake() {
    let problems = testing::validate_sink::<Http>(json!({
        "url": "ftp://example.com",
        "headers": {"Content-Type": "x", "bad name": "x", "x-ok": "a\nb", "fine": "value"},
        "success": [600],
        "timeout_ms": 0,
        "concurrency": 65,
    }));
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/url",
            "/headers/Content-Type",
            "/headers/bad name",
            "/headers/x-ok",
            "/success",
            "/timeout_ms",
            "/concurrency",
        ]
    );
    assert!(testing::validate_sink::<Http>(json!({"url": "https://a.b/c"})).is_empty());
}

#[test]
fn given_a_misspelled_key_should_refuse_to_open() {
    let opened = testing::open_sink::<Http>(json!({"url": "http://a/", "mdoe": "single"}));
    assert!(matches!(opened.err(), Some(Error::InvalidConfig(_))));
}

#[test]
fn given_the_sample_configuration_should_be_valid() {
    let sample: toml::Table = include_str!("../sample.toml").parse().unwrap();
    let config = serde_json::to_value(&sample["config"]).unwrap();
    assert_eq!(testing::validate_sink::<Http>(config.clone()), []);
    open(config);
}
