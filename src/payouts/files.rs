//! The rail `bank_file`: one sealed file of every payout that waits for one, in the layout its destination needs.
//!
//! - A payout is in one file at most. What a layout cannot write is left out and named, never written half.
//! - A message of ISO's (pain.001) names the account that the money leaves, which the platform's settings say.
//! - The file holds account numbers: it is sealed in the database and opened for an operator's download alone.
use std::collections::BTreeMap;

use bankfiles::{Debtor, Payment};

use super::{
    Error, Payout, State,
    layout::{Format, Instruction, Layout, Missing, layouts},
    model::Event,
    step,
    store::{self, Change, File},
    tell,
};
use crate::{
    audit::{self, Act},
    clock::Time,
    db::Tx,
    ids::{AccountId, PayoutFileId},
    money::Money,
    secrets::MasterKey,
};

/// What came of making files.
pub struct Made {
    pub files: Vec<File>,
    /// Payouts that stay as they are, and why.
    pub left_out: Vec<(String, String)>,
}

/// A payout as its layout writes it.
enum Written {
    Row(String),
    Payment(Payment),
}

/// Who makes files, and of what.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    pub keys: &'a MasterKey,
    pub by: AccountId,
    /// The account that the money leaves, for messages that name it.
    pub debtor: Option<&'a Debtor>,
}

/// Why a payout stays out of a file of this layout, if it does.
fn written(layout: &Layout, of: &Instruction, now: Time, maker: &Maker) -> Result<Written, String> {
    let missing = |missing: Missing| missing.to_string();
    match (layout.format, maker.debtor) {
        (Format::Csv, _) => layout.line(of, now.day()).map(Written::Row).map_err(missing),
        (Format::Pain001, Some(_)) => Layout::payment(of).map(Written::Payment).map_err(missing),
        (Format::Pain001, None) => Err("HAAT_PAYOUT_ACCOUNT does not say which account it leaves".into()),
    }
}

/// Puts every waiting payout into a file; with `only`, those that this layout can write.
pub async fn make(tx: &mut Tx, now: Time, maker: &Maker<'_>, only: Option<&str>) -> Result<Made, Error> {
    let all = layouts().map_err(|e| Error::Corrupt(e.to_string()))?;
    let usable: Vec<&Layout> = all.iter().filter(|l| only.is_none_or(|code| l.code == code)).collect();
    if usable.is_empty() {
        let known: Vec<_> = all.iter().map(|l| format!("{} ({})", l.code, l.name)).collect();
        return Err(Error::Invalid { field: "/layout", message: format!("one of {}", known.join("; ")) });
    }
    let mut left_out = Vec::new();
    let mut by_layout: BTreeMap<&str, Vec<(Payout, Written)>> = BTreeMap::new();
    for payout in store::lock_waiting_for_file(tx).await? {
        let (kind, details) = store::details(tx, maker.keys, &payout).await?;
        let Some(layout) = usable.iter().find(|l| l.kind == kind && l.currency == payout.currency) else {
            if only.is_none() {
                left_out.push((payout.number.clone(), format!("no layout writes {} in {}", kind, payout.currency)));
            }
            continue;
        };
        let of = Instruction { number: payout.number.clone(), amount: payout.amount(), details };
        match written(layout, &of, now, maker) {
            Ok(line) => by_layout.entry(&layout.code).or_default().push((payout, line)),
            Err(why) => left_out.push((payout.number.clone(), why)),
        }
    }
    if by_layout.is_empty() && left_out.is_empty() {
        return Err(Error::NothingToFile);
    }
    let mut files = Vec::new();
    for layout in usable {
        if let Some(rows) = by_layout.remove(layout.code.as_str()) {
            files.push(write(tx, now, maker, layout, &rows).await?);
        }
    }
    Ok(Made { files, left_out })
}

/// The file's text: rows under their heading, or the message.
fn text(now: Time, id: PayoutFileId, layout: &Layout, maker: &Maker, total: Money, rows: &[(Payout, Written)]) -> Result<String, Error> {
    let mut text = layout.heading();
    let mut payments = Vec::new();
    for (_, row) in rows {
        match row {
            Written::Row(row) => text.push_str(row),
            Written::Payment(payment) => payments.push(payment.clone()),
        }
    }
    let (Format::Pain001, Some(debtor)) = (layout.format, maker.debtor) else { return Ok(text) };
    // 35 characters are all that a message's name may have.
    let name = id.uuid().simple().to_string();
    let at = now.timestamp().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    bankfiles::instruct(&name, &at, &now.day().to_string(), debtor, &total.decimal(), &payments).map_err(|e| Error::Corrupt(e.to_string()))
}

async fn write(tx: &mut Tx, now: Time, maker: &Maker<'_>, layout: &Layout, rows: &[(Payout, Written)]) -> Result<File, Error> {
    let (id, by) = (PayoutFileId::new(), maker.by);
    let mut total = Money::zero(layout.currency);
    for (payout, _) in rows {
        total = total.checked_add(payout.amount())?;
    }
    let text = text(now, id, layout, maker, total, rows)?;
    let file = File {
        id,
        layout: layout.code.clone(),
        name: format!("haat-{}-{}-{}.{}", layout.code, now.day(), &id.uuid().simple().to_string()[24..], layout.format.extension()),
        payouts: i32::try_from(rows.len()).unwrap_or(i32::MAX),
        total_minor: total.minor,
        currency: layout.currency,
        created_at: now,
    };
    store::insert_file(tx, &file, &maker.keys.seal(&context(id), text.as_bytes()), by).await?;
    record(tx, now, by, "payout_file.create", &file).await?;
    let change = Change { file: Some(id), by: Some(by), detail: Some(&file.name), ..Change::default() };
    for (payout, _) in rows {
        step(tx, now, payout, Event::Submit, &change).await?;
    }
    Ok(file)
}

/// The totals, and no account: the log is read by more people than the file.
async fn record(tx: &mut Tx, now: Time, by: AccountId, action: &'static str, file: &File) -> Result<(), Error> {
    let said = serde_json::json!({"name": file.name, "payouts": file.payouts, "total": file.total_minor.to_string(), "currency": file.currency});
    Ok(audit::record(tx, now, Act::operator(Some(by), action, file.id).with(said)).await?)
}

fn context(id: PayoutFileId) -> String {
    format!("payout_files/{id}")
}

/// The file as the bank reads it. That somebody saw every account number in it is written down before she does.
pub async fn open(tx: &mut Tx, now: Time, keys: &MasterKey, by: AccountId, id: PayoutFileId) -> Result<(File, Vec<u8>), Error> {
    let (file, sealed) = store::file(tx, id).await?.ok_or(Error::NotFound)?;
    let text = keys.open(&context(id), &sealed)?;
    record(tx, now, by, "payout_file.download", &file).await?;
    Ok((file, text))
}

/// The bank took the file: its payouts are sent, and their cooperatives are told. Said twice, it is done once.
pub async fn sent(tx: &mut Tx, now: Time, id: PayoutFileId, by: AccountId) -> Result<File, Error> {
    let (file, _) = store::file(tx, id).await?.ok_or(Error::NotFound)?;
    let change = Change { by: Some(by), detail: Some(&file.name), ..Change::default() };
    let waiting: Vec<Payout> = store::lock_of_file(tx, id).await?.into_iter().filter(|payout| payout.state == State::Submitted).collect();
    if !waiting.is_empty() {
        record(tx, now, by, "payout_file.sent", &file).await?;
    }
    for payout in waiting {
        let sent = step(tx, now, &payout, Event::Send, &change).await?;
        tell(tx, now, &sent).await?;
    }
    Ok(file)
}
