//! `kennel iggy`: the embedded Iggy server by itself.

use anyhow::Context;
use embedded_iggy::{Server, Tls};
use serde_json::json;

use crate::cli::{GlobalArguments, IggyArguments};
use crate::exit_code::Failure;
use crate::logging;
use crate::stop::StopSignal;
use crate::terminal::Terminal;

pub(crate) async fn run(
    arguments: IggyArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    logging::start(global, terminal, None)?;
    let tls = arguments
        .tls_cert
        .zip(arguments.tls_key)
        .map(|(certificates, key)| Tls::PemFiles { certificates, key });
    let mut stop_signal = StopSignal::listen().map_err(Failure::running)?;
    let server = Server::builder()
        .bind(&arguments.address)
        .credentials(&arguments.username, &arguments.password)
        .data_dir(arguments.data.clone())
        .tls(tls)
        .start()
        .await
        .with_context(|| format!("cannot serve at {}", arguments.address))
        .map_err(Failure::running)?;
    let address = server.local_addr();
    let data = arguments.data.as_ref().map(|folder| folder.display().to_string());
    // Scripts wait for this line, and learn the port where they asked for any.
    terminal.result(&json!({ "address": address, "data": data }), || {
        let data = data.as_deref().unwrap_or("memory");
        format!("Iggy listens on {address}; data in {data}; Ctrl-C stops it")
    });
    stop_signal.received().await;
    server.shutdown().await;
    Ok(())
}
