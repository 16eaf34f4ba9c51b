//! Stripe's conventions, asked for by hand: unknown parameters, validation, expansion, pages, the state file.

use std::sync::Arc;

use stripe_sandbox::{Config, Sandbox};

use crate::support::{NOW, SECRET, World, refund, session};

/// The code or message, and the parameter, of a refused session.
fn refused(world: &World, body: &str) -> (String, String) {
    let (status, answer) = world.raw_json("POST", "/v1/checkout/sessions", body);
    assert_eq!(status, 400, "{answer}");
    let error = &answer["error"];
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("type"), "invalid_request_error");
    (if error["code"].is_null() { text("message") } else { text("code") }, text("param"))
}

#[tokio::test]
async fn a_session_is_validated_like_stripe_does() {
    let world = World::new();
    let good = session(NOW).prepare().body;
    assert_eq!(world.raw_json("POST", "/v1/checkout/sessions", &good).0, 200);
    let is = |body: String, code: &str, param: &str| {
        let (got, at) = refused(&world, &body);
        assert!(got.contains(code) && at == param, "{got} at {at}, expected {code} at {param}");
    };
    is(format!("{good}&colour=blue"), "parameter_unknown", "colour");
    is(good.replace("mode=payment", "mode=gift"), "Invalid mode", "mode");
    is(good.replace("mode=payment&", ""), "parameter_missing", "mode");
    is("mode=payment".into(), "parameter_missing", "line_items");
    is(good.replace("[quantity]=2", "[quantity]=0"), "parameter_invalid_integer", "line_items[0][quantity]");
    is(good.replace("[unit_amount]=4200", "[unit_amount]=4.2"), "parameter_invalid_integer", "line_items[0][price_data][unit_amount]");
    is(good.replacen("[currency]=eur", "[currency]=usd", 1), "same currency", "line_items[1][price_data][currency]");
    is(good.replace("success_url=https", "success_url=shop"), "url_invalid", "success_url");
    is(good.replace("locale=de", "locale=xx"), "Invalid locale", "locale");
    is(good.replace("buyer%40", "buyer"), "email_invalid", "customer_email");
    is(good.replace("=4200", "=0").replace("=1600", "=49"), "amount_too_small", "");
    is(good.replace("=4200", "=99999999"), "amount_too_large", "line_items[0][price_data][unit_amount]");
    for expires_at in [NOW + 1_799, NOW + 86_401] {
        is(good.replace(&format!("{}", NOW + 3_600), &expires_at.to_string()), "between 30 minutes and 24 hours", "expires_at");
    }
    assert_eq!(world.control.all("cs").len(), 1);
}

#[tokio::test]
async fn links_are_expanded_as_far_as_asked() {
    let world = World::new();
    let intent = world.paid().await;
    world.stripe.send::<stripe_client::Refund>(&refund(&intent, 10).prepare(), "r").await.unwrap();
    let (_, plain) = world.raw_json("GET", &format!("/v1/payment_intents/{intent}"), "");
    assert!(plain["latest_charge"].is_string());
    let (_, one) = world.raw_json("GET", &format!("/v1/payment_intents/{intent}?expand[]=latest_charge"), "");
    assert!(one["latest_charge"]["balance_transaction"].is_string());
    let (_, list) = world.raw_json("GET", "/v1/refunds?expand[0]=data.charge.balance_transaction", "");
    assert_eq!(list["data"][0]["charge"]["balance_transaction"]["fee"], 175);
    let session = world.control.all("cs")[0]["id"].as_str().unwrap().to_owned();
    let (_, lines) = world.raw_json("GET", &format!("/v1/checkout/sessions/{session}?expand[]=line_items"), "");
    assert_eq!(lines["line_items"]["data"][0]["amount_total"], 8_400);
    let (status, error) = world.raw_json("GET", &format!("/v1/payment_intents/{intent}?expand[]=status.x"), "");
    assert_eq!((status, error["error"]["param"].as_str()), (400, Some("expand")));
}

#[tokio::test]
async fn lists_have_pages_both_ways_and_refuse_what_they_do_not_know() {
    let world = World::new();
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(world.open_session().await.id);
    }
    ids.reverse();
    let page = |query: &str| {
        let (status, list) = world.raw_json("GET", &format!("/v1/checkout/sessions?{query}"), "");
        assert_eq!(status, 200, "{list}");
        let data = list["data"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        (data, list["has_more"].as_bool().unwrap())
    };
    assert_eq!(page("limit=3"), (ids[..3].to_vec(), true));
    assert_eq!(page(&format!("starting_after={}", ids[2])), (ids[3..].to_vec(), false));
    assert_eq!(page(&format!("ending_before={}&limit=2", ids[3])), (ids[1..3].to_vec(), true));
    assert_eq!(page("status=complete"), (vec![], false));
    for query in ["limit=101", "limit=0", "starting_after=cs_test_none", "types[]=x", "colour=blue"] {
        assert_ne!(world.raw_json("GET", &format!("/v1/checkout/sessions?{query}"), "").0, 200, "{query}");
    }
    assert_eq!(world.raw_json("GET", "/v1/customers", "").0, 404);
}

#[tokio::test]
async fn a_state_file_carries_everything_to_the_next_start() {
    let file = std::env::temp_dir().join(format!("stripe-sandbox-{}.json", std::process::id()));
    let config = || Config { state_file: Some(file.clone()), ..Config::new(SECRET, Arc::new(|| NOW)) };
    let first = Sandbox::start(config()).unwrap();
    let stripe = stripe_client::Stripe::new("sk_test_1", first.base_url()).unwrap();
    let prepared = session(NOW).prepare();
    let made: stripe_client::Session = stripe.send(&prepared, "k").await.unwrap();
    first.control().pay(&made.id).unwrap();
    let before = ["cs", "pi", "ch", "txn", "evt"].map(|kind| first.control().all(kind));
    first.stop();

    let second = Sandbox::start(config()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(["cs", "pi", "ch", "txn", "evt"].map(|kind| second.control().all(kind)), before);
    let stripe = stripe_client::Stripe::new("sk_test_1", second.base_url()).unwrap();
    assert_eq!(stripe.send::<stripe_client::Session>(&prepared, "k").await.unwrap().id, made.id, "keys are kept too");
    assert_eq!(stripe.balance().await.unwrap().available[0].amount, 9_825);
    let new: stripe_client::Session = stripe.send(&prepared, "k2").await.unwrap();
    assert_ne!(new.id, made.id);
}
