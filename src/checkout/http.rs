//! Checkout, the buyer's return, and the provider's webhook.
use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use stripe_client::{Event, SIGNATURE_TOLERANCE_SECONDS, verify_signature};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    Error, ReturnUrls, Settled,
    jobs::{About, ProcessEvent},
    store,
};
use crate::{
    app::App,
    auth::Shop,
    clock::Time,
    http::{Body, read},
    idempotency::{self, Begin},
    ids::{CartId, OrderId},
    jobs::enqueue,
    money::{Currency, Money, MoneyView},
    orders::{self, http::CartToken},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(checkout_cart).service(get_checkout).service(receive_stripe_event);
    super::refunds::http::routes(api);
    super::disputes::http::routes(api);
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckoutBody {
    /// `totals.total` as the buyer saw it.
    expected_total: ExpectedTotal,
    /// May hold `{CHECKOUT_SESSION_ID}`.
    success_url: String,
    cancel_url: String,
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpectedTotal {
    #[schema(example = 10000)]
    amount: i64,
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Ignored: so that `totals.total` can be sent back as it came.
    #[serde(default, skip_serializing_if = "never_told")]
    formatted: Option<String>,
}
/// (`skip_serializing` would hide the field from the document too.)
fn never_told(_: &Option<String>) -> bool {
    true
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct CheckoutView {
    #[serde(flatten)]
    checkout: StoredCheckout,
    /// Opens the order's page: `X-Order-Token`.
    order_token: String,
}
/// What is kept under the idempotency key.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct StoredCheckout {
    order: PendingOrder,
    /// Send the buyer here.
    checkout_url: Option<String>,
    expires_at: Time,
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct PendingOrder {
    id: OrderId,
    number: String,
    status: orders::OrderState,
    total: MoneyView,
}

/// Return addresses are only on origins that this shop allows: anything else would make us a way to send buyers anywhere.
fn check_urls(app: &App, shop: &Shop, urls: &ReturnUrls) -> Result<(), Error> {
    let allowed = |url: &str| {
        let origins = app.config.allowed_origins.iter().chain(&shop.origins).chain(std::iter::once(&app.config.public_url));
        origins.into_iter().any(|o| url == o || url.strip_prefix(o.as_str()).is_some_and(|rest| rest.starts_with(['/', '?', '#'])))
    };
    for (field, url) in [("/success_url", &urls.success), ("/cancel_url", &urls.cancel)] {
        if !allowed(url) {
            return Err(Error::ForeignReturnUrl { field });
        }
    }
    Ok(())
}

/// Place the order and get the page to pay it on. The same key gives the same answer.
#[utoipa::path(tag = "checkout", operation_id = "checkout_cart", request_body = CheckoutBody,
    params(("id" = CartId, Path), ("X-Cart-Token" = String, Header), ("Idempotency-Key" = String, Header),
        ("X-Api-Key" = Option<String>, Header, description = "a publishable key: its origins may be returned to")),
    responses((status = 201, body = CheckoutView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView),
        (status = 428, body = ProblemView), (status = 502, body = ProblemView), (status = 503, body = ProblemView)))]
#[post("/v1/store/carts/{id}/checkout")]
async fn checkout_cart(
    app: web::Data<App>,
    shop: Shop,
    mine: CartToken,
    key: idempotency::Key,
    Body(body): Body<CheckoutBody>,
) -> Result<HttpResponse, Problem> {
    let urls = ReturnUrls { success: body.success_url.clone(), cancel: body.cancel_url.clone() };
    check_urls(&app, &shop, &urls)?;
    let operation = match idempotency::begin(&app.db, &app.clock, format!("cart:{}", mine.cart), key, "checkout_cart", &body).await? {
        Begin::Replay(stored) => return replay(&app, stored).await,
        Begin::Run(operation) => operation,
    };
    let expected = Money::new(body.expected_total.amount, body.expected_total.currency);
    match finish(&app, &operation, mine.cart, expected, &urls).await {
        Ok((stored, order)) => answer(&app, stored, &order, false),
        Err(error) => Err(refused(&app, &operation, mine.cart, error).await?),
    }
}

/// Unknown: the key resumes. Refused: nothing stands, so the key may be used for a corrected request; a new total comes with its cart.
async fn refused(app: &App, operation: &idempotency::Operation, cart: CartId, error: Error) -> Result<Problem, Problem> {
    match &error {
        Error::Unavailable(_) | Error::Db(_) => operation.release(&app.db, &app.clock).await?,
        _ => operation.forget(&app.db).await?,
    }
    let changed = matches!(error, Error::Order(orders::Error::TotalChanged { .. }));
    let problem = Problem::from(error);
    Ok(if changed { problem.with("cart", orders::http::cart_view(app, cart).await?) } else { problem })
}

async fn finish(
    app: &App,
    operation: &idempotency::Operation,
    cart: CartId,
    expected: Money,
    urls: &ReturnUrls,
) -> Result<(idempotency::StoredAnswer, orders::Order), Error> {
    let page = super::begin(app, operation, cart, expected, urls).await?;
    let order = orders::order(&mut *app.db.conn().await?, page.order).await?;
    let view = StoredCheckout {
        order: PendingOrder { id: order.id, number: order.number.clone(), status: order.state, total: order.total.into() },
        checkout_url: page.url,
        expires_at: page.expires_at,
    };
    Ok((operation.finish(&mut *app.db.conn().await?, StatusCode::CREATED, &view).await?, order))
}

async fn replay(app: &App, stored: idempotency::StoredAnswer) -> Result<HttpResponse, Problem> {
    let checkout: StoredCheckout = serde_json::from_value(stored.body.clone()).map_err(|e| Problem::internal(&e))?;
    let order = orders::order(&mut *app.db.conn().await?, checkout.order.id).await?;
    answer(app, stored, &order, true)
}
/// The answer as it is given: the order's token is derived each time, so that no stored answer holds one.
fn answer(app: &App, stored: idempotency::StoredAnswer, order: &orders::Order, replayed: bool) -> Result<HttpResponse, Problem> {
    let checkout: StoredCheckout = serde_json::from_value(stored.body.clone()).map_err(|e| Problem::internal(&e))?;
    let order_token = app.keys.token("order", order.id.uuid(), order.token_generation).reveal().to_owned();
    Ok(stored.respond(replayed, CheckoutView { checkout, order_token }))
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct CheckoutState {
    state: Settled,
    order_id: OrderId,
    #[schema(example = "HA-7K3M-92QX")]
    number: String,
}

/// What became of a payment page; settles it if the webhook is late.
#[utoipa::path(tag = "checkout", operation_id = "get_checkout", params(("session" = String, Path)),
    responses((status = 200, body = CheckoutState), (status = 404, body = ProblemView), (status = 503, body = ProblemView)))]
#[get("/v1/store/checkout/{session}")]
async fn get_checkout(app: web::Data<App>, session: web::Path<String>) -> Result<HttpResponse, Problem> {
    let state = super::settle(&app, &session).await?;
    let (order_id, number) = store::order_of(&mut *app.db.conn().await?, &session).await?.ok_or(Error::NotFound)?;
    let view = CheckoutState { state, order_id, number };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(view))
}

/// Stripe's largest event is far below this.
const MAX_EVENT: usize = 512 * 1024;

/// The provider's doorbell. Its signature is checked over the raw bytes before anything reads them.
#[utoipa::path(tag = "webhooks", operation_id = "receive_stripe_event", request_body = serde_json::Value, params(("Stripe-Signature" = String, Header)),
    responses((status = 200), (status = 400, body = ProblemView)))]
#[post("/webhooks/stripe")]
async fn receive_stripe_event(app: web::Data<App>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let bytes = read(&mut payload.into_inner(), MAX_EVENT).await?;
    let header = request.headers().get("Stripe-Signature").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let secrets: Vec<&str> = app.config.webhook_secrets.iter().map(|s| s.0.as_str()).collect();
    verify_signature(&bytes, header, &secrets, app.clock.now().unix(), SIGNATURE_TOLERANCE_SECONDS)
        .map_err(|_| Problem::with_detail(Kind::InvalidBody, "the signature is not Stripe's"))?;
    let event = Event::parse(&bytes).map_err(|_| Problem::with_detail(Kind::InvalidBody, "not an event"))?;
    take_in(&app, &event).await?;
    app.hint.wake();
    Ok(HttpResponse::Ok().finish())
}

/// Writes the event down and enqueues what it calls for, if anything; the second time it does nothing.
pub(super) async fn take_in(app: &App, event: &Event) -> Result<(), Error> {
    let Some(object) = event.object_id() else { return Ok(()) };
    let now = app.clock.now();
    // Only what is needed to find it again: the object itself is fetched, and may hold a buyer's name.
    let payload = serde_json::json!({"created": event.created, "livemode": event.livemode});
    if About::of(&event.kind).is_none() {
        store::insert_ignored_event(&mut *app.db.conn().await?, now, &event.id, &event.kind, object, &payload).await?;
        return Ok(());
    }
    let job = ProcessEvent { event: event.id.clone(), kind: event.kind.clone(), object: object.to_owned() };
    app.db
        .transaction(async |tx| {
            if store::insert_event(tx, now, &event.id, &event.kind, object, &payload).await? {
                enqueue(tx, now, &job).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::AlreadyPaid { order } => Self::from(Kind::AlreadyPaid).with("order", order),
            Error::ForeignReturnUrl { field } => Self::field(field, "foreign_origin", "an address on an origin that this shop allows"),
            Error::Uncheckable(_) => Self::with_detail(Kind::Invalid, error.to_string()),
            Error::NothingLeft { left } => Self::with_detail(Kind::Conflict, error.to_string()).with("left", MoneyView::from(left)),
            Error::DueChanged { due, refund } => {
                let (due, refund) = (MoneyView::from(due), MoneyView::from(refund));
                Self::with_detail(Kind::DueChanged, error.to_string()).with("due", due).with("refund", refund)
            }
            Error::BadRefund(why) | Error::BadEvidence(why) => Self::with_detail(Kind::Conflict, why),
            Error::Unknown { pointer, expected } => Self::field(pointer, "unknown", expected),
            Error::Unavailable(_) => {
                tracing::warn!(error = %crate::problem::Chain(&error), "payment provider");
                Self::from(Kind::PaymentProviderUnknown).retry_after(2)
            }
            Error::Refused(why) => Self::with_detail(Kind::PaymentProviderRefused, why),
            Error::Order(error) => error.into(),
            Error::Provenance(error) => error.into(),
            Error::Ledger(crate::ledger::Error::Db(error)) | Error::Db(error) => error.into(),
            Error::Ledger(_) => Self::internal(&error),
        }
    }
}
