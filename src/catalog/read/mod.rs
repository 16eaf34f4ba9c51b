//! What storefronts and carts read: one statement per page.
pub mod cards;
pub mod counts;
pub mod detail;
mod look;
pub mod manage;
mod query;
pub mod shelves;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{model::StockOwner, price::Division, stock::Policy};
use crate::{
    db::{self, Conn, DbError},
    ids::{CoopId, PriceTemplateId, ProductId, VariantId},
    money::{BasisPoints, Currency, Money},
};

/// All that pricing a cart line needs to know of a variant.
#[derive(Clone, Debug)]
pub struct Offer {
    pub variant: VariantId,
    pub coop: CoopId,
    pub cooperative: String,
    pub product: ProductId,
    pub slug: String,
    pub title: String,
    pub variant_title: String,
    pub unit: Money,
    pub tax_inclusive: bool,
    pub tax_category: String,
    pub commission_bp: BasisPoints,
    pub premium_bp: BasisPoints,
    pub own_currency: Currency,
    pub division: Option<(PriceTemplateId, Division)>,
    pub grams: i32,
    pub policy: Policy,
    /// Pieces that can be had now; meaningless for what is made to order.
    pub available: i32,
    pub made_to_order_days: Option<i32>,
    pub stock_owner: StockOwner,
}
impl Offer {
    pub fn can_sell(&self, quantity: i32) -> bool {
        match self.policy {
            Policy::MadeToOrder => true,
            Policy::Finite => self.available >= quantity,
            Policy::Unknown => false,
        }
    }
}

#[derive(QueryableByName)]
struct OfferRow {
    #[diesel(sql_type = sql::Uuid)]
    variant: VariantId,
    #[diesel(sql_type = sql::Uuid)]
    coop: CoopId,
    #[diesel(sql_type = sql::Text)]
    cooperative: String,
    #[diesel(sql_type = sql::Uuid)]
    product: ProductId,
    #[diesel(sql_type = sql::Text)]
    slug: String,
    #[diesel(sql_type = sql::Text)]
    title: String,
    #[diesel(sql_type = sql::Text)]
    variant_title: String,
    #[diesel(sql_type = sql::BigInt)]
    amount_minor: i64,
    #[diesel(sql_type = sql::Bool)]
    tax_inclusive: bool,
    #[diesel(sql_type = sql::Text)]
    tax_category: String,
    #[diesel(sql_type = sql::Integer)]
    commission_bp: i32,
    #[diesel(sql_type = sql::Integer)]
    premium_bp: i32,
    #[diesel(sql_type = sql::Text)]
    own_currency: Currency,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    template_id: Option<PriceTemplateId>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    maker_bp: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    materials_bp: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    cooperative_bp: Option<i32>,
    #[diesel(sql_type = sql::Integer)]
    grams: i32,
    #[diesel(sql_type = sql::Text)]
    policy: Policy,
    #[diesel(sql_type = sql::Integer)]
    available: i32,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    made_to_order_days: Option<i32>,
    #[diesel(sql_type = sql::Text)]
    stock_owner: StockOwner,
}

/// The published, active variants among `ids` that have a price in `currency`; the others are left out, and the cart says so.
pub async fn offers(conn: &mut Conn, ids: &[VariantId], currency: Currency) -> Result<Vec<Offer>, DbError> {
    // The sub-select hides how many there are: a planner that sees it plans these six tables anew for each cart.
    let rows: Vec<OfferRow> = db::sql(
        "SELECT v.id AS variant, v.coop_id AS coop, c.name AS cooperative, p.id AS product, p.slug, p.title, v.title AS variant_title,
                x.amount_minor, x.tax_inclusive, p.tax_category, c.commission_bp, c.premium_bp, c.currency AS own_currency,
                t.id AS template_id, t.maker_bp, t.materials_bp, t.cooperative_bp, coalesce(v.grams, 0) AS grams,
                s.policy, s.on_hand - s.reserved AS available, p.made_to_order_days, p.stock_owner
         FROM variants v
         JOIN products p ON p.coop_id = v.coop_id AND p.id = v.product_id AND p.status = 'published'
         JOIN cooperatives c ON c.id = v.coop_id AND c.state = 'approved'
         JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id AND x.currency = $2
         JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
         LEFT JOIN price_templates t ON t.coop_id = p.coop_id AND t.id = p.template_id
         WHERE v.id = ANY (ARRAY(SELECT unnest($1::uuid[]))) AND v.active",
    )
    .bind::<sql::Array<sql::Uuid>, _>(ids)
    .bind::<sql::Text, _>(currency)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.offer(currency)).collect())
}

fn bp(value: i32) -> BasisPoints {
    BasisPoints::try_from(value).unwrap_or(0)
}

impl OfferRow {
    fn offer(self, currency: Currency) -> Offer {
        let division = match (self.template_id, self.maker_bp, self.materials_bp, self.cooperative_bp) {
            (Some(id), Some(maker), Some(materials), Some(cooperative)) => {
                Some((id, Division { maker_bp: bp(maker), materials_bp: bp(materials), cooperative_bp: bp(cooperative) }))
            }
            _ => None,
        };
        Offer {
            variant: self.variant,
            coop: self.coop,
            cooperative: self.cooperative,
            product: self.product,
            slug: self.slug,
            title: self.title,
            variant_title: self.variant_title,
            unit: Money::new(self.amount_minor, currency),
            tax_inclusive: self.tax_inclusive,
            tax_category: self.tax_category,
            commission_bp: bp(self.commission_bp),
            premium_bp: bp(self.premium_bp),
            own_currency: self.own_currency,
            division,
            grams: self.grams,
            policy: self.policy,
            available: self.available,
            made_to_order_days: self.made_to_order_days,
            stock_owner: self.stock_owner,
        }
    }
}
