//! A product as buyers see it.
use super::{list::CoopName, picture::Picture};
use crate::{
    catalog::{
        model::Error,
        price::{self, Division},
        read::detail::{Detail, Maker, Recorded},
        stock::Policy,
        tax::{self, Rules},
    },
    clock::{Day, Time},
    ids::{ProductId, VariantId},
    money::{BasisPoints, Currency, Money, MoneyView},
    problem::Problem,
};

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct ProductDetail {
    id: ProductId,
    slug: String,
    title: String,
    /// Sanitised.
    body_html: String,
    kind: String,
    tags: Vec<String>,
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
    /// With `expand=makers`: who worked on its pieces, as far as they agreed to be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub makers: Option<Vec<MakerView>>,
    /// With `expand=provenance`: its newest batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Vec<RecordView>>,
    created_at: Time,
    updated_at: Time,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct VariantView {
    id: VariantId,
    title: String,
    options: Vec<String>,
    sku: Option<String>,
    grams: Option<i32>,
    /// As listed; null where it has no price in the currency asked for.
    price: Option<MoneyView>,
    /// What it cost before.
    compare_at: Option<MoneyView>,
    /// Whether `price` has the destination's tax in it.
    tax_inclusive: bool,
    /// With `country`: what is paid there, tax included, wherever the seller is registered for it. Absent where its rate is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_at_destination: Option<MoneyView>,
    in_stock: bool,
    /// Null for what is made to order.
    available: Option<i32>,
    /// What the tax-exclusive price is for. Null where that is not known: a price with tax in it, asked for without `country`.
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
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct MakerView {
    /// Null if she did not agree to be named.
    name: Option<String>,
    village: Option<String>,
    story: Option<String>,
    /// The address of a small picture.
    portrait: Option<String>,
    /// What she did.
    steps: Vec<String>,
    pieces: i64,
}
impl From<Maker> for MakerView {
    fn from(maker: Maker) -> Self {
        let Maker { name, village, story, portrait, steps, pieces } = maker;
        Self { name, village, story, portrait: portrait.map(|sha| crate::media::path(&sha, pictures::EDGES[0])), steps, pieces }
    }
}
/// A batch of its pieces.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct RecordView {
    code: String,
    recorded_on: Day,
    pieces: i32,
    /// Of them, those that have a code and a record of their own.
    with_code: i32,
}
impl From<Recorded> for RecordView {
    fn from(batch: Recorded) -> Self {
        Self { code: batch.code, recorded_on: batch.day, pieces: batch.pieces, with_code: batch.with_code }
    }
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
    compare_at: Option<i64>,
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

fn bp(value: i32) -> BasisPoints {
    BasisPoints::try_from(value).unwrap_or(0)
}

/// How a product's prices are shown.
struct Terms {
    currency: Currency,
    commission_bp: BasisPoints,
    premium_bp: BasisPoints,
    division: Option<Division>,
    tax_bp: Option<BasisPoints>,
}

impl Terms {
    fn breakdown(&self, price: Money) -> Result<Breakdown, Error> {
        let parts = price::parts(price, self.commission_bp, self.premium_bp)?;
        let split = self.division.map(|d| price::divide(parts.producer, d)).transpose()?;
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
    /// What is paid at the destination, if one is known, and the price without tax, if that is known.
    fn taxed(&self, price: Money, inclusive: bool) -> Result<(Option<Money>, Option<Money>), Error> {
        let Some(tax_bp) = self.tax_bp else { return Ok((None, (!inclusive).then_some(price))) };
        let (net, _, added) = tax::of_line(price, inclusive, tax_bp)?;
        Ok((Some(price.checked_add(added)?), Some(net)))
    }
    fn variant(&self, row: VariantRow) -> Result<VariantView, Error> {
        let price = row.amount.map(|minor| Money::new(minor, self.currency));
        let inclusive = row.tax_inclusive.unwrap_or(false);
        let (paid, net) = price.map_or(Ok((None, None)), |price| self.taxed(price, inclusive))?;
        Ok(VariantView {
            id: row.id,
            title: row.title,
            options: row.options,
            sku: row.sku,
            grams: row.grams,
            price: price.map(Into::into),
            compare_at: row.compare_at.map(|minor| Money::new(minor, self.currency).into()),
            tax_inclusive: inclusive,
            price_at_destination: paid.map(Into::into),
            in_stock: match row.policy {
                Policy::MadeToOrder => true,
                Policy::Finite => row.available > 0,
                Policy::Unknown => false,
            },
            available: (row.policy == Policy::Finite).then_some(row.available),
            price_breakdown: net.map(|net| self.breakdown(net)).transpose()?,
        })
    }
}

impl ProductDetail {
    pub fn of(mut detail: Detail, currency: Currency, rules: Option<&Rules>) -> Result<Self, Problem> {
        fn json<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
            serde_json::from_value(value).map_err(|e| Problem::internal(&e))
        }
        let rows: Vec<VariantRow> = json(detail.variants.take())?;
        let media: Vec<MediaRow> = json(detail.media.take())?;
        let division = match (detail.maker_bp, detail.materials_bp, detail.cooperative_bp) {
            (Some(maker), Some(materials), Some(cooperative)) => {
                Some(Division { maker_bp: bp(maker), materials_bp: bp(materials), cooperative_bp: bp(cooperative) })
            }
            _ => None,
        };
        let terms = Terms {
            currency,
            commission_bp: bp(detail.commission_bp),
            premium_bp: bp(detail.premium_bp),
            division,
            tax_bp: rules.and_then(|rules| rules.rate(detail.coop, &detail.tax_category)),
        };
        let variants = rows.into_iter().map(|row| terms.variant(row)).collect::<Result<_, _>>()?;
        Ok(Self {
            variants,
            pictures: media.into_iter().map(|m| Picture::small(&m.sha, m.blurhash, m.alt)).collect(),
            makers: None,
            provenance: None,
            id: detail.id,
            slug: detail.slug,
            title: detail.title,
            body_html: detail.body_html,
            kind: detail.kind,
            tags: detail.tags,
            craft: detail.craft,
            cooperative: CoopName { name: detail.cooperative, slug: detail.cooperative_slug },
            place: detail.place,
            made_to_order_days: detail.made_to_order_days,
            materials: detail.materials,
            options: detail.options,
            created_at: detail.created_at,
            updated_at: detail.updated_at,
        })
    }
}
