//! The people of a cooperative and of the platform: who may go, and who must stay.
use serde_json::json;

use super::{
    invitations::Inviter,
    model::{Error, Role},
    store::{invitations as store, keys},
};
use crate::{
    audit::{self, Act},
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{CoopId, MembershipId},
};

/// Where each manager of the cooperative reads her mail.
pub async fn managers_emails(conn: &mut Conn, coop: CoopId) -> Result<Vec<String>, DbError> {
    store::emails(conn, coop, Role::Manager).await
}

/// Ends somebody's role; her very next request is refused.
///
/// # Errors
/// [`Error::LastOne`] for the last manager of a cooperative and the last operator: nobody could let anyone in again.
pub async fn revoke(tx: &mut Tx, now: Time, by: Inviter, coop: Option<CoopId>, id: MembershipId) -> Result<(), Error> {
    let people = store::lock_members(tx, coop).await?;
    let (_, account, role) = *people.iter().find(|(member, _, _)| *member == id).ok_or(Error::NotFound)?;
    let keeper = matches!(role, Role::Manager | Role::Operator);
    if keeper && people.iter().filter(|(_, _, other)| *other == role).count() == 1 {
        return Err(Error::LastOne(role));
    }
    store::revoke(tx, now, id).await?;
    if keeper {
        // She has seen them.
        keys::revoke_made_by(tx, now, coop, account).await?;
    }
    let act = Act::new(by.role, by.account, "role.revoke", id).of(coop);
    Ok(audit::record(tx, now, act.with(json!({"role": role, "account": account}))).await?)
}
