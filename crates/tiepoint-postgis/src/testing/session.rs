//! Asking a server something in SQL, from any thread, within a runtime or not.
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage};

use super::address::Address;

/// The rows of an answer as text; [`None`] is null.
pub(super) type Rows = Vec<Vec<Option<String>>>;

/// Runs statements one after another in a session of their own; the rows are those of the last.
///
/// An error is what the server says, with its detail and its hint.
pub(super) fn ask(address: &Address, statements: &[&str]) -> Result<Rows, String> {
    let url = address.to_string();
    // a thread of its own, as a runtime cannot be blocked on from within another
    std::thread::scope(|scope| {
        let session = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            runtime.block_on(run(&url, statements)).map_err(|error| spelled(&error))
        });
        session.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

async fn run(url: &str, statements: &[&str]) -> Result<Rows, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let talk = tokio::spawn(connection);
    let rows = run_each(&client, statements).await;
    drop(client);
    // What ends the connection has failed the statement, too.
    let _ = talk.await;
    rows
}

async fn run_each(client: &Client, statements: &[&str]) -> Result<Rows, Error> {
    let mut rows = Vec::new();
    for statement in statements {
        rows = client.simple_query(statement).await?.into_iter().filter_map(row).collect();
    }
    Ok(rows)
}

fn row(message: SimpleQueryMessage) -> Option<Vec<Option<String>>> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
}

fn spelled(error: &Error) -> String {
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error);
        return cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
    };
    let detail = said.detail().map(|detail| format!("\ndetail: {detail}"));
    let hint = said.hint().map(|hint| format!("\nhint: {hint}"));
    let more = [detail, hint].into_iter().flatten().collect::<String>();
    format!("{} ({}){more}", said.message(), said.code().code())
}

/// A text as a literal of SQL.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
