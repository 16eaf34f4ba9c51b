//! What holds for every operation of the API document, said once and not at each handler: failures are problems in their own media type,
//! whoever sends a body may be told that it cannot be read, anyone may be told to slow down.
use utoipa::openapi::{
    Components, Content, ContentBuilder, KnownFormat, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder, SchemaFormat, Type,
    path::{Operation, ParameterIn},
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
/// A signed-in person's token.
const BEARER: &str = "session";

/// Completes what the handlers say of themselves.
pub fn complete(spec: &mut OpenApi) {
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("From POST /v1/auth/sessions.")).build());
    spec.components.get_or_insert_with(Components::default).security_schemes.insert(BEARER.into(), scheme.into());
    for item in spec.paths.paths.values_mut() {
        for operation in operations(item) {
            common_answers(operation);
            for (status, answer) in &mut operation.responses.responses {
                if let RefOr::T(answer) = answer {
                    describe(status, answer);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn common_answers(operation: &mut Operation) {
    let has = |place: ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters.into_iter().any(|p| matches!(p, RefOr::T(p) if p.parameter_in == place))
    };
    // Too many requests, or the server has too much to do: anyone may be told so.
    let mut statuses = vec!["429", "503"];
    if has(ParameterIn::Path) {
        statuses.push("404");
    }
    if has(ParameterIn::Query) {
        statuses.push("400");
    }
    if operation.request_body.is_some() {
        statuses.extend(["400", "408", "413", "415", "422"]);
    }
    let answers = &mut operation.responses.responses;
    if answers.contains_key("401") {
        // A role that is not enough, or a key without the scope.
        statuses.push("403");
        operation.security.get_or_insert_with(|| vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    }
    for status in statuses {
        answers.entry(status.into()).or_insert_with(|| RefOr::T(ResponseBuilder::new().content(PROBLEM, problem()).build()));
    }
}

fn problem() -> Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build()
}

/// The sentence that OpenAPI asks of every answer, a problem's own media type, and bytes that are no list of numbers.
fn describe(status: &str, answer: &mut Response) {
    if answer.description.is_empty() {
        let known = status.parse().ok().and_then(|code: u16| actix_web::http::StatusCode::from_u16(code).ok());
        answer.description = known.and_then(|s| s.canonical_reason()).unwrap_or("An answer").to_owned();
    }
    if status.starts_with(['4', '5']) {
        answer.content.shift_remove(JSON);
        answer.content.insert(PROBLEM.into(), problem().into());
    }
    for (media_type, content) in &mut answer.content {
        let text = media_type.starts_with("text/") || media_type.ends_with("json") || media_type.ends_with("xml");
        if !text {
            let bytes = ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
            *content = ContentBuilder::new().schema(Some(bytes)).build().into();
        }
    }
}
