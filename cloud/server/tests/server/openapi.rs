//! The OpenAPI document. That it has every route is tested with the matrix.

use std::collections::BTreeSet;

use crate::fixture::Server;

#[tokio::test]
async fn the_document_is_served_and_complete() {
    let server = Server::start().await;
    let client = server.client();
    let request = axum::http::Request::get("/openapi.json")
        .body(Vec::new())
        .unwrap();
    let document: serde_json::Value = client.send_raw(request).await.unwrap().ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let schemas: BTreeSet<_> = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let mut missing = Vec::new();
    references(&document, &mut |name| {
        if !schemas.contains(name) {
            missing.push(name.to_owned());
        }
    });
    assert_eq!(missing, Vec::<String>::new());
    for operation in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{operation}"
        );
        assert!(operation["operationId"].is_string());
    }
}

/// Calls with every schema that something refers to.
fn references(value: &serde_json::Value, found: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(|path| path.as_str()) {
                found(name.strip_prefix("#/components/schemas/").unwrap());
            }
            members.values().for_each(|member| references(member, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn operations(document: &serde_json::Value) -> impl Iterator<Item = &serde_json::Value> {
    document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
}
