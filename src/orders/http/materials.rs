//! Material for what is made to order, written down by whoever makes it.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Manager,
    clock::{Day, Time},
    http::Body,
    ids::{OrderId, OrderLineId, OrderMaterialId},
    money::{Currency, Money, MoneyView},
    orders::materials::{self, Material, NewMaterial},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_order_materials).service(create_order_material);
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderMaterialBody {
    /// A line that is made to order, and has not left.
    line: OrderLineId,
    #[schema(example = "4 m of tussar, cut")]
    what: String,
    amount: MaterialAmount,
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    committed_on: Day,
    /// Where the receipt is kept.
    #[schema(example = "receipts/2026/11/20.pdf")]
    evidence: String,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MaterialAmount {
    /// Minor units of what the maker side of the line is owed in.
    #[schema(example = 30000)]
    amount: i64,
    currency: Currency,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct OrderMaterialView {
    id: OrderMaterialId,
    line: OrderLineId,
    what: String,
    amount: MoneyView,
    #[schema(value_type = String, format = Date)]
    committed_on: Day,
    evidence: String,
    created_at: Time,
}
impl From<Material> for OrderMaterialView {
    fn from(m: Material) -> Self {
        let Material { id, line, what, amount_minor, currency, committed_on, evidence, created_at } = m;
        Self { id, line, what, amount: Money::new(amount_minor, currency).into(), committed_on, evidence, created_at }
    }
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct OrderMaterials {
    data: Vec<OrderMaterialView>,
}

/// What was bought for an order's lines, oldest first.
#[utoipa::path(tag = "fulfilment", operation_id = "list_order_materials", params(("coop" = String, Path, description = "id or slug"), ("order" = OrderId, Path)),
    responses((status = 200, body = OrderMaterials), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/orders/{order}/materials")]
async fn list_order_materials(app: web::Data<App>, by: Manager, path: web::Path<(String, OrderId)>) -> Result<web::Json<OrderMaterials>, Problem> {
    let rows = materials::of(&mut *app.db.conn().await?, by.scope, path.1).await?;
    Ok(web::Json(OrderMaterials { data: rows.into_iter().map(Into::into).collect() }))
}

/// Write down material that was bought or cut for what is made to order: it is owed if the buyer gives that up.
#[utoipa::path(tag = "fulfilment", operation_id = "create_order_material", request_body = OrderMaterialBody,
    params(("coop" = String, Path, description = "id or slug"), ("order" = OrderId, Path)),
    responses((status = 201, body = OrderMaterialView), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/orders/{order}/materials")]
async fn create_order_material(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, OrderId)>,
    Body(body): Body<OrderMaterialBody>,
) -> Result<HttpResponse, Problem> {
    let OrderMaterialBody { line, what, amount, committed_on, evidence } = body;
    let (what, evidence) = (what.trim().to_owned(), evidence.trim().to_owned());
    let new = NewMaterial { line, what, amount: Money::new(amount.amount, amount.currency), committed_on, evidence };
    let now = app.clock.now();
    let made = app.db.transaction_retrying(async |tx| materials::record(tx, now, by.account, by.scope, path.1, &new).await).await?;
    Ok(HttpResponse::Created().json(OrderMaterialView::from(made)))
}
