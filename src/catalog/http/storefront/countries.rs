//! `GET /v1/store/countries`.
use actix_web::{HttpResponse, get};

use crate::{
    countries::{self, ALL},
    problem::Problem,
};

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct CountryView {
    /// ISO 3166-1.
    #[schema(example = "DE")]
    code: &'static str,
    name: &'static str,
    /// The address fields that a parcel there needs.
    #[schema(value_type = Vec<String>)]
    required: Vec<&'static str>,
    /// Null where post codes have no form that is known.
    #[schema(example = "^[0-9][0-9][0-9][0-9][0-9]$")]
    postal_code_pattern: Option<String>,
    /// What its regions are called; null where addresses name none.
    #[schema(example = "state")]
    region: Option<&'static str>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct Countries {
    data: Vec<CountryView>,
}

impl CountryView {
    fn of(country: &countries::Country) -> Self {
        let mut required = vec!["name", "line1", "city", "country"];
        if country.post_code_required {
            required.push("postal_code");
        }
        if let Some((_, true)) = country.region {
            required.push("region");
        }
        let (code, name) = (country.code, country.name);
        Self {
            code,
            name,
            required,
            postal_code_pattern: country.post_code.map(countries::pattern),
            region: country.region.map(|(called, _)| called),
        }
    }
}

/// How addresses are written in each country, by code.
#[utoipa::path(tag = "storefront", operation_id = "list_countries", responses((status = 200, body = Countries)))]
#[get("/v1/store/countries")]
pub(super) async fn list_countries() -> Result<HttpResponse, Problem> {
    let data = ALL.iter().map(CountryView::of).collect();
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=86400")).json(Countries { data }))
}
