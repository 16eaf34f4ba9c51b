//! `GET /v1/store/products/{id}`.
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::{
    collections::tag_of,
    views::{MakerView, ProductDetail, RecordView},
};
use crate::{
    app::App,
    catalog::{
        read::detail::{self, Detail},
        tax,
    },
    clock::Day,
    countries,
    db::Conn,
    http::{self, Params},
    money::Currency,
    problem::{Kind, Problem, ProblemView},
};

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DetailQuery {
    #[param(value_type = String, example = "EUR")]
    currency: Currency,
    /// Where it would go: prices with tax are those that a buyer there pays.
    #[param(example = "DE")]
    country: Option<String>,
    /// Comma-separated: `makers`, `provenance`. `variants`, `media` and `price_breakdown` are always there.
    #[param(example = "makers,provenance")]
    expand: Option<String>,
}

/// What is shown beside the product itself.
#[derive(Clone, Copy, Default)]
struct Expand {
    makers: bool,
    provenance: bool,
}

impl DetailQuery {
    fn check(&self) -> Result<Expand, Problem> {
        let refuse = |why: String| Problem::with_detail(Kind::InvalidQuery, why);
        if self.country.as_deref().is_some_and(|country| countries::find(country).is_none()) {
            return Err(refuse("country must be an ISO 3166 code such as DE".into()));
        }
        let mut expand = Expand::default();
        for name in self.expand.iter().flat_map(|names| names.split(',')).map(str::trim) {
            match name {
                "makers" => expand.makers = true,
                "provenance" => expand.provenance = true,
                "variants" | "media" | "price_breakdown" => {}
                _ => return Err(refuse("expand takes variants, media, makers, price_breakdown, provenance".into())),
            }
        }
        Ok(expand)
    }
    /// The address of the product under its own slug.
    fn address(&self, slug: &str) -> String {
        let mut address = format!("/v1/store/products/{}?currency={}", encoded(slug), self.currency);
        for (name, value) in [("country", &self.country), ("expand", &self.expand)] {
            if let Some(value) = value {
                address.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        address
    }
}

/// Slugs keep their script; a header is ASCII.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~,".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// At most three statements beside the product's own.
async fn view(conn: &mut Conn, detail: Detail, query: &DetailQuery, expand: Expand, today: Day) -> Result<ProductDetail, Problem> {
    let rules = match &query.country {
        Some(country) => Some(tax::rules(conn, country, today).await?),
        None => None,
    };
    let (coop, product) = (detail.coop, detail.id);
    let mut view = ProductDetail::of(detail, query.currency, rules.as_ref())?;
    if expand.makers {
        view.makers = Some(detail::makers(conn, coop, product).await?.into_iter().map(MakerView::from).collect());
    }
    if expand.provenance {
        view.provenance = Some(detail::recorded(conn, coop, product).await?.into_iter().map(RecordView::from).collect());
    }
    Ok(view)
}

/// A product with its price taken apart. A retired slug redirects.
#[utoipa::path(tag = "storefront", operation_id = "get_product", params(("id" = String, Path, description = "id or slug"), DetailQuery),
    responses((status = 200, body = ProductDetail), (status = 301, headers(("Location" = String))), (status = 304), (status = 400, body = ProblemView),
        (status = 404, body = ProblemView)))]
#[get("/v1/store/products/{id}")]
pub(super) async fn get_product(
    app: web::Data<App>,
    id: web::Path<String>,
    request: HttpRequest,
    Params(query): Params<DetailQuery>,
) -> Result<HttpResponse, Problem> {
    let expand = query.check()?;
    let mut conn = app.db.conn().await?;
    let detail = detail::detail(&mut conn, &id, query.currency).await?.ok_or(Kind::NotFound)?;
    if *id != detail.slug && id.parse::<uuid::Uuid>().is_err() {
        return Ok(HttpResponse::MovedPermanently().insert_header(("Location", query.address(&detail.slug))).finish());
    }
    let view = view(&mut conn, detail, &query, expand, app.clock.now().day()).await?;
    drop(conn);
    respond(&request, &view)
}

/// The tag is of the bytes: stock, prices and what makers agreed to move without the product's version. Asked again each time, so that
/// a withdrawal holds from the next request.
fn respond(request: &HttpRequest, view: &ProductDetail) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(view).map_err(|e| Problem::internal(&e))?;
    let etag = tag_of(&body);
    if http::is_current(request, &etag) {
        return Ok(http::not_modified(&etag, "no-cache"));
    }
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).insert_header(("ETag", etag)).content_type("application/json").body(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_ascii() {
        let query = DetailQuery { currency: Currency::EUR, country: None, expand: Some("makers,provenance".into()) };
        assert_eq!(query.address("टोपी-1"), "/v1/store/products/%E0%A4%9F%E0%A5%8B%E0%A4%AA%E0%A5%80-1?currency=EUR&expand=makers,provenance");
    }
}
