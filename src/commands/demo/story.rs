//! One story, played live over HTTP: from a spreadsheet to a paid maker and a record that anyone can check.
use std::time::Duration;

use actix_web::web;
use haat::{app::App, ledger};
use serde_json::{Value, json};

use super::{
    Failure,
    caller::{Caller, text},
    mailbox, story_check,
    world::{self, OPERATOR, PASSWORD, SECOND},
};

/// The cooperative of the story, the first of the world.
const COOPERATIVE: &str = "lal-darwaza-mahila-chhapai-sahkari";
const MANAGER: &str = "savitri@lal-darwaza.example";
/// Its pictures are links, as in every shop's export: the importer fetches them.
const SHEET: &str = include_str!("night-market.csv");
/// What the first sheet has wrong, and what she meant.
const CORRECTIONS: [(&str, &str); 3] = [(",fifty nine,", ",59.00,"), (",many,", ",24,"), (",22.5O,", ",22.50,")];

/// What the story leaves to be looked at.
pub struct Ending {
    /// The piece's page.
    pub item: String,
    pub order: String,
}

/// Prints as it goes; knows which step is being told.
pub struct Story {
    app: web::Data<App>,
    url: String,
    visitor: Caller,
    step: usize,
    told: String,
}

impl Story {
    pub fn new(app: web::Data<App>) -> Result<Self, Failure> {
        let url = app.config.public_url.clone();
        Ok(Self { visitor: Caller::new(&url)?, url, app, step: 0, told: "the beginning".into() })
    }
    /// # Errors
    /// The step that did not hold, and why.
    pub async fn play(mut self) -> Result<Ending, Failure> {
        let ended = self.tell().await;
        ended.map_err(|error| format!("the story broke at step {} ({}): {error}", self.step, self.told).into())
    }
    fn begin(&mut self, line: impl Into<String>) {
        self.step += 1;
        self.told = line.into();
        println!("{:>3}  {}", self.step, self.told);
    }
    fn note(&self, line: impl std::fmt::Display) {
        println!("       {line}");
    }

    async fn tell(&mut self) -> Result<Ending, Failure> {
        let manager = self.sign_in("The manager signs in", MANAGER).await?;
        let template = self.agree(&manager).await?;
        self.import(&manager, &template).await?;
        let (variant, batch) = self.find(&manager).await?;
        let (order, buyer) = self.buy(&variant).await?;
        let code = self.paid(&buyer, &order).await?;
        self.work(&manager, &batch).await?;
        self.ship(&manager, &buyer, &order).await?;
        self.pay_out(&manager, &order).await?;
        self.check(&code).await?;
        self.books().await?;
        Ok(Ending { item: format!("{}/i/{code}", self.url), order })
    }

    async fn sign_in(&mut self, line: &str, email: &str) -> Result<Caller, Failure> {
        self.begin(format!("{line}: {email}"));
        let session = self.visitor.post("/v1/auth/sessions", &json!({"identifier": email, "password": PASSWORD})).await?;
        Ok(self.visitor.with("Authorization", &format!("Bearer {}", text(&session, "/token")?)))
    }

    /// How a price divides is agreed before anything is priced by it.
    async fn agree(&mut self, manager: &Caller) -> Result<String, Failure> {
        self.begin("The printers agree how a price divides: 52 % maker, 30 % materials, 18 % cooperative");
        let body = json!({"name": "night market", "maker_bp": 5200, "materials_bp": 3000, "cooperative_bp": 1800});
        let template = manager.post(&at("price-templates"), &body).await?;
        let id = text(&template, "/id")?.to_owned();
        let today = self.app.clock.today();
        let agreed = json!({"template": id, "agreed_by": "Ganga Bai, for the printers", "method": "meeting", "date": today});
        manager.post(&at("price-agreements"), &agreed).await?;
        self.note("written down with name, method and date, for every product priced by it");
        Ok(id)
    }

    async fn import(&mut self, manager: &Caller, template: &str) -> Result<(), Failure> {
        self.begin("She looks at her shop's export before anything is changed");
        let fields = [("currency", "EUR"), ("template", template)];
        // On this machine, whatever address the telephones in the room use.
        let photos = format!("http://127.0.0.1:{}/photos", self.url.rsplit(':').next().unwrap_or("80"));
        let sheet = SHEET.replace("{PHOTOS}", &photos);
        let looked = manager.upload(&at("imports"), "night-market.csv", sheet.as_bytes(), &fields).await?;
        let wrong = looked.pointer("/report/problems").and_then(Value::as_array).cloned().unwrap_or_default();
        let wrong: Vec<&Value> = wrong.iter().filter(|p| p["severity"] == "error").collect();
        for p in &wrong {
            self.note(format!("row {}, {}: {}; expected {}", p["row"], text(p, "/column")?, p["value"], text(p, "/expected")?));
        }
        if wrong.len() != CORRECTIONS.len() {
            return Err(format!("{} rows are wrong, and {} were found", CORRECTIONS.len(), wrong.len()).into());
        }
        self.begin("She corrects the three cells and imports the sheet");
        let right = CORRECTIONS.iter().fold(sheet, |sheet, (wrong, right)| sheet.replacen(wrong, right, 1));
        let looked = manager.upload(&at("imports"), "night-market.csv", right.as_bytes(), &fields).await?;
        let id = text(&looked, "/id")?.to_owned();
        manager.post(&at(&format!("imports/{id}/commit")), &json!({})).await?;
        let done = self
            .until("the import", async || {
                let import = manager.get(&at(&format!("imports/{id}"))).await?;
                match text(&import, "/state")? {
                    "done" => Ok(Some(import)),
                    "failed" => Err(format!("the import failed: {}", import["failure"]).into()),
                    _ => Ok(None),
                }
            })
            .await?;
        let (effect, outcome) = (&done["outcome"]["effect"], &done["outcome"]);
        self.note(format!(
            "created {}, changed {}, unchanged {}; published {} through the gate; {} pictures to fetch from her shop",
            effect["created"], effect["changed"], effect["unchanged"], outcome["published"], outcome["pictures_queued"]
        ));
        Ok(())
    }

    async fn find(&mut self, manager: &Caller) -> Result<(String, String), Failure> {
        self.begin("A buyer searches for \"moonlit wrap\" and sees what each part of the price is for");
        let found = self.visitor.get("/v1/store/products?currency=EUR&q=moonlit%20wrap").await?;
        let slug = text(&found, "/data/0/slug")?.to_owned();
        let product = self.visitor.get(&format!("/v1/store/products/{slug}?currency=EUR")).await?;
        let variant = &product["variants"][0];
        let part = |name: &str| variant["price_breakdown"][name]["formatted"].as_str().unwrap_or("not declared").to_owned();
        self.note(format!("{} · {}/shop/#/p/{slug}", text(&product, "/title")?, self.url));
        self.note(format!(
            "{} = maker {} + materials {} + cooperative {} + premium {} + platform {}",
            text(variant, "/price/formatted")?,
            part("maker"),
            part("materials"),
            part("cooperative"),
            part("premium"),
            part("platform")
        ));
        let id = text(variant, "/id")?.to_owned();
        let batches = manager.get(&at(&format!("batches?variant={id}&limit=1"))).await?;
        Ok((id, text(&batches, "/data/0/id")?.to_owned()))
    }

    async fn buy(&mut self, variant: &str) -> Result<(String, Caller), Failure> {
        self.begin("She fills a cart; its total is complete before she pays");
        let address = json!({"name": "Asha Brandt", "line1": "Lindenweg 4", "city": "Freiburg", "postal_code": "79100", "country": "DE"});
        let body = json!({"currency": "EUR", "email": "asha@buyer.example", "shipping_address": address,
            "lines": [{"variant": variant, "quantity": 1}]});
        let cart = self.visitor.post("/v1/store/carts", &body).await?;
        let totals = &cart["totals"];
        self.note(format!(
            "goods {} + delivery {} + tax {} = {}",
            text(totals, "/goods/formatted")?,
            text(totals, "/shipping/formatted")?,
            text(totals, "/tax/formatted")?,
            text(totals, "/total/formatted")?
        ));
        self.begin("She checks out; the order exists before any money moves");
        let mine = self.visitor.with("X-Cart-Token", text(&cart, "/token")?).with("Idempotency-Key", &haat::ids::new_uuid().to_string());
        let shop = format!("{}/shop/", self.url);
        let asked = json!({"expected_total": totals["total"], "success_url": format!("{shop}?session={{CHECKOUT_SESSION_ID}}"), "cancel_url": shop});
        let checkout = mine.post(&format!("/v1/store/carts/{}/checkout", text(&cart, "/id")?), &asked).await?;
        let order = text(&checkout, "/order/id")?.to_owned();
        let page = text(&checkout, "/checkout_url")?;
        self.note(format!("order {} waits for payment on {page}", text(&checkout, "/order/number")?));
        self.begin("She pays on the offline Stripe's page");
        let back = self.visitor.press(page.split('#').next().unwrap_or(page), "action", "pay").await?;
        self.note(format!("and is led back to {back}"));
        Ok((order, self.visitor.with("X-Order-Token", text(&checkout, "/order_token")?)))
    }

    /// The webhook settles it; the buyer's page is asked until it shows.
    async fn paid(&mut self, buyer: &Caller, order: &str) -> Result<String, Failure> {
        self.begin("The webhook arrives: order paid, stock committed, piece minted, ledger posted, mails queued, all in one transaction");
        let paid = self.until_order(buyer, order, "paid").await?;
        let line = &paid["parcels"][0]["lines"][0];
        let code = text(line, "/items/0/code")?.to_owned();
        self.note(format!("{} is paid; her piece is {code}", text(&paid, "/number")?));
        self.note(format!("the makers' side is owed {}", text(line, "/waterfall/producer_owed/formatted")?));
        for mail in self.mails(text(&paid, "/number")?, 3).await? {
            self.note(format!("mail to {}: {}", mail.to, mail.subject));
        }
        Ok(code)
    }

    async fn work(&mut self, manager: &Caller, batch: &str) -> Result<(), Failure> {
        self.begin("The manager writes down who made the batch, with pieces, minutes and rate");
        let written = manager.get(&at(&format!("work?batch={batch}"))).await?;
        if written["data"].as_array().is_some_and(|rows| !rows.is_empty()) {
            self.note("it is written down already");
            return Ok(());
        }
        let mut entries = Vec::new();
        for (reference, step, minutes, rate) in [("LD-02", "printing", 300, 16_000), ("LD-03", "indigo dip", 180, 9_000)] {
            let found = manager.get(&at(&format!("artisans?q={reference}"))).await?;
            entries.push(json!({"artisan": text(&found, "/data/0/id")?, "batch": batch, "step": step, "pieces": 10, "minutes": minutes,
                "rate": {"amount": rate, "currency": "INR"}, "date": self.app.clock.today()}));
        }
        manager.post(&at("work"), &json!(entries)).await?;
        self.note("Ganga printed 10 pieces at ₹160.00, Sushila dipped 10 at ₹90.00; the batch's record says two makers, and no name");
        Ok(())
    }

    async fn ship(&mut self, manager: &Caller, buyer: &Caller, order: &str) -> Result<(), Failure> {
        self.begin("The cooperative ships; what it earned is released");
        let body = json!({"order": order, "carrier": "India Post", "tracking": "RX123456789IN"});
        manager.post(&at("fulfilments"), &body).await?;
        let shipped = self.until_order(buyer, order, "shipped").await?;
        self.note(format!("{} has left with India Post, RX123456789IN", text(&shipped, "/number")?));
        let balance = manager.get(&at("balance")).await?;
        self.note(format!("available to it: {}", story_check::available(&balance)?));
        Ok(())
    }

    async fn pay_out(&mut self, manager: &Caller, order: &str) -> Result<(), Failure> {
        let operator = self.sign_in("The operator pays out", OPERATOR).await?;
        let once = operator.with("Idempotency-Key", &haat::ids::new_uuid().to_string());
        let run = once.post("/v1/admin/payouts", &json!({"cooperative": COOPERATIVE})).await?;
        let payout = run.pointer("/payouts/0").ok_or_else(|| format!("nothing was paid out: {run}"))?;
        let (id, number) = (text(payout, "/id")?.to_owned(), text(payout, "/number")?.to_owned());
        self.note(format!("{number}: {} by {} to {}", text(payout, "/amount/formatted")?, text(payout, "/rail")?, text(payout, "/destination")?));
        self.begin("It goes to the bank as a file of rupees, since Stripe's transfers do not reach India");
        let files = operator.post("/v1/admin/payouts/files", &json!({})).await?;
        let file = text(&files, "/files/0/id")?.to_owned();
        let sheet = String::from_utf8(operator.bytes(&format!("/v1/admin/payouts/files/{file}")).await?)?;
        if !sheet.contains(&number) {
            return Err("the bank's file does not hold the payout".into());
        }
        self.note(format!("{}: {} rows", text(&files, "/files/0/name")?, sheet.lines().count().saturating_sub(1)));
        operator.post(&format!("/v1/admin/payouts/files/{file}/sent"), &json!({})).await?;
        let colleague = self.sign_in("A colleague finds it on the bank's statement", SECOND).await?;
        let reference = format!("SBIN{}", &haat::ids::new_uuid().simple().to_string()[20..]);
        colleague.post(&format!("/v1/admin/payouts/{id}/settle"), &json!({"reference": reference})).await?;
        self.note(format!("settled with bank reference {reference}"));
        self.begin("The statement opens it to its order and divides it among the makers");
        let statement = manager.get(&at(&format!("payouts/{id}/statement?format=json"))).await?;
        story_check::divides(&statement)?;
        for share in statement["shares"].as_array().into_iter().flatten() {
            let who = share["alias"].as_str().unwrap_or("");
            self.note(format!("{:>14}  {} {who}", text(share, "/amount/formatted")?, text(share, "/purpose")?));
        }
        self.note(format!("as PDF: {}{} (order {order})", self.url, at(&format!("payouts/{id}/statement?format=pdf"))));
        Ok(())
    }

    async fn check(&mut self, code: &str) -> Result<(), Failure> {
        self.begin("The buyer scans the tag: the piece's record, from the batch to the makers' pay");
        let item = self
            .until("the record of the payment", async || {
                let item = self.visitor.get(&format!("/v1/provenance/items/{code}")).await?;
                let events: Vec<&str> = item["events"].as_array().into_iter().flatten().filter_map(|e| e["type"].as_str()).collect();
                Ok(events.contains(&"paid").then(|| events.join(" → ")))
            })
            .await?;
        self.note(item);
        self.note(format!("{}/i/{code}", self.url));
        self.begin("Her own device verifies the record, offline, and that the public log has it; one changed letter is found");
        let log = self.app.log.as_ref().ok_or("the demonstration keeps a public log")?;
        let bundle = self
            .until("the record's last entry in the public log", async || {
                let bundle = self.visitor.bytes(&format!("/v1/provenance/items/{code}/bundle")).await?;
                Ok(story_check::logged(&bundle, log.verifiers()).then_some(bundle))
            })
            .await?;
        self.note(story_check::verified(&bundle, log.verifiers())?);
        self.note(format!("the log: {}/log/checkpoint, signed by {}", self.url, log.verifier()));
        Ok(())
    }

    async fn books(&mut self) -> Result<(), Failure> {
        self.begin("Every balance is proven by its transfers");
        let wrong = ledger::verify(&mut *self.app.db.conn().await?).await?;
        if !wrong.is_empty() {
            return Err(format!("balances that their transfers do not prove: {wrong:?}").into());
        }
        for (account, balance) in ledger::balances(&mut *self.app.db.conn().await?, "").await?.iter().filter(|(_, b)| b.minor != 0).take(12) {
            self.note(format!("{:>16}  {account}", balance.formatted()));
        }
        self.note(format!("all of them: {}/books", self.url));
        Ok(())
    }

    /// At least `least` mails whose subject names `number`.
    async fn mails(&self, number: &str, least: usize) -> Result<Vec<mailbox::Kept>, Failure> {
        self.until("the mails", async || {
            let mut kept = mailbox::all(&self.app.mailer)?;
            kept.retain(|mail| mail.subject.contains(number));
            Ok((kept.len() >= least).then_some(kept))
        })
        .await
    }
    async fn until_order(&self, buyer: &Caller, order: &str, status: &str) -> Result<Value, Failure> {
        self.until("the order", async || {
            let order = buyer.get(&format!("/v1/store/orders/{order}")).await?;
            Ok((order["status"] == status).then_some(order))
        })
        .await
    }
    /// Asks until there is an answer: what a worker does behind an answer takes a moment.
    async fn until<T>(&self, what: &str, ask: impl AsyncFn() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
        const TRIES: u32 = 200;
        for _ in 0..TRIES {
            if let Some(there) = ask().await? {
                return Ok(there);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("{what} did not come within 20 seconds").into())
    }
}

fn at(path: &str) -> String {
    format!("/v1/manage/cooperatives/{COOPERATIVE}/{path}")
}

/// Whether the story's own cooperative is in the world: a renamed one would break every link.
pub fn is_in(world: &world::World) -> bool {
    world.cooperatives.iter().any(|c| world::slug(&c.name) == COOPERATIVE && c.manager.email == MANAGER)
}
