//! Work of the host's for a guest that takes longer than a message may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::Semaphore;

use crate::bindings::kennel::connector::secrets::Error;

/// Threads that all guests together may keep busy with cryptography.
static THREADS: Semaphore = Semaphore::const_new(2);

/// Told to the work when nobody waits for it any more, because the call timed out.
#[derive(Clone, Default)]
pub(super) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Sets it when the call's future is dropped.
struct OnDrop(Abandoned);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Relaxed);
    }
}

/// Does `work` on a thread of its own, so that no lane waits for it but the guest's.
pub(super) async fn offload<T: Send + 'static>(
    work: impl FnOnce(&Abandoned) -> Option<T> + Send + 'static,
) -> Result<T, Error> {
    let _permit =
        THREADS.acquire().await.map_err(|_closed| Error::Other("the host is stopping".into()))?;
    let abandoned = Abandoned::default();
    let waiting = OnDrop(abandoned.clone());
    let done = tokio::task::spawn_blocking(move || work(&abandoned)).await;
    drop(waiting);
    done.ok().flatten().ok_or_else(|| Error::Other("the host gave the computation up".into()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn given_a_caller_that_goes_away_should_tell_the_work() {
        let (started, is_started) = mpsc::channel();
        let (ended, has_ended) = mpsc::channel();
        let call = tokio::spawn(offload(move |abandoned| {
            started.send(()).unwrap();
            while !abandoned.is_set() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
            Some(())
        }));
        tokio::task::spawn_blocking(move || is_started.recv().unwrap()).await.unwrap();
        call.abort();
        tokio::task::spawn_blocking(move || has_ended.recv().unwrap()).await.unwrap();
    }
}
