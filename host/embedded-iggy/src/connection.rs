//! One connection: requests in, replies out, in lock step.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use iggy_binary_protocol::consensus::HEADER_SIZE;
use iggy_binary_protocol::{Command, ReplyHeader, RequestHeader};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::clock::now_micros;
use crate::command::{Answer, Outcome, Reply, command_code};
use crate::faults::Fault;
use crate::frame::{self, FrameError, FrameLimit, Incoming, Request};
use crate::session::Session;
use crate::status::Status;

/// Longest body before login. A login is a few hundred bytes.
const LIMIT_BEFORE_LOGIN: usize = 4096;
/// Header and small bodies arrive in one read.
const READ_BUFFER: usize = 8192;

/// Both ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
}

/// How a server ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    /// Gracefully: requests in hand are answered, everything is written.
    pub(crate) stop: CancellationToken,
    /// As if killed: nothing more is written.
    pub(crate) kill: CancellationToken,
}

/// Serves a connection until the client leaves, breaks the protocol, or the server is
/// to stop and no request is in hand.
pub(crate) async fn serve<S>(broker: Arc<Broker>, stream: S, addresses: Addresses, signals: Signals)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Addresses { local, peer } = addresses;
    let session = broker.open_session(local, peer);
    let mut connection = Connection { broker: &broker, session, kill: &signals.kill };
    let mut stream = BufReader::with_capacity(READ_BUFFER, stream);
    if let Err(error) = connection.run(&mut stream, &signals.stop).await {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

struct Connection<'a> {
    broker: &'a Broker,
    session: Session,
    kill: &'a CancellationToken,
}

impl Drop for Connection<'_> {
    /// Also when the task is aborted: a member that is gone must not keep its partitions.
    fn drop(&mut self) {
        self.broker.close_session(&self.session);
    }
}

impl Connection<'_> {
    async fn run<S>(
        &mut self,
        stream: &mut BufReader<S>,
        stop: &CancellationToken,
    ) -> Result<(), FrameError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            let incoming = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                incoming = frame::read_request(stream, self.limit()) => incoming?,
            };
            let (header, outcome) = match incoming {
                Incoming::Request(request) => {
                    let header = request.header;
                    let Some(outcome) = self.execute(request).await else { return Ok(()) };
                    (header, outcome)
                }
                Incoming::TooLarge(header) => {
                    (header, Outcome::Answer(Err(Status::TOO_BIG_MESSAGE_PAYLOAD)))
                }
            };
            let mut parts = match outcome {
                Outcome::Answer(answer) => self.reply(&header, answer),
                Outcome::Evict(frame) => vec![frame],
            };
            let idle = self.broker.settings.idle_timeout;
            frame::write_parts(stream.get_mut(), &mut parts, idle).await?;
        }
    }

    /// Carries out a request, with the fault that is due. `None` if it is not to be answered.
    async fn execute(&mut self, request: Request) -> Option<Outcome> {
        let (broker, session) = (self.broker, &mut self.session);
        match broker.faults.strike(command_code(&request)) {
            None => {}
            Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
            Some(Fault::Refuse(code)) => return Some(Outcome::Answer(Err(Status(code)))),
            Some(Fault::Drop) => return None,
            Some(Fault::Duplicate) => {
                let twin = Request { header: request.header, body: request.body.clone() };
                broker.execute(session, twin).await;
            }
            Some(Fault::LoseReply) => {
                broker.execute(session, request).await;
                return None;
            }
            Some(Fault::Die) => {
                self.kill.cancel();
                return None;
            }
            Some(Fault::DieAfter) => {
                broker.execute(session, request).await;
                self.kill.cancel();
                return None;
            }
        }
        Some(broker.execute(session, request).await)
    }

    fn limit(&self) -> FrameLimit {
        let idle = self.broker.settings.idle_timeout;
        match self.session.identity {
            Some(_) => FrameLimit {
                body: self.broker.settings.frame_limit - HEADER_SIZE,
                skip_larger: true,
                idle,
            },
            None => FrameLimit { body: LIMIT_BEFORE_LOGIN, skip_larger: false, idle },
        }
    }

    /// A failed request is answered with its status and no body, whatever the operation.
    fn reply(&self, request: &RequestHeader, answer: Answer) -> Vec<Bytes> {
        let mut parts = vec![Bytes::new()];
        let mut status = 0;
        match answer {
            Ok(reply) => {
                let is_empty = matches!(reply, Reply::Empty);
                if frame::has_result_section(request.operation, is_empty) {
                    parts.push(Bytes::from_static(&[0; 4]));
                }
                match reply {
                    Reply::Empty => {}
                    Reply::Body(body) => parts.push(body),
                    Reply::Parts(body) => parts.extend(body),
                }
            }
            Err(Status(code)) => status = code,
        }
        let size = HEADER_SIZE + parts.iter().map(Bytes::len).sum::<usize>();
        let operation = if request.operation.is_metadata() {
            self.broker.next_operation()
        } else {
            self.broker.last_operation()
        };
        let header = ReplyHeader {
            size: u32::try_from(size).unwrap_or(u32::MAX),
            command: Command::Reply,
            request_checksum: request.request_checksum,
            client: request.client,
            op: operation,
            commit: operation,
            timestamp: now_micros(),
            request: request.request,
            operation: request.operation,
            status,
            ..ReplyHeader::default()
        };
        parts[0] = Bytes::copy_from_slice(bytemuck::bytes_of(&header));
        parts
    }
}
