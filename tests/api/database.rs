//! What a transaction promises, shown on a real server.
use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::{AnsiTransactionManager, AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager};
use haat::db::{DbError, Tx};

use crate::support::{api_test, database};

#[derive(QueryableByName)]
pub struct Count {
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}
async fn count(conn: &mut AsyncPgConnection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Count>(conn).await.unwrap().n
}
const ROWS: &str = "SELECT count(*) AS n FROM fx_rates";
const OPEN: &str = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
const PUT: &str = "INSERT INTO fx_rates VALUES ('USD', 'INR', '2026-11-22', '88.00', 'a test')";

#[actix_web::test]
async fn a_dropped_transaction_is_rolled_back_at_once() {
    let t = database().await;
    let mut watch = AsyncPgConnection::establish(&t.url).await.unwrap();
    let work = t.db.transaction(async |tx: &mut Tx| {
        tx.batch_execute(PUT).await.map_err(DbError::from)?;
        std::future::pending::<()>().await;
        Ok::<_, DbError>(())
    });
    assert!(tokio::time::timeout(Duration::from_millis(200), work).await.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((count(&mut watch, OPEN).await, count(&mut watch, ROWS).await, t.db.status().size), (0, 0, 0));
    t.db.transaction(async |tx| tx.batch_execute(PUT).await.map_err(DbError::from)).await.unwrap();
    assert_eq!(count(&mut watch, ROWS).await, 1);
}

/// Negative control: a plain pooled connection leaves the transaction open.
#[actix_web::test]
async fn control_a_plain_pooled_connection_keeps_the_transaction_open() {
    let t = database().await;
    let mut watch = AsyncPgConnection::establish(&t.url).await.unwrap();
    let plain = async {
        let mut conn = t.db.conn().await.unwrap();
        AnsiTransactionManager::begin_transaction(&mut *conn).await.unwrap();
        conn.batch_execute(PUT).await.unwrap();
        std::future::pending::<()>().await;
    };
    assert!(tokio::time::timeout(Duration::from_millis(200), plain).await.is_err());
    assert_eq!(count(&mut watch, OPEN).await, 1);
}

/// A unique violation that the caller swallows must not become a silent rollback behind an Ok.
#[actix_web::test]
async fn a_swallowed_error_is_not_a_commit() {
    let t = database().await;
    let outcome = t.db.transaction(async |tx| {
        tx.batch_execute(PUT).await.map_err(DbError::from)?;
        let _ = tx.batch_execute(PUT).await;
        Ok::<_, DbError>(())
    });
    assert!(outcome.await.is_err());
    let mut watch = AsyncPgConnection::establish(&t.url).await.unwrap();
    assert_eq!(count(&mut watch, ROWS).await, 0);
}

#[actix_web::test]
async fn failures_are_problems_that_quote_the_request() {
    api_test(async |app| {
        let visitor = app.visitor().with("X-Request-Id", "storefront-42");
        let answer = visitor.get("/v1/nothing/here").await;
        assert_eq!(answer.headers["x-request-id"], "storefront-42");
        let body = answer.expect(404);
        assert_eq!((body["code"].as_str(), body["request_id"].as_str()), (Some("not-found"), Some("storefront-42")));
        app.visitor().get("/health/ready").await.expect(200);
    })
    .await;
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    step: String,
}
async fn plan(conn: &mut AsyncPgConnection, sql: &str) -> String {
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN {sql}")).load(conn).await.unwrap();
    steps.into_iter().map(|line| line.step + "\n").collect()
}

/// A connection keeps a plan: one that was made while the table had a row must do when it has thousands.
#[actix_web::test]
async fn what_is_planned_on_a_small_table_walks_its_index() {
    let t = database().await;
    let (mut ours, mut plain) = (t.db.conn().await.unwrap(), AsyncPgConnection::establish(&t.url).await.unwrap());
    plain.batch_execute(&format!("{PUT}; ANALYZE fx_rates")).await.unwrap();
    let asked = "SELECT rate FROM fx_rates WHERE base = 'USD' AND quote = 'INR' AND day <= '2026-11-22'";
    let walked = plan(&mut ours, asked).await;
    assert!(walked.contains("Index") && !walked.contains("Seq Scan"), "{walked}");
    // Control: any other connection reads all of it.
    let scanned = plan(&mut plain, asked).await;
    assert!(scanned.contains("Seq Scan"), "{scanned}");
    // What no index answers is read all the same.
    assert_eq!(count(&mut ours, "SELECT count(*) AS n FROM fx_rates WHERE source = 'a test'").await, 1);
}
