//! What is sent in and out about makers.
use std::collections::BTreeMap;

use actix_web::{HttpResponse, http::StatusCode};

use crate::{
    artisans::model::{Artisan, Consent, Edit, Medium, NewArtisan, NewConsent, Purpose},
    clock::Time,
    http::given,
    ids::{AccountId, ArtisanId, ConsentId, MediaId},
};

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtisanBody {
    /// The cooperative's own number for her; one is made if absent.
    #[schema(example = "M-12")]
    reference: Option<String>,
    /// Never public.
    legal_name: String,
    /// What she is called in public if she agrees to her name.
    #[schema(example = "Ganga")]
    display_name: Option<String>,
    /// What the public sees instead of a name.
    public_alias: Option<String>,
    village: Option<String>,
    /// The cooperative's own if absent.
    district: Option<String>,
    /// A craft's code.
    #[schema(example = "bagru_dabu")]
    craft: Option<String>,
    /// The cooperative's own if absent.
    #[schema(example = "hi")]
    language: Option<String>,
    #[schema(example = "+919876543210")]
    phone: Option<String>,
    birth_year: Option<i32>,
    /// In her words.
    story: Option<String>,
    /// A picture that was uploaded.
    portrait: Option<MediaId>,
}
impl From<ArtisanBody> for NewArtisan {
    fn from(b: ArtisanBody) -> Self {
        Self {
            reference: b.reference,
            legal_name: b.legal_name,
            display_name: b.display_name,
            public_alias: b.public_alias,
            village: b.village,
            district: b.district,
            craft: b.craft,
            language: b.language,
            phone: b.phone,
            birth_year: b.birth_year,
            story: b.story,
            portrait: b.portrait,
        }
    }
}

/// What is left out stays.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtisanEdit {
    reference: Option<String>,
    legal_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    public_alias: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    village: Option<Option<String>>,
    district: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    craft: Option<Option<String>>,
    language: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    birth_year: Option<Option<i32>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    story: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MediaId>)]
    portrait: Option<Option<MediaId>>,
}
impl From<ArtisanEdit> for Edit {
    fn from(b: ArtisanEdit) -> Self {
        Self {
            reference: b.reference,
            legal_name: b.legal_name,
            display_name: b.display_name,
            public_alias: b.public_alias,
            village: b.village,
            district: b.district,
            craft: b.craft,
            language: b.language,
            phone: b.phone,
            birth_year: b.birth_year,
            story: b.story,
            portrait: b.portrait,
        }
    }
}

/// A maker as her cooperative knows her.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ManagedArtisan {
    pub id: ArtisanId,
    reference: String,
    legal_name: String,
    display_name: Option<String>,
    public_alias: Option<String>,
    village: Option<String>,
    district: String,
    craft: Option<String>,
    language: String,
    phone: Option<String>,
    birth_year: Option<i32>,
    story: Option<String>,
    portrait: Option<MediaId>,
    /// Her latest word on each purpose she was asked about.
    #[schema(value_type = Object, example = json!({"name": true, "portrait": false}))]
    consents: BTreeMap<Purpose, bool>,
    /// Also the `ETag`, which a change gives back as `If-Match`.
    version: i64,
    created_at: Time,
    updated_at: Time,
    /// Since then nothing of her is left here but her ids.
    erased_at: Option<Time>,
}
impl ManagedArtisan {
    pub fn of(a: Artisan, said: &[(ArtisanId, Purpose, bool)]) -> Self {
        let consents = said.iter().filter(|(id, ..)| *id == a.id).map(|(_, purpose, granted)| (*purpose, *granted)).collect();
        Self {
            id: a.id,
            reference: a.reference,
            legal_name: a.legal_name,
            display_name: a.display_name,
            public_alias: a.public_alias,
            village: a.village,
            district: a.district,
            craft: a.craft,
            language: a.language,
            phone: a.phone,
            birth_year: a.birth_year,
            story: a.story,
            portrait: a.portrait,
            consents,
            version: a.version,
            created_at: a.created_at,
            updated_at: a.updated_at,
            erased_at: a.erased_at,
        }
    }
    pub fn respond(self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status).insert_header(("ETag", format!("\"{}\"", self.version))).insert_header(("Cache-Control", "no-store")).json(self)
    }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// What she was asked about, each by itself.
    purposes: Vec<Purpose>,
    /// False: she said no, or takes it back.
    granted: bool,
    /// In which she was asked.
    #[schema(example = "hi")]
    language: String,
    medium: Medium,
    /// Who was there: needed where nothing else is left of what she said.
    witness: Option<String>,
}
impl From<ConsentBody> for NewConsent {
    fn from(b: ConsentBody) -> Self {
        Self { purposes: b.purposes, granted: b.granted, language: b.language, medium: b.medium, witness: b.witness }
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ConsentView {
    pub id: ConsentId,
    purpose: Purpose,
    granted: bool,
    language: String,
    medium: Medium,
    witness: Option<String>,
    recorded_by: Option<AccountId>,
    at: Time,
}
impl From<Consent> for ConsentView {
    fn from(c: Consent) -> Self {
        let Consent { id, purpose, granted, language, medium, witness, recorded_by, at } = c;
        Self { id, purpose, granted, language, medium, witness, recorded_by, at }
    }
}
