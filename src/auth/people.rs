//! Making people known and giving them roles, for whoever may: the first operator's command, a demonstration's world.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::model::{Email, Error, NewPassword, Role};
use crate::{
    clock::Time,
    db::Tx,
    ids::{AccountId, CoopId, MembershipId},
    schema::{accounts, memberships},
};

/// What is kept of a password. Long work: done before a transaction is opened.
pub async fn hash_password(password: NewPassword) -> Result<String, Error> {
    super::passwords::hash(password).await
}

/// The account with this address, made if there is none; `password_hash`, where given, becomes its password.
pub async fn register(tx: &mut Tx, now: Time, email: &Email, name: &str, locale: &str, password_hash: Option<&str>) -> Result<AccountId, Error> {
    let values = (
        (accounts::id.eq(AccountId::new()), accounts::email.eq(email.as_str()), accounts::name.eq(name), accounts::locale.eq(locale)),
        (accounts::password_hash.eq(password_hash), accounts::created_at.eq(now), accounts::updated_at.eq(now)),
    );
    diesel::insert_into(accounts::table).values(values).on_conflict(accounts::email).do_nothing().execute(tx).await?;
    let id: AccountId = accounts::table.filter(accounts::email.eq(email.as_str())).select(accounts::id).first(tx).await?;
    if let Some(hash) = password_hash {
        super::store::accounts::set_password(tx, now, id, hash).await?;
    }
    Ok(id)
}

/// Gives a role, once; with `coop` none, one of the platform's.
pub async fn grant(tx: &mut Tx, now: Time, account: AccountId, role: Role, coop: Option<CoopId>) -> Result<(), Error> {
    let values = (
        (memberships::id.eq(MembershipId::new()), memberships::account_id.eq(account), memberships::coop_id.eq(coop)),
        (memberships::role.eq(role), memberships::created_at.eq(now), memberships::ends_at.eq(role.lasts().map(|term| now.plus(term)))),
    );
    diesel::insert_into(memberships::table).values(values).on_conflict_do_nothing().execute(tx).await?;
    Ok(())
}
