//! Whatever a client sends is a request or refused.

use kennel_fuzz::{Target, fuzz};

use super::tests::{LIMIT, frame};
use super::*;

#[test]
fn given_any_bytes_of_a_client_should_read_requests_or_refuse_them() {
    let one = frame(Operation::SendMessages, b"body");
    let two = [one.clone(), frame(Operation::Logout, &[])].concat();
    let target =
        Target { name: "client-frames", seeds: &[&one, &two], pieces: &[&one[..HEADER_SIZE]] };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    fuzz(&target, |mut bytes| {
        runtime.block_on(async {
            let mut requests = 0u32;
            loop {
                match read_request(&mut bytes, LIMIT).await {
                    Ok(_) => requests += 1,
                    Err(error) => return (requests, error.to_string()),
                }
            }
        })
    });
}
