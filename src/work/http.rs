//! The register and maker payments over HTTP.
use actix_web::{HttpResponse, get, post, web};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer, value::SeqAccessDeserializer};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    By, Error, NewPayment, NewWork,
    model::{MAX_ENTRIES, Method, Payment, Work},
    store,
};
use crate::{
    app::App,
    auth::Manager,
    clock::{Day, Time},
    http::{Body, Params},
    ids::{ArtisanId, BatchId, MakerPaymentId, WorkId},
    money::{Currency, Money, MoneyView},
    page::{self, Page},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_work).service(create_work).service(list_maker_payments).service(create_maker_payment);
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AmountBody {
    /// Minor units.
    #[schema(example = 18000)]
    amount: i64,
    currency: Currency,
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkBody {
    /// Null: whose work it was is not known.
    artisan: Option<ArtisanId>,
    batch: Option<BatchId>,
    #[schema(example = "printing")]
    step: String,
    #[schema(example = 6)]
    pieces: i32,
    /// For all of the pieces together.
    minutes: Option<i32>,
    /// For one piece.
    rate: AmountBody,
    date: Day,
}
/// One entry, or an array of them.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum WorkBodies {
    One(WorkBody),
    Many(Vec<WorkBody>),
}
/// By hand, so that an error names the field: an untagged enum would only say that nothing fits.
impl<'de> Deserialize<'de> for WorkBodies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = WorkBodies;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an entry or an array of entries")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WorkBodies, A::Error> {
                WorkBody::deserialize(MapAccessDeserializer::new(map)).map(WorkBodies::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<WorkBodies, A::Error> {
                let many = Vec::<WorkBody>::deserialize(SeqAccessDeserializer::new(seq))?;
                if many.is_empty() || many.len() > MAX_ENTRIES {
                    return Err(de::Error::custom(format!("1 to {MAX_ENTRIES} entries at once, not {}", many.len())));
                }
                Ok(WorkBodies::Many(many))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}
impl From<WorkBody> for NewWork {
    fn from(body: WorkBody) -> Self {
        Self {
            artisan: body.artisan,
            batch: body.batch,
            step: body.step.split_whitespace().collect::<Vec<_>>().join(" "),
            pieces: body.pieces,
            minutes: body.minutes,
            rate: Money::new(body.rate.amount, body.rate.currency),
            date: body.date,
        }
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct WorkView {
    id: WorkId,
    artisan: Option<ArtisanId>,
    batch: Option<BatchId>,
    step: String,
    pieces: i32,
    minutes: Option<i32>,
    /// For one piece.
    rate: MoneyView,
    date: Day,
    created_at: Time,
}
impl From<Work> for WorkView {
    fn from(work: Work) -> Self {
        let Work { id, artisan, batch, step, pieces, minutes, rate_minor, currency, date, created_at } = work;
        Self { id, artisan, batch, step, pieces, minutes, rate: Money::new(rate_minor, currency).into(), date, created_at }
    }
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Recorded {
    data: Vec<WorkView>,
}

/// Write down work: all entries, or none if one breaks a rule.
#[utoipa::path(tag = "work", operation_id = "create_work", request_body = WorkBodies, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = Recorded), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/work")]
async fn create_work(app: web::Data<App>, by: Manager, Body(body): Body<WorkBodies>) -> Result<HttpResponse, Problem> {
    let (entries, many): (Vec<NewWork>, bool) = match body {
        WorkBodies::One(one) => (vec![one.into()], false),
        WorkBodies::Many(many) => (many.into_iter().map(NewWork::from).collect(), true),
    };
    let at = |i: usize, field: &str| if many { format!("/{i}/{field}") } else { format!("/{field}") };
    let by = By { scope: by.scope, account: Some(by.account) };
    let now = app.clock.now();
    let written = app.db.transaction_retrying(async |tx| super::record(tx, now, &app.keys, &app.config.public_url, by, &entries, &at).await).await?;
    Ok(HttpResponse::Created().json(Recorded { data: written.into_iter().map(WorkView::from).collect() }))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WorkQuery {
    artisan: Option<ArtisanId>,
    batch: Option<BatchId>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The work register, newest entry first.
#[utoipa::path(tag = "work", operation_id = "list_work", params(("coop" = String, Path, description = "id or slug"), WorkQuery),
    responses((status = 200, body = Page<WorkView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/work")]
async fn list_work(app: web::Data<App>, by: Manager, Params(query): Params<WorkQuery>) -> Result<web::Json<Page<WorkView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let rows = store::entries(&mut *app.db.conn().await?, by.scope, query.artisan, query.batch, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(WorkView::from)))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PaymentBody {
    artisan: ArtisanId,
    /// The work it pays for; null if it is her part of a payout.
    work: Option<WorkId>,
    amount: AmountBody,
    paid_on: Day,
    method: Method,
    /// Where the receipt is kept, or who witnessed.
    evidence: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PaymentView {
    id: MakerPaymentId,
    artisan: ArtisanId,
    work: Option<WorkId>,
    amount: MoneyView,
    paid_on: Day,
    method: Method,
    evidence: Option<String>,
    created_at: Time,
}
impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        let Payment { id, artisan, work, amount_minor, currency, paid_on, method, evidence, created_at } = payment;
        Self { id, artisan, work, amount: Money::new(amount_minor, currency).into(), paid_on, method, evidence, created_at }
    }
}
const MAX_EVIDENCE: usize = 500;

/// Write down that a maker was paid: for work, before any sale, or her part of a payout.
#[utoipa::path(tag = "work", operation_id = "create_maker_payment", request_body = PaymentBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = PaymentView), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/maker-payments")]
async fn create_maker_payment(app: web::Data<App>, by: Manager, Body(body): Body<PaymentBody>) -> Result<HttpResponse, Problem> {
    if body.evidence.as_ref().is_some_and(|e| e.chars().count() > MAX_EVIDENCE) {
        return Err(Problem::field("/evidence", "length", format!("at most {MAX_EVIDENCE} characters")));
    }
    let PaymentBody { artisan, work, amount, paid_on, method, evidence } = body;
    let new = NewPayment { artisan, work, amount: Money::new(amount.amount, amount.currency), paid_on, method, evidence };
    let by = By { scope: by.scope, account: Some(by.account) };
    let now = app.clock.now();
    let payment = app.db.transaction(async |tx| super::pay(tx, now, by, &new).await).await?;
    Ok(HttpResponse::Created().json(PaymentView::from(payment)))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PaymentQuery {
    artisan: Option<ArtisanId>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What makers were paid, newest first.
#[utoipa::path(tag = "work", operation_id = "list_maker_payments", params(("coop" = String, Path, description = "id or slug"), PaymentQuery),
    responses((status = 200, body = Page<PaymentView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/maker-payments")]
async fn list_maker_payments(app: web::Data<App>, by: Manager, Params(query): Params<PaymentQuery>) -> Result<web::Json<Page<PaymentView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let rows = store::payments(&mut *app.db.conn().await?, by.scope, query.artisan, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(PaymentView::from)))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Provenance(error) => error.into(),
            Error::Db(error) => error.into(),
        }
    }
}
