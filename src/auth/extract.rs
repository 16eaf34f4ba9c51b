//! The extractors: a bearer token and the path's `{coop}` become a person with a right, or 401 / 403 / 404.
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::future::LocalBoxFuture;

use super::{
    keys::KeyKind,
    model::Role,
    scopes,
    store::{self, keys::ApiKey},
};
use crate::{
    app::App,
    audit,
    db::DbError,
    ids::{AccountId, CoopId, SessionId},
    problem::{Kind, Problem},
    schema::{cooperatives, memberships},
    secrets::Token,
    tenancy::Scope,
};

/// A secret key, as it stands where a session's token would.
const SECRET_PREFIX: &str = "sk_";

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
/// Reads everything for a while, changes nothing, and each look is written down. An operator may do what an auditor may.
#[derive(Clone, Copy, Debug)]
pub struct Auditor {
    pub account: AccountId,
}

/// From which shop a buyer comes: the origins of the publishable key in `X-Api-Key`, none without one.
#[derive(Clone, Debug, Default)]
pub struct Shop {
    pub origins: Vec<String>,
}

fn app_of(request: &HttpRequest) -> Result<web::Data<App>, Problem> {
    Ok(request.app_data::<web::Data<App>>().ok_or(Kind::Internal)?.clone())
}
fn bearer(request: &HttpRequest) -> Option<Token> {
    let header = request.headers().get("Authorization").and_then(|v| v.to_str().ok());
    header.and_then(|v| v.strip_prefix("Bearer ")).map(Token::parse)
}

/// The secret key in the request, if there is one and it holds for this call.
async fn key_of(request: &HttpRequest) -> Result<Option<ApiKey>, Problem> {
    let Some(token) = bearer(request).filter(|token| token.reveal().starts_with(SECRET_PREFIX)) else { return Ok(None) };
    let app = app_of(request)?;
    let key = store::keys::living(&mut *app.db.conn().await?, KeyKind::Secret, &token.hash()).await?.ok_or(Kind::Unauthenticated)?;
    let pattern = request.match_pattern().unwrap_or_default();
    let Some(needed) = scopes::needed(request.method(), &pattern) else {
        return Err(Problem::with_detail(Kind::Forbidden, "no key can do this: a person must sign in"));
    };
    if key.scopes.iter().any(|scope| scope == needed) {
        return Ok(Some(key));
    }
    Err(Problem::with_detail(Kind::Forbidden, format!("the key needs the scope {needed}")).with("scope", needed))
}

/// A cooperative's key acts for whoever made it, in its own cooperative and nowhere else.
async fn key_manager(request: &HttpRequest, key: &ApiKey) -> Result<Manager, Problem> {
    let (app, named) = (app_of(request)?, request.match_info().get("coop").ok_or(Kind::NotFound)?);
    let found = store::invitations::cooperative_called(&mut *app.db.conn().await?, named).await?;
    let coop = found.filter(|coop| key.coop_id == Some(*coop)).ok_or(Kind::NotFound)?;
    Ok(Manager { account: key.created_by.ok_or(Kind::Unauthenticated)?, scope: Scope::granted(coop) })
}

/// The session behind the bearer token, if it lives.
async fn signed_in(request: &HttpRequest) -> Result<(web::Data<App>, Account), Problem> {
    let app = app_of(request)?;
    let token = bearer(request).ok_or(Kind::Unauthenticated)?;
    let row = store::accounts::session(&mut *app.db.conn().await?, app.clock.now(), &token.hash()).await?;
    let (session, id) = row.ok_or(Kind::Unauthenticated)?;
    Ok((app, Account { id, session }))
}

/// The account behind the request, and the roles of the platform that it holds now.
async fn platform_roles(request: &HttpRequest) -> Result<(web::Data<App>, AccountId, Vec<Role>), Problem> {
    let (app, account) = signed_in(request).await?;
    let held = memberships::table
        .filter(memberships::account_id.eq(account.id).and(memberships::revoked_at.is_null()).and(memberships::coop_id.is_null()))
        .filter(memberships::ends_at.is_null().or(memberships::ends_at.gt(app.clock.now())));
    let roles = held.select(memberships::role).load(&mut *app.db.conn().await?).await.map_err(DbError::from)?;
    Ok((app, account.id, roles))
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
            if let Some(key) = key_of(&request).await? {
                return key_manager(&request, &key).await;
            }
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
        let request = request.clone();
        Box::pin(async move {
            let (_, account, roles) = platform_roles(&request).await?;
            if roles.contains(&Role::Operator) { Ok(Self { account }) } else { Err(Kind::Forbidden.into()) }
        })
    }
}
impl FromRequest for Auditor {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            if let Some(key) = key_of(&request).await? {
                let account = key.created_by.filter(|_| key.coop_id.is_none()).ok_or(Kind::Forbidden)?;
                return Ok(Self { account });
            }
            let (app, account, roles) = platform_roles(&request).await?;
            if roles.contains(&Role::Operator) {
                return Ok(Self { account });
            }
            if !roles.contains(&Role::Auditor) {
                return Err(Kind::Forbidden.into());
            }
            // Nothing is shown before it is written down that it was looked at.
            let address = request.uri().path_and_query().map_or_else(|| request.path(), |address| address.as_str());
            audit::note_read(&mut *app.db.conn().await?, app.clock.now(), account, address).await?;
            Ok(Self { account })
        })
    }
}
impl FromRequest for Shop {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let Some(given) = request.headers().get("X-Api-Key") else { return Ok(Self::default()) };
            let unknown = || Problem::with_detail(Kind::Forbidden, "X-Api-Key is no publishable key that holds");
            let token = Token::parse(given.to_str().map_err(|_| unknown())?);
            let conn = &mut *app_of(&request)?.db.conn().await?;
            let key = store::keys::living(conn, KeyKind::Publishable, &token.hash()).await?.ok_or_else(unknown)?;
            Ok(Self { origins: key.allowed_origins })
        })
    }
}
