//! `/v1/store/carts`.
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, dev::Payload, get, http::StatusCode, patch, post, web};
use futures_util::future::LocalBoxFuture;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    db::Tx,
    http::Body,
    ids::{CartId, CartLineId, CoopId, DeliveryOptionId, VariantId},
    money::{Currency, MoneyView},
    orders::{
        cart::{Missing, Priced, PricedGroup, PricedLine},
        model::{self, Address, Cart, Error, MAX_LINES, MAX_QUANTITY},
        store, tax,
    },
    problem::{FieldError, Kind, Problem, ProblemView},
    secrets::Token,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_cart).service(get_cart).service(update_cart).service(add_cart_line).service(update_cart_line).service(delete_cart_line);
}

/// The cart that the path names, if the caller holds its token (`X-Cart-Token`). Any other cart is as unknown as none.
pub struct CartToken {
    pub cart: CartId,
}
impl FromRequest for CartToken {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<web::Data<App>>().ok_or(Kind::Internal)?;
            let cart: CartId = request.match_info().get("id").and_then(|id| id.parse().ok()).ok_or(Kind::NotFound)?;
            let token = request.headers().get("X-Cart-Token").and_then(|v| v.to_str().ok()).ok_or(Kind::NotFound)?;
            let mine = store::cart_with_token(&mut *app.db.conn().await?, cart, Token::parse(token).hash()).await?;
            mine.then_some(Self { cart }).ok_or_else(|| Kind::NotFound.into())
        })
    }
}

#[derive(Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CartBody {
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// Where it goes, ISO 3166-1 alpha-2: enough for delivery and tax before there is an address.
    #[schema(example = "DE")]
    country: Option<String>,
    email: Option<String>,
    shipping_address: Option<Address>,
    /// Replaces all lines.
    lines: Option<Vec<LineBody>>,
    delivery: Option<Vec<DeliveryBody>>,
    /// Discount codes; none are honoured yet, so any is refused.
    codes: Option<Vec<String>>,
}
#[derive(Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LineBody {
    variant: VariantId,
    #[schema(example = 1)]
    quantity: i32,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct QuantityBody {
    quantity: i32,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryBody {
    /// The delivery group's id: its cooperative.
    group: CoopId,
    option: DeliveryOptionId,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct CartView {
    id: CartId,
    /// Only in the answer that made the cart: send it as `X-Cart-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    version: i64,
    currency: Currency,
    country: Option<String>,
    email: Option<String>,
    shipping_address: Option<Address>,
    lines: Vec<LineView>,
    delivery_groups: Vec<GroupView>,
    totals: TotalsView,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = CartLineView)]
struct LineView {
    id: CartLineId,
    variant: VariantId,
    title: String,
    variant_title: String,
    slug: String,
    quantity: i32,
    unit: MoneyView,
    goods: MoneyView,
    tax: MoneyView,
    tax_inclusive: bool,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct GroupView {
    id: CoopId,
    cooperative: String,
    /// Cheapest first; the first is selected unless you choose.
    options: Vec<OptionView>,
    selected: Option<DeliveryOptionId>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct OptionView {
    id: DeliveryOptionId,
    name: String,
    amount: MoneyView,
    min_days: i32,
    max_days: i32,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = CartTotalsView)]
struct TotalsView {
    goods: MoneyView,
    shipping: MoneyView,
    duties: MoneyView,
    /// All tax, inside and on top of prices.
    tax: MoneyView,
    tax_reason: tax::Reason,
    /// What checkout will charge: give it as `expected_total`.
    total: MoneyView,
    /// True when nothing is missing.
    complete: bool,
    missing: Vec<Missing>,
}

impl CartView {
    pub fn of(cart: Cart, priced: Priced, token: Option<String>) -> Self {
        let totals = TotalsView {
            goods: priced.goods.into(),
            shipping: priced.shipping.into(),
            duties: priced.duties.into(),
            tax: priced.tax.into(),
            tax_reason: priced.tax_reason,
            total: priced.total.into(),
            complete: priced.missing.is_empty(),
            missing: priced.missing,
        };
        Self {
            id: cart.id,
            token,
            version: cart.version,
            currency: cart.currency,
            country: cart.country,
            email: cart.email,
            shipping_address: cart.address,
            lines: priced.lines.into_iter().map(LineView::of).collect(),
            delivery_groups: priced.groups.into_iter().map(GroupView::of).collect(),
            totals,
        }
    }
    fn into_response(self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status).insert_header(("ETag", format!("\"{}\"", self.version))).insert_header(("Cache-Control", "no-store")).json(self)
    }
}
impl LineView {
    fn of(line: PricedLine) -> Self {
        Self {
            id: line.line.id,
            variant: line.line.variant,
            quantity: line.line.quantity,
            unit: line.offer.unit.into(),
            goods: line.goods.into(),
            tax: line.tax.into(),
            tax_inclusive: line.offer.tax_inclusive,
            title: line.offer.title,
            variant_title: line.offer.variant_title,
            slug: line.offer.slug,
        }
    }
}
impl GroupView {
    fn of(group: PricedGroup) -> Self {
        let selected = group.choice().map(|o| o.id);
        let view = |o: crate::orders::cart::PricedOption| OptionView {
            id: o.id,
            name: o.name,
            amount: o.amount.into(),
            min_days: o.min_days,
            max_days: o.max_days,
        };
        Self { id: group.coop, cooperative: group.cooperative, options: group.options.into_iter().map(view).collect(), selected }
    }
}

fn check(body: &CartBody) -> Result<(), Error> {
    let mut errors = Vec::new();
    if let Some(lines) = &body.lines {
        if lines.len() > MAX_LINES {
            errors.push(FieldError::new("/lines", "length", format!("at most {MAX_LINES} lines")));
        }
        for (i, line) in lines.iter().enumerate() {
            errors.extend(check_quantity(&format!("/lines/{i}/quantity"), line.quantity));
        }
    }
    if body.country.as_deref().is_some_and(|c| !model::is_country(c)) {
        errors.push(FieldError::new("/country", "unknown", "two capital letters, as DE"));
    }
    if body.email.as_deref().is_some_and(|e| !model::is_email(e)) {
        errors.push(FieldError::new("/email", "malformed", "an e-mail address, as asha@shop.example"));
    }
    if let Some(address) = &body.shipping_address {
        errors.extend(address.check("/shipping_address"));
    }
    let elsewhere = |address: &Address| body.country.as_ref().is_some_and(|country| *country != address.country);
    if body.shipping_address.as_ref().is_some_and(elsewhere) {
        errors.push(FieldError::new("/country", "contradiction", "the country of the shipping address, or left out"));
    }
    if body.codes.as_ref().is_some_and(|codes| !codes.is_empty()) {
        errors.push(FieldError::new("/codes/0", "unknown", "no such discount code"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}
fn check_quantity(pointer: &str, quantity: i32) -> Option<FieldError> {
    let message = format!("1 to {MAX_QUANTITY}; this is {quantity}");
    (!(1..=MAX_QUANTITY).contains(&quantity)).then(|| FieldError::new(pointer, "out_of_range", message))
}
fn unknown_variant(pointer: String) -> Error {
    Error::Invalid(vec![FieldError::new(pointer, "unknown", "no such variant")])
}

/// The cart's own fields of a request, and the others.
fn fields(body: &mut CartBody) -> store::CartChange {
    store::CartChange { currency: body.currency, country: body.country.take(), email: body.email.take(), address: body.shipping_address.take() }
}

/// The rest of a change of the cart. `lines` are added: who replaces them clears them first.
async fn fill(tx: &mut Tx, cart: CartId, body: CartBody) -> Result<Cart, Error> {
    for (i, line) in body.lines.into_iter().flatten().enumerate() {
        if !store::add_line(tx, cart, line.variant, line.quantity).await? {
            return Err(unknown_variant(format!("/lines/{i}/variant")));
        }
    }
    for (i, choice) in body.delivery.into_iter().flatten().enumerate() {
        if !store::choose_delivery(tx, cart, choice.group, choice.option).await? {
            return Err(Error::Invalid(vec![FieldError::new(format!("/delivery/{i}/option"), "unknown", "no such delivery option of this group")]));
        }
    }
    checked(tx, cart).await
}
async fn checked(tx: &mut Tx, cart: CartId) -> Result<Cart, Error> {
    let cart = store::cart(tx, cart).await?.ok_or(Error::NotFound)?;
    cart.check()?;
    Ok(cart)
}

/// The cart as it is now.
pub async fn cart_view(app: &App, cart: CartId) -> Result<CartView, Problem> {
    let cart = store::cart(&mut *app.db.conn().await?, cart).await?.ok_or(Error::NotFound)?;
    priced(app, cart, None).await
}

async fn priced(app: &App, cart: Cart, token: Option<String>) -> Result<CartView, Problem> {
    let priced = crate::orders::price(&mut *app.db.conn().await?, app.clock.now(), &cart).await?;
    Ok(CartView::of(cart, priced, token))
}
async fn answer(app: &App, cart: Cart) -> Result<HttpResponse, Problem> {
    Ok(priced(app, cart, None).await?.into_response(StatusCode::OK))
}

/// Start a cart. Its token is in this answer and nowhere else.
#[utoipa::path(tag = "carts", operation_id = "create_cart", request_body = CartBody,
    responses((status = 201, body = CartView), (status = 400, body = ProblemView), (status = 415, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/store/carts")]
async fn create_cart(app: web::Data<App>, Body(mut body): Body<CartBody>) -> Result<HttpResponse, Problem> {
    check(&body)?;
    let currency = body.currency.ok_or_else(|| Problem::field("/currency", "missing", "an ISO 4217 code, as EUR"))?;
    let (id, token) = (CartId::new(), Token::random("cart"));
    let now = app.clock.now();
    let cart = app
        .db
        .transaction(async |tx| {
            store::insert_cart(tx, now, id, token.hash(), currency, &fields(&mut body), "en").await?;
            fill(tx, id, body).await
        })
        .await?;
    Ok(priced(&app, cart, Some(token.reveal().to_owned())).await?.into_response(StatusCode::CREATED))
}

/// The cart with what it costs now.
#[utoipa::path(tag = "carts", operation_id = "get_cart", params(("id" = CartId, Path), ("X-Cart-Token" = String, Header)),
    responses((status = 200, body = CartView), (status = 404, body = ProblemView)))]
#[get("/v1/store/carts/{id}")]
async fn get_cart(app: web::Data<App>, mine: CartToken) -> Result<HttpResponse, Problem> {
    Ok(cart_view(&app, mine.cart).await?.into_response(StatusCode::OK))
}

/// Change any of the cart's fields; `lines` replaces all lines.
#[utoipa::path(tag = "carts", operation_id = "update_cart", request_body = CartBody, params(("id" = CartId, Path), ("X-Cart-Token" = String, Header)),
    responses((status = 200, body = CartView), (status = 404, body = ProblemView), (status = 412, body = ProblemView), (status = 422, body = ProblemView)))]
#[patch("/v1/store/carts/{id}")]
async fn update_cart(app: web::Data<App>, mine: CartToken, request: HttpRequest, Body(mut body): Body<CartBody>) -> Result<HttpResponse, Problem> {
    check(&body)?;
    let given = request.headers().get("If-Match").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let now = app.clock.now();
    let cart = app
        .db
        .transaction(async |tx| {
            if !store::lock_cart(tx, mine.cart).await? {
                return Err(Error::NotFound);
            }
            if let Some(given) = given {
                let version = store::cart(tx, mine.cart).await?.ok_or(Error::NotFound)?.version;
                if given != format!("\"{version}\"") && given != "*" {
                    return Err(Error::Stale);
                }
            }
            if body.lines.is_some() {
                store::clear_lines(tx, mine.cart).await?;
            }
            if !store::change_cart(tx, now, mine.cart, &fields(&mut body)).await? {
                return Err(Error::NotFound);
            }
            fill(tx, mine.cart, body).await
        })
        .await?;
    answer(&app, cart).await
}

/// Add pieces of a variant.
#[utoipa::path(tag = "carts", operation_id = "add_cart_line", request_body = LineBody, params(("id" = CartId, Path), ("X-Cart-Token" = String, Header)),
    responses((status = 200, body = CartView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/store/carts/{id}/lines")]
async fn add_cart_line(app: web::Data<App>, mine: CartToken, Body(body): Body<LineBody>) -> Result<HttpResponse, Problem> {
    if let Some(error) = check_quantity("/quantity", body.quantity) {
        return Err(Problem::invalid(vec![error]));
    }
    let now = app.clock.now();
    let cart = app
        .db
        .transaction(async |tx| {
            if !store::change_cart(tx, now, mine.cart, &store::CartChange::default()).await? {
                return Err(Error::NotFound);
            }
            if !store::add_line(tx, mine.cart, body.variant, body.quantity).await? {
                return Err(unknown_variant("/variant".into()));
            }
            checked(tx, mine.cart).await
        })
        .await?;
    answer(&app, cart).await
}

/// Set a line's quantity.
#[utoipa::path(tag = "carts", operation_id = "update_cart_line", request_body = QuantityBody,
    params(("id" = CartId, Path), ("line" = CartLineId, Path), ("X-Cart-Token" = String, Header)),
    responses((status = 200, body = CartView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[patch("/v1/store/carts/{id}/lines/{line}")]
async fn update_cart_line(
    app: web::Data<App>,
    mine: CartToken,
    path: web::Path<(CartId, CartLineId)>,
    Body(body): Body<QuantityBody>,
) -> Result<HttpResponse, Problem> {
    if let Some(error) = check_quantity("/quantity", body.quantity) {
        return Err(Problem::invalid(vec![error]));
    }
    set_line(&app, mine.cart, path.1, body.quantity).await
}

/// Take a line out.
#[utoipa::path(tag = "carts", operation_id = "delete_cart_line", params(("id" = CartId, Path), ("line" = CartLineId, Path), ("X-Cart-Token" = String, Header)),
    responses((status = 200, body = CartView), (status = 404, body = ProblemView)))]
#[delete("/v1/store/carts/{id}/lines/{line}")]
async fn delete_cart_line(app: web::Data<App>, mine: CartToken, path: web::Path<(CartId, CartLineId)>) -> Result<HttpResponse, Problem> {
    set_line(&app, mine.cart, path.1, 0).await
}

async fn set_line(app: &App, cart: CartId, line: CartLineId, quantity: i32) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let cart = app
        .db
        .transaction(async |tx| {
            let there = store::change_cart(tx, now, cart, &store::CartChange::default()).await?;
            if !there || !store::set_line(tx, cart, line, quantity).await? {
                return Err(Error::NotFound);
            }
            checked(tx, cart).await
        })
        .await?;
    answer(app, cart).await
}
