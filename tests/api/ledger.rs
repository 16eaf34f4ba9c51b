//! The books: balanced, exactly once, never below zero where that is promised, and provable.
use diesel_async::SimpleAsyncConnection;
use haat::{
    clock::Time,
    ids::CoopId,
    ledger::{self, Account, Error, Posted, Posting, Source},
    money::{Currency, Money},
};

use crate::support::{TestDb, database};

fn now() -> Time {
    Time::from_unix(1_795_348_800).unwrap()
}
fn source(id: u128, kind: &'static str) -> Source {
    Source { kind_of: "order", id: uuid::Uuid::from_u128(id), kind, group: "HA-1".into(), occurred_at: now() }
}
fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
async fn post(t: &TestDb, source: &Source, postings: &[Posting]) -> Result<Posted, Error> {
    t.db.transaction(async |tx| ledger::post(tx, now(), source, postings).await).await
}
async fn held(t: &TestDb, account: &Account) -> i64 {
    ledger::balance(&mut *t.db.conn().await.unwrap(), account, Currency::EUR).await.unwrap().minor
}

#[actix_web::test]
async fn the_canonical_sale_balances_and_is_posted_once() {
    let t = database().await;
    let (a, b) = (CoopId::new(), CoopId::new());
    let sale = |credit, minor, leg: &str| Posting::new(Account::StripeBalance, credit, eur(minor), leg);
    let postings = [
        sale(Account::CoopPending(a), 4636, "line:1/producer"),
        sale(Account::PremiumPending(a), 464, "line:1/premium"),
        sale(Account::CoopPending(b), 1855, "line:2/producer"),
        sale(Account::PremiumPending(b), 185, "line:2/premium"),
        sale(Account::Commission, 1260, "commission"),
        sale(Account::ShippingPayable(a), 400, "shipping:a"),
        sale(Account::ShippingPayable(b), 200, "shipping:b"),
        sale(Account::TaxPayable("DE".into()), 1000, "tax"),
        sale(Account::BrandSales(a), 0, "nothing"),
    ];
    assert_eq!(post(&t, &source(1, "paid"), &postings).await.unwrap(), Posted::Now);
    assert_eq!(post(&t, &source(1, "paid"), &postings).await.unwrap(), Posted::Before);
    let fee = [Posting::new(Account::StripeFees, Account::StripeBalance, eur(175), "fee")];
    post(&t, &source(1, "fees"), &fee).await.unwrap();
    assert_eq!(held(&t, &Account::StripeBalance).await, 10_000 - 175);
    assert_eq!(held(&t, &Account::CoopPending(a)).await, 4636);
    assert_eq!(held(&t, &Account::Commission).await, 1260);
    assert_eq!(ledger::verify(&mut *t.db.conn().await.unwrap()).await.unwrap(), []);
    let other = [sale(Account::CoopPending(a), 4637, "line:1/producer")];
    assert!(matches!(post(&t, &source(1, "paid"), &other).await, Err(Error::Contradiction { .. })));
}

/// What a payment causes is posted together, and the news of its fees may have been faster.
#[actix_web::test]
async fn of_several_sources_each_is_posted_or_was_before() {
    let t = database().await;
    let coop = CoopId::new();
    let sale = [Posting::new(Account::StripeBalance, Account::CoopPending(coop), eur(4636), "line:1/producer")];
    let fee = [Posting::new(Account::StripeFees, Account::StripeBalance, eur(175), "fee")];
    let (paid, fees) = (source(1, "paid"), source(2, "fees"));
    let all = async |fee: &[Posting]| t.db.transaction(async |tx| ledger::post_all(tx, now(), &[(&paid, &sale), (&fees, fee)]).await).await;
    post(&t, &fees, &fee).await.unwrap();
    assert_eq!(all(&fee).await.unwrap(), [Posted::Now, Posted::Before]);
    assert_eq!(all(&fee).await.unwrap(), [Posted::Before, Posted::Before]);
    assert_eq!((held(&t, &Account::StripeBalance).await, held(&t, &Account::CoopPending(coop)).await), (4636 - 175, 4636));
    assert_eq!(ledger::verify(&mut *t.db.conn().await.unwrap()).await.unwrap(), []);
    // Control: one that contradicts what was posted takes the others with it.
    let (paid, other) = (source(3, "paid"), [Posting::new(Account::StripeFees, Account::StripeBalance, eur(176), "fee")]);
    let outcome = t.db.transaction(async |tx| ledger::post_all(tx, now(), &[(&paid, &sale), (&fees, &other)]).await).await;
    assert!(matches!(outcome, Err(Error::Contradiction { .. })));
    assert_eq!(held(&t, &Account::CoopPending(coop)).await, 4636);
}

#[actix_web::test]
async fn a_guarded_account_never_goes_below_zero() {
    let t = database().await;
    let coop = CoopId::new();
    let release = [Posting::new(Account::CoopPending(coop), Account::CoopAvailable(coop), eur(100), "release")];
    post(&t, &source(1, "released"), &release).await.unwrap();
    let pay = |minor| [Posting::new(Account::CoopAvailable(coop), Account::CoopPaying(coop), eur(minor), "pay")];
    assert!(matches!(post(&t, &source(2, "sent"), &pay(101)).await, Err(Error::Insufficient)));
    assert_eq!(held(&t, &Account::CoopAvailable(coop)).await, 100, "a refused posting leaves nothing behind");
    post(&t, &source(3, "sent"), &pay(100)).await.unwrap();
    // Control: an account that nothing guards may.
    assert_eq!(held(&t, &Account::CoopPending(coop)).await, -100);
}

#[actix_web::test]
async fn two_parallel_payouts_cannot_both_take_the_last_coin() {
    let t = database().await;
    let coop = CoopId::new();
    let release = [Posting::new(Account::CoopPending(coop), Account::CoopAvailable(coop), eur(100), "release")];
    post(&t, &source(1, "released"), &release).await.unwrap();
    let pay = [Posting::new(Account::CoopAvailable(coop), Account::CoopPaying(coop), eur(60), "pay")];
    let (one, other) = (source(2, "sent"), source(3, "sent"));
    let (first, second) = futures_util::join!(post(&t, &one, &pay), post(&t, &other, &pay));
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(held(&t, &Account::CoopAvailable(coop)).await, 40);
}

#[actix_web::test]
async fn transfers_cannot_be_changed_and_a_changed_balance_is_found() {
    let t = database().await;
    let coop = CoopId::new();
    post(&t, &source(1, "paid"), &[Posting::new(Account::StripeBalance, Account::CoopPending(coop), eur(5), "x")]).await.unwrap();
    let conn = &mut *t.db.conn().await.unwrap();
    for change in ["UPDATE ledger_transfers SET amount_minor = 6", "DELETE FROM ledger_transfers", "TRUNCATE ledger_transfers CASCADE"] {
        let refused = conn.batch_execute(change).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
    }
    assert_eq!(ledger::verify(conn).await.unwrap(), []);
    conn.batch_execute("UPDATE ledger_balances SET balance_minor = balance_minor + 1 WHERE balance_minor = 5").await.unwrap();
    let found = ledger::verify(conn).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].recorded, found[0].recomputed), (6, 5));
}

/// The books as other software would add them up: by account and currency, from the exported text alone.
fn added_up(text: &str, amount: impl Fn(&str) -> Option<(String, i64)>) -> std::collections::BTreeMap<String, i64> {
    let mut sums = std::collections::BTreeMap::new();
    for (account, minor) in text.lines().filter_map(amount) {
        *sums.entry(account).or_insert(0) += minor;
    }
    sums.retain(|_, minor| *minor != 0);
    sums
}

#[actix_web::test]
async fn what_is_exported_adds_up_to_the_balances() {
    let t = database().await;
    let coop = CoopId::new();
    let stripe = || Account::StripeBalance;
    post(&t, &source(1, "paid"), &[Posting::new(stripe(), Account::CoopPending(coop), eur(4636), "a")]).await.unwrap();
    let parts = [
        Posting::new(Account::CoopPending(coop), Account::CoopAvailable(coop), eur(4636), "a"),
        Posting::new(Account::StripeFees, stripe(), eur(175), "fee"),
    ];
    post(&t, &source(2, "released"), &parts).await.unwrap();
    let conn = &mut *t.db.conn().await.unwrap();
    for format in [ledger::Format::Hledger, ledger::Format::Beancount] {
        let mut text = String::new();
        let write = |piece: &str| {
            text.push_str(piece);
            Ok::<_, haat::db::DbError>(())
        };
        ledger::export(conn, format, None, write).await.unwrap();
        let minor = |figure: &str| figure.replace('.', "").parse::<i64>().ok();
        let sums = added_up(&text, |line| {
            let words: Vec<_> = line.split_whitespace().collect();
            match (format, words.as_slice()) {
                (ledger::Format::Hledger, [account, "EUR", figure, ..]) => Some((account.rsplit_once(':')?.1.to_owned(), minor(figure)?)),
                (ledger::Format::Beancount, [account, figure, "EUR"]) => Some((account.rsplit_once(':')?.1.to_owned(), minor(figure)?)),
                _ => None,
            }
        });
        let (mine, balance, fees) =
            (coop.to_string(), sums.get("stripe_balance").or(sums.get("Stripe-balance")), sums.get("stripe_fees").or(sums.get("Stripe-fees")));
        assert_eq!((balance, fees, sums.get(&mine), sums.len()), (Some(&4461), Some(&175), Some(&-4636), 3), "{text}");
        assert_eq!(sums.values().sum::<i64>(), 0);
    }
}
