//! The store awaited, and served over HTTP to clients that hang up.
use crate::sessions::{begin, eventually, is_at_rest, numbers, sessions, slow, store};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiepoint_core::{Feature, Query, Value};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::asynchronous::{AsyncStore, FeatureStream};
use tiepoint_store::{Result, TransactionOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

fn runtimes() -> [Runtime; 2] {
    let narrow = Builder::new_current_thread().enable_all().build();
    let wide = Builder::new_multi_thread().enable_all().build();
    [narrow.expect("starts"), wide.expect("starts")]
}

/// One line of JSON for a feature.
fn line(feature: &Feature) -> String {
    let name = feature.get("name").and_then(Value::as_text).unwrap_or_default();
    format!("{}\n", serde_json::json!({ "type": "Feature", "properties": { "name": name } }))
}

/// Every feature of a layer as a line of JSON, read as the client takes them.
async fn items(State(store): State<AsyncStore>, Path(layer): Path<String>) -> Response {
    match store.read(Query::layer(layer)).await {
        Ok(features) => Body::from_stream(lines(features)).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

fn lines(features: FeatureStream) -> impl futures_util::Stream<Item = Result<Bytes>> + Send {
    use futures_util::StreamExt;
    features.map(|feature| feature.map(|it| Bytes::from(line(&it))))
}

async fn serve(store: Arc<PostgisStore>) -> SocketAddr {
    let router = Router::new().route("/{layer}", get(items)).with_state(AsyncStore::new(store));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("is bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn ask(address: SocketAddr, layer: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let request = format!("GET /{layer} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("is sent");
    stream
}

/// Without blocking the server that runs on the same thread.
async fn at_rest(schema: Arc<TestSchema>, store: Arc<PostgisStore>) {
    let looked = tokio::task::spawn_blocking(move || is_at_rest(&schema, &store));
    looked.await.expect("comes to rest");
}

/// Row 2.2 of the checklist: awaited and called, it is one driver and one pool.
#[test]
fn features_are_served_to_the_last() {
    let Some(server) = server_or_skip("features are served") else { return };
    let schema = Arc::new(server.schema());
    numbers(&schema, "numbers", &[]);
    schema.execute("INSERT INTO numbers (name, n) SELECT i, i FROM generate_series(1, 5000) i");
    let store = Arc::new(store(&schema, "pool_size=2"));
    for runtime in runtimes() {
        runtime.block_on(async {
            let address = serve(store.clone()).await;
            let mut answer = String::new();
            let mut stream = ask(address, "numbers").await;
            stream.read_to_string(&mut answer).await.expect("is read");
            assert_eq!(answer.matches(r#""type":"Feature""#).count(), 5_000);
            let mut refused = String::new();
            let mut stream = ask(address, "nothing").await;
            stream.read_to_string(&mut refused).await.expect("is read");
            assert!(refused.starts_with("HTTP/1.1 404"), "{refused}");
            at_rest(schema.clone(), store.clone()).await;
        });
    }
}

#[test]
fn a_client_that_hangs_up_ends_its_statement_and_frees_its_connection() {
    let Some(server) = server_or_skip("clients that hang up") else { return };
    let schema = Arc::new(server.schema());
    schema.execute(
        "CREATE VIEW endless AS SELECT generate_series(1, 2000000000) AS id, \
         repeat('x', 900) AS name",
    );
    let store = Arc::new(store(&schema, "pool_size=4&pool_overflow=0"));
    for runtime in runtimes() {
        runtime.block_on(async {
            let address = serve(store.clone()).await;
            // more than there are connections, one after another
            for _ in 0..3 {
                let mut clients = Vec::new();
                for _ in 0..4 {
                    let mut client = ask(address, "endless").await;
                    let mut taken = vec![0; 50_000];
                    client.read_exact(&mut taken).await.expect("is read");
                    clients.push(client);
                }
                assert_eq!(store.connections(), (0, 4));
                drop(clients);
                at_rest(schema.clone(), store.clone()).await;
            }
        });
    }
    assert_eq!(store.connections(), (4, 0), "the same connections, lent again");
}

#[test]
fn a_slow_client_holds_the_server_up_instead_of_filling_memory() {
    let Some(server) = server_or_skip("slow clients") else { return };
    let schema = Arc::new(server.schema());
    schema.execute("CREATE SEQUENCE sent");
    schema.execute(
        "CREATE VIEW counted AS SELECT generate_series(1, 2000000000) AS id, \
         repeat('x', 900) || nextval('sent') AS name",
    );
    let store = Arc::new(store(&schema, ""));
    let sent = || schema.value("SELECT last_value FROM sent").parse::<u64>().expect("a number");
    let [narrow, _] = runtimes();
    narrow.block_on(async {
        let awaited = AsyncStore::new(store.clone());
        let mut features = awaited.read(Query::layer("counted")).await.expect("reads");
        features.next().await.expect("no end").expect("reads");
        let mut before = 0;
        eventually("the server is held up", || {
            std::thread::sleep(Duration::from_millis(100));
            before == std::mem::replace(&mut before, sent())
        });
        assert!(before < 20_000, "{before} rows of a kilobyte are on their way");
    });
    is_at_rest(&schema, &store);
}

#[test]
fn a_future_that_is_dropped_ends_its_statement() {
    let Some(server) = server_or_skip("dropped futures") else { return };
    let schema = Arc::new(server.schema());
    slow(&schema, 2, 60.0);
    let store = Arc::new(store(&schema, ""));
    for runtime in runtimes() {
        runtime.block_on(async {
            let began = Instant::now();
            let awaited = AsyncStore::new(store.clone());
            let first = async {
                let mut features = awaited.read(Query::layer("slow")).await?;
                features.next().await.transpose()
            };
            let given_up = tokio::time::timeout(Duration::from_millis(300), first).await;
            given_up.expect_err("takes a minute");
            at_rest(schema.clone(), store.clone()).await;
            assert!(began.elapsed() < Duration::from_secs(30));
        });
    }
}

#[test]
fn a_transaction_that_is_dropped_is_rolled_back() {
    let Some(server) = server_or_skip("dropped transactions") else { return };
    let schema = Arc::new(server.schema());
    numbers(&schema, "numbers", &[("a", 0)]);
    let store = Arc::new(store(&schema, ""));
    for runtime in runtimes() {
        runtime.block_on(async {
            let awaited = AsyncStore::new(store.clone());
            let work =
                awaited.transaction(TransactionOptions::default(), |transaction, control| {
                    crate::sessions::add(transaction, "numbers", "a", 1)?;
                    loop {
                        control.check()?;
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    #[expect(unreachable_code, reason = "says what the closure yields")]
                    Ok(())
                });
            let given_up = tokio::time::timeout(Duration::from_millis(200), work).await;
            given_up.expect_err("does not end by itself");
            at_rest(schema.clone(), store.clone()).await;
        });
    }
    assert_eq!(sessions(&schema, "state LIKE 'idle in transaction%'"), 0);
    assert_eq!(schema.value("SELECT n FROM numbers"), "0");
    crate::sessions::add(begin(&store).as_mut(), "numbers", "a", 1).expect("nothing is locked");
}
