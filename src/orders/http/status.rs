//! What a buyer sees of an order: `X-Order-Token` is the key of a guest.
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, get, web};
use futures_util::future::LocalBoxFuture;
use utoipa_actix_web::service_config::ServiceConfig;

use super::realised::{LineRealised, RealisedView};
use crate::{
    app::App,
    auth::Auditor,
    clock::Time,
    config::Config,
    ids::{FulfilmentId, OrderGroupId, OrderId, OrderLineId},
    media,
    money::MoneyView,
    orders::{
        self, FrozenGroup,
        model::{FrozenLine, GroupState, OrderState},
        read::{self, Booked, Maker, Parcel, Piece},
        realised::{OfLine, Realised},
        store,
        waterfall::Waterfall,
    },
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_order).service(get_any_order);
}

/// The order that the path names, if the caller holds its token.
pub struct OrderToken {
    pub order: OrderId,
}
impl FromRequest for OrderToken {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<web::Data<App>>().ok_or(Kind::Internal)?;
            let id: OrderId = request.match_info().get("id").and_then(|id| id.parse().ok()).ok_or(Kind::NotFound)?;
            let given = request.headers().get("X-Order-Token").and_then(|v| v.to_str().ok()).ok_or(Kind::NotFound)?;
            let order = store::order(&mut *app.db.conn().await?, id).await?.ok_or(Kind::NotFound)?;
            let mine = app.keys.token_matches(given, "order", id.uuid(), order.token_generation);
            mine.then_some(Self { order: id }).ok_or_else(|| Kind::NotFound.into())
        })
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct OrderView {
    pub id: OrderId,
    #[schema(example = "HA-7K3M-92QX")]
    pub number: String,
    pub status: OrderState,
    /// Its payment is disputed: nothing of it is sent or given back before that is decided.
    pub on_hold: bool,
    pub total: MoneyView,
    pub refunded: MoneyView,
    pub placed_at: Time,
    pub paid_at: Option<Time>,
    /// Where all of it goes: the parts sum to `total`. Null where only one cooperative's part is shown.
    pub waterfall: Option<WaterfallView>,
    /// Beside it: what was really paid so far. Null until the order is paid.
    pub realised: Option<RealisedView>,
    /// One per cooperative, which may send it in several shipments.
    pub parcels: Vec<ParcelView>,
}
/// What the buyer's money is for, in her own currency.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct WaterfallView {
    maker: MoneyView,
    materials: MoneyView,
    cooperative: MoneyView,
    /// For the maker side, where it was not declared how it divides.
    undeclared: MoneyView,
    /// Of goods that the brand owns: their makers were paid before.
    brand: MoneyView,
    /// The members' fund.
    premium: MoneyView,
    platform: MoneyView,
    shipping: MoneyView,
    tax: MoneyView,
}
impl From<Waterfall> for WaterfallView {
    fn from(w: Waterfall) -> Self {
        Self {
            maker: w.maker.into(),
            materials: w.materials.into(),
            cooperative: w.cooperative.into(),
            undeclared: w.undeclared.into(),
            brand: w.brand.into(),
            premium: w.premium.into(),
            platform: w.platform.into(),
            shipping: w.shipping.into(),
            tax: w.tax.into(),
        }
    }
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ParcelView {
    id: OrderGroupId,
    cooperative: String,
    status: GroupState,
    delivery: String,
    shipping: MoneyView,
    shipments: Vec<ShipmentView>,
    lines: Vec<LineView>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ShipmentView {
    id: FulfilmentId,
    carrier: String,
    tracking: Option<String>,
    /// Where the carrier shows it.
    tracking_url: Option<String>,
    shipped_at: Time,
    /// The pieces in it.
    items: Vec<ItemLink>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = OrderLineView)]
struct LineView {
    id: OrderLineId,
    title: String,
    variant_title: String,
    quantity: i32,
    /// How many of them have left.
    shipped: i32,
    /// How many of them were given back.
    refunded: i32,
    goods: MoneyView,
    tax: MoneyView,
    waterfall: LineWaterfall,
    items: Vec<ItemLink>,
    /// Who made them, as the work register has it and as far as each agreed to be seen.
    makers: Vec<OrderMaker>,
}
/// Without a name, her craft and her district must do.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct OrderMaker {
    #[schema(example = "Ganga")]
    name: Option<String>,
    craft: Option<String>,
    village: Option<String>,
    district: String,
    story: Option<String>,
    portrait: Option<String>,
}
/// What the line's price is for, as it was promised when the order was placed; all of it sums to goods (tax inside included).
#[derive(serde::Serialize, utoipa::ToSchema)]
struct LineWaterfall {
    producer: MoneyView,
    /// Null where pay was not declared.
    maker: Option<MoneyView>,
    materials: Option<MoneyView>,
    cooperative: Option<MoneyView>,
    premium: MoneyView,
    platform: MoneyView,
    /// What the maker side is owed, in its own currency, at a dated rate.
    producer_owed: MoneyView,
    premium_owed: MoneyView,
    #[schema(example = "88.00")]
    rate: String,
    rate_source: String,
    /// Beside it: what was really paid so far. Null until the order is paid.
    realised: Option<LineRealised>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ItemLink {
    #[schema(example = "7K3M-9QXW-2BCV")]
    code: String,
    url: String,
}

fn waterfall(line: &FrozenLine, realised: Option<OfLine>) -> LineWaterfall {
    let own = |minor| MoneyView::from(crate::money::Money::new(minor, line.producer_own.currency));
    LineWaterfall {
        producer: line.producer.into(),
        maker: line.split.map(|s| own(s.maker)),
        materials: line.split.map(|s| own(s.materials)),
        cooperative: line.split.map(|s| own(s.cooperative)),
        premium: line.premium.into(),
        platform: line.commission.into(),
        producer_owed: line.producer_own.into(),
        premium_owed: line.premium_own.into(),
        rate: line.fx.rate.clone(),
        rate_source: line.fx.source.clone(),
        realised: realised.map(Into::into),
    }
}

/// All that is shown beside the frozen lines, fetched at once.
struct Beside {
    parcels: Vec<Parcel>,
    pieces: Vec<Piece>,
    makers: Vec<Maker>,
    /// None before it is paid.
    booked: Option<Vec<Booked>>,
}

/// The whole order as its buyer may see it; `only` narrows it to one cooperative's part. Seven statements, however much is in it.
pub async fn view(app: &App, id: OrderId, only: Option<OrderGroupId>) -> Result<OrderView, Problem> {
    let conn = &mut *app.db.conn().await?;
    let order = orders::order(conn, id).await?;
    let frozen = orders::frozen_of(conn, &order).await?;
    let (parcels, pieces, makers) = (read::parcels(conn, id).await?, read::pieces(conn, id).await?, read::makers(conn, id).await?);
    let booked = if order.paid_at.is_some() { Some(read::booked(conn, id).await?) } else { None };
    let beside = Beside { parcels, pieces, makers, booked };
    let all = Waterfall::of(order.total.currency, &frozen.lines, &frozen.groups).map_err(orders::Error::from)?;
    let real = |booked: &Vec<Booked>| Realised::of(&order, &frozen.lines, &frozen.groups, booked, booked.first().and_then(|b| b.fee));
    let realised = beside.booked.as_ref().filter(|_| only.is_none()).map(real).transpose().map_err(orders::Error::from)?;
    let shown = frozen.groups.iter().filter(|g| only.is_none_or(|wanted| wanted == g.id));
    let parcels = shown.map(|group| ParcelView::of(&app.config, group, &frozen.lines, &beside)).collect::<Result<_, _>>()?;
    Ok(OrderView {
        id: order.id,
        number: order.number,
        status: order.state,
        on_hold: order.on_hold,
        total: order.total.into(),
        refunded: order.refunded.into(),
        placed_at: order.placed_at,
        paid_at: order.paid_at,
        waterfall: only.is_none().then(|| all.into()),
        realised: realised.map(Into::into),
        parcels,
    })
}

fn link(config: &Config, code: &str) -> ItemLink {
    ItemLink { url: config.link(&format!("/i/{code}")), code: code.to_owned() }
}
impl ParcelView {
    fn of(config: &Config, group: &FrozenGroup, lines: &[FrozenLine], beside: &Beside) -> Result<Self, Problem> {
        let shipment = |parcel: &Parcel| ShipmentView {
            id: parcel.id,
            carrier: parcel.carrier.clone(),
            tracking: parcel.tracking.clone(),
            tracking_url: parcel.tracking_url.clone(),
            shipped_at: parcel.shipped_at,
            items: beside.pieces.iter().filter(|p| p.parcel == Some(parcel.id)).map(|p| link(config, &p.code)).collect(),
        };
        Ok(Self {
            id: group.id,
            cooperative: group.cooperative.clone(),
            status: group.state,
            delivery: group.delivery.clone(),
            shipping: group.shipping.into(),
            shipments: beside.parcels.iter().filter(|p| p.group == group.id).map(shipment).collect(),
            lines: lines.iter().filter(|l| l.group == group.id).map(|l| LineView::of(config, l, beside)).collect::<Result<_, _>>()?,
        })
    }
}
impl LineView {
    fn of(config: &Config, line: &FrozenLine, beside: &Beside) -> Result<Self, Problem> {
        let booked = beside.booked.as_ref().and_then(|all| all.iter().find(|b| b.line == line.id));
        let realised = booked.map(|booked| OfLine::of(line, booked)).transpose().map_err(orders::Error::from)?;
        Ok(Self {
            id: line.id,
            title: line.title.clone(),
            variant_title: line.variant_title.clone(),
            quantity: line.quantity,
            shipped: line.shipped_quantity,
            refunded: line.refunded_quantity,
            goods: line.goods.into(),
            tax: line.tax.into(),
            waterfall: waterfall(line, realised),
            items: beside.pieces.iter().filter(|p| p.line == line.id).map(|p| link(config, &p.code)).collect(),
            makers: beside.makers.iter().filter(|m| m.line == line.id).map(|m| OrderMaker::of(config, m)).collect(),
        })
    }
}
impl OrderMaker {
    fn of(config: &Config, maker: &Maker) -> Self {
        Self {
            name: maker.name.clone(),
            craft: maker.craft.clone(),
            village: maker.village.clone(),
            district: maker.district.clone(),
            story: maker.story.clone(),
            portrait: maker.portrait.as_ref().map(|sha| config.link(&media::path(sha, pictures::EDGES[0]))),
        }
    }
}

/// The order: where its parcels are, which items they hold, what each price is for.
#[utoipa::path(tag = "orders", operation_id = "get_order", params(("id" = OrderId, Path), ("X-Order-Token" = String, Header)),
    responses((status = 200, body = OrderView), (status = 404, body = ProblemView)))]
#[get("/v1/store/orders/{id}")]
async fn get_order(app: web::Data<App>, mine: OrderToken) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(view(&app, mine.order, None).await?))
}

/// Any order, as its buyer sees it: what was promised of it beside what was really paid.
#[utoipa::path(tag = "orders", operation_id = "get_any_order", params(("id" = OrderId, Path)),
    responses((status = 200, body = OrderView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/orders/{id}")]
async fn get_any_order(app: web::Data<App>, _by: Auditor, id: web::Path<OrderId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(view(&app, *id, None).await?))
}
