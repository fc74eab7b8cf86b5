//! A connection on loan, and how it comes back from a reading that was not read to its end.
use crate::link::Link;
use crate::pool::{Leaving, Seat};
use crate::runtime;
use crate::streams::{Rows, Traffic};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// How long the rest of a reading may flow before the server is told to break off: what is on its
/// way already costs less to take in than a connection costs to make.
const REST_MAY_FLOW_FOR: Duration = Duration::from_millis(20);
/// How long the server may take to break off.
const BREAKING_OFF: Duration = Duration::from_secs(5);

/// A connection on loan; dropping it gives it back.
pub(crate) struct Lease {
    loan: Option<(Link, Seat)>,
}

impl Lease {
    pub(crate) fn new(link: Link, seat: Seat) -> Self {
        Self { loan: Some((link, seat)) }
    }

    /// Closes the connection instead of giving it back.
    #[cfg(test)]
    pub(crate) fn discard(mut self) {
        let Some((link, seat)) = self.loan.take() else { return };
        if link.traffic() != Traffic::Idle {
            see_off(seat.leaving(), close(link, seat));
        }
    }

    /// Gives it back when its server has stopped sending these rows, which nobody wants any more.
    /// That happens in the background.
    pub(crate) fn abandon(mut self, rows: Rows) {
        let Some((link, seat)) = self.loan.take() else { return };
        if rows.is_done() {
            give_back(link, seat);
        } else {
            see_off(seat.leaving(), clear(link, seat, rows));
        }
    }
}

impl Deref for Lease {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.loan.as_ref().expect("taken only when dropped").0
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.loan.as_mut().expect("taken only when dropped").0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((link, seat)) = self.loan.take() else { return };
        match link.traffic() {
            Traffic::Idle => give_back(link, seat),
            Traffic::Reading | Traffic::Copying | Traffic::Left => {
                see_off(seat.leaving(), close(link, seat));
            }
        }
    }
}

/// Runs it in the background, and has the store wait for it when that is dropped.
fn see_off(leaving: Option<Leaving>, goodbye: impl Future<Output = ()> + Send + 'static) {
    runtime::spawn(async move {
        goodbye.await;
        drop(leaving);
    });
}

fn give_back(link: Link, seat: Seat) {
    link.roll_back_unheard();
    seat.give_back(link);
}

/// Takes in the rest of the rows, or has the server break off. Only if it says that it did is the
/// connection lent again: the order to break off might otherwise still be on its way, and would hit
/// whoever has the connection next.
async fn clear(link: Link, seat: Seat, mut rows: Rows) {
    if tokio::time::timeout(REST_MAY_FLOW_FOR, rows.drain()).await.is_ok() {
        return give_back(link, seat);
    }
    let cable = link.cable();
    cable.cancel().await;
    match tokio::time::timeout(BREAKING_OFF, rows.drain()).await {
        Ok(true) => give_back(link, seat),
        Ok(false) => {}
        Err(_elapsed) => cable.cut(),
    }
}

/// Has the server break off what nobody waits for, and closes the connection.
async fn close(link: Link, seat: Seat) {
    let cable = link.cable();
    cable.cancel().await;
    drop(link);
    cable.cut();
    drop(seat);
}
