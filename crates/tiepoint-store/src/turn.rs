//! Writers of one store handle take turns, first come, first served; a database's own waiting is often
//! by polling and favours whoever is lucky.
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The queue of those who want to write.
#[derive(Debug, Default)]
pub struct Turns {
    queue: Mutex<Queue>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    next_ticket: u64,
    waiting: std::collections::VecDeque<u64>,
    taken: bool,
}

/// The right to write, given back when dropped.
#[derive(Debug)]
pub struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits for the turn, up to `patience`; `None` when it did not come.
    pub fn take(&self, patience: Duration) -> Option<Turn<'_>> {
        let deadline = Instant::now() + patience;
        let mut queue = self.lock();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push_back(ticket);
        loop {
            if !queue.taken && queue.waiting.front() == Some(&ticket) {
                queue.waiting.pop_front();
                queue.taken = true;
                return Some(Turn(self));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                queue.waiting.retain(|it| *it != ticket);
                drop(queue);
                self.moved.notify_all();
                return None;
            }
            queue = self.moved.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().taken = false;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_nobody_waits_for_ever() {
        let turns = Turns::default();
        let first = turns.take(Duration::ZERO).expect("is free");
        assert!(turns.take(Duration::from_millis(5)).is_none());
        drop(first);
        assert!(turns.take(Duration::ZERO).is_some());
    }

    #[test]
    fn first_come_first_served() {
        let turns = Turns::default();
        let served = Mutex::new(Vec::new());
        let first = turns.take(Duration::ZERO).expect("is free");
        std::thread::scope(|scope| {
            for number in 0..4 {
                let (turns, served) = (&turns, &served);
                scope.spawn(move || {
                    let _turn = turns.take(Duration::from_secs(9)).expect("in time");
                    served.lock().expect("nobody panics").push(number);
                });
                while turns.lock().waiting.len() <= number {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(*served.lock().expect("nobody panics"), [0, 1, 2, 3]);
    }
}
