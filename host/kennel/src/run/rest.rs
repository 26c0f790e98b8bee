//! When everything is done.

use std::time::Duration;

use kennel_supervisor::{Handle, State};

const INTERVAL: Duration = Duration::from_millis(20);

/// Returns when nothing will happen any more: all connectors are over, or, with `once`, every source
/// is over and every sink has caught up with what the sources and each other wrote.
pub(super) async fn until_done(handles: &[Handle], once: bool) {
    let mut before = readings(handles);
    loop {
        tokio::time::sleep(INTERVAL).await;
        let states: Vec<State> =
            handles.iter().map(|handle| handle.status.borrow().state.clone()).collect();
        if !handles.is_empty() && states.iter().all(State::is_over) {
            return;
        }
        if !once {
            continue;
        }
        let now = readings(handles);
        let sources_over =
            handles.iter().zip(&states).all(|(handle, state)| !handle.is_source || state.is_over());
        let moved = now.iter().zip(&before).any(|(now, before)| now.events != before.events);
        let same_lanes =
            now.iter().zip(&before).all(|(now, before)| now.lanes.len() == before.lanes.len());
        if !sources_over || moved || !same_lanes {
            before = now;
            continue;
        }
        let at_rest = handles.iter().zip(&states).zip(now.iter().zip(&before)).all(
            |((handle, state), (now, before))| {
                handle.is_source || is_idle(state, now.is_rest_since(before), now.lanes.is_empty())
            },
        );
        if at_rest {
            return;
        }
    }
}

/// A sink that waits for a topic nobody has made has nothing to catch up with. One that is about to
/// run has not looked yet.
fn is_idle(state: &State, at_rest: bool, no_lanes: bool) -> bool {
    match state {
        State::Running => at_rest && !no_lanes,
        State::Waiting(reason) => reason.contains("does not exist"),
        State::Starting => false,
        State::Finished | State::Stopped | State::Failed(_) => true,
    }
}

fn readings(handles: &[Handle]) -> Vec<kennel_pipeline::Activity> {
    handles.iter().map(|handle| handle.stats.activity()).collect()
}
