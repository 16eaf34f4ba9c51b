//! A cooperative's orders: what is to be sent where, and that it was.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::status::{self, ParcelView};
use crate::{
    app::App,
    auth::Manager,
    clock::Time,
    db::Tx,
    http::{Body, Params},
    ids::{FulfilmentId, OrderGroupId, OrderId, OrderLineId},
    notifications,
    orders::{
        self, Contents, Packed, Sender,
        model::{Address, Error, GroupState},
        store::{self, Carrier},
    },
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_orders).service(get_managed_order).service(create_fulfilment).service(create_return);
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
    /// Its payment is disputed: send nothing before that is decided.
    on_hold: bool,
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
        GroupState::ToShip | GroupState::PartiallyShipped | GroupState::Shipped => true,
        GroupState::Refunded => false,
        // Nobody paid: it is not an order yet, and its buyer's address is nobody's business.
        GroupState::Pending | GroupState::Cancelled => return Err(Kind::NotFound.into()),
    };
    let contact = orders::contact(&mut *app.db.conn().await?, order).await?;
    let view = status::view(&app, order, Some(group)).await?;
    let ship_to = contact.and_then(|c| c.1).filter(|_| ships);
    let (id, number, paid_at, on_hold) = (view.id, view.number, view.paid_at, view.on_hold);
    Ok(web::Json(ManagedOrder { id, number, paid_at, on_hold, parcel: view.parcels.into_iter().next(), ship_to }))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FulfilmentBody {
    order: OrderId,
    #[schema(example = "India Post")]
    carrier: String,
    tracking: Option<String>,
    tracking_url: Option<String>,
    /// What is in it; all that is left if this is left out.
    items: Option<Vec<PackedBody>>,
}
/// Either some pieces of a line, or one by its code.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PackedBody {
    line: Option<OrderLineId>,
    #[schema(minimum = 1, example = 1)]
    quantity: Option<i32>,
    #[schema(example = "7K3M-9QXW-2BCV")]
    item: Option<String>,
}
/// More entries than pieces that any parcel holds.
const MAX_PACKED: usize = 1000;

impl FulfilmentBody {
    fn check(&self) -> Result<(), Problem> {
        if self.carrier.trim().is_empty() {
            return Err(Problem::field("/carrier", "length", "name the carrier"));
        }
        if self.tracking_url.as_deref().is_some_and(|url| !url.starts_with("https://")) {
            return Err(Problem::field("/tracking_url", "malformed", "an https address"));
        }
        if self.items.as_ref().is_some_and(|items| items.len() > MAX_PACKED) {
            return Err(Problem::field("/items", "length", format!("at most {MAX_PACKED}")));
        }
        Ok(())
    }
    fn contents(&self) -> Result<Contents, Problem> {
        let Some(items) = &self.items else { return Ok(Contents::Rest) };
        let packed = items.iter().enumerate().map(|(at, body)| match (body.line, body.quantity, &body.item) {
            (Some(line), Some(quantity), None) => Ok(Packed::Pieces { line, quantity }),
            (None, None, Some(code)) => Ok(Packed::Piece { code: code.clone() }),
            _ => Err(Problem::field(format!("/items/{at}"), "choose", "either line and quantity, or item")),
        });
        Ok(Contents::These(packed.collect::<Result<_, _>>()?))
    }
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CreatedFulfilment {
    id: FulfilmentId,
}

/// A parcel has left, with all that is to be sent or with part of it: what was earned with it is released, the buyer gets a mail.
#[utoipa::path(tag = "fulfilment", operation_id = "create_fulfilment", request_body = FulfilmentBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CreatedFulfilment), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/fulfilments")]
async fn create_fulfilment(app: web::Data<App>, by: Manager, Body(body): Body<FulfilmentBody>) -> Result<HttpResponse, Problem> {
    body.check()?;
    let contents = body.contents()?;
    let carrier = Carrier { name: body.carrier, tracking: body.tracking, tracking_url: body.tracking_url };
    let now = app.clock.now();
    let id = app
        .db
        .transaction_retrying(async |tx| {
            let id = orders::ship(tx, now, sender(&app, &by), body.order, &carrier, &contents).await?;
            if let Some(mail) = orders::shipped_mail(tx, body.order, by.scope, id, &carrier).await? {
                notifications::enqueue(tx, now, &mail).await?;
            }
            Ok::<_, Error>(id)
        })
        .await?;
    app.hint.wake();
    Ok(HttpResponse::Created().json(CreatedFulfilment { id }))
}

fn sender<'a>(app: &'a App, by: &Manager) -> Sender<'a> {
    Sender { scope: by.scope, keys: &app.keys, public_url: &app.config.public_url }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReturnBody {
    order: OrderId,
    /// Codes of the pieces that came back.
    #[schema(example = json!(["7K3M-9QXW-2BCV"]))]
    items: Vec<String>,
    /// They are for sale again: only what its buyer has had her money back for, and at no cost to the platform.
    #[serde(default)]
    restock: bool,
}

/// Pieces that were sent are back in your hands. What a refund alone does not say: until then they are away.
#[utoipa::path(tag = "fulfilment", operation_id = "create_return", request_body = ReturnBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 204), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/returns")]
async fn create_return(app: web::Data<App>, by: Manager, Body(body): Body<ReturnBody>) -> Result<HttpResponse, Problem> {
    if body.items.is_empty() || body.items.len() > MAX_PACKED {
        return Err(Problem::field("/items", "length", format!("1 to {MAX_PACKED} codes")));
    }
    let now = app.clock.now();
    let back = async |tx: &mut Tx| orders::take_back(tx, now, sender(&app, &by), body.order, &body.items, body.restock).await;
    app.db.transaction_retrying(back).await?;
    Ok(HttpResponse::NoContent().finish())
}
