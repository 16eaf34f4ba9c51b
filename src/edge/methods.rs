//! What an address that no handler took is: a method that it does not have, or nothing.
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{Method, header},
};

use crate::problem::{Kind, Problem};

/// A path of the API document, and its methods.
struct Known {
    template: Vec<String>,
    /// As `Allow` lists them.
    methods: String,
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('/').split('/')
}

/// Every path of the API document.
pub struct Methods(Vec<Known>);

impl Methods {
    pub fn of(spec: &utoipa::openapi::OpenApi) -> Self {
        Self(known(spec))
    }
    /// 404; or, where the address has other methods, 405 with their list; or the list alone for who asks for it.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let Some(methods) = allowed(&self.0, request.path()) else { return Problem::from(Kind::NotFound).error_response() };
        if request.method() == Method::OPTIONS {
            return HttpResponse::NoContent().insert_header((header::ALLOW, methods)).finish();
        }
        let mut answer = Problem::from(Kind::MethodNotAllowed).error_response();
        if let Ok(value) = header::HeaderValue::from_str(methods) {
            answer.headers_mut().insert(header::ALLOW, value);
        }
        answer
    }
}

fn known(spec: &utoipa::openapi::OpenApi) -> Vec<Known> {
    let of = |(path, item): (&String, &utoipa::openapi::PathItem)| {
        let has = [("GET, HEAD", item.get.is_some()), ("POST", item.post.is_some()), ("PUT", item.put.is_some())];
        let more = [("PATCH", item.patch.is_some()), ("DELETE", item.delete.is_some()), ("OPTIONS", true)];
        let methods: Vec<_> = has.into_iter().chain(more).filter(|(_, has)| *has).map(|(name, _)| name).collect();
        Known { template: segments(path).map(ToOwned::to_owned).collect(), methods: methods.join(", ") }
    };
    spec.paths.paths.iter().map(of).collect()
}

fn allowed<'a>(known: &'a [Known], path: &str) -> Option<&'a str> {
    let given: Vec<&str> = segments(path).collect();
    let is_parameter = |segment: &String| segment.starts_with('{');
    let fits = |k: &&Known| k.template.len() == given.len() && k.template.iter().zip(&given).all(|(t, g)| is_parameter(t) || t == g);
    let best = known.iter().filter(fits).min_by_key(|k| k.template.iter().filter(|s| is_parameter(s)).count());
    best.map(|k| k.methods.as_str())
}
