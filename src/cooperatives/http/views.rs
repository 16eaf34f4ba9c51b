//! What is sent in and out.
use actix_web::HttpResponse;

use crate::{
    clock::Time,
    cooperatives::{
        model::{Cooperative, Edit, Profile, State},
        read::Happened,
    },
    http::given,
    ids::{AccountId, CoopId},
    money::Currency,
};

/// What a cooperative says of itself when it applies.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileBody {
    #[schema(example = "Lal Darwaza Mahila Chhapai Sahkari")]
    name: String,
    #[schema(example = "cooperative society")]
    legal_form: String,
    #[serde(default)]
    about: String,
    /// ISO 3166-1, two letters.
    #[schema(example = "IN")]
    country: String,
    #[schema(example = "Rajasthan")]
    region: Option<String>,
    /// The only place that the public sees.
    #[schema(example = "Jaipur")]
    district: String,
    /// What its makers are paid in. It never changes.
    #[schema(example = "INR")]
    currency: Currency,
    #[schema(example = "hi")]
    locale: String,
    members: Option<i32>,
    women: Option<i32>,
    /// Where the invitation of its first manager goes, and the mail about orders and payouts.
    #[schema(example = "office@coop.example")]
    contact_email: String,
}
impl From<ProfileBody> for Profile {
    fn from(b: ProfileBody) -> Self {
        let ProfileBody { name, legal_form, about, country, region, district, currency, locale, members, women, contact_email } = b;
        Self { name, legal_form, about, country, region, district, currency, locale, members, women, contact_email }
    }
}

/// What is left out stays. The address in links, the country and the currency never change.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileEdit {
    name: Option<String>,
    legal_form: Option<String>,
    about: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    region: Option<Option<String>>,
    district: Option<String>,
    locale: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    members: Option<Option<i32>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    women: Option<Option<i32>>,
    contact_email: Option<String>,
}
impl From<ProfileEdit> for Edit {
    fn from(b: ProfileEdit) -> Self {
        let ProfileEdit { name, legal_form, about, region, district, locale, members, women, contact_email } = b;
        Self { name, legal_form, about, region, district, locale, members, women, contact_email }
    }
}

/// A cooperative as its managers and the operator see it.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ManagedCooperative {
    id: CoopId,
    slug: String,
    state: State,
    name: String,
    legal_form: String,
    about: String,
    country: String,
    region: Option<String>,
    district: String,
    currency: Currency,
    locale: String,
    members: Option<i32>,
    women: Option<i32>,
    contact_email: String,
    /// The platform's part of a price before tax, in basis points.
    #[schema(example = 1500)]
    commission_bp: i32,
    /// The premium on the producer's part, in basis points.
    #[schema(example = 1000)]
    premium_bp: i32,
    /// Also the `ETag`, which a change gives back as `If-Match`.
    version: i64,
    created_at: Time,
    updated_at: Time,
}
impl From<Cooperative> for ManagedCooperative {
    fn from(c: Cooperative) -> Self {
        Self {
            id: c.id,
            slug: c.slug,
            state: c.state,
            name: c.name,
            legal_form: c.legal_form,
            about: c.about,
            country: c.country,
            region: c.region,
            district: c.district,
            currency: c.currency,
            locale: c.locale,
            members: c.members,
            women: c.women,
            contact_email: c.contact_email,
            commission_bp: c.commission_bp,
            premium_bp: c.premium_bp,
            version: c.version,
            created_at: c.created_at,
            updated_at: c.updated_at,
        }
    }
}
impl ManagedCooperative {
    pub fn respond(self) -> HttpResponse {
        HttpResponse::Ok().insert_header(("ETag", format!("\"{}\"", self.version))).insert_header(("Cache-Control", "no-store")).json(self)
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Move {
    #[schema(example = "rejected")]
    event: crate::cooperatives::Event,
    reason: Option<String>,
    /// Null: the applicant, or the program itself.
    by: Option<AccountId>,
    at: Time,
}
impl From<Happened> for Move {
    fn from(h: Happened) -> Self {
        Self { event: h.event, reason: h.reason, by: h.by_account, at: h.at }
    }
}
