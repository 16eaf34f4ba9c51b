//! Nobody sells what is not there.
use diesel::{QueryableByName, sql_types};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt;
use haat::{
    catalog::stock,
    db::Db,
    ids::CartId,
    money::{Currency, Money},
    orders,
};
use tokio::sync::{Barrier, Notify};

use super::world::{basket_of, books, euros, shelves, told, world};
use crate::support::{
    Answer, TestApp, api_test,
    builders::{basket, session_of, sql},
    dice::Dice,
};

const BUYERS: usize = 1000;
const PIECES: i32 = 100;
/// Of the buyers, those who come by HTTP and pay through the provider; the others call the placing itself.
const BY_HTTP: usize = 120;
/// Side by side. It divides the buyers, so that they come in full rows, and not the pieces, so that the last row is one too many.
const WIDTH: usize = 8;

/// In how many orders they come, each with a shop of its own; more if told so.
const SEEDS: u64 = 2;

/// Everybody tries to buy one piece, in an order that the seed decides; how many could.
async fn contend(seed: u64, buy: impl AsyncFn(usize) -> bool) -> usize {
    let mut order: Vec<usize> = (0..BUYERS).collect();
    Dice::new(seed).shuffle(&mut order);
    futures_util::stream::iter(order).map(|i| buy(i)).buffer_unordered(WIDTH).filter(|sold| std::future::ready(*sold)).count().await
}

/// Comes back when told that the shop is too full.
async fn patiently(ask: impl AsyncFn() -> Answer) -> Answer {
    loop {
        let answer = ask().await;
        if answer.status != 503 {
            return answer;
        }
    }
}

/// Carts that all want one piece of the first cart's variant.
async fn carts_like(app: &TestApp, cart: &str, count: usize) -> Vec<CartId> {
    let ids: Vec<CartId> = (0..count).map(|_| CartId::new()).collect();
    let rows: Vec<String> = ids.iter().map(|id| format!("('{id}'::uuid)")).collect();
    let text = format!(
        "CREATE TEMP TABLE more (id uuid); INSERT INTO more VALUES {};
         INSERT INTO carts (id, token_hash, currency, country, locale, email, shipping_address, version, created_at, updated_at, expires_at)
         SELECT m.id, sha256(m.id::text::bytea), currency, country, locale, email, shipping_address, 1, created_at, updated_at, expires_at
         FROM carts, more m WHERE carts.id = '{cart}';
         INSERT INTO cart_lines (id, cart_id, coop_id, variant_id, quantity)
         SELECT gen_random_uuid(), m.id, coop_id, variant_id, quantity FROM cart_lines, more m WHERE cart_id = '{cart}';
         DROP TABLE more",
        rows.join(",")
    );
    app.db.db.conn().await.unwrap().batch_execute(&text).await.unwrap();
    ids
}

#[actix_web::test]
async fn a_thousand_buyers_for_a_hundred_pieces() {
    let seeds = std::env::var("HAAT_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(SEEDS);
    for seed in 1..=seeds {
        a_crowd(seed).await;
    }
}

async fn a_crowd(seed: u64) {
    api_test(async |app| {
        let (_, variant) = euros(app, "bagru", 400, 6000, PIECES).await;
        let mut baskets = Vec::new();
        for _ in 0..BY_HTTP {
            baskets.push(basket(app, &variant, 1).await);
        }
        let carts = carts_like(app, &baskets[0].id, BUYERS - BY_HTTP).await;
        let (db, now, total) = (Db::connect(&app.db.url, WIDTH), app.clock.now(), Money::new(6400, Currency::EUR));
        let (pages, orders) = (std::cell::RefCell::new(Vec::new()), std::cell::RefCell::new(Vec::new()));
        // One in eight comes by HTTP, so that both kinds meet.
        let sold = contend(seed, async |i| {
            if i % 8 == 0 && i / 8 < BY_HTTP {
                let answer = patiently(async || baskets[i / 8].checkout("k").await).await;
                if answer.status != 201 {
                    assert_eq!(answer.problem(409), "out-of-stock");
                    return false;
                }
                pages.borrow_mut().push(session_of(&answer.expect(201)));
                return true;
            }
            let cart = carts[i - (i / 8 + 1).min(BY_HTTP)];
            loop {
                match db.transaction_retrying(async |tx| orders::place(tx, now, cart, total).await).await {
                    Ok(placed) => {
                        orders.borrow_mut().push(placed.id);
                        return true;
                    }
                    Err(orders::Error::Stock(stock::Error::Out { .. })) => return false,
                    // On a slow machine a lock may be waited for too long; nothing was taken then.
                    Err(orders::Error::Db(busy) | orders::Error::Stock(stock::Error::Db(busy))) if busy.busy() => {}
                    Err(other) => panic!("{other}"),
                }
            }
        })
        .await;
        assert_eq!(sold, 100, "seed {seed}");
        assert_eq!(shelves(app).await, [(100, 100)]);
        let (pages, orders) = (pages.into_inner(), orders.into_inner());
        assert!(!pages.is_empty() && !orders.is_empty(), "both kinds of buyer got some");
        for page in &pages {
            app.sandbox.control().pay(page).unwrap();
        }
        for order in &orders {
            let paid = async |tx: &mut haat::db::Tx| {
                let order = haat::orders::lock(tx, *order).await?;
                haat::orders::mark_paid(tx, now, &order).await
            };
            db.transaction(paid).await.unwrap();
        }
        told(app).await;
        assert_eq!(shelves(app).await, [(0, 0)], "all of them, and never one more");
        let earned = books(app).await.into_iter().find(|line| line.starts_with("coop_pending")).unwrap();
        assert_eq!(earned, format!("coop_pending:bagru EUR {}", 4636 * pages.len()), "the books know those who paid through the provider");
        assert_eq!(basket(app, &variant, 1).await.checkout("late").await.problem(409), "out-of-stock");
    })
    .await;
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = sql_types::Integer)]
    left: i32,
}

/// The same crowd at a shop that looks first and takes afterwards: it sells what it has not.
#[actix_web::test]
async fn control_reading_before_writing_oversells() {
    api_test(async |app| {
        euros(app, "bagru", 400, 6000, PIECES).await;
        sql(app, "ALTER TABLE stock DROP CONSTRAINT stock_never_oversold").await;
        let db = Db::connect(&app.db.url, WIDTH);
        let all_have_looked = Barrier::new(WIDTH);
        let naive = async |_| {
            db.transaction(async |tx| {
                let seen: Left = diesel::sql_query("SELECT on_hand - reserved AS left FROM stock").get_result(tx).await?;
                all_have_looked.wait().await;
                if seen.left > 0 {
                    diesel::sql_query("UPDATE stock SET reserved = reserved + 1").execute(tx).await?;
                }
                Ok::<_, haat::db::DbError>(seen.left > 0)
            })
            .await
            .unwrap()
        };
        let sold = contend(1, naive).await;
        assert!(sold > 100, "{sold}: the harness would not have seen an oversale");
        sql(app, "UPDATE stock SET reserved = 0").await;
    })
    .await;
}

/// A third cooperative's last piece goes between pricing and reserving: nothing of the order stands, at any of the three.
#[actix_web::test]
async fn the_last_piece_goes_while_the_order_is_placed() {
    api_test(async |app| {
        let world = world(app).await;
        let (_, last) = euros(app, "kutch", 300, 1000, 1).await;
        let (rival, mine) = (basket_of(app, &[&last]).await, basket_of(app, &[&world.stole, &world.mat, &last]).await);
        let now = app.clock.now();
        let total = |basket: &crate::support::builders::Basket| Money::new(basket.total["amount"].as_i64().unwrap(), Currency::EUR);
        let (rival_cart, my_cart): (CartId, CartId) = (rival.id.parse().unwrap(), mine.id.parse().unwrap());
        let taken = Notify::new();
        let first = app.db.db.transaction(async |tx| {
            let placed = orders::place(tx, now, rival_cart, total(&rival)).await?;
            taken.notify_one();
            // Not committed before the other waits for our row: it has seen one piece left, and must not get it.
            while waiting(app).await == 0 {
                tokio::task::yield_now().await;
            }
            Ok::<_, orders::Error>(placed)
        });
        let second = async {
            taken.notified().await;
            app.db.db.transaction(async |tx| orders::place(tx, now, my_cart, total(&mine)).await).await
        };
        let (first, second) = futures_util::join!(first, second);
        assert!(first.is_ok());
        assert!(matches!(second, Err(orders::Error::Stock(stock::Error::Out { available: 0, .. }))), "{second:?}");
        assert_eq!(shelves(app).await, [(5, 0), (5, 0), (1, 1)], "nothing is kept at the other two");
        assert_eq!(books(app).await, Vec::<String>::new());
        let refused = mine.checkout("k").await.expect(409);
        assert_eq!((refused["code"].as_str(), refused["available"].as_i64()), (Some("out-of-stock"), Some(0)));
    })
    .await;
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}
/// Connections of this database that wait for a row.
async fn waiting(app: &TestApp) -> i64 {
    let query = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    diesel::sql_query(query).get_result::<Count>(&mut *app.db.db.conn().await.unwrap()).await.unwrap().n
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}

/// Somebody gives the pieces back while a payment waits for their rows: the payment must not believe what it saw before.
#[actix_web::test]
async fn what_is_given_back_while_a_payment_waits_is_not_sold() {
    api_test(async |app| {
        let (_, variant) = euros(app, "bagru", 400, 6000, 5).await;
        let order = basket(app, &variant, 1).await.checkout("one").await.expect(201)["order"]["id"].as_str().unwrap().parse().unwrap();
        let (given_back, free) = (Notify::new(), Notify::new());
        let giving = app.db.db.transaction(async |tx| {
            stock::release(tx, order).await?;
            given_back.notify_one();
            free.notified().await;
            Ok::<_, haat::db::DbError>(())
        });
        let paying = async {
            given_back.notified().await;
            app.db.db.transaction(async |tx| stock::commit(tx, order).await).await
        };
        let freeing = async {
            let waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let conn = &mut *app.db.db.conn().await.unwrap();
            while diesel::sql_query(waits).get_result::<Waiting>(conn).await.unwrap().n == 0 {
                tokio::task::yield_now().await;
            }
            free.notify_one();
        };
        let (given, paid, ()) = tokio::join!(giving, paying, freeing);
        given.unwrap();
        assert!(matches!(paid, Err(stock::Error::NotHeld { missing: 1 })), "{paid:?}");
        // Control: nothing left the shelf, and what is not given back can be paid.
        let other = basket(app, &variant, 1).await.checkout("two").await.expect(201)["order"]["id"].as_str().unwrap().parse().unwrap();
        app.db.db.transaction(async |tx| stock::commit(tx, other).await).await.unwrap();
    })
    .await;
}
