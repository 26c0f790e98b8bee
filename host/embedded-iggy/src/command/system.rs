//! The server itself and its clients.

use iggy_binary_protocol::requests::system::GetClientRequest;
use iggy_binary_protocol::responses::clients::{
    ClientDetailsResponse, ClientResponse, ConsumerGroupInfoResponse, GetClientsResponse,
};
use iggy_binary_protocol::responses::system::{ClusterMetadataResponse, ClusterNodeResponse};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::catalog::Catalog;
use crate::session::{Caller, Client, Identity, Session};
use crate::user::Need;

/// Name of the only node and of its cluster.
const NODE_NAME: &str = "embedded";
/// The protocol's code for TCP in client listings.
const TRANSPORT_TCP: u8 = 1;

impl Broker {
    /// Exactly one node, the leader and healthy, at the address the client has reached it by:
    /// clients keep what they find here as a place to reconnect to.
    pub(super) fn cluster_metadata(&self, session: &Session) -> Reply {
        let node = ClusterNodeResponse {
            name: NODE_NAME.into(),
            ip: session.local.ip().to_string(),
            tcp_port: session.local.port(),
            quic_port: 0,
            http_port: 0,
            websocket_port: 0,
            role: 0,
            status: 0,
        };
        Reply::encode(&ClusterMetadataResponse { name: NODE_NAME.into(), nodes: vec![node] })
    }

    pub(super) fn get_me(&self, session: &Session, identity: Identity) -> Reply {
        let client = Client { peer: session.peer, user: Some(identity.user) };
        let catalog = self.catalog.lock();
        Reply::encode(&details(&catalog, session.connection, client))
    }

    pub(super) fn get_client(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetClientRequest = decode(body)?;
        let client = self.clients.lock().get(&request.client_id).copied();
        let catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ReadServers)?;
        Ok(Reply::optional(client.map(|client| details(&catalog, request.client_id, client))))
    }

    pub(super) fn get_clients(&self, caller: Caller) -> Answer {
        let clients = self.clients.lock().clone();
        let catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ReadServers)?;
        let summary = |(id, client)| details(&catalog, id, client).client;
        let clients = clients.into_iter().map(summary).collect();
        Ok(Reply::encode(&GetClientsResponse { clients }))
    }
}

fn details(catalog: &Catalog, id: u32, client: Client) -> ClientDetailsResponse {
    let consumer_groups: Vec<_> = catalog
        .memberships(id)
        .into_iter()
        .map(|(stream_id, topic_id, group_id)| ConsumerGroupInfoResponse {
            stream_id,
            topic_id,
            group_id,
        })
        .collect();
    ClientDetailsResponse {
        client: ClientResponse {
            client_id: id,
            // Not logged in is shown as the highest id, which no user has.
            user_id: client.user.unwrap_or(u32::MAX),
            transport: TRANSPORT_TCP,
            address: client.peer.to_string(),
            consumer_groups_count: u32::try_from(consumer_groups.len()).unwrap_or(u32::MAX),
        },
        consumer_groups,
    }
}
