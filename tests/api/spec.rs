//! The committed API document is the one the handlers make.

#[test]
fn the_committed_documents_are_current() {
    let spec = haat::routes::openapi().to_pretty_json().unwrap();
    assert_eq!(include_str!("../../api-spec/openapi.json").trim(), spec.trim(), "run: cargo run -- openapi > api-spec/openapi.json");
    assert_eq!(include_str!("../../api-spec/problems.md"), haat::problem::catalogue(), "run: cargo run -- problems > api-spec/problems.md");
}
