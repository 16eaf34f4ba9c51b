//! What a buyer sees and clicks.

use crate::support::World;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn the_page_shows_what_is_to_pay_and_says_that_it_is_a_sandbox() {
    let world = World::new();
    let session = world.open_session().await;
    let path = format!("/c/pay/{}", session.id);
    let (status, _, page) = world.raw("GET", &path, &[], "");
    assert_eq!(status, 200);
    for text in ["EUR 100.00", "EUR 84.00", "Block-printed scarf, indigo &amp; rust", "no money moves", "buyer@example.org"] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(world.raw("GET", "/c/pay/cs_test_none", &[], "").0, 404);
}

#[tokio::test]
async fn each_button_does_what_it_says() {
    let world = World::new();
    for (action, status, location, after, paid) in [
        ("pay", 303, "location: https://shop.example/ok?session=cs_test_", "complete", "paid"),
        ("later", 303, "location: https://shop.example/ok?session=cs_test_", "complete", "unpaid"),
        ("decline", 200, "", "open", "unpaid"),
        ("abandon", 303, "location: https://shop.example/cart", "open", "unpaid"),
    ] {
        let session = world.open_session().await;
        let path = format!("/c/pay/{}", session.id);
        let (got, head, _) = world.raw("POST", &path, &[FORM], &format!("action={action}"));
        assert!(got == status && head.contains(location), "{action}: {head}");
        let session = world.stripe.session(&session.id).await.unwrap();
        assert_eq!((session.status.as_deref(), session.payment_status.as_str()), (Some(after), paid), "{action}");
    }
}

#[tokio::test]
async fn a_second_click_pays_nothing_more() {
    let world = World::new();
    let session = world.open_session().await;
    let path = format!("/c/pay/{}", session.id);
    assert_eq!(world.raw("POST", &path, &[FORM], "action=pay").0, 303);
    let (status, _, page) = world.raw("POST", &path, &[FORM], "action=pay");
    assert!(status == 409 && page.contains("This order is paid"));
    assert_eq!(world.control.all("ch").len(), 1);
    world.control.expire(&session.id).unwrap_err();
    let other = world.open_session().await;
    world.control.expire(&other.id).unwrap();
    let (_, _, page) = world.raw("GET", &format!("/c/pay/{}", other.id), &[], "");
    assert!(page.contains("expired"));
}

#[tokio::test]
async fn a_holder_can_finish_onboarding() {
    use stripe_client::{Account, AccountLink, CreateAccount, CreateAccountLink, Metadata};
    let world = World::new();
    let create = CreateAccount { country: "FR".into(), email: None, metadata: Metadata::new() };
    let account: Account = world.stripe.send(&create.prepare(), "a").await.unwrap();
    let link = CreateAccountLink {
        account: account.id.clone(),
        refresh_url: "https://shop.example/again".into(),
        return_url: "https://shop.example/done".into(),
    };
    let link: AccountLink = world.stripe.send(&link.prepare(), "l").await.unwrap();
    let path = link.url.strip_prefix(world.sandbox.base_url()).unwrap();
    assert!(world.raw("GET", path, &[], "").2.contains("Finish onboarding"));
    assert!(world.raw("POST", path, &[FORM], "").1.contains("location: https://shop.example/done"));
    assert!(world.stripe.account(&account.id).await.unwrap().can_receive_transfers());
}
