//! `/v1/store`: what buyers see of the catalogue.
mod collections;
mod countries;
mod detail;
mod list;
mod picture;
mod shelf;
mod views;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig) {
    api.app_data(web::Data::new(shelf::Shelf::default()));
    api.service(list::list_products).service(detail::get_product);
    api.service(collections::list_collections).service(collections::get_collection);
    api.service(countries::list_countries);
}
