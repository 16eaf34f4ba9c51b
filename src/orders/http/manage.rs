//! A cooperative's orders: what is to be sent where, and that it was.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::status::{self, ParcelView};
use crate::{
    app::App,
    auth::Manager,
    clock::Time,
    http::{Body, Params},
    ids::{FulfilmentId, OrderGroupId, OrderId},
    notifications,
    orders::{
        self,
        model::{Address, Error, GroupState},
        store::{self, Carrier},
    },
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_orders).service(get_managed_order).service(create_fulfilment);
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    status: Option<GroupState>,
    limit: Option<u32>,
    cursor: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct OrderRow {
    /// The part of the order that this cooperative sends.
    group: OrderGroupId,
    order: OrderId,
    number: String,
    status: GroupState,
    paid_at: Option<Time>,
}

/// Paid orders, newest first.
#[utoipa::path(tag = "fulfilment", operation_id = "list_orders", params(("coop" = String, Path, description = "id or slug"), ListQuery),
    responses((status = 200, body = Page<OrderRow>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/orders")]
async fn list_orders(app: web::Data<App>, by: Manager, Params(query): Params<ListQuery>) -> Result<web::Json<Page<OrderRow>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let rows = store::groups_of(&mut *app.db.conn().await?, by.scope, query.status, after, i64::from(limit) + 1).await?;
    let page = Page::new(rows, limit, |row| row.0);
    Ok(web::Json(page.map(|(group, order, number, status, paid_at)| OrderRow { group, order, number, status, paid_at })))
}

/// What its sender needs of an order: not what others sold in it, and no totals that would tell.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ManagedOrder {
    id: OrderId,
    number: String,
    paid_at: Option<Time>,
    parcel: Option<ParcelView>,
    /// Where to send it; null once the buyer was forgotten or the money went back.
    ship_to: Option<Address>,
}

/// This cooperative's part of an order, with the address to send it to.
#[utoipa::path(tag = "fulfilment", operation_id = "get_managed_order", params(("coop" = String, Path, description = "id or slug"), ("order" = OrderId, Path)),
    responses((status = 200, body = ManagedOrder), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/orders/{order}")]
async fn get_managed_order(app: web::Data<App>, by: Manager, path: web::Path<(String, OrderId)>) -> Result<web::Json<ManagedOrder>, Problem> {
    let order = path.1;
    let (group, state) = app.db.transaction(async |tx| store::lock_group(tx, by.scope, order).await?.ok_or(Error::NotFound)).await?;
    let ships = match state {
        GroupState::ToShip | GroupState::Shipped => true,
        GroupState::Refunded => false,
        // Nobody paid: it is not an order yet, and its buyer's address is nobody's business.
        GroupState::Pending | GroupState::Cancelled => return Err(Kind::NotFound.into()),
    };
    let contact = orders::contact(&mut *app.db.conn().await?, order).await?;
    let view = status::view(&app, order, Some(group)).await?;
    let ship_to = contact.and_then(|c| c.1).filter(|_| ships);
    Ok(web::Json(ManagedOrder { id: view.id, number: view.number, paid_at: view.paid_at, parcel: view.parcels.into_iter().next(), ship_to }))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FulfilmentBody {
    order: OrderId,
    #[schema(example = "India Post")]
    carrier: String,
    tracking: Option<String>,
    tracking_url: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CreatedFulfilment {
    id: FulfilmentId,
}

/// The parcel has left: its earnings are released, the buyer gets a mail.
#[utoipa::path(tag = "fulfilment", operation_id = "create_fulfilment", request_body = FulfilmentBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CreatedFulfilment), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/fulfilments")]
async fn create_fulfilment(app: web::Data<App>, by: Manager, Body(body): Body<FulfilmentBody>) -> Result<HttpResponse, Problem> {
    if body.carrier.trim().is_empty() {
        return Err(Problem::field("/carrier", "length", "name the carrier"));
    }
    if body.tracking_url.as_deref().is_some_and(|url| !url.starts_with("https://")) {
        return Err(Problem::field("/tracking_url", "malformed", "an https address"));
    }
    let carrier = Carrier { name: body.carrier, tracking: body.tracking, tracking_url: body.tracking_url };
    let now = app.clock.now();
    let id = app
        .db
        .transaction_retrying(async |tx| {
            let id = orders::ship(tx, now, &app.keys, &app.config.public_url, by.scope, body.order, &carrier).await?;
            if let Some(mail) = orders::shipped_mail(tx, body.order, by.scope, &carrier).await? {
                notifications::enqueue(tx, now, &mail).await?;
            }
            Ok::<_, Error>(id)
        })
        .await?;
    app.hint.wake();
    Ok(HttpResponse::Created().json(CreatedFulfilment { id }))
}
