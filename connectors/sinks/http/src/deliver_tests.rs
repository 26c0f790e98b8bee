use std::cell::RefCell;
use std::rc::Rc;

use kennel_sdk::http::{self, Response};
use kennel_sdk::testing::{self, BatchBuilder};
use serde_json::json;

use super::*;

type Bodies = Rc<RefCell<Vec<String>>>;

fn config(extra: serde_json::Value) -> Config {
    let mut config = json!({"url": "http://localhost:1/in"});
    config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

/// Answers every request by its body, and keeps the bodies.
fn serve(answer: impl Fn(&str) -> Result<Response, http::Error> + 'static) -> Bodies {
    let bodies = Bodies::default();
    let kept = bodies.clone();
    testing::serve(move |request| {
        let body = String::from_utf8(request.body_bytes().to_vec()).unwrap();
        let answered = answer(&body);
        kept.borrow_mut().push(body);
        answered
    });
    bodies
}

/// A delivery of its own, without a memory.
fn deliver(config: &Config, batch: &Batch) -> Delivery {
    super::deliver(config, batch, &mut None)
}

fn numbers(count: usize) -> Batch {
    BatchBuilder::json((0..count).map(|number| format!("{{\"n\":{number}}}"))).build()
}

fn refused(delivery: &Delivery) -> Vec<(usize, &str)> {
    delivery.refused.iter().map(|(index, refusal)| (*index, refusal.code.as_str())).collect()
}

#[test]
fn given_a_willing_endpoint_should_send_each_message_once_and_in_order() {
    let bodies = serve(|_| Ok(Response::new(200)));
    let delivery = deliver(&config(json!({"max_messages": 3})), &numbers(7));
    assert_eq!((delivery.handled, delivery.requests), (7, 3));
    assert!(delivery.stopped.is_none() && delivery.refused.is_empty());
    let sent = bodies.borrow().concat();
    let expected: String = (0..7).map(|number| format!("{{\"n\":{number}}}\n")).collect();
    assert_eq!(sent, expected);
}

#[test]
fn given_one_bad_message_should_refuse_that_one_only() {
    for mode in ["ndjson", "array"] {
        for status in [400, 413, 422] {
            let bodies = serve(move |body| {
                Ok(Response::new(if body.contains("\"n\":421}") { status } else { 200 }))
            });
            let delivery = deliver(&config(json!({"mode": mode})), &numbers(1_000));
            assert_eq!(delivery.handled, 1_000);
            assert_eq!(refused(&delivery), [(421, format!("http_{status}").as_str())]);
            assert!(delivery.requests <= 22, "{} requests", delivery.requests);
            assert_eq!(bodies.borrow().len() as u64, delivery.requests);
        }
    }
}

#[test]
fn given_bisection_should_still_send_every_accepted_message_exactly_once_and_in_order() {
    let accepted: Bodies = Bodies::default();
    let kept = accepted.clone();
    serve(move |body| {
        let bad = ["\"n\":0}", "\"n\":17}", "\"n\":18}", "\"n\":63}"];
        if bad.iter().any(|bad| body.contains(bad)) {
            return Ok(Response::new(422));
        }
        kept.borrow_mut().push(body.to_owned());
        Ok(Response::new(200))
    });
    let delivery = deliver(&config(json!({})), &numbers(64));
    let indices: Vec<usize> = delivery.refused.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, [0, 17, 18, 63]);
    let expected: String = (0..64)
        .filter(|number| !indices.contains(number))
        .map(|number| format!("{{\"n\":{number}}}\n"))
        .collect();
    assert_eq!(accepted.borrow().concat(), expected);
}

#[test]
fn given_a_message_that_is_no_json_should_refuse_it_without_asking_the_endpoint() {
    let bodies =
        serve(|body| Ok(Response::new(if body == "[1,2]" || body == "[3]" { 200 } else { 500 })));
    let batch = BatchBuilder::json(["1", "{", "2", "}", "3"]).build();
    let delivery = deliver(&config(json!({"mode": "array", "max_messages": 4})), &batch);
    assert_eq!(delivery.handled, 5);
    assert_eq!(refused(&delivery), [(1, "not_json"), (3, "not_json")]);
    assert_eq!(bodies.borrow().len(), 2);
}

#[test]
fn given_an_outage_within_a_batch_should_keep_what_is_done() {
    serve(|body| Ok(Response::new(if body.contains("\"n\":4}") { 503 } else { 200 })));
    for mode in ["ndjson", "single"] {
        let delivery = deliver(&config(json!({"mode": mode, "max_messages": 2})), &numbers(7));
        assert_eq!(delivery.handled, 4, "{mode}");
        assert!(matches!(delivery.stopped, Some(Error::Unavailable { .. })), "{mode}");
    }
}

#[test]
fn given_an_endpoint_that_fails_every_third_time_should_still_find_the_bad_first_message() {
    let answered = std::cell::Cell::new(0);
    serve(move |body| {
        answered.set(answered.get() + 1);
        let bad = body.contains("\"n\":0}");
        Ok(Response::new(match answered.get() % 3 {
            0 => 503,
            _ if bad => 422,
            _ => 200,
        }))
    });
    let (config, batch) = (config(json!({})), numbers(500));
    let mut suspect = None;
    let deliveries: Vec<Delivery> = (0..20)
        .map(|_| super::deliver(&config, &batch, &mut suspect))
        .take_while(|delivery| delivery.handled == 0)
        .collect();
    assert!((1..20).contains(&deliveries.len()), "{} fruitless attempts", deliveries.len());
    assert!(deliveries.iter().all(|delivery| delivery.stopped.is_some()));
}

#[test]
fn given_an_outage_at_the_start_should_have_done_nothing() {
    serve(|_| Err(http::Error::Connect("refused".to_owned())));
    for mode in ["ndjson", "array", "single"] {
        let delivery = deliver(&config(json!({"mode": mode})), &numbers(7));
        assert_eq!((delivery.handled, delivery.requests), (0, 1), "{mode}");
        assert!(matches!(delivery.stopped, Some(Error::Unavailable { .. })), "{mode}");
    }
}

#[test]
fn given_a_refusal_after_an_outage_should_not_report_what_was_not_reached() {
    serve(|body| Ok(Response::new(if body.contains("\"n\":0}") { 503 } else { 400 })));
    let delivery = deliver(&config(json!({"mode": "single", "concurrency": 4})), &numbers(4));
    assert_eq!(delivery.handled, 0);
    assert!(delivery.refused.is_empty());
}

#[test]
fn given_single_mode_should_refuse_each_bad_message_by_itself() {
    let bodies = serve(|body| Ok(Response::new(if body.contains('3') { 404 } else { 201 })));
    let config = config(json!({"mode": "single", "concurrency": 4}));
    let delivery = deliver(&config, &numbers(10));
    assert_eq!((delivery.handled, delivery.requests), (10, 10));
    assert_eq!(refused(&delivery), [(3, "http_404")]);
    assert_eq!(bodies.borrow()[9], "{\"n\":9}");
}

#[test]
fn given_metadata_should_say_where_messages_come_from() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let kept = seen.clone();
    testing::serve(move |request| {
        kept.borrow_mut().push(request.clone());
        Ok(Response::new(200))
    });
    let batch = BatchBuilder::json(["1", "2", "3"])
        .origin("shop floor", "ordérs", 2)
        .epoch(9)
        .offset(40)
        .build();
    let headers = json!({"authorization": "Bearer x"});
    let _ = deliver(&config(json!({"metadata": true, "headers": headers})), &batch);
    let single = json!({"metadata": true, "mode": "single", "method": "PUT"});
    let _ = deliver(&config(single), &batch);
    let seen = seen.borrow();
    let header = |request: usize, name: &str| {
        let headers: &[(String, String)] = seen[request].headers();
        headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    };
    assert_eq!(header(0, "x-kennel-stream"), Some("shop%20floor"));
    assert_eq!(header(0, "x-kennel-topic"), Some("ord%C3%A9rs"));
    assert_eq!(header(0, "x-kennel-partition"), Some("2"));
    assert_eq!(header(0, "x-kennel-offset"), Some("40"));
    assert_eq!(header(0, "x-kennel-last-offset"), Some("42"));
    assert_eq!(header(0, "x-kennel-count"), Some("3"));
    assert_eq!(header(0, "idempotency-key"), None);
    assert_eq!(header(0, "content-type"), Some("application/x-ndjson"));
    assert_eq!(header(0, "authorization"), Some("Bearer x"));
    assert_eq!(header(2, "idempotency-key"), Some("shop%20floor/ord%C3%A9rs/2/9/41/0"));
    assert_eq!(seen[2].method_name(), "PUT");
}
