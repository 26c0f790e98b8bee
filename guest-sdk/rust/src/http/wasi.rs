//! Requests over `wasi:http`: started up to the allowed number, then answered as they become ready.

use std::collections::VecDeque;

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::poll::{self, Pollable};
use wasip2::io::streams::StreamError;

use super::{Error, Request, Response, Url};

type Answer = Result<Response, Error>;

/// Bytes asked for in one read of an answer.
const READ: u64 = 64 * 1024;

struct InFlight {
    index: usize,
    url: String,
    limit: usize,
    /// Before `future`, its parent: fields are dropped in this order.
    ready: Pollable,
    future: FutureIncomingResponse,
}

pub(super) fn send_all(requests: Vec<Request>, concurrency: usize) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
    let mut waiting: VecDeque<(usize, Request)> = requests.into_iter().enumerate().collect();
    let mut running: Vec<InFlight> = Vec::new();
    loop {
        while running.len() < concurrency {
            let Some((index, request)) = waiting.pop_front() else { break };
            match start(index, request) {
                Ok(request) => running.push(request),
                Err(error) => answers[index] = Some(Err(error)),
            }
        }
        if running.is_empty() {
            break;
        }
        let pollables: Vec<&Pollable> = running.iter().map(|request| &request.ready).collect();
        let mut ready = poll::poll(&pollables);
        ready.sort_unstable();
        // From the back, so that swapping one out does not move another that is ready.
        for at in ready.into_iter().rev() {
            let request = running.swap_remove(at as usize);
            let index = request.index;
            answers[index] = Some(finish(request));
        }
    }
    let unanswered = || Err(Error::Other("the request was not sent".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
}

fn start(index: usize, request: Request) -> Result<InFlight, Error> {
    let url = Url::parse(&request.url)?;
    let outgoing = OutgoingRequest::new(fields(&request)?);
    outgoing.set_method(&method(&request.method)).map_err(|()| refused("method"))?;
    let scheme = if url.secure { Scheme::Https } else { Scheme::Http };
    outgoing.set_scheme(Some(&scheme)).map_err(|()| refused("scheme"))?;
    outgoing.set_authority(Some(&url.authority)).map_err(|()| refused("host"))?;
    outgoing.set_path_with_query(Some(&url.path_and_query)).map_err(|()| refused("path"))?;
    let body = outgoing.body().map_err(|()| refused("body"))?;

    let options = options(&request)?;
    let future =
        outgoing_handler::handle(outgoing, options).map_err(|code| explain(&request.url, code))?;
    if let Err(error) = write(body, &request.body) {
        // The answer tells more than the broken pipe: a refusal, or a status that was sent early.
        let ready = future.subscribe();
        ready.block();
        let refusal = future.get().and_then(Result::ok).and_then(Result::err);
        return Err(refusal.map_or(error, |code| explain(&request.url, code)));
    }
    let ready = future.subscribe();
    Ok(InFlight { index, url: request.url, limit: request.response_limit, ready, future })
}

fn refused(what: &str) -> Error {
    Error::Invalid(format!("the host refuses the {what}"))
}

fn fields(request: &Request) -> Result<Fields, Error> {
    let mut entries: Vec<(String, Vec<u8>)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect();
    let has_length = entries.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if !has_length && !(request.body.is_empty() && request.method == "GET") {
        let length = request.body.len().to_string().into_bytes();
        entries.push(("content-length".to_owned(), length));
    }
    Fields::from_list(&entries).map_err(|error| Error::Invalid(format!("header: {error:?}")))
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn options(request: &Request) -> Result<Option<RequestOptions>, Error> {
    let Some(timeout) = request.timeout else { return Ok(None) };
    let nanoseconds = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    options
        .set_connect_timeout(Some(nanoseconds))
        .and_then(|()| options.set_first_byte_timeout(Some(nanoseconds)))
        .and_then(|()| options.set_between_bytes_timeout(Some(nanoseconds)))
        .map_err(|()| Error::Invalid("the timeout is refused".to_owned()))?;
    Ok(Some(options))
}

/// Writes as much as the host takes at a time, and waits in between.
fn write(body: OutgoingBody, mut bytes: &[u8]) -> Result<(), Error> {
    if !bytes.is_empty() {
        let stream =
            body.write().map_err(|()| Error::Other("the body is not writable".to_owned()))?;
        let ready = stream.subscribe();
        while !bytes.is_empty() {
            let room = stream.check_write().map_err(interrupted)? as usize;
            if room == 0 {
                ready.block();
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            stream.write(now).map_err(interrupted)?;
            bytes = later;
        }
    }
    OutgoingBody::finish(body, None)
        .map_err(|code| Error::Other(format!("the body was not sent whole: {code:?}")))
}

fn interrupted(error: StreamError) -> Error {
    Error::Connect(match error {
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
        StreamError::Closed => "closed while the request was being sent".to_owned(),
    })
}

fn finish(request: InFlight) -> Answer {
    let answer = match request.future.get() {
        Some(Ok(answer)) => answer,
        Some(Err(())) | None => {
            return Err(Error::Other("the host has no answer that it called ready".to_owned()));
        }
    };
    let response = answer.map_err(|code| explain(&request.url, code))?;
    let headers = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| {
            (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned())
        })
        .collect();
    let status = response.status();
    let body = read(&response, request.limit)?;
    Ok(Response { status, headers, body })
}

fn read(response: &IncomingResponse, limit: usize) -> Result<Vec<u8>, Error> {
    let unreadable = |()| Error::Other("the answer's body is not readable".to_owned());
    let body: IncomingBody = response.consume().map_err(unreadable)?;
    let stream = body.stream().map_err(unreadable)?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(part) => bytes.extend_from_slice(&part),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(Error::Connect(error.to_debug_string()));
            }
        }
        if bytes.len() > limit {
            return Err(Error::Other(format!("the answer is longer than {limit} bytes")));
        }
    }
}

fn explain(url: &str, code: ErrorCode) -> Error {
    use ErrorCode as Code;
    let detail = format!("{url}: {code:?}");
    match code {
        Code::HttpRequestDenied | Code::DestinationIpProhibited => Error::Denied(url.to_owned()),
        Code::DnsTimeout
        | Code::ConnectionTimeout
        | Code::ConnectionReadTimeout
        | Code::ConnectionWriteTimeout
        | Code::HttpResponseTimeout => Error::Timeout(detail),
        Code::DnsError(_)
        | Code::DestinationNotFound
        | Code::DestinationUnavailable
        | Code::DestinationIpUnroutable
        | Code::ConnectionRefused
        | Code::ConnectionTerminated
        | Code::ConnectionLimitReached
        | Code::TlsProtocolError
        | Code::TlsCertificateError
        | Code::TlsAlertReceived(_) => Error::Connect(detail),
        Code::HttpRequestMethodInvalid
        | Code::HttpRequestUriInvalid
        | Code::HttpRequestUriTooLong
        | Code::HttpRequestHeaderSectionSize(_)
        | Code::HttpRequestHeaderSize(_) => Error::Invalid(detail),
        _ => Error::Other(detail),
    }
}
