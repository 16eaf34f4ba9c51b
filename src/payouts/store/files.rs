//! Bank files and the payouts in them.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::model::{Payout, Rail, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, PayoutFileId},
    money::Currency,
    schema::{payout_files, payouts},
};

#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::payout_files)]
pub struct File {
    pub id: PayoutFileId,
    pub layout: String,
    pub name: String,
    pub payouts: i32,
    pub total_minor: i64,
    pub currency: Currency,
    pub created_at: Time,
}

/// Banks take a thousand rows and fewer; what is left waits for the next file.
const ROWS: i64 = 1000;

/// Payouts that wait for a file, oldest first, locked.
pub(in crate::payouts) async fn lock_waiting_for_file(tx: &mut Tx) -> Result<Vec<Payout>, DbError> {
    Ok(payouts::table
        .filter(payouts::rail.eq(Rail::BankFile).and(payouts::state.eq(State::Created)))
        .order(payouts::id)
        .limit(ROWS)
        .select(Payout::as_select())
        .for_update()
        .load(tx)
        .await?)
}

pub(in crate::payouts) async fn lock_of_file(tx: &mut Tx, id: PayoutFileId) -> Result<Vec<Payout>, DbError> {
    Ok(payouts::table.filter(payouts::file_id.eq(id)).order(payouts::id).select(Payout::as_select()).for_update().load(tx).await?)
}

pub(in crate::payouts) async fn insert_file(tx: &mut Tx, file: &File, sealed: &[u8], by: AccountId) -> Result<(), DbError> {
    use payout_files as f;
    diesel::insert_into(f::table)
        .values((
            (f::id.eq(file.id), f::layout.eq(&file.layout), f::name.eq(&file.name), f::sealed.eq(sealed), f::payouts.eq(file.payouts)),
            (f::total_minor.eq(file.total_minor), f::currency.eq(file.currency), f::created_by.eq(by), f::created_at.eq(file.created_at)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::payouts) async fn file(conn: &mut Conn, id: PayoutFileId) -> Result<Option<(File, Vec<u8>)>, DbError> {
    Ok(payout_files::table.find(id).select((File::as_select(), payout_files::sealed)).first(conn).await.optional()?)
}

/// Newest first.
pub(in crate::payouts) async fn files(conn: &mut Conn, after: Option<PayoutFileId>, limit: i64) -> Result<Vec<File>, DbError> {
    let mut query = payout_files::table.order(payout_files::id.desc()).limit(limit).select(File::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(payout_files::id.lt(after));
    }
    Ok(query.load(conn).await?)
}
