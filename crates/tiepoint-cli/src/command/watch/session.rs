//! One watching: prints what comes, keeps its place, bears a store that is away for a while.
use crate::args::WatchArgs;
use crate::command::events::Printer;
use crate::terminal::{count, is_stopping, plain, say};
use std::time::{Duration, Instant};
use tiepoint::{
    Checkpoint, Error, ErrorKind, Result, Store, StoreError, Watch, WatchEvent, next_committed,
};

/// How long to wait for an event before looking whether to stop.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often a watcher's place is kept while events keep coming.
const BETWEEN_ACKNOWLEDGEMENTS: Duration = Duration::from_secs(1);
/// How often it is asked how far behind it is while events keep coming.
const BETWEEN_LOOKS_AT_LAG: Duration = Duration::from_secs(1);
/// How far behind is worth telling.
const MUCH_LAG: Duration = Duration::from_secs(1);
/// How often the same is told at most.
const BETWEEN_REMARKS: Duration = Duration::from_secs(10);
/// How long to leave a store alone that failed, at first and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// A watch being told of.
pub(super) struct Session<'s> {
    store: &'s dyn Store,
    watch: Box<dyn Watch>,
    printer: Printer<'s>,
    once: bool,
    name: Option<&'s str>,
    place: Place,
    lag: Remark,
    trouble: Trouble,
    /// Whether it had told everything at some time: before that, it is known to be behind.
    had_caught_up: bool,
}

/// How far a named watcher has got, and what of that is kept.
struct Place {
    unkept: Option<Checkpoint>,
    kept: Instant,
}

/// Something that is looked at and told now and then.
#[derive(Default)]
struct Remark {
    looked: Option<Instant>,
    told: Option<Instant>,
}

/// A store that fails for a while.
#[derive(Default)]
struct Trouble {
    is_there: bool,
    /// Whether this one was told.
    is_known: bool,
    /// What was told last, and when.
    told: Option<(String, Instant)>,
    pause: Duration,
}

impl<'s> Session<'s> {
    /// Has the store keep where a named watch begins, so that what comes next is not missed if we
    /// end before we can tell it.
    pub(super) fn begin(
        store: &'s dyn Store,
        watch: Box<dyn Watch>,
        args: &'s WatchArgs,
    ) -> Result<Self> {
        let unkept = args.name.is_some().then(|| watch.checkpoint());
        let mut this = Self {
            store,
            watch,
            printer: Printer::new(store, args.json),
            once: args.once,
            name: args.name.as_deref(),
            place: Place { unkept, kept: Instant::now() },
            lag: Remark::default(),
            trouble: Trouble::default(),
            had_caught_up: false,
        };
        this.keep_place()?;
        Ok(this)
    }

    /// Watches until Ctrl-C or, once, until everything is told; then says how to resume.
    pub(super) fn run(mut self) -> Result<()> {
        let outcome = if self.once { self.catch_up() } else { self.go_on() };
        if outcome.as_ref().is_err_and(Error::is_broken_pipe) {
            return outcome;
        }
        let kept = self.keep_place();
        let checkpoint = self.watch.checkpoint();
        match self.name.filter(|_| kept.is_ok()) {
            Some(name) => {
                let name = plain(name);
                say(&format!("resume with --name {name}, or with --since {checkpoint}"));
            }
            None => say(&format!("resume with --since {checkpoint}")),
        }
        outcome.and(kept.map_err(Into::into))
    }

    fn catch_up(&mut self) -> Result<()> {
        let store = self.store.name();
        while !is_stopping()
            && let Some(event) = next_committed(store, &mut *self.watch)?
        {
            self.tell(&event)?;
        }
        Ok(())
    }

    fn go_on(&mut self) -> Result<()> {
        while !is_stopping() {
            match self.step() {
                Err(Error::Store(error)) if passes(&error) => self.trouble.bear(&error),
                outcome => {
                    outcome?;
                    self.trouble.end();
                }
            }
        }
        Ok(())
    }

    /// Tells the next event, or keeps the place where none comes.
    fn step(&mut self) -> Result<()> {
        if let Some(event) = self.watch.next(PATIENCE)? {
            self.tell(&event)?;
            self.look_at_lag()
        } else {
            self.had_caught_up = true;
            Ok(self.keep_place()?)
        }
    }

    fn tell(&mut self, event: &WatchEvent) -> Result<()> {
        self.printer.print(event)?;
        let is_settled = match event {
            WatchEvent::Changed(changed) => changed.settled,
            WatchEvent::Reset(_) => true,
        };
        if is_settled && self.name.is_some() {
            self.place.unkept = Some(event.checkpoint().clone());
            if self.place.kept.elapsed() > BETWEEN_ACKNOWLEDGEMENTS {
                self.keep_place()?;
            }
        }
        Ok(())
    }

    /// Has the store keep that everything told so far has been dealt with.
    fn keep_place(&mut self) -> Result<(), StoreError> {
        if let Some(checkpoint) = &self.place.unkept {
            self.place.kept = Instant::now();
            self.watch.acknowledge(checkpoint)?;
            self.place.unkept = None;
        }
        Ok(())
    }

    fn look_at_lag(&mut self) -> Result<()> {
        if !self.had_caught_up || !is_over(&mut self.lag.looked, BETWEEN_LOOKS_AT_LAG) {
            return Ok(());
        }
        let lag = self.watch.lag()?;
        if let Some(behind) = lag.oldest.filter(|it| *it > MUCH_LAG)
            && is_over(&mut self.lag.told, BETWEEN_REMARKS)
        {
            let waiting = count(lag.waiting, "change");
            say(&format!("{:.1} s behind, with {waiting} to tell", behind.as_secs_f64()));
        }
        Ok(())
    }
}

/// Whether so much time went by since the last time that it was over.
fn is_over(last: &mut Option<Instant>, span: Duration) -> bool {
    let is_over = last.is_none_or(|last| last.elapsed() >= span);
    if is_over {
        *last = Some(Instant::now());
    }
    is_over
}

/// Whether a store that says so may be back soon. One that another file is being copied over makes
/// no sense until that is done.
fn passes(error: &StoreError) -> bool {
    !matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Denied)
}

impl Trouble {
    /// Tells it, unless that was done a moment ago, and leaves the store alone for a while.
    fn bear(&mut self, error: &StoreError) {
        let text = error.to_string();
        if self.is_news(&text, Instant::now()) {
            self.is_known = true;
            say(&format!("{}; watching goes on when that is over", plain(&text)));
        }
        self.pause = (self.pause * 2).clamp(PAUSES[0], PAUSES[1]);
        let until = Instant::now() + self.pause;
        while Instant::now() < until && !is_stopping() {
            std::thread::sleep(PAUSES[0].min(until.saturating_duration_since(Instant::now())));
        }
    }

    /// Whether it is worth telling: not while it lasts, and not soon after it was told.
    fn is_news(&mut self, text: &str, now: Instant) -> bool {
        let was_there = std::mem::replace(&mut self.is_there, true);
        let is_news = self.told.as_ref().is_none_or(|(told, at)| {
            told != text || (!was_there && now.duration_since(*at) >= BETWEEN_REMARKS)
        });
        if is_news {
            self.told = Some((text.to_owned(), now));
        }
        is_news
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.is_known) {
            say("watching goes on");
        }
        self.is_there = false;
        self.pause = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_once_and_not_again_soon() {
        let (mut trouble, begun) = (Trouble::default(), Instant::now());
        let after = |seconds| begun + Duration::from_secs(seconds);
        assert!(trouble.is_news("locked", begun));
        assert!(!trouble.is_news("locked", after(60)), "it lasts");
        assert!(trouble.is_news("away", after(61)), "another");
        trouble.end();
        assert!(!trouble.is_news("away", after(65)), "it comes and goes");
        trouble.end();
        assert!(trouble.is_news("away", after(80)));
    }
}
