//! `GET /v1/store/products`.
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::{
    picture::Picture,
    shelf::{Answer, Shelf},
};
use crate::{
    app::App,
    catalog::{
        facets::{self, Range},
        read::{
            cards::{self, After, Card, Sort, Wanted},
            counts::{self, Counted, MAX_COUNTED, MAX_TOTAL},
        },
        tax::{self, Rules},
    },
    clock::{Day, Time},
    countries,
    db::Conn,
    http::{self, Params},
    ids::ProductId,
    money::{Currency, Money, MoneyView},
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
};

/// Longer than anyone types into a search box.
const MAX_SEARCH: usize = 200;

text_enum! {
    pub enum SortName { Newest = "newest", Price = "price", PriceDown = "-price", Title = "title", Relevance = "relevance" }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Prices are shown in it, and what has none in it is left out.
    #[param(value_type = String, example = "EUR")]
    currency: Currency,
    /// Where it would go: `price_at_destination` is then what a buyer there pays.
    #[param(example = "DE")]
    country: Option<String>,
    /// Words that begin words of title, kind, tags, craft, cooperative, district or description.
    q: Option<String>,
    /// A cooperative's slug.
    coop: Option<String>,
    /// A craft's code.
    craft: Option<String>,
    /// A collection's slug; its products come in its order unless `sort` says otherwise.
    collection: Option<String>,
    /// The lowest price, in minor units of `currency`.
    price_min: Option<i64>,
    /// The highest price, in minor units of `currency`.
    price_max: Option<i64>,
    #[serde(default)]
    in_stock: bool,
    /// `relevance` is the order of a search, `newest` of anything else, if absent.
    #[param(inline)]
    sort: Option<SortName>,
    /// With what further filters would leave.
    #[serde(default)]
    facets: bool,
    /// With how many there are in all.
    #[serde(default)]
    include_total: bool,
    /// 1 to 100, 20 if absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A query that can be answered.
struct Asked {
    wanted: Wanted,
    country: Option<String>,
    sort: Sort,
    after: Option<After>,
    limit: u32,
    facets: bool,
    total: bool,
}

impl ListQuery {
    fn parse(self) -> Result<Asked, Problem> {
        let refuse = |why: String| Problem::with_detail(Kind::InvalidQuery, why);
        if self.q.as_ref().is_some_and(|q| q.chars().count() > MAX_SEARCH) {
            return Err(refuse(format!("q is longer than {MAX_SEARCH} characters")));
        }
        if let (Some(min), Some(max)) = (self.price_min, self.price_max)
            && min > max
        {
            return Err(refuse(format!("price_min is {min}, above price_max")));
        }
        if let Some(country) = self.country.as_deref().filter(|country| countries::find(country).is_none()) {
            return Err(refuse(format!("country is {:?}; it must be an ISO 3166 code such as DE", country.chars().take(8).collect::<String>())));
        }
        let words = self.q.as_deref().map(cards::words).unwrap_or_default();
        let sort = match (self.sort, words.is_empty(), &self.collection) {
            (Some(SortName::Newest), ..) | (None, true, None) => Sort::Newest,
            (Some(SortName::Price), ..) => Sort::PriceUp,
            (Some(SortName::PriceDown), ..) => Sort::PriceDown,
            (Some(SortName::Title), ..) => Sort::Title,
            (Some(SortName::Relevance), true, _) => return Err(refuse("sort=relevance is the order of a search: give q".into())),
            (Some(SortName::Relevance) | None, false, _) => Sort::Relevance,
            (None, true, Some(_)) => Sort::Place,
        };
        let after: Option<After> = page::after(self.cursor.as_deref())?;
        if after.as_ref().is_some_and(|after| after.sort() != sort) {
            return Err(Kind::InvalidCursor.into());
        }
        let Self { currency, country, coop, craft, collection, price_min, price_max, in_stock, facets, include_total: total, limit, .. } = self;
        let wanted = Wanted { currency, words, coop, craft, collection, price_min, price_max, in_stock };
        Ok(Asked { wanted, country, sort, after, limit: page::limit(limit)?, facets, total })
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct ProductPage {
    data: Vec<ProductCard>,
    has_more: bool,
    /// Give it back as `cursor` for the next page; null on the last one.
    next_cursor: Option<String>,
    /// With `include_total=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Total>,
    /// With `facets=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<Facets>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Total {
    count: i64,
    /// False if there are more than were counted.
    exact: bool,
}
impl Total {
    fn of(found: i64, bound: i64) -> Self {
        Self { count: found.min(bound), exact: found <= bound }
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct ProductCard {
    id: ProductId,
    #[schema(example = "indigo-dabu-stole")]
    slug: String,
    title: String,
    cooperative: CoopName,
    craft: Option<String>,
    /// As listed: the lowest of its variants'.
    price_from: MoneyView,
    /// Whether `price_from` has the destination's tax in it.
    tax_inclusive: bool,
    /// With `country`: what is paid there, tax included, wherever the seller is registered for it. Absent where its rate is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_at_destination: Option<MoneyView>,
    in_stock: bool,
    picture: Option<Picture>,
    published_at: Time,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct CoopName {
    pub name: String,
    pub slug: String,
}

/// What further filters would leave.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Facets {
    /// How many products were counted, and whether those are all.
    counted: Total,
    #[schema(value_type = Vec<Facet>)]
    crafts: serde_json::Value,
    #[schema(value_type = Vec<Facet>)]
    cooperatives: serde_json::Value,
    /// Of `price_from`.
    prices: Vec<PriceRange>,
    in_stock: i64,
}
/// One value of a filter.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of what the database puts together")]
pub(super) struct Facet {
    /// For the filter.
    value: String,
    label: String,
    count: i64,
}
/// For `price_min` and `price_max`, both included.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PriceRange {
    min: MoneyView,
    /// Null: without end.
    max: Option<MoneyView>,
    count: usize,
}

impl Facets {
    fn of(counted: Counted, currency: Currency) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, currency));
        let range = |r: Range| PriceRange { min: money(r.min), max: r.max.map(money), count: r.count };
        Self {
            counted: Total::of(counted.hits, MAX_COUNTED),
            crafts: counted.crafts,
            cooperatives: counted.cooperatives,
            prices: facets::ranges(&counted.prices).into_iter().map(range).collect(),
            in_stock: counted.in_stock,
        }
    }
}

impl ProductCard {
    fn of(card: Card, currency: Currency, rules: Option<&Rules>) -> Result<Self, Problem> {
        let listed = Money::new(card.price_from, currency);
        let paid = |bp| {
            let (_, _, added) = tax::of_line(listed, card.tax_inclusive, bp)?;
            listed.checked_add(added)
        };
        let at_destination =
            rules.and_then(|rules| rules.rate(card.coop, &card.tax_category)).map(paid).transpose().map_err(|e| Problem::internal(&e))?;
        Ok(Self {
            id: card.id,
            slug: card.slug,
            cooperative: CoopName { name: card.cooperative, slug: card.cooperative_slug },
            craft: card.craft,
            price_from: listed.into(),
            tax_inclusive: card.tax_inclusive,
            price_at_destination: at_destination.map(Into::into),
            in_stock: card.in_stock,
            picture: card.picture.map(|sha| Picture::small(&sha, card.blurhash, card.alt.unwrap_or_default())),
            title: card.title,
            published_at: card.published_at,
        })
    }
}

/// One statement for the page, one for the destination's tax, one for what is counted.
async fn page(conn: &mut Conn, asked: &Asked, today: Day) -> Result<ProductPage, Problem> {
    let currency = asked.wanted.currency;
    let cards = cards::list(conn, &asked.wanted, asked.sort, asked.after.as_ref(), i64::from(asked.limit) + 1).await?;
    let Page { data, has_more, next_cursor } = Page::new(cards, asked.limit, |card| After::of(card, asked.sort));
    let rules = match &asked.country {
        Some(country) => Some(tax::rules(conn, country, today).await?),
        None => None,
    };
    let counted = if asked.facets { Some(counts::counted(conn, &asked.wanted).await?) } else { None };
    let total = match (&counted, asked.total) {
        (_, false) => None,
        (Some(counted), true) if counted.hits <= MAX_COUNTED => Some(Total::of(counted.hits, MAX_COUNTED)),
        (_, true) => Some(Total::of(counts::total(conn, &asked.wanted).await?, MAX_TOTAL)),
    };
    let data = data.into_iter().map(|card| ProductCard::of(card, currency, rules.as_ref())).collect::<Result<_, _>>()?;
    Ok(ProductPage { data, has_more, next_cursor, total, facets: counted.map(|c| Facets::of(c, currency)) })
}

/// Products that buyers may see: searched, filtered, in the order asked for.
#[utoipa::path(tag = "storefront", operation_id = "list_products", params(ListQuery),
    responses((status = 200, body = ProductPage), (status = 304), (status = 400, body = ProblemView)))]
#[get("/v1/store/products")]
pub(super) async fn list_products(
    app: web::Data<App>,
    shelf: web::Data<Shelf>,
    request: HttpRequest,
    Params(query): Params<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let (asked, today) = (query.parse()?, app.clock.now().day());
    let version = shelf.version(&app.db).await?;
    let (key, etag) = (format!("{today}?{}", request.query_string()), etag(version, today));
    if http::is_current(&request, &etag) {
        return Ok(http::not_modified(&etag, super::shelf::PUBLIC));
    }
    if let Some(answer) = shelf.kept(version, &key) {
        return Ok(answer.respond(&etag));
    }
    let page = page(&mut *app.db.conn().await?, &asked, today).await?;
    let link = page.next_cursor.as_deref().map(|cursor| page::next_link(&request, cursor));
    let body = serde_json::to_vec(&page).map_err(|e| Problem::internal(&e))?;
    Ok(shelf.keep(version, key, Answer { body: body.into(), link }).respond(&etag))
}

/// Raised when the form of the answer changes, which no version of the catalogue tells.
const FORM: u32 = 1;

/// The day: tax rates are dated.
fn etag(version: i64, today: Day) -> String {
    format!("\"{FORM}-{version:x}-{today}\"")
}
