//! What a manager does with products, variants, price templates and collections.
mod bodies;
mod collections;
mod products;
mod templates;
mod variants;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig) {
    products::routes(api);
    variants::routes(api);
    templates::routes(api);
    collections::routes(api);
}
