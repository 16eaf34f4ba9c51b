//! Price templates and the maker side's agreement to them. Rows never change: a new division is a new version.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    floors::{self, Agreed},
    judge_many,
    model::{Error, MAX_PRICE, MAX_WORD},
    price::Division,
    store,
};
use crate::{
    clock::{Day, Time},
    db::{Conn, DbError, Tx},
    ids::{AccountId, PriceAgreementId, PriceTemplateId},
    money::WHOLE_BP,
    problem::FieldError,
    schema::{price_agreements as agreements, price_templates as templates},
    tenancy::Scope,
};

text_enum! { as AgreementMethod,
    /// How a named representative accepted.
    pub enum Method { Meeting = "meeting", Voice = "voice", Signature = "signature" }
}

/// The maker side's acceptance of a template's version, for the products that `filter` names; an empty filter is all of them.
#[derive(Clone, Debug)]
pub struct NewAgreement {
    pub template: PriceTemplateId,
    pub filter: Filter,
    pub agreed_by: String,
    pub method: Method,
    pub agreed_on: Day,
    pub evidence: Option<String>,
    /// What the makers accept as their part, where that is not what the prices of the day leave them.
    pub floors: Vec<Agreed>,
}
/// Any of these; all products if every list is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<uuid::Uuid>,
}

/// The next version of the template called `name`.
pub async fn create(tx: &mut Tx, now: Time, scope: Scope, by: Option<AccountId>, name: &str, division: Division) -> Result<PriceTemplateId, Error> {
    let Division { maker_bp, materials_bp, cooperative_bp } = division;
    if maker_bp.checked_add(materials_bp).and_then(|sum| sum.checked_add(cooperative_bp)) != Some(WHOLE_BP) {
        return Err(Error::Invalid(vec![FieldError::new("/maker_bp", "sum", "maker, materials and cooperative must sum to 10000 basis points")]));
    }
    if name.trim().is_empty() || name.chars().count() > MAX_WORD {
        return Err(Error::Invalid(vec![FieldError::new("/name", "length", format!("1 to {MAX_WORD} characters"))]));
    }
    let last: Option<i32> = templates::table
        .filter(templates::coop_id.eq(scope.coop()).and(templates::name.eq(name)))
        .select(diesel::dsl::max(templates::version))
        .first(tx)
        .await?;
    let id = PriceTemplateId::new();
    let bp = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    diesel::insert_into(templates::table)
        .values((
            (templates::coop_id.eq(scope.coop()), templates::id.eq(id), templates::name.eq(name), templates::version.eq(last.unwrap_or(0) + 1)),
            (templates::maker_bp.eq(bp(maker_bp)), templates::materials_bp.eq(bp(materials_bp)), templates::cooperative_bp.eq(bp(cooperative_bp))),
            (templates::created_by.eq(by), templates::created_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(id)
}

pub async fn exists(conn: &mut Conn, scope: Scope, id: PriceTemplateId) -> Result<bool, DbError> {
    let known = templates::table.find((scope.coop(), id));
    Ok(diesel::select(diesel::dsl::exists(known)).get_result(conn).await?)
}

/// More than a meeting's minutes name one by one; an empty filter is all products.
const MAX_NAMED: usize = 1000;
/// A sentence or an address of minutes, a recording, a signed sheet.
const MAX_EVIDENCE: usize = 2000;

/// What cannot be accepted of an agreement, besides what is unknown or in the future.
fn check(new: &NewAgreement) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if new.agreed_by.trim().is_empty() || new.agreed_by.chars().count() > MAX_WORD {
        wrong.push(FieldError::new("/agreed_by", "length", format!("the representative who agreed, in 1 to {MAX_WORD} characters")));
    }
    if new.evidence.as_ref().is_some_and(|evidence| evidence.chars().count() > MAX_EVIDENCE) {
        wrong.push(FieldError::new("/evidence", "length", format!("at most {MAX_EVIDENCE} characters")));
    }
    if new.floors.len() > MAX_NAMED {
        wrong.push(FieldError::new("/floors", "length", format!("at most {MAX_NAMED}")));
    }
    for (at, _) in new.floors.iter().enumerate().filter(|(_, floor)| !(0..=MAX_PRICE).contains(&floor.amount)) {
        wrong.push(FieldError::new(format!("/floors/{at}/amount"), "out_of_range", "0 or more, in minor units"));
    }
    let Filter { kinds, tags, products } = &new.filter;
    for (name, length) in [("kinds", kinds.len()), ("tags", tags.len()), ("products", products.len())] {
        if length > MAX_NAMED {
            wrong.push(FieldError::new(format!("/filter/{name}"), "length", format!("at most {MAX_NAMED}")));
        }
    }
    wrong
}

/// Records an acceptance, and asks the gate again about every product that waits for it. Who made what is never invented: this says only
/// how a price divides.
pub async fn agree(tx: &mut Tx, now: Time, scope: Scope, by: Option<AccountId>, new: &NewAgreement) -> Result<PriceAgreementId, Error> {
    if !exists(tx, scope, new.template).await? {
        return Err(Error::Invalid(vec![FieldError::new("/template", "unknown", "no such price template of this cooperative")]));
    }
    let wrong = check(new);
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let foreign = floors::foreign(tx, scope, &new.floors).await?;
    if !foreign.is_empty() {
        let unknown = |at| FieldError::new(format!("/floors/{at}/variant"), "unknown", "no such variant of this cooperative");
        return Err(Error::Invalid(foreign.into_iter().map(unknown).collect()));
    }
    if new.agreed_on > now.day() {
        return Err(Error::Invalid(vec![FieldError::new("/date", "future", "the day of the agreement cannot be in the future")]));
    }
    let id = PriceAgreementId::new();
    let unwritable = |e: serde_json::Error| DbError::Query(diesel::result::Error::SerializationError(e.into()));
    let filter = serde_json::to_value(&new.filter).map_err(unwritable)?;
    let floors = if new.floors.is_empty() { None } else { Some(serde_json::to_value(&new.floors).map_err(unwritable)?) };
    diesel::insert_into(agreements::table)
        .values((
            (agreements::coop_id.eq(scope.coop()), agreements::id.eq(id), agreements::template_id.eq(new.template), agreements::filter.eq(filter)),
            (agreements::agreed_by.eq(&new.agreed_by), agreements::method.eq(new.method), agreements::agreed_on.eq(new.agreed_on)),
            (agreements::evidence.eq(&new.evidence), agreements::recorded_by.eq(by), agreements::created_at.eq(now), agreements::floors.eq(floors)),
        ))
        .execute(tx)
        .await?;
    let divided = store::lock_divided_by(tx, scope, new.template).await?;
    judge_many(tx, now, scope, &divided).await?;
    Ok(id)
}
