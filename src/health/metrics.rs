//! `/metrics` for Prometheus, on a listener of its own: what it says is for operators, and a proxy in front of the shop never reaches it.
use actix_web::{HttpResponse, get, web};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    app::App,
    db::{Db, DbError},
    jobs,
    problem::{Chain, Kind, Problem},
    schema::money_alerts,
    telemetry,
};

/// What was counted since the start, and how the queue, the pools and the books are now.
#[get("/metrics")]
pub async fn get_metrics(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let recorded = telemetry::recorded().ok_or(Kind::Unavailable)?;
    pool("requests", &app.db);
    pool("jobs", &app.jobs_db);
    // Without its database the service still says how it is.
    let up = measure(&app).await.inspect_err(|error| tracing::warn!(error = %Chain(error), "no measures from the database")).is_ok();
    metrics::gauge!("haat_database_up").set(u32::from(up));
    recorded.run_upkeep();
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(recorded.render()))
}

/// Gauges take what converts without loss.
fn bounded<N: TryInto<u32>>(n: N) -> u32 {
    n.try_into().unwrap_or(u32::MAX)
}

fn pool(name: &'static str, db: &Db) {
    let status = db.status();
    metrics::gauge!("haat_pool_connections", "pool" => name).set(bounded(status.size));
    metrics::gauge!("haat_pool_idle", "pool" => name).set(bounded(status.available));
    metrics::gauge!("haat_pool_waiting", "pool" => name).set(bounded(status.waiting));
    metrics::gauge!("haat_pool_max", "pool" => name).set(bounded(status.max_size));
}

async fn measure(app: &App) -> Result<(), DbError> {
    let conn = &mut *app.jobs_db.conn().await?;
    let queue = jobs::counts(conn, app.clock.now()).await?;
    metrics::gauge!("haat_jobs_waiting").set(bounded(queue.waiting));
    metrics::gauge!("haat_jobs_due").set(bounded(queue.due));
    metrics::gauge!("haat_jobs_dead").set(bounded(queue.dead));
    metrics::gauge!("haat_jobs_oldest_due_seconds").set(bounded(queue.oldest_due_seconds));
    let open: i64 = money_alerts::table.filter(money_alerts::resolved_at.is_null()).count().get_result(conn).await?;
    metrics::gauge!("haat_money_alerts_open").set(bounded(open));
    Ok(())
}
