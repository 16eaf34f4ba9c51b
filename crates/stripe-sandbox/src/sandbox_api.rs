//! `/sandbox/…`: faults and counts over HTTP, for whoever is not a Rust program. Loopback only.

use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use serde::Deserialize;
use serde_json::json;

use crate::control::{Control, Order};
use crate::faults::{Fault, WebhookFault};
use crate::server::Shared;

/// Faults to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    #[serde(default)]
    operations: Vec<Fault>,
    #[serde(default)]
    webhooks: Vec<WebhookFault>,
    /// How many of the next charges have their balance transaction late.
    #[serde(default)]
    late_balance_transactions: u32,
}

pub(crate) fn routes(config: &mut ServiceConfig) {
    let loopback = guard::fn_guard(|context| context.head().peer_addr.is_some_and(|peer| peer.ip().is_loopback()));
    config.service(
        web::scope("/sandbox")
            .guard(loopback)
            .route("/faults", web::post().to(add_faults))
            .route("/faults", web::delete().to(clear_faults))
            .route("/release", web::post().to(release))
            .route("/counts", web::get().to(counts))
            .default_service(web::to(not_found)),
    );
}

async fn add_faults(faults: Json<Faults>, shared: Data<Shared>) -> HttpResponse {
    let control = Control::new(shared.into_inner());
    let Faults { operations, webhooks, late_balance_transactions } = faults.into_inner();
    operations.into_iter().for_each(|fault| control.fault(fault));
    webhooks.into_iter().for_each(|fault| control.webhook_fault(fault));
    control.delay_balance_transactions(late_balance_transactions);
    HttpResponse::NoContent().finish()
}

async fn clear_faults(shared: Data<Shared>) -> HttpResponse {
    Control::new(shared.into_inner()).clear_faults();
    HttpResponse::NoContent().finish()
}

/// Lets go of held answers, withheld webhooks and late balance transactions.
async fn release(shared: Data<Shared>) -> HttpResponse {
    let control = Control::new(shared.into_inner());
    HttpResponse::Ok().json(json!({
        "answers": control.release_held(),
        "webhooks": control.deliver_withheld(Order::AsCreated),
        "balance_transactions": control.settle_balance_transactions(),
    }))
}

async fn counts(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(shared.lock().counts.clone())
}

async fn not_found(request: HttpRequest) -> HttpResponse {
    HttpResponse::NotFound().json(json!({"error": {"message": format!("The sandbox has no {}.", request.path())}}))
}
