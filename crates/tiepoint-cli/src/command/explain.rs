//! `tiepoint explain`: how a query is answered.
use super::select;
use crate::args::ExplainArgs;
use crate::terminal::{plain, write_out};
use tiepoint::Result;

pub(super) fn run(args: ExplainArgs) -> Result<()> {
    let name = select::layer_name(&args.store, args.layer)?;
    let store = tiepoint::open(&args.store)?;
    let layer = store.layer(&name)?;
    let query = select::query(&layer, args.select)?;
    let plan = store.explain(&query)?.to_string();
    let lines: Vec<_> = plan.lines().map(|line| plain(line).into_owned() + "\n").collect();
    write_out(&lines.concat())
}
