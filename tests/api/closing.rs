//! A month's books, closed: what is refused, what is written, and what can never be posted into it again.
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
    process::{Command, Output},
};

use diesel_async::SimpleAsyncConnection;
use haat::{
    clock::Time,
    closing::{self, Error, Month},
    ledger::{self, Account, Posting, Source},
    money::{Currency, Money},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    TestApp, TestDb, api_test,
    builders::{basket, paid_order, platform, session_of, sql},
    database,
};

fn november() -> Month {
    "2026-11".parse().unwrap()
}
async fn close(app: &TestApp, with_open: bool) -> Result<ledger::ClosedPeriod, Error> {
    closing::close(&app.db.db, app.clock.now(), november(), with_open).await
}
async fn archive(app: &TestApp, period: &ledger::ClosedPeriod) -> Vec<u8> {
    let conn = &mut *app.db.db.conn().await.unwrap();
    closing::write(conn, period, november(), Cursor::new(Vec::new())).await.unwrap().into_inner()
}
fn unpacked(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for i in 0..zip.len() {
        let mut file = zip.by_index(i).unwrap();
        let (name, mut text) = (file.name().unwrap().into_owned(), String::new());
        file.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}
/// The column's sum per currency, in hundredths.
fn added_up(csv: &str, column: usize, currency: usize) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        *sums.entry(cells[currency].to_owned()).or_insert(0) += cells[column].replace('.', "").parse::<i64>().unwrap();
    }
    sums
}
async fn post(t: &TestDb, now: Time, source: &Source, minor: i64) {
    let posting = Posting::new(Account::StripeBalance, Account::Commission, Money::new(minor, Currency::EUR), "a");
    t.db.transaction(async |tx| ledger::post(tx, now, source, &[posting]).await).await.unwrap();
}

#[actix_web::test]
async fn a_month_closes_once_it_is_over_compared_and_decided_and_then_for_good() {
    api_test(async |app| {
        let (manager, _, order) = paid_order(app, "bagru").await;
        manager.post("/v1/manage/cooperatives/bagru/fulfilments", json!({"order": order, "carrier": "India Post"})).await.expect(201);
        let operator = platform(app, "operator").await;
        app.sandbox.control().plant_movement("stripe_fee", -500, 0, "eur", None);
        assert!(matches!(close(app, true).await, Err(Error::NotOver(_))));
        app.clock.advance(SignedDuration::from_hours(240));
        assert!(matches!(close(app, true).await, Err(Error::NotCompared { .. })));
        operator.post("/v1/admin/reconciliations", json!({"since": "2026-11-01"})).await.expect(202);
        app.run_jobs().await;
        let Err(Error::Open(open)) = close(app, false).await else { panic!("it closed although something is open") };
        assert_eq!((open.len(), open[0].kind.as_str()), (1, "unexplained"), "{open:?}");
        let event = "INSERT INTO stripe_events (id, type, object_id, payload, received_at) VALUES ('evt_stuck', 'charge.updated', 'ch_1', '{}', '2026-11-25')";
        sql(app, event).await;
        assert!(matches!(close(app, false).await, Err(Error::Open(open)) if open.len() == 2));

        let period = close(app, true).await.unwrap();
        assert_eq!(period.left_open.as_array().unwrap().len(), 2);
        let first = archive(app, &period).await;
        app.clock.advance(SignedDuration::from_hours(30));
        operator.post("/v1/admin/reconciliations", json!({"since": "2026-11-01"})).await.expect(202);
        app.run_jobs().await;
        let again = close(app, false).await.unwrap();
        assert_eq!((&again, archive(app, &again).await == first), (&period, true), "the same month is the same bytes");

        let files = unpacked(&first);
        let balance = &files["trial-balance.csv"];
        assert!(balance.contains("stripe_balance,asset,EUR,0.00,66.00,"), "{balance}");
        assert_eq!(added_up(balance, 4, 2), added_up(balance, 5, 2), "debits are credits");
        assert!(added_up(balance, 6, 2).values().all(|sum| *sum == 0) && added_up(balance, 4, 2).len() == 2, "{balance}");
        let tie = &files["stripe-tie-out.csv"];
        assert!(tie.contains("EUR,unexplained,unknown_here,1,-5.00,0.00,-5.00\n") && tie.contains("EUR,matched,equal,1,"), "{tie}");
        assert_eq!(files["tax.csv"], "jurisdiction,currency,owed_before,charged,given_back_or_paid,owed_after\n", "nobody here is registered");
        assert!(files["payables.csv"].contains(",bagru,coop_available,INR,0.00,5236.36,0.00,5236.36"), "{}", files["payables.csv"]);
        assert!(files["fx.csv"].contains("EUR,INR,100.00,a test,2026-11-20,1,51.00,5100.00"), "{}", files["fx.csv"]);
        assert!(files["journal.hledger"].contains("order paid") && files["journal.beancount"].contains("order paid"));
        assert!(files["summary.txt"].contains("Left open, by decision\n") && files["summary.txt"].contains("evt_stuck"), "{}", files["summary.txt"]);
        let acts = operator.get("/v1/admin/audit?action=books.close").await.expect(200);
        assert_eq!(acts["data"].as_array().unwrap().len(), 1);
        let earlier = closing::close(&app.db.db, app.clock.now(), "2026-10".parse().unwrap(), true).await;
        assert!(matches!(earlier, Err(Error::NotCompared { .. })));
        sql(app, "UPDATE stripe_events SET processed_at = received_at").await;
    })
    .await;
}

#[actix_web::test]
async fn a_closed_month_takes_nothing_and_later_facts_are_dated_when_they_are_booked() {
    let t = database().await;
    let (now, then) = (Time::from_unix(1_795_348_800).unwrap(), Time::from_unix(1_792_000_000).unwrap());
    let source = |id, at| Source { kind_of: "order", id: uuid::Uuid::from_u128(id), kind: "paid", group: "HA-1".into(), occurred_at: at };
    post(&t, now, &source(1, then), 100).await;
    let occurred =
        async |id| ledger::transfers_of(&mut *t.db.conn().await.unwrap(), "order", uuid::Uuid::from_u128(id)).await.unwrap()[0].occurred_at;
    assert_eq!(occurred(1).await, then, "while the month is open, what happened in it is dated in it");
    // The same row once more, dated as is said; undone each time.
    let copied = |at: Time| {
        format!(
            "BEGIN; INSERT INTO ledger_transfers (id, debit_account, credit_account, amount_minor, currency, kind, source_type, source_id, leg, pending, transfer_group, occurred_at, posted_at, memo)
             SELECT '{}', debit_account, credit_account, 1, currency, kind, source_type, source_id, 'b', false, transfer_group, '{at}', posted_at, memo FROM ledger_transfers LIMIT 1; ROLLBACK",
            haat::ids::new_uuid()
        )
    };
    // Control: without the period the database takes it.
    t.db.conn().await.unwrap().batch_execute(&copied(then)).await.unwrap();
    let run = format!(
        "INSERT INTO reconciliations VALUES ('{}', '2026-10-01', '2026-11-20', 'command', NULL, '2026-11-20', '2026-11-20', 'whole')",
        haat::ids::new_uuid()
    );
    t.db.conn().await.unwrap().batch_execute(&run).await.unwrap();
    closing::close(&t.db, now, "2026-10".parse().unwrap(), false).await.unwrap();
    let refused = t.db.conn().await.unwrap().batch_execute(&copied(then)).await.unwrap_err();
    assert!(refused.to_string().contains("the books are closed until 2026-11-01"), "{refused}");
    t.db.conn().await.unwrap().batch_execute("ROLLBACK").await.unwrap();
    t.db.conn().await.unwrap().batch_execute(&copied(now)).await.unwrap();

    post(&t, now, &source(2, then), 50).await;
    assert_eq!(occurred(2).await, now, "learnt too late: it is dated when it is booked");
    post(&t, now, &source(1, then), 100).await;
    assert_eq!(ledger::verify(&mut *t.db.conn().await.unwrap()).await.unwrap(), []);
    let month: Month = "2026-10".parse().unwrap();
    let october = ledger::movements(&mut *t.db.conn().await.unwrap(), month.from(), month.until()).await.unwrap();
    let stripe = october.iter().find(|row| row.name == "stripe_balance").unwrap();
    assert_eq!((stripe.debits, stripe.closing()), (100, 100));
    for change in ["UPDATE ledger_periods SET until_at = '2026-10-02'", "DELETE FROM ledger_periods"] {
        let refused = t.db.conn().await.unwrap().batch_execute(change).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

async fn haat(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
    command.env_remove("DATABASE_URL").env_remove("HAAT_DATA_DIR").args(args);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[actix_web::test]
async fn the_command_names_what_is_open_and_writes_the_same_file_twice() {
    let t = database().await;
    let at: Time = serde_json::from_value(json!("2024-01-15T10:00:00Z")).unwrap();
    post(&t, at, &Source { kind_of: "order", id: uuid::Uuid::from_u128(1), kind: "paid", group: "HA-1".into(), occurred_at: at }, 100).await;
    let text = format!(
        "INSERT INTO reconciliations VALUES ('{}', '2024-01-01', '2024-02-02', 'command', NULL, '2024-02-02', '2024-02-02', 'whole');
         INSERT INTO stripe_events (id, type, object_id, payload, received_at) VALUES ('evt_old', 'charge.updated', 'ch_1', '{{}}', '2024-01-20')",
        haat::ids::new_uuid()
    );
    t.db.conn().await.unwrap().batch_execute(&text).await.unwrap();
    let out = std::env::temp_dir().join(format!("haat-close-{}.zip", std::process::id()));
    let path = out.to_str().unwrap().to_owned();
    let url = t.url.clone();
    let run = async |more: &[&str]| {
        let mut args = vec!["close", "2024-01", "--database-url", url.as_str(), "--out", path.as_str()];
        args.extend(more);
        haat(&args).await
    };
    let refused = run(&[]).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stdout).contains("unprocessed_event evt_old"), "{refused:?}");
    assert!(!out.exists());
    assert_eq!(run(&["--with-open"]).await.status.code(), Some(0));
    let first = std::fs::read(&out).unwrap();
    std::fs::remove_file(&out).unwrap();
    assert_eq!(run(&[]).await.status.code(), Some(0), "closed already: written again");
    assert_eq!(std::fs::read(&out).unwrap(), first);
    assert!(unpacked(&first)["summary.txt"].contains("evt_old"));
    std::fs::remove_file(&out).unwrap();
    let nonsense = haat(&["close", "2024-13", "--database-url", "postgres://x"]).await;
    assert_eq!(nonsense.status.code(), Some(2));
}

#[actix_web::test]
async fn a_seed_draws_the_same_orders_each_time_with_what_proves_them() {
    api_test(async |app| {
        let (_, _, first) = paid_order(app, "bagru").await;
        let variant = app.visitor().get("/v1/store/products/indigo-dabu-stole?currency=EUR").await.expect(200)["variants"][0]["id"].clone();
        for key in ["a", "b", "c"] {
            let checkout = basket(app, variant.as_str().unwrap(), 1).await.checkout(key).await.expect(201);
            app.sandbox.control().pay(&session_of(&checkout)).unwrap();
            app.sandbox.control().webhooks_settled().await;
            app.run_jobs().await;
        }
        let auditor = platform(app, "auditor").await;
        let draw =
            async |seed: &str, size: u32| auditor.get(&format!("/v1/admin/audit-samples?period=2026-11&seed={seed}&size={size}")).await.expect(200);
        let all = draw("tea", 25).await;
        assert_eq!((all["orders"].as_i64(), all["data"].as_array().unwrap().len()), (Some(4), 4));
        assert_eq!(draw("tea", 25).await, all);
        assert_eq!(draw("tea", 2).await["data"].as_array().unwrap()[..], all["data"].as_array().unwrap()[..2], "fewer are the first of more");
        let mut drawn = BTreeSet::new();
        for seed in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            drawn.insert(draw(seed, 1).await["data"][0]["id"].as_str().unwrap().to_owned());
        }
        assert!(drawn.len() > 1, "another seed draws others");
        let order = all["data"].as_array().unwrap().iter().find(|order| order["id"] == first).unwrap();
        assert!(order["charge"].as_str().unwrap().starts_with("ch_") && order["postings"].as_array().unwrap().len() > 4, "{order}");
        for item in order["links"]["items"].as_array().unwrap() {
            app.visitor().get(item.as_str().unwrap()).await.expect(200);
        }
        auditor.get(order["links"]["refunds"].as_str().unwrap()).await.expect(200);
        assert_eq!(order["movement"], Value::Null, "no comparison found it yet");
        for wrong in
            ["period=2026-13&seed=a", "period=2026-11&seed=", "period=2026-11&seed=a&size=101", "period=2026-11", "period=2026-11&seed=a&x=1"]
        {
            assert_eq!(auditor.get(&format!("/v1/admin/audit-samples?{wrong}")).await.status.as_u16(), 400, "{wrong}");
        }
        assert_eq!(draw("tea", 25).await["data"].as_array().unwrap().len(), 4);
        let october = auditor.get("/v1/admin/audit-samples?period=2026-10&seed=tea").await.expect(200);
        assert_eq!((&october["orders"], &october["data"]), (&json!(0), &json!([])));
    })
    .await;
}

#[actix_web::test]
async fn an_auditor_reads_for_a_while_and_each_look_is_written_down() {
    api_test(async |app| {
        let (auditor, operator) = (platform(app, "auditor").await, platform(app, "operator").await);
        sql(app, "UPDATE memberships SET ends_at = created_at + interval '30 days'").await;
        auditor.get("/v1/admin/audit-samples?period=2026-11&seed=tea").await.expect(200);
        operator.get("/v1/admin/audit").await.expect(200);
        assert_eq!(auditor.post("/v1/admin/reconciliations", json!({})).await.problem(403), "forbidden", "who audits changes nothing");
        let looks = operator.get("/v1/admin/auditor-reads").await.expect(200);
        let looks: Vec<_> = looks["data"].as_array().unwrap().iter().map(|look| look["address"].as_str().unwrap()).collect();
        assert_eq!(looks, ["/v1/admin/audit-samples?period=2026-11&seed=tea"], "the operator's own looks are not among them");
        app.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
        auditor.get("/v1/admin/audit").await.expect(200);
        app.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(auditor.get("/v1/admin/audit").await.problem(403), "forbidden", "the time is over");
        // Control: an auditor without an end cannot be written at all.
        let endless = "UPDATE memberships SET ends_at = NULL WHERE role = 'auditor'";
        let refused = app.db.db.conn().await.unwrap().batch_execute(endless).await.unwrap_err();
        assert!(refused.to_string().contains("memberships_auditor_ends"), "{refused}");
    })
    .await;
}
