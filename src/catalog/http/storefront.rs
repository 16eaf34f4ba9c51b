//! `/v1/store/products`.
use actix_web::{HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::{
    model::Error,
    price::{self, Division},
    read::{self, Card, Detail, Wanted},
    stock::Policy,
};
use crate::{
    app::App,
    clock::Time,
    http::Params,
    ids::{ProductId, VariantId},
    money::{BasisPoints, Currency, Money, MoneyView},
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
    secrets::sha256,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_products).service(get_product);
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Prices are shown in it, and what has none in it is left out.
    #[param(value_type = String, example = "EUR")]
    currency: Currency,
    /// Words that begin words of title, kind or description.
    q: Option<String>,
    /// A cooperative's slug.
    coop: Option<String>,
    /// A craft's code.
    craft: Option<String>,
    #[serde(default)]
    in_stock: bool,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct ProductCard {
    id: ProductId,
    #[schema(example = "indigo-dabu-stole")]
    slug: String,
    title: String,
    cooperative: CoopName,
    craft: Option<String>,
    price_from: MoneyView,
    in_stock: bool,
    picture: Option<Picture>,
    published_at: Time,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CoopName {
    name: String,
    slug: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Picture {
    /// Small, for a list; `960` and `1920` in place of `320` are the larger ones.
    url: String,
    blurhash: Option<String>,
    alt: String,
}

fn picture_url(sha: &str) -> String {
    format!("/media/{sha}/320.jpg")
}

impl ProductCard {
    fn of(card: Card, currency: Currency) -> Self {
        Self {
            id: card.id,
            slug: card.slug,
            cooperative: CoopName { name: card.cooperative, slug: card.cooperative_slug },
            craft: card.craft,
            price_from: Money::new(card.price_from, currency).into(),
            in_stock: card.in_stock,
            picture: card.picture.map(|sha| Picture { url: picture_url(&sha), blurhash: card.blurhash, alt: card.title.clone() }),
            title: card.title,
            published_at: card.published_at,
        }
    }
}

/// Products that buyers may see, newest first.
#[utoipa::path(tag = "storefront", operation_id = "list_products", params(ListQuery),
    responses((status = 200, body = Page<ProductCard>), (status = 400, body = ProblemView)))]
#[get("/v1/store/products")]
async fn list_products(app: web::Data<App>, Params(query): Params<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = page::limit(query.limit)?;
    let wanted = Wanted {
        search: query.q,
        coop: query.coop,
        craft: query.craft,
        in_stock: query.in_stock,
        after: page::after(query.cursor.as_deref())?,
        limit: i64::from(limit) + 1,
    };
    let cards = read::list(&mut *app.db.conn().await?, query.currency, &wanted).await?;
    let page = Page::new(cards, limit, |c| (c.published_at, c.id)).map(|card| ProductCard::of(card, query.currency));
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=30")).json(page))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DetailQuery {
    #[param(value_type = String, example = "EUR")]
    currency: Currency,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct ProductDetail {
    id: ProductId,
    slug: String,
    title: String,
    /// Sanitised.
    body_html: String,
    craft: Option<String>,
    cooperative: CoopName,
    /// District and country.
    place: String,
    made_to_order_days: Option<i32>,
    #[schema(value_type = Vec<Object>)]
    materials: serde_json::Value,
    options: Vec<String>,
    variants: Vec<VariantView>,
    pictures: Vec<Picture>,
    updated_at: Time,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct VariantView {
    id: VariantId,
    title: String,
    options: Vec<String>,
    sku: Option<String>,
    grams: Option<i32>,
    /// Null where it has no price in the currency asked for.
    price: Option<MoneyView>,
    tax_inclusive: bool,
    in_stock: bool,
    available: Option<i32>,
    /// What the tax-exclusive price is for.
    price_breakdown: Option<Breakdown>,
}
/// The parts sum to the tax-exclusive price.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Breakdown {
    /// maker + materials + cooperative.
    producer: MoneyView,
    /// Null where pay is not yet declared: no price template divides this price.
    maker: Option<MoneyView>,
    materials: Option<MoneyView>,
    cooperative: Option<MoneyView>,
    /// Goes to the members' fund.
    premium: MoneyView,
    platform: MoneyView,
}

/// A row of the JSON that the database put together.
#[derive(serde::Deserialize)]
struct VariantRow {
    id: VariantId,
    title: String,
    options: Vec<String>,
    sku: Option<String>,
    grams: Option<i32>,
    amount: Option<i64>,
    tax_inclusive: Option<bool>,
    policy: Policy,
    available: i32,
}
#[derive(serde::Deserialize)]
struct MediaRow {
    sha: String,
    alt: String,
    blurhash: Option<String>,
}

fn basis_points(value: i32) -> BasisPoints {
    BasisPoints::try_from(value).unwrap_or(0)
}

fn breakdown(price: Money, detail: &Detail, division: Option<Division>) -> Result<Breakdown, Error> {
    let parts = price::parts(price, basis_points(detail.commission_bp), basis_points(detail.premium_bp))?;
    let split = division.map(|d| price::divide(parts.producer, d)).transpose()?;
    let money = |minor| MoneyView::from(Money::new(minor, price.currency));
    Ok(Breakdown {
        producer: parts.producer.into(),
        maker: split.map(|s| money(s.maker)),
        materials: split.map(|s| money(s.materials)),
        cooperative: split.map(|s| money(s.cooperative)),
        premium: parts.premium.into(),
        platform: parts.commission.into(),
    })
}

impl VariantView {
    fn of(row: VariantRow, detail: &Detail, currency: Currency, division: Option<Division>) -> Result<Self, Error> {
        let price = row.amount.map(|minor| Money::new(minor, currency));
        Ok(Self {
            id: row.id,
            title: row.title,
            options: row.options,
            sku: row.sku,
            grams: row.grams,
            price: price.map(Into::into),
            tax_inclusive: row.tax_inclusive.unwrap_or(false),
            in_stock: match row.policy {
                Policy::MadeToOrder => true,
                Policy::Finite => row.available > 0,
                Policy::Unknown => false,
            },
            available: (row.policy == Policy::Finite).then_some(row.available),
            price_breakdown: price.filter(|_| row.tax_inclusive != Some(true)).map(|p| breakdown(p, detail, division)).transpose()?,
        })
    }
}

#[derive(serde::Deserialize)]
struct DivisionRow {
    maker_bp: BasisPoints,
    materials_bp: BasisPoints,
    cooperative_bp: BasisPoints,
}

fn view(mut detail: Detail, currency: Currency) -> Result<ProductDetail, Problem> {
    fn json<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
        serde_json::from_value(value).map_err(|e| Problem::internal(&e))
    }
    let division = detail.division.take().map(json::<DivisionRow>).transpose()?;
    let division = division.map(|d| Division { maker_bp: d.maker_bp, materials_bp: d.materials_bp, cooperative_bp: d.cooperative_bp });
    let rows: Vec<VariantRow> = json(detail.variants.take())?;
    let media: Vec<MediaRow> = json(detail.media.take())?;
    let variants = rows.into_iter().map(|row| VariantView::of(row, &detail, currency, division)).collect::<Result<_, _>>()?;
    Ok(ProductDetail {
        variants,
        pictures: media.into_iter().map(|m| Picture { url: picture_url(&m.sha), blurhash: m.blurhash, alt: m.alt }).collect(),
        id: detail.id,
        slug: detail.slug,
        title: detail.title,
        body_html: detail.body_html,
        craft: detail.craft,
        cooperative: CoopName { name: detail.cooperative, slug: detail.cooperative_slug },
        place: detail.place,
        made_to_order_days: detail.made_to_order_days,
        materials: detail.materials,
        options: detail.options,
        updated_at: detail.updated_at,
    })
}

/// A product with its price taken apart. A retired slug redirects.
#[utoipa::path(tag = "storefront", operation_id = "get_product", params(("id" = String, Path, description = "id or slug"), DetailQuery),
    responses((status = 200, body = ProductDetail), (status = 301), (status = 304), (status = 400, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/store/products/{id}")]
async fn get_product(
    app: web::Data<App>,
    id: web::Path<String>,
    request: actix_web::HttpRequest,
    Params(query): Params<DetailQuery>,
) -> Result<HttpResponse, Problem> {
    let detail = read::detail(&mut *app.db.conn().await?, &id, query.currency).await?.ok_or(Kind::NotFound)?;
    if *id != detail.slug && id.parse::<uuid::Uuid>().is_err() {
        let location = format!("/v1/store/products/{}?currency={}", detail.slug, query.currency);
        return Ok(HttpResponse::MovedPermanently().insert_header(("Location", location)).finish());
    }
    // The tag is of the bytes: stock and prices move without the product's version.
    let body = serde_json::to_vec(&view(detail, query.currency)?).map_err(|e| Problem::internal(&e))?;
    let etag = format!("\"{}\"", sha256(&body)[..16].iter().map(|b| format!("{b:02x}")).collect::<String>());
    let current = request.headers().get("If-None-Match").and_then(|v| v.to_str().ok()).is_some_and(|given| given == etag);
    let mut answer = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(("Cache-Control", "no-cache")).insert_header(("ETag", etag));
    Ok(if current { answer.finish() } else { answer.content_type("application/json").body(body) })
}
