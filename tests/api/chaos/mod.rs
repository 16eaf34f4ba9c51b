//! Everything at once, for as long as one likes: buyers, sellers, operators, banks and a provider do what they do in an order that dice
//! decide, while the program is killed every few seconds and its database now and then. Then all of it is let settle, and the books,
//! the shelves, the mails, the records and the provider's own books must agree.
//!
//! `HAAT_CHAOS_OPERATIONS` and `HAAT_CHAOS_SEED` choose how much and which; the seed is in every failure. Dice decide what people do, and
//! the machine decides what meets: a seed repeats the crowd, not the accident.
mod buyers;
mod check;
mod machine;
mod outside;
mod people;
mod town;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use haat::{
    checkout::jobs::{ProcessEvent, sweep},
    clock::Time,
    db::{Db, DbError, migrate},
    jobs::Run,
};
use jiff::SignedDuration;

use crate::{
    payouts::{destination, details, second_operator},
    stories::euros,
    support::{
        TestApp, TestDb, api_test,
        builders::{cooperative, platform, product, sql},
        dice::Dice,
    },
    work::batch,
};
use check::{owed_to_buyers, picture, violations};
use machine::{Database, Program};
use town::{Shop, Town};

/// People side by side.
const CROWD: u64 = 8;
/// Of each variant, at first: enough for most of the time, and then they contend.
fn pieces(wanted: u64) -> i32 {
    i32::try_from(wanted / 12).unwrap().max(60)
}
const OPERATIONS: u64 = 800;
/// For what looks at the check and not at the program.
const SHORT: u64 = 150;
const SEED: u64 = 20_261_125;

fn told(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Three cooperatives: one is owed euros and paid by hand, one is owed rupees, one is paid by transfers at the provider.
async fn shops(app: &TestApp, pieces: i32) -> (Vec<Shop>, [String; 2]) {
    let mut shops = Vec::new();
    for (slug, cents) in [("bagru", 6000), ("pedana", 3333), ("kutch", 2499)] {
        let manager = if slug == "pedana" { cooperative(app, slug).await } else { euros(app, slug, 400, cents, pieces).await.0 };
        let mut variants = Vec::new();
        for cents in [cents + 1, cents * 2 + 7] {
            variants.push(product(&manager, slug, cents, pieces).await);
        }
        shops.push(Shop { slug: slug.to_owned(), token: format!("session_{slug}"), variants });
    }
    // Of one variant every piece is in the record before it is sold.
    batch(app, &shops[0].variants[0], u32::try_from(pieces).unwrap()).await;
    let tax = format!(
        "INSERT INTO tax_registrations (id, jurisdiction, kind, number, valid_from) VALUES ('{}', 'DE', 'vat', 'DE123456789', '2026-01-01');
         INSERT INTO tax_rates VALUES ('DE', 'standard', 1112, false, '2026-01-01', 'a test');
         UPDATE cooperatives SET country = 'DE' WHERE slug = 'kutch';
         UPDATE stock SET on_hand = {pieces}",
        haat::ids::new_uuid()
    );
    sql(app, &tax).await;
    destination(app, "bagru", "manual", "EUR").await;
    destination(app, "pedana", "manual", "INR").await;
    let account = stripe_client::CreateAccount { country: "DE".into(), email: None, metadata: [].into() }.prepare();
    let account: stripe_client::Account = app.app.stripe.send(&account, "account").await.unwrap();
    app.sandbox.control().onboard(&account.id).unwrap();
    details(app, "kutch", "stripe_account", "EUR", serde_json::json!({"account": account.id})).await;
    platform(app, "operator").await;
    second_operator(app).await;
    (shops, ["session_operator".to_owned(), "session_second".to_owned()])
}

async fn step(town: &Town, dice: &mut Dice) {
    match dice.below(100) {
        0..34 => buyers::buy(town, dice).await,
        34..40 => buyers::return_late(town, dice).await,
        40..44 => buyers::decide_late(town, dice).await,
        44..60 => people::send(town, dice).await,
        60..63 => people::take_back(town, dice).await,
        63 => people::answer_dispute(town, dice).await,
        64..71 => people::give_back(town, dice).await,
        71..73 => people::give_back_again(town, dice).await,
        73..76 => people::pay_out(town, dice).await,
        76 => people::decide(town, dice).await,
        77..80 => people::after_payout(town, dice).await,
        80..82 => outside::dispute(town, dice),
        82..85 => outside::decide_dispute(town, dice),
        85 => outside::decide_refund(town, dice),
        86 => outside::at_the_dashboard(town, dice).await,
        87..91 => outside::tell_again(town, dice),
        91..93 => outside::tell_withheld(town, dice),
        93..96 => outside::disturb_news(town, dice),
        96..99 => outside::disturb_answers(town, dice),
        _ => outside::settle_balances(town),
    }
}

/// The crowd does `wanted` things; at the end nobody is in the middle of one.
async fn live(town: &Town, seed: u64, wanted: u64) {
    let people = (0..CROWD).map(async |n| {
        let mut dice = Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(n));
        while town.done.get() < wanted {
            step(town, &mut dice).await;
            tokio::task::yield_now().await;
        }
    });
    futures_util::future::join_all(people).await;
}

/// Until nothing is left to be done: news is read, jobs run, leases and pages run out, and what waited for a day is looked up.
async fn settle(app: &TestApp, town: &Town, dice: &mut Dice) {
    app.sandbox.control().set_webhook_url(None);
    outside::come_to_rest(town, dice);
    for minutes in [0, 6, 62, 240, 60, 900, 300, 60, 60] {
        app.clock.advance(SignedDuration::from_mins(minutes));
        app.sandbox.control().top_up(10_000_000, "eur");
        for _ in 0..3 {
            sweep(&app.app).await.unwrap();
            app.run_jobs().await;
        }
    }
}

#[derive(QueryableByName)]
struct Event {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    object: String,
}

/// Every stored event again, in an order of its own: nothing changes.
async fn replay(app: &TestApp, dice: &mut Dice, most: usize) {
    let statement = "SELECT id, type AS kind, object_id AS object FROM stripe_events ORDER BY id";
    let mut events: Vec<Event> = diesel::sql_query(statement).load(&mut *app.db.db.conn().await.unwrap()).await.unwrap();
    dice.shuffle(&mut events);
    events.truncate(most);
    let before = picture(app).await;
    for Event { id, kind, object } in events {
        ProcessEvent { event: id, kind, object }.run(&app.app).await.unwrap_or_else(|why| panic!("old news is a failure: {why:?}"));
    }
    app.run_jobs().await;
    assert_eq!(before, picture(app).await, "old news changed something");
}

/// Kills until told to stop; how often each of the two died.
async fn kill(program: &Arc<Program>, database: &Arc<Database>, town: &Town, seed: u64, wanted: u64) -> (u32, u32) {
    let (mut dice, mut deaths) = (Dice::new(seed ^ 0xDEAD), (0, 0));
    while town.done.get() < wanted {
        tokio::time::sleep(Duration::from_millis(2000 + u64::try_from(dice.below(2000)).unwrap())).await;
        if town.done.get() >= wanted {
            break;
        }
        deaths.0 += 1;
        let with_database = deaths.0 % 5 == 3;
        deaths.1 += u32::from(with_database);
        // On a thread of its own: the others go on asking while nobody answers.
        let (program, database) = (program.clone(), database.clone());
        let death = move || {
            if with_database {
                database.crash();
            } else {
                program.kill();
                program.start();
            }
        };
        tokio::task::spawn_blocking(death).await.unwrap();
    }
    deaths
}

#[actix_web::test]
async fn nothing_that_the_world_does_makes_the_books_wrong() {
    let (seed, wanted) = (told("HAAT_CHAOS_SEED", SEED), told("HAAT_CHAOS_OPERATIONS", OPERATIONS));
    println!("seed {seed}, {wanted} operations");
    let database = Arc::new(Database::start("chaos"));
    let url = database.url();
    migrate::up(&url).unwrap();
    let now = Time::from_timestamp(jiff::Timestamp::now());
    let app = TestApp::beside(TestDb { db: Db::connect(&url, 4), url: url.clone() }, now).await;
    let (shops, operators) = shops(&app, pieces(wanted)).await;
    let control = app.sandbox.control();
    let program = Arc::new(Program::new("chaos", &url, app.sandbox.base_url()));
    program.start();
    control.set_webhook_url(Some(&format!("{}/webhooks/stripe", program.url)));
    let town = Town::new(&program.url, app.sandbox.base_url(), control, shops, operators);
    let begun = Instant::now();
    let clock = async {
        // The provider's clock goes as the program's does.
        let mut last = Instant::now();
        while town.done.get() < wanted {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let passed = std::mem::replace(&mut last, Instant::now());
            app.clock.advance(SignedDuration::try_from(last - passed).unwrap());
        }
    };
    let ((), (), deaths) = futures_util::join!(live(&town, seed, wanted), clock, kill(&program, &database, &town, seed, wanted));
    let took = begun.elapsed();
    program.kill();
    let (done, asked) = (town.done.get(), town.asked.get());
    println!("{done} operations, {asked} answers in {took:?}; the program was killed {} times, the database {}", deaths.0 - deaths.1, deaths.1);
    let mut dice = Dice::new(seed ^ 0x5E77);
    // Connections that the last crash cut off are noticed when they are used.
    for _ in 0..8 {
        app.db.db.conn().await.unwrap().batch_execute("SELECT 1").await.ok();
    }
    settle(&app, &town, &mut dice).await;
    println!("settled after {:?}", begun.elapsed());
    for (what, times) in town.answers.borrow().iter() {
        println!("{times:>7} {what}");
    }
    let surprises = town.surprises.take();
    assert!(surprises.is_empty(), "seed {seed}: {} answers that may not be: {:#?}", surprises.len(), &surprises[..surprises.len().min(20)]);
    assert!(!program.said().contains("panicked"), "seed {seed}: it panicked, see {}", program.log.display());
    all_is_well(&app, seed, pieces(wanted)).await;
    replay(&app, &mut dice, 4000).await;
    all_is_well(&app, seed, pieces(wanted)).await;
    app.finish().await;
}

async fn all_is_well(app: &TestApp, seed: u64, pieces: i32) {
    let mut wrong = wrong_in(app, pieces).await;
    wrong.extend(owed_to_buyers(app).await);
    assert!(wrong.is_empty(), "seed {seed}: {} violations: {:#?}", wrong.len(), &wrong[..wrong.len().min(30)]);
}

/// The same crowd before a program that nobody kills, and whose jobs run beside it.
async fn crowd(app: &TestApp, seed: u64, wanted: u64) -> Dice {
    let (shops, operators) = shops(app, pieces(wanted)).await;
    let town = Town::new(&app.url, app.sandbox.base_url(), app.sandbox.control(), shops, operators);
    let work = async {
        while town.done.get() < wanted {
            app.run_jobs().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    futures_util::join!(live(&town, seed, wanted), work);
    let mut dice = Dice::new(seed);
    // Whatever the dice left out: something was sent, paid out and given back.
    for _ in 0..200 {
        if !town.payouts.borrow().is_empty() && !town.refunds.borrow().is_empty() {
            break;
        }
        people::send(&town, &mut dice).await;
        people::give_back(&town, &mut dice).await;
        people::pay_out(&town, &mut dice).await;
        people::decide(&town, &mut dice).await;
        app.run_jobs().await;
    }
    settle(app, &town, &mut dice).await;
    dice
}

/// The check finds what one missing guard lets through: without it the same fact is posted as often as it is told.
#[actix_web::test]
async fn control_a_guard_that_is_gone_is_missed() {
    let app = TestApp::start().await;
    sql(&app, "ALTER TABLE ledger_transfers DROP CONSTRAINT ledger_transfers_once").await;
    crowd(&app, 7, SHORT).await;
    let wrong = wrong_in(&app, pieces(SHORT)).await;
    assert!(wrong.iter().any(|what| what.starts_with("the provider has")), "{wrong:#?}");
}

/// Each rule sees what it is for.
#[actix_web::test]
async fn control_every_rule_can_be_broken() {
    api_test(async |app| {
        crowd(app, 11, SHORT).await;
        assert_eq!(wrong_in(app, pieces(SHORT)).await, Vec::<String>::new());
        let breaks = [
            ("not proven", "UPDATE ledger_balances SET balance_minor = balance_minor + 1 WHERE account_id IN (SELECT id FROM ledger_accounts WHERE name = 'commission')"),
            ("each currency", "UPDATE ledger_balances SET balance_minor = balance_minor + 1 WHERE account_id IN (SELECT id FROM ledger_accounts WHERE name = 'commission')"),
            ("the shelf", "UPDATE stock SET on_hand = on_hand + 1"),
            ("nothing is held without", "UPDATE stock SET reserved = 1, on_hand = on_hand + 1"),
            ("a paid line", "UPDATE items SET state = 'returned' WHERE state = 'sold'"),
            ("a paid order was", "UPDATE checkout_sessions SET pays_order = false"),
            ("nothing waits", "UPDATE orders SET on_hold = true"),
            ("what a paid order posted", "UPDATE orders SET goods_minor = goods_minor + 1, total_minor = total_minor + 1"),
            ("what was given back", "UPDATE orders SET refunded_minor = 1 WHERE refunded_minor = 0"),
            ("a refund's parts", "UPDATE refunds SET amount_minor = amount_minor + 1"),
            ("pending is owed", "UPDATE order_lines SET producer_own_minor = producer_own_minor + 1000 WHERE shipped_quantity = 0"),
            ("the premium waits", "UPDATE order_lines SET premium_own_minor = premium_own_minor + 1000 WHERE shipped_quantity = 0"),
            ("the fund has", "UPDATE order_lines SET premium_own_minor = premium_own_minor + 1000 WHERE shipped_quantity > 0"),
            ("what left was earned", "UPDATE order_lines SET producer_own_minor = producer_own_minor + 1000 WHERE shipped_quantity > 0"),
            ("what is on its way", "UPDATE payouts SET state = 'sent'"),
            ("delivery is owed", "UPDATE order_groups SET shipping_own_minor = shipping_own_minor + 1 WHERE state = 'to_ship'"),
            ("commission is of", "UPDATE order_lines SET commission_minor = commission_minor + 10, goods_minor = goods_minor + 10"),
            ("tax is of", "UPDATE order_lines SET tax_minor = tax_minor + 10"),
            ("a payout is its lines", "UPDATE payouts SET amount_minor = amount_minor + 1"),
            ("what left a fund", "UPDATE payouts SET kind = 'premium' WHERE kind = 'earnings'"),
            ("every mail", "UPDATE jobs SET key = 'gone' WHERE id = (SELECT id FROM jobs WHERE key LIKE 'mail:order_paid%' LIMIT 1)"),
            ("every chain", "UPDATE items SET next_seq = next_seq + 1"),
            ("every chain", "UPDATE items SET state = 'sold' WHERE id IN (SELECT subject_id FROM leaves WHERE type = 'minted' EXCEPT SELECT subject_id FROM leaves WHERE type = 'sold')
                             OR id IN (SELECT subject_id FROM leaves WHERE type = 'sale_undone')"),
            ("no job", "UPDATE jobs SET state = 'dead' WHERE kind = 'record_paid' OR kind = 'send_mail'"),
            ("payment ", "UPDATE checkout_sessions SET payment_intent = 'pi_other'"),
        ];
        for (rule, change) in breaks {
            let wrong = broken(app, change).await;
            assert!(wrong.iter().any(|what| what.starts_with(rule)), "{rule} does not see {change}: {wrong:#?}");
        }
        let before = picture(app).await;
        sql(app, "UPDATE stock SET on_hand = on_hand + 1").await;
        assert_ne!(before, picture(app).await, "control: the picture sees a change");
        sql(app, "UPDATE stock SET on_hand = on_hand - 1").await;
    })
    .await;
}

/// What is wrong after a change that is taken back again.
async fn broken(app: &TestApp, change: &str) -> Vec<String> {
    let (control, mut wrong) = (app.sandbox.control(), Vec::new());
    let undone = app.db.db.transaction(async |tx| {
        tx.batch_execute(change).await?;
        wrong = violations(tx, &control, pieces(SHORT)).await;
        Err::<(), DbError>(diesel::result::Error::RollbackTransaction.into())
    });
    assert!(undone.await.is_err());
    wrong
}
async fn wrong_in(app: &TestApp, pieces: i32) -> Vec<String> {
    violations(&mut *app.db.db.conn().await.unwrap(), &app.sandbox.control(), pieces).await
}
