//! Every route: the table of contents of the API.
use actix_web::{
    App as Actix, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};
use utoipa::OpenApi;
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

use crate::{
    app::App,
    openapi,
    problem::{Kind, Problem, ProblemView},
    telemetry,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Haat",
        version = "1",
        description = "Fair-trade commerce: every item can be traced, every price taken apart, every coin followed."
    ),
    components(schemas(ProblemView))
)]
struct Api;

/// The OpenAPI 3.1 document, made from the handlers themselves.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut spec = Actix::new().into_utoipa_app().openapi(Api::openapi()).configure(mount).split_for_parts().1;
    openapi::complete(&mut spec);
    spec
}

fn mount(app: &mut ServiceConfig) {
    app.configure(crate::health::http::routes);
    app.configure(crate::auth::http::routes);
    app.configure(crate::cooperatives::http::routes);
    app.configure(crate::artisans::http::routes);
    app.configure(crate::catalog::http::routes);
    app.configure(crate::media::http::routes);
    app.configure(crate::imports::http::routes);
    app.configure(crate::orders::http::routes);
    app.configure(crate::checkout::http::routes);
    app.configure(crate::payouts::http::routes);
    app.configure(crate::provenance::http::routes);
    app.configure(crate::work::http::routes);
}

/// The service over `app`.
pub fn service(
    app: web::Data<App>,
) -> Actix<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>> {
    let (service, mut spec) = Actix::new().into_utoipa_app().openapi(Api::openapi()).app_data(app).configure(mount).split_for_parts();
    openapi::complete(&mut spec);
    service
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::from(Kind::NotFound).into()))
        .service(utoipa_swagger_ui::SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", spec))
        .default_service(web::to(|| async { Err::<&'static str, _>(Problem::from(Kind::NotFound)) }))
        .wrap(from_fn(telemetry::observe))
}
