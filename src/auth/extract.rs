//! The extractors: a bearer token and the path's `{coop}` become a person with a right, or 401 / 403 / 404.
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::future::LocalBoxFuture;

use super::{model::Role, store};
use crate::{
    app::App,
    db::DbError,
    ids::{AccountId, CoopId, SessionId},
    problem::{Kind, Problem},
    schema::{cooperatives, memberships},
    secrets::Token,
    tenancy::Scope,
};

/// Anyone who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub id: AccountId,
    pub session: SessionId,
}
/// A manager of the cooperative that the path names (`{coop}`: its id or its slug).
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    pub account: AccountId,
    pub scope: Scope,
}
/// The platform's operator.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    pub account: AccountId,
}
/// Reads everything, changes nothing. An operator may do what an auditor may.
#[derive(Clone, Copy, Debug)]
pub struct Auditor {
    pub account: AccountId,
}

/// The session behind the bearer token, if it lives.
async fn signed_in(request: &HttpRequest) -> Result<(web::Data<App>, Account), Problem> {
    let app = request.app_data::<web::Data<App>>().ok_or(Kind::Internal)?.clone();
    let header = request.headers().get("Authorization").and_then(|v| v.to_str().ok());
    let token = header.and_then(|v| v.strip_prefix("Bearer ")).map(Token::parse).ok_or(Kind::Unauthenticated)?;
    let row = store::accounts::session(&mut *app.db.conn().await?, app.clock.now(), &token.hash()).await?;
    let (session, id) = row.ok_or(Kind::Unauthenticated)?;
    Ok((app, Account { id, session }))
}

/// The account behind the request, if it holds one of these roles of the platform.
async fn with_platform_role(request: HttpRequest, roles: &'static [Role]) -> Result<AccountId, Problem> {
    let (app, account) = signed_in(&request).await?;
    let held = memberships::table
        .filter(memberships::account_id.eq(account.id).and(memberships::revoked_at.is_null()).and(memberships::coop_id.is_null()))
        .filter(memberships::role.eq_any(roles));
    let allowed: bool = diesel::select(diesel::dsl::exists(held)).get_result(&mut *app.db.conn().await?).await.map_err(DbError::from)?;
    allowed.then_some(account.id).ok_or_else(|| Kind::Forbidden.into())
}

/// The path's cooperative, if the account has `role` there. A cooperative that is not theirs is as unknown as one that is not there.
async fn in_cooperative(app: &App, account: AccountId, named: &str, role: Role) -> Result<Scope, Problem> {
    let mine = memberships::table
        .inner_join(cooperatives::table)
        .filter(memberships::account_id.eq(account).and(memberships::role.eq(role)).and(memberships::revoked_at.is_null()))
        .select(cooperatives::id);
    let conn = &mut *app.db.conn().await?;
    let found: Option<CoopId> = match named.parse::<CoopId>() {
        Ok(id) => mine.filter(cooperatives::id.eq(id)).first(conn).await.optional(),
        Err(_) => mine.filter(cooperatives::slug.eq(named)).first(conn).await.optional(),
    }
    .map_err(DbError::from)?;
    found.map(Scope::granted).ok_or_else(|| Kind::NotFound.into())
}

impl FromRequest for Account {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(signed_in(&request).await?.1) })
    }
}
impl FromRequest for Manager {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (app, account) = signed_in(&request).await?;
            let named = request.match_info().get("coop").ok_or(Kind::NotFound)?;
            let scope = in_cooperative(&app, account.id, named, Role::Manager).await?;
            Ok(Self { account: account.id, scope })
        })
    }
}
impl FromRequest for Operator {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let role = with_platform_role(request.clone(), &[Role::Operator]);
        Box::pin(async move { Ok(Self { account: role.await? }) })
    }
}
impl FromRequest for Auditor {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let role = with_platform_role(request.clone(), &[Role::Auditor, Role::Operator]);
        Box::pin(async move { Ok(Self { account: role.await? }) })
    }
}
