//! Refunds, for operators; auditors see them. What is made to order is given up by its buyer herself.
mod cancellations;

use actix_web::{HttpResponse, get, http::StatusCode, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    model::{Ask, By, Consent, Parts, Plan, Reason, Refund, State, What},
    store,
};
use crate::{
    app::App,
    auth::{Auditor, Operator},
    checkout::{Error, postings::Bearer},
    clock::Time,
    db::Tx,
    http::{Body, Params},
    idempotency::{self, Begin, Operation},
    ids::{OrderGroupId, OrderId, OrderLineId, RefundId},
    money::{Currency, Money, MoneyView},
    orders,
    page::{Page, PageQuery},
    problem::{FieldError, Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(preview_refund).service(create_refund).service(list_refunds).service(get_refund).service(retry_refund);
    cancellations::routes(api);
}

/// Either everything that is left, or the parts that are named.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    reason: Reason,
    /// For those who look at it later; never shown to the buyer.
    #[serde(default)]
    note: String,
    #[serde(default)]
    everything: bool,
    #[serde(default)]
    lines: Vec<RefundLineBody>,
    /// Parcels whose delivery is given back: whole, and once. One of which nothing is left to send is included.
    #[serde(default)]
    shipping: Vec<OrderGroupId>,
    /// With `fault`, after the parcel has left: the cooperative bears its part. Without it the platform does.
    consent: Option<Consent>,
    /// What the preview said is due for work and material, where anything is: another amount is refused, with the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_due: Option<DueBody>,
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DueBody {
    /// Minor units of the buyer's currency.
    #[schema(example = 800)]
    amount: i64,
    currency: Currency,
}
impl From<DueBody> for Money {
    fn from(body: DueBody) -> Self {
        Self::new(body.amount, body.currency)
    }
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundLineBody {
    line: OrderLineId,
    #[schema(minimum = 1, example = 1)]
    quantity: i32,
}
/// Notes and evidence are typed by people: enough for a paragraph, short enough to read in a list.
const MAX_TEXT: usize = 500;

impl RefundBody {
    fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        if self.everything != (self.lines.is_empty() && self.shipping.is_empty()) {
            errors.push(FieldError::new("/everything", "choose", "either true, or lines and shipping"));
        }
        for (at, line) in self.lines.iter().enumerate().filter(|(_, l)| !(1..=orders::model::MAX_QUANTITY).contains(&l.quantity)) {
            let message = format!("1 to {}, not {}", orders::model::MAX_QUANTITY, line.quantity);
            errors.push(FieldError::new(format!("/lines/{at}/quantity"), "out_of_range", message));
        }
        let long = |text: &str| text.chars().count() > MAX_TEXT;
        if long(&self.note) {
            errors.push(FieldError::new("/note", "length", format!("at most {MAX_TEXT} characters")));
        }
        if let Some(consent) = &self.consent {
            if self.reason != Reason::Fault {
                errors.push(FieldError::new("/consent", "contradiction", "only with the reason fault"));
            }
            for (field, text) in [("given_by", &consent.given_by), ("evidence", &consent.evidence)] {
                if text.trim().is_empty() || long(text) {
                    errors.push(FieldError::new(format!("/consent/{field}"), "length", format!("1 to {MAX_TEXT} characters")));
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
    fn ask(self, by: Operator) -> Ask {
        let what = if self.everything {
            What::Everything
        } else {
            What::Parts { lines: self.lines.iter().map(|l| (l.line, l.quantity)).collect(), shipping: self.shipping }
        };
        Ask {
            what,
            reason: self.reason,
            note: self.note.trim().to_owned(),
            consent: self.consent,
            by: By::Operator(by.account),
            expected: self.expected_due.map(Into::into),
        }
    }
}

/// A refund; `failed` means that the buyer is still owed it.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct RefundView {
    id: RefundId,
    order: OrderId,
    status: State,
    reason: Reason,
    amount: MoneyView,
    lines: Vec<RefundLineView>,
    shipping: Vec<RefundShippingView>,
    note: String,
    consent: Option<serde_json::Value>,
    /// The provider's name for it.
    provider_id: Option<String>,
    created_at: Time,
    updated_at: Time,
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct RefundLineView {
    line: OrderLineId,
    quantity: i32,
    /// Without tax.
    goods: MoneyView,
    tax: MoneyView,
    bearer: Bearer,
    /// Of goods: withheld for work and material; null in answers that were kept before that was.
    #[serde(default)]
    withheld: Option<MoneyView>,
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct RefundShippingView {
    group: OrderGroupId,
    shipping: MoneyView,
    tax: MoneyView,
    bearer: Bearer,
}
impl TryFrom<Refund> for RefundView {
    type Error = serde_json::Error;
    fn try_from(refund: Refund) -> Result<Self, Self::Error> {
        let amount = refund.amount();
        let money = |minor| MoneyView::from(Money::new(minor, amount.currency));
        let parts: Parts = serde_json::from_value(refund.parts)?;
        let line = |l: super::model::LinePart| RefundLineView {
            line: l.line,
            quantity: l.quantity,
            goods: money(l.goods),
            tax: money(l.tax),
            bearer: l.bearer,
            withheld: Some(money(l.withheld)),
        };
        let group =
            |g: super::model::GroupPart| RefundShippingView { group: g.group, shipping: money(g.shipping), tax: money(g.tax), bearer: g.bearer };
        Ok(Self {
            id: refund.id,
            order: refund.order,
            status: refund.state,
            reason: refund.reason,
            amount: amount.into(),
            lines: parts.lines.into_iter().map(line).collect(),
            shipping: parts.shipping.into_iter().map(group).collect(),
            note: refund.note,
            consent: refund.consent,
            provider_id: refund.provider_id,
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        })
    }
}
fn view(refund: Refund) -> Result<RefundView, Problem> {
    RefundView::try_from(refund).map_err(|e| Problem::internal(&e))
}

/// What a refund would be.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct RefundPreview {
    /// What goes back.
    refund: MoneyView,
    /// What is due for work and material, and withheld: `expected_due`.
    due: MoneyView,
    lines: Vec<DueView>,
}
/// What is due for pieces of a line, in the maker side's own currency.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct DueView {
    line: OrderLineId,
    quantity: i32,
    labour: MoneyView,
    material: MoneyView,
    /// Of both: what the cooperative holds as an advance. The rest is paid to it.
    advance: MoneyView,
    /// Labour and material in the buyer's currency, at the order's rate.
    withheld: MoneyView,
}
impl From<Plan> for RefundPreview {
    fn from(plan: Plan) -> Self {
        let due = plan.withheld().into();
        let line = |d: super::started::Due| DueView {
            line: d.line,
            quantity: d.quantity,
            labour: d.labour.into(),
            material: d.material.into(),
            advance: d.advance.into(),
            withheld: d.withheld.into(),
        };
        Self { refund: plan.amount.into(), due, lines: plan.due.into_iter().map(line).collect() }
    }
}

/// What a refund would give back, and what of it is due for work and material. Nothing is written.
#[utoipa::path(tag = "refunds", operation_id = "preview_refund", request_body = RefundBody, params(("id" = OrderId, Path)),
    responses((status = 200, body = RefundPreview), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/orders/{id}/refunds/preview")]
async fn preview_refund(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<OrderId>,
    Body(body): Body<RefundBody>,
) -> Result<web::Json<RefundPreview>, Problem> {
    body.check()?;
    let ask = body.ask(by);
    let plan = app.db.transaction(async |tx| super::preview(tx, *id, &ask).await).await?;
    Ok(web::Json(plan.into()))
}

/// Give money back: all that is left, or lines and delivery. The provider is asked afterwards; `status` tells what it said.
#[utoipa::path(tag = "refunds", operation_id = "create_refund", request_body = RefundBody,
    params(("id" = OrderId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = RefundView), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[post("/v1/admin/orders/{id}/refunds")]
async fn create_refund(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<OrderId>,
    key: idempotency::Key,
    Body(body): Body<RefundBody>,
) -> Result<HttpResponse, Problem> {
    body.check()?;
    let (who, what) = (format!("account:{}", by.account), format!("create_refund:{id}"));
    let operation = match idempotency::begin(&app.db, &app.clock, who, key, &what, &body).await? {
        Begin::Replay(stored) => return Ok(stored.respond(true, stored.body.clone())),
        Begin::Run(operation) => operation,
    };
    let (now, ask) = (app.clock.now(), body.ask(by));
    let made = async |tx: &mut Tx| {
        let refund = super::request(&app, tx, now, operation.id, *id, &ask).await?;
        answered(tx, &operation, refund).await
    };
    let made = app.db.transaction_retrying(made).await;
    finish(&app, &operation, made).await
}

/// Send a failed refund again. Each key is one try.
#[utoipa::path(tag = "refunds", operation_id = "retry_refund",
    params(("id" = OrderId, Path), ("refund" = RefundId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = RefundView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[post("/v1/admin/orders/{id}/refunds/{refund}/retry")]
async fn retry_refund(
    app: web::Data<App>,
    by: Operator,
    path: web::Path<(OrderId, RefundId)>,
    key: idempotency::Key,
) -> Result<HttpResponse, Problem> {
    let (order, refund) = path.into_inner();
    let (who, what) = (format!("account:{}", by.account), format!("retry_refund:{refund}"));
    let operation = match idempotency::begin(&app.db, &app.clock, who, key, &what, &()).await? {
        Begin::Replay(stored) => return Ok(stored.respond(true, stored.body.clone())),
        Begin::Run(operation) => operation,
    };
    let now = app.clock.now();
    let made = async |tx: &mut Tx| {
        let refund = super::retry(tx, now, operation.id, order, refund).await?;
        answered(tx, &operation, refund).await
    };
    let made = app.db.transaction_retrying(made).await;
    finish(&app, &operation, made).await
}

/// The answer is kept in the transaction that decides: an answered key is a refund.
async fn answered(tx: &mut Tx, operation: &Operation, refund: Refund) -> Result<idempotency::StoredAnswer, Error> {
    let view = RefundView::try_from(refund).map_err(|_| Error::BadRefund("a stored refund does not read"))?;
    Ok(operation.finish(tx, StatusCode::ACCEPTED, &view).await?)
}
async fn finish(app: &App, operation: &Operation, made: Result<idempotency::StoredAnswer, Error>) -> Result<HttpResponse, Problem> {
    match made {
        Ok(stored) => {
            app.hint.wake();
            Ok(stored.respond(false, stored.body.clone()))
        }
        Err(error) => {
            // Refused or not committed: nothing stands.
            operation.forget(&app.db).await?;
            Err(error.into())
        }
    }
}

/// An order's refunds, newest first.
#[utoipa::path(tag = "refunds", operation_id = "list_refunds", params(("id" = OrderId, Path), PageQuery),
    responses((status = 200, body = Page<RefundView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/orders/{id}/refunds")]
async fn list_refunds(
    app: web::Data<App>,
    _by: Auditor,
    id: web::Path<OrderId>,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<RefundView>>, Problem> {
    let (limit, after) = (query.limit()?, query.after()?);
    let conn = &mut *app.db.conn().await?;
    orders::order(conn, *id).await?;
    let rows = store::list(conn, *id, after, i64::from(limit) + 1).await?;
    let page = Page::new(rows, limit, |refund| refund.id);
    let (has_more, next_cursor) = (page.has_more, page.next_cursor);
    let data = page.data.into_iter().map(view).collect::<Result<_, _>>()?;
    Ok(web::Json(Page { data, has_more, next_cursor }))
}

/// One of an order's refunds.
#[utoipa::path(tag = "refunds", operation_id = "get_refund", params(("id" = OrderId, Path), ("refund" = RefundId, Path)),
    responses((status = 200, body = RefundView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/orders/{id}/refunds/{refund}")]
async fn get_refund(app: web::Data<App>, _by: Auditor, path: web::Path<(OrderId, RefundId)>) -> Result<web::Json<RefundView>, Problem> {
    let (order, refund) = path.into_inner();
    let found = store::refund(&mut *app.db.conn().await?, order, refund).await?.ok_or(Kind::NotFound)?;
    Ok(web::Json(view(found)?))
}
