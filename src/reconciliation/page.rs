//! A comparison as a page that whoever keeps the books reads without help: no script, nothing loaded from elsewhere.
use minijinja::{Environment, context};

use super::{
    model::{Bucket, Reason, Sum},
    read::{self, Explained, Line},
};
use crate::{
    db::{Conn, DbError},
    ids::ReconciliationId,
    money::Money,
};

/// The template's name ends in `.html`, so that every fact is escaped.
const TEMPLATE: &str = include_str!("templates/run.html");
/// A page is read by a person; the rest is in the list of lines.
const LINES: i64 = 200;

/// What each reason means, for a reader who knows books and not us.
const fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::Equal => "Both sides are equal.",
        Reason::Timing => "One side knows of it a little earlier than the other. The next comparison settles it, or names it.",
        Reason::Fee => "All that differs is a fee that Stripe took or gave back by itself.",
        Reason::Fx => "We keep it in the currency that was charged, Stripe in the one it settles in. Its own rate leads from one to the other.",
        Reason::Operator => "Two people looked at it and accepted it; the log of privileged acts has their reason.",
        Reason::UnknownHere => "Stripe moved money that our books know nothing of.",
        Reason::UnknownThere => "Our books moved money that Stripe knows nothing of.",
        Reason::Differs => "Both sides know of it, and the amounts are not the same.",
    }
}

/// The page of a run; none if there is no such run.
pub async fn of(conn: &mut Conn, id: ReconciliationId) -> Result<Option<String>, DbError> {
    let Some((run, sums)) = read::run(conn, id).await? else { return Ok(None) };
    let explained = read::explained(conn, id).await?;
    let open = read::lines(conn, id, Some(Bucket::Unexplained), None, LINES).await?;
    let total: i64 = sums.iter().map(|sum| i64::from(sum.buckets[2].0)).sum();
    let page = context! {
        id => id.to_string(),
        from => run.from.day().to_string(), until => run.until.to_string(),
        ended => run.ended_at.map(|at| at.to_string()), outcome => run.outcome.map(|outcome| outcome.as_str()),
        sums => sums.iter().map(sum).collect::<Vec<_>>(),
        explained => explained.iter().map(kind).collect::<Vec<_>>(),
        open => open.iter().map(line).collect::<Vec<_>>(),
        unexplained => total, more => total > LINES,
    };
    render(&page).map(Some).map_err(|error| DbError::Query(diesel::result::Error::SerializationError(error.into())))
}

fn render(page: &minijinja::Value) -> Result<String, minijinja::Error> {
    let mut env = Environment::new();
    env.add_template("run.html", TEMPLATE)?;
    env.get_template("run.html")?.render(page)
}

fn sum(sum: &Sum) -> minijinja::Value {
    let money = |minor| Money::new(minor, sum.currency).formatted();
    let [matched, explained, unexplained] = sum.buckets;
    context! {
        currency => sum.currency.as_str(), transactions => sum.transactions, ours_alone => sum.ours_alone,
        provider => money(sum.provider), ours => money(sum.ours), difference => money(sum.provider.saturating_sub(sum.ours)),
        matched => money(matched.1), matched_lines => matched.0, explained => money(explained.1), explained_lines => explained.0,
        unexplained => money(unexplained.1), unexplained_lines => unexplained.0,
        whole => matched.1 + explained.1 + unexplained.1 == sum.provider,
    }
}
fn kind(row: &Explained) -> minijinja::Value {
    let money = |minor| Money::new(minor, row.currency).formatted();
    context! {
        meaning => meaning(row.reason), currency => row.currency.as_str(), lines => row.lines,
        provider => money(row.provider), ours => money(row.ours), difference => money(row.provider.saturating_sub(row.ours)),
    }
}
fn line(line: &Line) -> minijinja::Value {
    let money = |minor| Money::new(minor, line.currency).formatted();
    context! {
        day => line.happened_at.day().to_string(), subject => &line.subject, kind => &line.kind, object => &line.object,
        provider => money(line.provider), ours => money(line.ours), difference => money(line.provider.saturating_sub(line.ours)),
        detail => &line.detail,
    }
}
