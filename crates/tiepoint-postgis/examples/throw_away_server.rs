//! Starts a throw-away PostGIS, prints its URL and keeps it until stdin closes (Ctrl-D) or this
//! ends in any other way.
//!
//! ```sh
//! cargo run -p tiepoint-postgis --features testing --example throw_away_server
//! ```
use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use tiepoint_postgis::testing::Server;

fn main() -> ExitCode {
    match Server::start() {
        Ok(server) => keep(&server).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Until whoever reads the URL has closed the other end.
fn keep(server: &Server) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{}", server.url())?;
    std::io::stdin().read_to_end(&mut Vec::new()).map(drop)
}
