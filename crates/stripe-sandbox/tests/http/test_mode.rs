//! The provider's calls of the whole journey, once: against the sandbox always, and against Stripe's own test mode by whoever has a key:
//! `STRIPE_TEST_KEY=sk_test_… cargo test -p stripe-sandbox --test http -- --ignored stripes_own`. With `STRIPE_TEST_ACCOUNT=acct_…`, a connected
//! account that may receive transfers, it transfers as well. Nothing but test objects is made, and no money moves.

use std::time::Duration;

use serde_json::Value;
use stripe_client::*;

use crate::support::{World, unique};

/// Stripe needs a moment for what it does in the background.
const PATIENCE: u32 = 60;

struct Journey {
    stripe: Stripe,
    /// What this account settles in.
    currency: String,
    now: i64,
    /// Keys and references of this run.
    run: String,
}

impl Journey {
    async fn begin(stripe: Stripe, now: i64, run: String) -> Journey {
        let balance = stripe.balance().await.unwrap();
        assert!(!balance.livemode, "a live key");
        let currency = balance.available.first().map_or_else(|| "eur".to_owned(), |funds| funds.currency.clone());
        Journey { stripe, currency, now, run }
    }
    fn key(&self, name: &str) -> String {
        format!("{}-{name}", self.run)
    }
    /// What the client has no call for: a payment by one of Stripe's test cards.
    async fn pays(&self, card: &str) -> Value {
        let (currency, run) = (&self.currency, &self.run);
        let body = format!(
            "amount=2000&currency={currency}&payment_method_types[]=card&payment_method={card}&confirm=true&transfer_group={run}&metadata[order]={run}"
        );
        let request = Prepared { path: "/v1/payment_intents".into(), body, api_version: API_VERSION.into() };
        self.stripe.send(&request, &self.key(card)).await.unwrap()
    }

    async fn a_page(&self) {
        let page = CreateSession {
            currency: self.currency.clone(),
            lines: vec![LineItem { name: "Block-printed scarf, indigo & rust".into(), unit_amount: 2_000, quantity: 2 }],
            client_reference_id: self.run.clone(),
            metadata: Metadata::from([("order".into(), self.run.clone())]),
            transfer_group: self.run.clone(),
            payment_metadata: Metadata::from([("order".into(), self.run.clone())]),
            success_url: "https://shop.example/ok?session={CHECKOUT_SESSION_ID}".into(),
            cancel_url: "https://shop.example/cart".into(),
            expires_at: self.now + 3_600,
            customer_email: Some("buyer@example.org".into()),
            locale: Some("de".into()),
        };
        let prepared = page.prepare();
        let open: Session = self.stripe.send(&prepared, &self.key("page")).await.unwrap();
        let again: Session = self.stripe.send(&prepared, &self.key("page")).await.unwrap();
        assert_eq!((&again.id, open.amount_total, open.url.is_some()), (&open.id, Some(4_000), true), "the same key is the same page");
        let other = CreateSession { client_reference_id: "other".into(), ..page }.prepare();
        assert!(matches!(self.stripe.send::<Session>(&other, &self.key("page")).await, Err(StripeError::KeyReused(_))));
        assert_eq!(self.stripe.session(&open.id).await.unwrap().client_reference_id.as_deref(), Some(self.run.as_str()));
        let listed = self.stripe.sessions_created(open.created - 5, open.created + 5, &Page::default()).await.unwrap();
        assert!(listed.data.iter().any(|session| session.id == open.id));
        let expire = ExpireSession { session: open.id.clone() }.prepare();
        let expired: Session = self.stripe.send(&expire, &self.key("expire")).await.unwrap();
        assert_eq!(expired.status.as_deref(), Some("expired"));
        assert!(matches!(self.stripe.send::<Session>(&expire, &self.key("expire2")).await, Err(StripeError::Rejected { status: 400, .. })));
    }

    async fn a_payment_and_its_refund(&self) {
        let intent = self.pays("pm_card_bypassPending").await["id"].as_str().unwrap().to_owned();
        let mut paid = self.stripe.payment_intent(&intent).await.unwrap();
        let movement = |paid: &PaymentIntent| paid.latest_charge.as_ref()?.object()?.balance_transaction.as_ref()?.object().cloned();
        for _ in 0..PATIENCE {
            if movement(&paid).is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            paid = self.stripe.payment_intent(&intent).await.unwrap();
        }
        let movement = movement(&paid).expect("a balance transaction in time");
        assert_eq!((paid.status.as_str(), paid.amount_received, movement.amount - movement.fee), ("succeeded", 2_000, movement.net));
        let charge = paid.latest_charge.as_ref().unwrap().id().to_owned();
        assert!(self.stripe.charge(&charge).await.unwrap().paid);
        assert_eq!(self.stripe.balance_transaction(&movement.id).await.unwrap().source.as_deref(), Some(charge.as_str()));
        assert_eq!(self.stripe.sessions_of(&intent).await.unwrap().data, [], "it was made on no page");
        let refund =
            |amount| CreateRefund { payment_intent: intent.clone(), amount, metadata: Metadata::from([("refund".into(), self.run.clone())]) };
        let part: Refund = self.stripe.send(&refund(500).prepare(), &self.key("refund")).await.unwrap();
        let seen = self.stripe.refund(&part.id).await.unwrap();
        assert_eq!(seen.balance_transaction.unwrap().object().unwrap().kind, "refund");
        let too_much = self.stripe.send::<Refund>(&refund(1_501).prepare(), &self.key("refund2")).await;
        assert!(matches!(too_much, Err(StripeError::Rejected { status: 400, param: Some(ref p), .. }) if p == "amount"), "{too_much:?}");
        assert_eq!(self.stripe.refunds_of(&intent, &Page::default()).await.unwrap().data.len(), 1);
        let moved = self.stripe.balance_transactions(self.now - 60, self.now + 3_600, &Page::default()).await.unwrap();
        assert!(moved.data.iter().any(|m| m.id == movement.id));
    }

    async fn a_dispute_and_its_evidence(&self) {
        let intent = self.pays("pm_card_createDispute").await["id"].as_str().unwrap().to_owned();
        let mut dispute = None;
        for _ in 0..PATIENCE {
            let news = self.stripe.events_since(self.now - 60, &Page::default()).await.unwrap();
            let about = |event: &&Event| event.kind == "charge.dispute.created" && event.data.object["payment_intent"] == intent.as_str();
            if let Some(event) = news.data.iter().find(about) {
                assert_eq!(self.stripe.event(&event.id).await.unwrap().kind, event.kind);
                dispute = event.object_id().map(str::to_owned);
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let id = dispute.expect("news of the dispute in time");
        assert_eq!(self.stripe.dispute(&id).await.unwrap().status, "needs_response");
        let say = |name: &str, text: &str, submit| {
            let evidence = [(name.to_owned(), text.to_owned())].into();
            UpdateDispute { dispute: id.clone(), evidence, submit }.prepare()
        };
        let draft: Dispute = self.stripe.send(&say("shipping_carrier", "India Post", false), &self.key("draft")).await.unwrap();
        assert!(draft.evidence_details.is_some_and(|details| details.has_evidence && details.submission_count == 0));
        let _: Dispute = self.stripe.send(&say("uncategorized_text", "winning_evidence", true), &self.key("submit")).await.unwrap();
        let mut status = String::new();
        for _ in 0..PATIENCE {
            status = self.stripe.dispute(&id).await.unwrap().status;
            if status == "won" {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(status, "won", "Stripe's test words win");
    }

    /// `ready`: an account that may receive transfers.
    async fn an_account_and_a_transfer(&self, ready: Option<&str>) {
        let create = CreateAccount {
            country: "DE".into(),
            email: Some("coop@example.org".into()),
            metadata: Metadata::from([("coop".into(), self.run.clone())]),
        };
        let account: Account = self.stripe.send(&create.prepare(), &self.key("account")).await.unwrap();
        assert!(!self.stripe.account(&account.id).await.unwrap().can_receive_transfers());
        let link = CreateAccountLink {
            account: account.id.clone(),
            refresh_url: "https://shop.example/again".into(),
            return_url: "https://shop.example/done".into(),
        };
        let link: AccountLink = self.stripe.send(&link.prepare(), &self.key("link")).await.unwrap();
        assert!(link.url.starts_with("http") && link.expires_at > self.now);
        let transfer = |destination: &str| CreateTransfer {
            amount: 300,
            currency: self.currency.clone(),
            destination: destination.to_owned(),
            transfer_group: self.run.clone(),
            metadata: Metadata::from([("payout".into(), self.run.clone())]),
        };
        let early = self.stripe.send::<Transfer>(&transfer(&account.id).prepare(), &self.key("early")).await;
        assert!(matches!(early, Err(StripeError::Rejected { status: 400, .. })), "{early:?}");
        let Some(ready) = ready else { return };
        let sent: Transfer = self.stripe.send(&transfer(ready).prepare(), &self.key("transfer")).await.unwrap();
        let seen = self.stripe.transfer(&sent.id).await.unwrap();
        assert_eq!(seen.balance_transaction.unwrap().object().unwrap().kind, "transfer");
        let back = CreateReversal { transfer: sent.id.clone(), amount: 100, metadata: Metadata::from([("why".into(), self.run.clone())]) };
        let _: Reversal = self.stripe.send(&back.prepare(), &self.key("reversal")).await.unwrap();
        let ways_back = self.stripe.reversals_of(&sent.id, &Page::default()).await.unwrap();
        assert_eq!(ways_back.data[0].balance_transaction.as_ref().unwrap().object().unwrap().kind, "transfer_refund");
        assert_eq!(self.stripe.transfers_in_group(&self.run, &Page::default()).await.unwrap().data.len(), 1);
    }

    async fn all(&self, ready: Option<&str>) {
        self.a_page().await;
        self.a_payment_and_its_refund().await;
        self.a_dispute_and_its_evidence().await;
        self.an_account_and_a_transfer(ready).await;
        assert!(matches!(self.stripe.charge("ch_none").await, Err(StripeError::NotFound(_))));
    }
}

#[tokio::test]
async fn the_whole_journey_against_the_sandbox() {
    let world = World::new();
    world.control.top_up(10_000, "eur");
    let ready = world.account().await;
    let journey = Journey::begin(world.stripe.clone(), crate::support::NOW, unique("journey")).await;
    journey.all(Some(&ready)).await;
}

#[tokio::test]
#[ignore = "asks Stripe itself: needs STRIPE_TEST_KEY and the network"]
async fn the_whole_journey_against_stripes_own_test_mode() {
    let key = std::env::var("STRIPE_TEST_KEY").expect("STRIPE_TEST_KEY=sk_test_…");
    assert!(key.starts_with("sk_test_") || key.starts_with("rk_test_"), "a test key, never a live one");
    let ready = std::env::var("STRIPE_TEST_ACCOUNT").ok();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let stripe = Stripe::new(&key, DEFAULT_BASE_URL).unwrap();
    Journey::begin(stripe, now, format!("haat-{now}")).await.all(ready.as_deref()).await;
}
