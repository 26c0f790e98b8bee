//! What the endpoint's answer means for the messages of a request.

use kennel_sdk::http::{self, Response, Url};
use kennel_sdk::prelude::*;

use crate::config::{Config, Mode};

/// How much of an endpoint's words is passed on.
const EXCERPT: usize = 200;

/// The fate of one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The endpoint has the messages.
    Accepted,
    /// The endpoint does not want what it was sent; with many messages, at least one of them.
    Refused(Refusal),
    /// It is not about the messages: the other system, its credentials, or the configuration.
    Stopped(Error),
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Short and stable: a metric's label.
    pub(crate) code: String,
    /// For people.
    pub(crate) detail: String,
}

impl Outcome {
    /// Reads an answer, or why there is none.
    pub(crate) fn of(answer: Result<Response, http::Error>, config: &Config) -> Self {
        match answer {
            Ok(response) => Self::of_response(&response, config),
            Err(http::Error::Denied(_)) => Self::Stopped(denied(&config.url)),
            Err(error) => Self::Stopped(error.into()),
        }
    }

    fn of_response(response: &Response, config: &Config) -> Self {
        let success = match config.success.as_slice() {
            [] => response.is_success(),
            listed => listed.contains(&response.status),
        };
        if success {
            return Self::Accepted;
        }
        match response.status {
            401 | 403 | 407 => Self::Stopped(Error::unauthorized(described(response))),
            // 408 timeout, 425 too early, 429 too many requests
            408 | 425 | 429 | 500.. => Self::Stopped(unavailable(response)),
            400 | 413 | 422 | 200..=299 => Self::Refused(refusal(response)),
            400..=499 if config.mode == Mode::Single => Self::Refused(refusal(response)),
            // The address, not the messages; it may be deployed again in a moment.
            404 => Self::Stopped(unavailable(response)),
            300..=399 => {
                let target = response.header("location").unwrap_or("elsewhere");
                Self::Stopped(Error::invalid_config(format!(
                    "{}; redirects are not followed: set `url` to {target}",
                    described(response)
                )))
            }
            _ => Self::Stopped(Error::invalid_config(described(response))),
        }
    }
}

/// The operator's line is part of the error, because nobody else can mend this.
fn denied(url: &str) -> Error {
    let target = match Url::parse(url) {
        Ok(parsed) => {
            let scheme = if parsed.secure { "https" } else { "http" };
            let path = parsed.path_and_query.split('?').next().unwrap_or("/");
            format!("{scheme}://{}{path}", parsed.authority)
        }
        Err(_) => url.to_owned(),
    };
    Error::unauthorized(format!(
        "requests to {target} are not granted; the line that allows them: \
         [grants] http = [\"{target}\"]"
    ))
}

fn unavailable(response: &Response) -> Error {
    match response.retry_after() {
        Some(wait) => Error::unavailable_after(described(response), wait),
        None => Error::unavailable(described(response)),
    }
}

fn refusal(response: &Response) -> Refusal {
    Refusal { code: format!("http_{}", response.status), detail: described(response) }
}

/// `the endpoint answered 422: no such customer`
fn described(response: &Response) -> String {
    let text = response.text();
    let printable = text.trim().chars().map(|char| if char.is_control() { ' ' } else { char });
    let mut excerpt: String = printable.take(EXCERPT).collect();
    if text.trim().chars().count() > EXCERPT {
        excerpt.push('…');
    }
    let separator = if excerpt.is_empty() { "" } else { ": " };
    format!("the endpoint answered {}{separator}{excerpt}", response.status)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn config(extra: serde_json::Value) -> Config {
        let mut config = json!({"url": "https://api.example.com:444/in?x=1"});
        config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value(config).unwrap()
    }

    fn kind(status: u16, config: &Config) -> &'static str {
        match Outcome::of(Ok(Response::new(status)), config) {
            Outcome::Accepted => "accepted",
            Outcome::Refused(_) => "refused",
            Outcome::Stopped(Error::Unavailable { .. }) => "unavailable",
            Outcome::Stopped(Error::Unauthorized(_)) => "unauthorized",
            Outcome::Stopped(Error::InvalidConfig(_)) => "config",
            Outcome::Stopped(_) => "other",
        }
    }

    #[test]
    fn given_each_status_should_know_whom_it_is_about() {
        let many = config(json!({"mode": "ndjson"}));
        let single = config(json!({"mode": "single"}));
        for (status, of_many, of_single) in [
            (200, "accepted", "accepted"),
            (204, "accepted", "accepted"),
            (301, "config", "config"),
            (400, "refused", "refused"),
            (401, "unauthorized", "unauthorized"),
            (403, "unauthorized", "unauthorized"),
            (404, "unavailable", "refused"),
            (405, "config", "refused"),
            (408, "unavailable", "unavailable"),
            (409, "config", "refused"),
            (413, "refused", "refused"),
            (422, "refused", "refused"),
            (425, "unavailable", "unavailable"),
            (429, "unavailable", "unavailable"),
            (500, "unavailable", "unavailable"),
            (503, "unavailable", "unavailable"),
            (599, "unavailable", "unavailable"),
        ] {
            assert_eq!(kind(status, &many), of_many, "{status} to many");
            assert_eq!(kind(status, &single), of_single, "{status} to one");
        }
    }

    #[test]
    fn given_listed_success_codes_should_accept_only_those() {
        let config = config(json!({"success": [202, 409]}));
        assert_eq!(kind(202, &config), "accepted");
        assert_eq!(kind(409, &config), "accepted");
        assert_eq!(kind(200, &config), "refused");
    }

    #[test]
    fn given_retry_after_should_pass_it_on() {
        let mut response = Response::new(429);
        response.headers.push(("retry-after".to_owned(), "7".to_owned()));
        let Outcome::Stopped(Error::Unavailable { retry_after, .. }) =
            Outcome::of(Ok(response), &config(json!({})))
        else {
            panic!("unavailable")
        };
        assert_eq!(retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn given_no_answer_should_be_unavailable() {
        for error in [
            http::Error::Timeout("10s".to_owned()),
            http::Error::Connect("refused".to_owned()),
            http::Error::Other("reset".to_owned()),
        ] {
            let outcome = Outcome::of(Err(error), &config(json!({})));
            assert!(matches!(outcome, Outcome::Stopped(Error::Unavailable { .. })), "{outcome:?}");
        }
    }

    #[test]
    fn given_a_denial_should_name_the_line_that_allows_it() {
        let denied = Err(http::Error::Denied(String::new()));
        let Outcome::Stopped(Error::Unauthorized(detail)) = Outcome::of(denied, &config(json!({})))
        else {
            panic!("unauthorized")
        };
        let line = "[grants] http = [\"https://api.example.com:444/in\"]";
        assert!(detail.contains(line), "{detail}");
    }

    #[test]
    fn given_a_long_answer_should_pass_on_its_beginning() {
        let mut response = Response::new(400);
        response.body = "no\nsuch ünit ".repeat(100).into_bytes();
        let Outcome::Refused(refusal) = Outcome::of(Ok(response), &config(json!({}))) else {
            panic!("refused")
        };
        assert_eq!(refusal.code, "http_400");
        assert!(refusal.detail.starts_with("the endpoint answered 400: no such ünit no such"));
        assert!(refusal.detail.chars().count() < 250 && refusal.detail.ends_with('…'));
    }
}
