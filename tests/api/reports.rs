//! What a bank says of its payouts: matched by our number, once, and nothing of it is dropped.
use haat::{
    ids::CoopId,
    ledger::{self, Account, Posting, Source},
    money::{Currency, Money},
};
use serde_json::{Value, json};

use crate::{
    payouts::details,
    support::{
        Client, TestApp, api_test,
        builders::{balance, cooperative, platform},
    },
};

const REPORTS: &str = "/v1/admin/payouts/reports";

/// Something earned that is available, as a parcel's release leaves it.
async fn earn(app: &TestApp, slug: &str, minor: i64, currency: Currency) {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::cooperatives as c;
    let known = c::table.filter(c::slug.eq(slug)).select(c::id);
    let coop: CoopId = known.first(&mut *app.db.db.conn().await.unwrap()).await.unwrap();
    let now = app.clock.now();
    let source = Source { kind_of: "fulfilment", id: haat::ids::new_uuid(), kind: "released", group: "HA-1".into(), occurred_at: now };
    let posting = [Posting::new(Account::Suspense, Account::CoopAvailable(coop), Money::new(minor, currency), "line:1/producer")];
    app.db.db.transaction(async |tx| ledger::post(tx, now, &source, &posting).await).await.unwrap();
}

/// Three cooperatives in India, each with a payout that a bank file carries and the bank took; their numbers and ids.
async fn sent(app: &TestApp, operator: &Client) -> Vec<(String, String)> {
    for (slug, minor) in [("bagru", 523_636), ("kutch", 100_000), ("pedana", 5_050)] {
        cooperative(app, slug).await;
        let account = json!({"holder": "Printers", "account": "00000012345678901", "ifsc": "SBIN0001234"});
        details(app, slug, "in_bank", "INR", account).await;
        earn(app, slug, minor, Currency::INR).await;
    }
    let run = operator.with("Idempotency-Key", "k").post("/v1/admin/payouts", json!({"run": true})).await.expect(202);
    let file = operator.post("/v1/admin/payouts/files", json!({})).await.expect(201)["files"][0].clone();
    operator.post(&format!("/v1/admin/payouts/files/{}/sent", file["id"].as_str().unwrap()), json!({})).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    run["payouts"].as_array().unwrap().iter().map(|p| (text(&p["number"]), text(&p["id"]))).collect()
}

fn entry(direction: &str, number: &str, amount: &str, reference: &str, more: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"INR\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>{reference}</AcctSvcrRef>\
         <NtryDtls><TxDtls><Refs><EndToEndId>{number}</EndToEndId></Refs>{more}</TxDtls></NtryDtls></Ntry>\n"
    )
}
fn statement(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n\
         <GrpHdr><MsgId>S-1</MsgId></GrpHdr><Stmt><Id>S-1</Id>\n{entries}</Stmt></BkToCstmrStmt></Document>"
    )
}
async fn take(operator: &Client, text: &str) -> Value {
    operator.upload(REPORTS, "statement.xml", text.as_bytes().to_vec(), &[]).await.expect(201)
}
async fn status(operator: &Client, id: &str) -> String {
    operator.get(&format!("/v1/admin/payouts/{id}")).await.expect(200)["status"].as_str().unwrap().to_owned()
}
async fn outcomes(app: &TestApp, operator: &Client, report: &Value) -> Vec<(String, String)> {
    app.run_jobs().await;
    let lines = operator.get(&format!("{REPORTS}/{}/lines", report["id"].as_str().unwrap())).await.expect(200);
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines["data"].as_array().unwrap().iter().map(|line| (text(line, "outcome"), text(line, "note"))).collect()
}
fn only(outcomes: &[(String, String)]) -> Vec<&str> {
    outcomes.iter().map(|(outcome, _)| outcome.as_str()).collect()
}

#[actix_web::test]
async fn a_statement_settles_what_left_and_frees_what_came_back() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let payouts = sent(app, &operator).await;
        let [(bagru, bagru_id), (kutch, kutch_id), (pedana, pedana_id)] = <[_; 3]>::try_from(payouts).unwrap();
        // Returned before it is listed as gone; one of another amount; one that nobody here sent; one that only came; one still to come.
        let returned = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed in March</AddtlInf></RtrInf>";
        let entries = [
            entry("CRDT", &kutch, "1000.00", "B-2", returned),
            entry("DBIT", &bagru, "5236.36", "B-1", ""),
            entry("DBIT", &kutch, "1000", "B-3", ""),
            entry("DBIT", &pedana, "50.51", "B-4", ""),
            entry("DBIT", "RENT-NOV", "9000.00", "B-5", ""),
            entry("CRDT", &bagru, "1.00", "B-6", ""),
            entry("DBIT", &pedana, "50.50", "B-7", "").replace("BOOK", "PDNG"),
        ];
        let text = statement(&entries.concat());
        let report = take(&operator, &text).await;
        assert_eq!((&report["kind"], report["lines"].as_i64()), (&json!("camt.053"), Some(7)));
        let led = outcomes(app, &operator, &report).await;
        assert_eq!(only(&led), ["bounced", "settled", "settled", "contradiction", "unknown", "unknown", "announced"]);
        assert_eq!(led[3].1, "the payout is of ₹50.50, the bank says ₹50.51");
        assert_eq!(led[4].1, "no payout has this number");
        let all = [&bagru_id, &kutch_id, &pedana_id];
        let mut states = Vec::new();
        for id in all {
            states.push(status(&operator, id).await);
        }
        assert_eq!(states, ["settled", "bounced", "sent"]);
        let detail = operator.get(&format!("/v1/admin/payouts/{kutch_id}")).await.expect(200);
        assert_eq!(detail["events"].as_array().unwrap().last().unwrap()["detail"], "AC04: the account is closed (closed in March)");
        let books = async || {
            (balance(app, "bank:payouts", "INR").await, balance(app, "coop_available:", "INR").await, balance(app, "coop_paying:", "INR").await)
        };
        let before = books().await;
        assert_eq!(before, (-523_636, 100_000, 5_050));

        // The same file is the same report, and another that says the same is no news.
        let again = operator.upload(REPORTS, "another name.xml", text.clone().into_bytes(), &[]).await.expect(200);
        assert_eq!(again["id"], report["id"]);
        let notified = text.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>");
        let second = take(&operator, &notified).await;
        assert_eq!(second["kind"], "camt.054");
        assert_eq!(only(&outcomes(app, &operator, &second).await), ["known", "known", "known", "contradiction", "unknown", "unknown", "announced"]);
        assert_eq!(books().await, before, "once, however often it is told");

        let auditor = platform(app, "auditor").await;
        assert_eq!(auditor.upload(REPORTS, "x", b"<a/>".to_vec(), &[]).await.problem(403), "forbidden");
        let at = format!("{REPORTS}/{}", report["id"].as_str().unwrap());
        let counted = auditor.get(&at).await.expect(200)["outcomes"].clone();
        assert_eq!((counted["settled"].as_i64(), counted["unknown"].as_i64(), counted["waiting"].as_i64()), (Some(2), Some(2), Some(0)));
        let unknown = auditor.get(&format!("{at}/lines?outcome=unknown&limit=1")).await.expect(200);
        assert_eq!((unknown["data"][0]["end_to_end"].as_str(), unknown["has_more"].as_bool()), (Some("RENT-NOV"), Some(true)));
        let rest = auditor.get(&format!("{at}/lines?outcome=unknown&cursor={}", unknown["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["data"].as_array().unwrap().len(), 1);
        assert_eq!(auditor.get(REPORTS).await.expect(200)["data"].as_array().unwrap().len(), 2);
        assert_eq!(auditor.get(&format!("{REPORTS}/{}", haat::ids::new_uuid())).await.problem(404), "not-found");
    })
    .await;
}

/// A payout that left and came back weeks later; then the bank's own list says it in its own words.
#[actix_web::test]
async fn a_bank_s_list_of_returns_is_read_by_its_headings() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let payouts = sent(app, &operator).await;
        let rows: Vec<String> =
            payouts.iter().zip(["5236.36", "1000.00", "50.50"]).map(|((number, _), amount)| format!("{number},{amount}")).collect();
        let list = |status: [&str; 3]| {
            let row = |(row, status): (&String, &str)| format!("{row},{status}\r\n");
            format!("Customer reference,Amount,Status,UTR,Remarks\r\n{}", rows.iter().zip(status).map(row).collect::<String>())
        };
        let first = take(&operator, &list(["Processed,N1,", "Processed,N2,", "In process,,"])).await;
        assert_eq!(
            (first["kind"].as_str(), only(&outcomes(app, &operator, &first).await)),
            (Some("returns"), vec!["settled", "settled", "announced"])
        );
        app.clock.advance(jiff::SignedDuration::from_hours(24 * 20));
        let later = take(&operator, &list(["Processed,N1,", "Returned,N2,no such account", "Rejected,,name differs"])).await;
        assert_eq!(only(&outcomes(app, &operator, &later).await), ["known", "bounced", "bounced"]);
        assert_eq!(status(&operator, &payouts[1].1).await, "bounced");
        assert_eq!((balance(app, "bank:payouts", "INR").await, balance(app, "coop_available:", "INR").await), (-523_636, 105_050));
    })
    .await;
}
#[actix_web::test]
async fn what_does_not_read_is_refused_with_its_line_and_element() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let refused = async |bytes: Vec<u8>| {
            let problem = operator.upload(REPORTS, "x", bytes, &[]).await.expect(422);
            problem["errors"][0]["message"].as_str().unwrap().to_owned()
        };
        let good = statement(&entry("DBIT", "PO-1", "1.00", "B", ""));
        assert_eq!(refused(good.replace("1.00", "1,00").into_bytes()).await, "line 4, Amt: an amount such as 5236.36, not \"1,00\"");
        assert_eq!(refused(good.replace("1.00", "1.001").into_bytes()).await, "line 4, Amt: INR has 2 places at most, not 1.001");
        assert_eq!(refused(good.replace("INR", "XYZ").into_bytes()).await, "line 4, Ccy: Some(\"XYZ\") is no currency");
        assert_eq!(refused(good.replace("</Stmt>", "").into_bytes()).await.split(':').next(), Some("line 5, Stmt"));
        let bomb = "<!DOCTYPE a [<!ENTITY b \"b\">]><Document>&b;</Document>";
        assert_eq!(refused(bomb.into()).await, "line 1, DOCTYPE: a document type: no message has one");
        assert_eq!(refused(b"<Document>&b;</Document>".to_vec()).await, "line 1, Document: an entity that is not XML's own: nothing is expanded");
        assert!(refused(b"Name,Sum\nx,1\n".to_vec()).await.starts_with("line 1, the headings: those of one of: in_bulk"));
        assert!(refused(vec![b'<', 0xFF]).await.starts_with("line 1, the file: it is not text in UTF-8"));
        assert_eq!(operator.upload(REPORTS, "x", vec![b' '; bankfiles::MAX_BYTES + 1], &[]).await.problem(413), "body-too-large");
        assert_eq!(operator.upload(REPORTS, "x", good.into_bytes(), &[("kind", "camt")]).await.problem(422), "invalid");
        assert_eq!(operator.get(REPORTS).await.expect(200)["data"], json!([]), "nothing of what was refused is kept");
    })
    .await;
}

/// Euros to an IBAN: the message that banks take, and Wise's sheet for whoever has no such bank.
#[actix_web::test]
async fn euros_leave_in_a_message_of_iso_s_or_in_a_sheet_for_wise() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        for (slug, holder) in [("bagru", "Färber & Söhne"), ("kutch", "Kutch Weavers")] {
            cooperative(app, slug).await;
            crate::support::builders::sql(app, &format!("UPDATE cooperatives SET currency = 'EUR', country = 'DE' WHERE slug = '{slug}'")).await;
            details(app, slug, "iban", "EUR", json!({"holder": holder, "iban": "FR1420041010050500013M02606"})).await;
            earn(app, slug, 5036, Currency::EUR).await;
        }
        let pay = async |slug: &str| {
            let run = operator.with("Idempotency-Key", slug).post("/v1/admin/payouts", json!({"cooperative": slug})).await.expect(202);
            assert_eq!(run["payouts"][0]["rail"], "bank_file");
            run["payouts"][0]["number"].as_str().unwrap().to_owned()
        };
        let file = async |body: Value| {
            let made = operator.post("/v1/admin/payouts/files", body).await.expect(201);
            assert_eq!(made["left_out"], json!([]));
            let answer = operator.get(&format!("/v1/admin/payouts/files/{}", made["files"][0]["id"].as_str().unwrap())).await;
            (made["files"][0]["name"].as_str().unwrap().to_owned(), answer.headers["content-type"].to_str().unwrap().to_owned(), answer.text)
        };
        let number = pay("bagru").await;
        let (name, kind, text) = file(json!({})).await;
        assert!(name.ends_with(".xml") && kind == "application/xml", "{name} {kind}");
        for part in [
            "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09",
            "<CtrlSum>50.36</CtrlSum>",
            "<InstdAmt Ccy=\"EUR\">50.36</InstdAmt>",
            "<Nm>Färber &amp; Söhne</Nm>",
            "<Nm>Haat &amp; Co</Nm>",
            "<IBAN>FR1420041010050500013M02606</IBAN>",
            &format!("<EndToEndId>{number}</EndToEndId>"),
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        crate::payouts::keep("pain001.xml", text.as_bytes());
        let number = pay("kutch").await;
        let (_, kind, text) = file(json!({"layout": "wise_eur"})).await;
        assert_eq!(kind, "text/csv; charset=us-ascii");
        assert_eq!(
            text.lines().nth(1),
            Some(format!("Kutch Weavers,,{number},INSTITUTION,target,50.36,EUR,EUR,FR1420041010050500013M02606").as_str())
        );
    })
    .await;
}
