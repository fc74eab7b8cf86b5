//! `tiepoint watch`: what anybody changes, as it happens.
mod logs;
mod session;

use crate::args::WatchArgs;
use session::Session;
use tiepoint::{Checkpoint, Location, Result, WatchFrom, WatchOptions};

pub(super) fn run(args: &WatchArgs) -> Result<()> {
    let location = Location::parse(&args.store)?;
    let mut layers = args.layers.clone();
    if layers.is_empty() {
        layers.extend(location.layer().map(str::to_owned));
    }
    let store = tiepoint::open(&args.store)?;
    if args.logs.remove {
        return logs::remove(&*store, &layers);
    }
    if args.logs.install {
        logs::install(&*store, &location, &layers, args.logs.keep)?;
    }
    crate::terminal::listen_for_ctrl_c();
    let options = WatchOptions { from: from(args), name: args.name.clone(), layers };
    let watch = store.watch(&options)?;
    let session = Session::begin(&*store, watch, args)?;
    logs::tell(&*store, &options)?;
    session.run()
}

fn from(args: &WatchArgs) -> WatchFrom {
    match &args.since {
        Some(checkpoint) => WatchFrom::After(Checkpoint::new(checkpoint.trim())),
        None if args.oldest => WatchFrom::Oldest,
        None => WatchFrom::Now,
    }
}
