//! In which language somebody reads: her own, else that of the cooperative or of the order.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::model::{Cancelled, DestinationChange, Mail, NewOrder, PremiumDecision};
use crate::{
    db::{Conn, DbError},
    schema::{accounts, cooperatives, invitations, order_groups, orders},
};

pub(super) async fn locale(conn: &mut Conn, mail: &Mail) -> Result<Option<String>, DbError> {
    let found = match mail {
        Mail::Invitation(m) => {
            let known = accounts::table.filter(accounts::email.eq(&m.to)).select(accounts::locale).first(conn).await.optional()?;
            let place = invitations::table.find(m.invitation).inner_join(cooperatives::table).select(cooperatives::locale);
            match known {
                Some(own) => return Ok(Some(own)),
                None => place.first(conn).await,
            }
        }
        Mail::PasswordReset(m) => accounts::table.find(m.account).select(accounts::locale).first(conn).await,
        Mail::OrderReceived(m) => orders::table.find(m.order).select(orders::locale).first(conn).await,
        Mail::OrderPaid(m) => orders::table.find(m.order).select(orders::locale).first(conn).await,
        Mail::Refunded(m) => orders::table.filter(orders::number.eq(&m.number)).select(orders::locale).first(conn).await,
        Mail::Shipped(m) => orders::table.filter(orders::number.eq(&m.number)).select(orders::locale).first(conn).await,
        Mail::NewOrder(NewOrder { group, .. }) | Mail::Cancelled(Cancelled { group, .. }) => {
            let group = order_groups::table.filter(order_groups::id.eq(group)).inner_join(cooperatives::table);
            group.select(cooperatives::locale).first(conn).await
        }
        Mail::DestinationChange(DestinationChange { to, slug, .. }) | Mail::PremiumDecision(PremiumDecision { to, slug, .. }) => {
            let own = accounts::table.filter(accounts::email.eq(to)).select(accounts::locale).first(conn).await.optional()?;
            match own {
                Some(own) => return Ok(Some(own)),
                None => cooperatives::table.filter(cooperatives::slug.eq(slug)).select(cooperatives::locale).first(conn).await,
            }
        }
        Mail::PayoutSent(m) => cooperatives::table.filter(cooperatives::slug.eq(&m.slug)).select(cooperatives::locale).first(conn).await,
    };
    Ok(found.optional()?)
}
