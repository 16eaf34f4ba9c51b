//! The committed API document is the one the handlers make.

/// `BLESS=1 cargo test --test api spec` writes them anew.
#[test]
fn the_committed_documents_are_current() {
    let spec = haat::routes::openapi().to_pretty_json().unwrap();
    if std::env::var_os("BLESS").is_some() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/api-spec");
        std::fs::write(format!("{folder}/openapi.json"), format!("{}\n", spec.trim())).unwrap();
        std::fs::write(format!("{folder}/problems.md"), haat::problem::catalogue()).unwrap();
        return;
    }
    // Compared, not shown: they are long.
    assert!(include_str!("../../api-spec/openapi.json").trim() == spec.trim(), "run: cargo run -- openapi > api-spec/openapi.json");
    assert!(include_str!("../../api-spec/problems.md") == haat::problem::catalogue(), "run: cargo run -- problems > api-spec/problems.md");
}

/// The document says what the wire says: an enum's values are its texts.
#[test]
fn enums_are_documented_as_they_are_sent() {
    let spec = serde_json::to_value(haat::routes::openapi()).unwrap();
    let values = &spec["components"]["schemas"]["OrderState"]["enum"];
    let sent: Vec<_> = haat::orders::OrderState::ALL.iter().map(|state| serde_json::to_value(state).unwrap()).collect();
    assert_eq!(values.as_array(), Some(&sent));
}

/// What only a query parameter uses is not collected by itself: it needs `#[param(inline)]`.
#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let spec = serde_json::to_value(haat::routes::openapi()).unwrap();
    let text = spec.to_string();
    let referred: std::collections::BTreeSet<&str> =
        text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(referred.len() > 50);
    let lost: Vec<_> = referred.into_iter().filter(|name| spec["components"]["schemas"].get(name).is_none()).collect();
    assert_eq!(lost, Vec::<&str>::new());
}

/// Generated clients name their functions by it.
fn repeated_operation_ids(spec: &serde_json::Value) -> Vec<String> {
    let items = spec["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut ids: Vec<&str> = items.map(|operation| operation["operationId"].as_str().expect("every operation has a name")).collect();
    ids.sort_unstable();
    ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_owned()).collect()
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let mut spec = serde_json::to_value(haat::routes::openapi()).unwrap();
    assert_eq!(repeated_operation_ids(&spec), Vec::<String>::new());
    // Control: one that is there twice is found.
    spec["paths"]["/again"] = spec["paths"]["/health/live"].clone();
    assert_eq!(repeated_operation_ids(&spec), ["get_live"]);
}
