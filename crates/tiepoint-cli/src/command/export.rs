//! `tiepoint export`: features of a layer to a document.
use super::select;
use crate::args::ExportArgs;
use crate::terminal::{Watcher, count, plain, say};
use tiepoint::{ExportOptions, Overwrite, Result, Target};

pub(super) fn run(args: ExportArgs) -> Result<()> {
    let target = Target::parse(&args.target)?;
    let options = ExportOptions {
        format: args.format.map(Into::into),
        overwrite: if args.overwrite { Overwrite::Allow } else { Overwrite::Refuse },
        document: (&args.write).into(),
    };
    let name = select::layer_name(&args.store, args.layer)?;
    let store = tiepoint::open(&args.store)?;
    let (layer, format) = (store.layer(&name)?, target.format(options.format)?);
    let query = select::query(&layer, args.select)?;
    let query = select::with_place(query, &layer, format);
    let watcher = Watcher::new();
    let exported = tiepoint::export(&*store, &query, &target, &options, &watcher);
    drop(watcher);
    let number = exported?;
    if target != Target::Stdout {
        say(&format!("{} written to {}", count(number, "feature"), plain(&args.target)));
    }
    Ok(())
}
