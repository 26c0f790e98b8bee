//! What the scenarios share: a world of temporary folders, the processes in it, and brokers.

pub(crate) mod broker;
pub(crate) mod client;
pub(crate) mod connector;
pub(crate) mod destination;
pub(crate) mod http_server;
pub(crate) mod installation;
pub(crate) mod process;
pub(crate) mod wait;
pub(crate) mod world;

pub(crate) use broker::{Broker, BrokerProcess};
pub(crate) use client::{Target, message};
pub(crate) use connector::Connector;
pub(crate) use http_server::HttpServer;
pub(crate) use process::{Ended, Process};
pub(crate) use wait::eventually;
pub(crate) use world::World;
