//! Every route: the table of contents of the API.
use std::{net::TcpListener, sync::LazyLock};

use actix_web::{
    App as Actix, Error, HttpRequest, HttpResponse, HttpServer,
    body::BoxBody,
    dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::{Compress, from_fn},
    web,
};
use utoipa::OpenApi;
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

use crate::{
    app::App,
    edge, openapi,
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

/// What is asked for most stands first: every pattern before the right one is tried in vain, in each request.
fn mount(app: &mut ServiceConfig) {
    app.configure(crate::catalog::http::routes);
    app.configure(crate::orders::http::routes);
    app.configure(crate::checkout::http::routes);
    app.configure(crate::provenance::http::routes);
    app.configure(crate::media::http::routes);
    app.configure(crate::health::http::routes);
    app.configure(crate::auth::http::routes);
    app.configure(crate::audit::http::routes);
    app.configure(crate::cooperatives::http::routes);
    app.configure(crate::tax::http::routes);
    app.configure(crate::artisans::http::routes);
    app.configure(crate::imports::http::routes);
    app.configure(crate::payouts::http::routes);
    app.configure(crate::premium::http::routes);
    app.configure(crate::reconciliation::http::routes);
    app.configure(crate::closing::http::routes);
    app.configure(crate::log::http::routes);
    app.configure(crate::work::http::routes);
}

/// What is made from the code alone, once for all workers: which methods an address has, and the document as it is given out.
static DOCUMENT: LazyLock<(edge::Methods, String)> = LazyLock::new(|| {
    let spec = openapi();
    (edge::Methods::of(&spec), spec.to_json().expect("what was made of types has names for keys"))
});

/// `/openapi.json`.
async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.1.as_str())
}

/// The service over `app`.
pub fn service(
    app: web::Data<App>,
) -> Actix<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>> {
    let service = Actix::new().into_utoipa_app().app_data(app.clone()).configure(mount).into_app();
    service
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::from(Kind::NotFound).into()))
        .route("/openapi.json", web::get().to(document))
        .service(utoipa_swagger_ui::SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/openapi.json")))
        .default_service(web::to(|request: HttpRequest| async move { DOCUMENT.0.answer(&request) }))
        // The last is the outermost.
        .wrap(from_fn(edge::pass))
        .wrap(edge::cors(&app))
        .wrap(from_fn(telemetry::observe))
        .wrap(Compress::default())
        .wrap(from_fn(edge::seal))
}

/// A server of the API: after `stop` it lets nobody in, answers what is open, and ends.
pub fn serve(
    app: web::Data<App>,
    listener: TcpListener,
    workers: Option<usize>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<Server> {
    let (times, leaving) = (app.edge.times, app.clone());
    let stop = async move {
        stop.await;
        leaving.edge.leave();
    };
    let mut server = HttpServer::new(move || service(app.clone()))
        .keep_alive(times.keep_alive)
        .client_request_timeout(times.head)
        .client_disconnect_timeout(times.head)
        .shutdown_timeout(times.drain.as_secs());
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    Ok(server.shutdown_signal(stop).listen(listener)?.run())
}

/// `/metrics` and nothing else, for a listener that no proxy leads to.
pub fn serve_metrics(app: web::Data<App>, listener: TcpListener) -> std::io::Result<Server> {
    // Counting begins before the first question.
    let _ = telemetry::recorded();
    let server = HttpServer::new(move || Actix::new().app_data(app.clone()).service(crate::health::metrics::get_metrics));
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}
