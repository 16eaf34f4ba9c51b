//! The pages that people see: paying, and introducing oneself as an account's holder. They say that they are a sandbox.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Form, Path, ServiceConfig};
use serde::Deserialize;

use crate::resources::sessions::{Buyer, Session, SessionStatus};
use crate::server::Shared;
use crate::webhooks;

const TEMPLATE: &str = include_str!("page.html");

/// Stripe's currencies without decimals.
const ZERO_DECIMAL: &[&str] = &["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];

/// Stripe's currencies with three decimals.
const THREE_DECIMAL: &[&str] = &["bhd", "jod", "kwd", "omr", "tnd"];

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/c/pay/{session}", web::get().to(show_session))
        .route("/c/pay/{session}", web::post().to(act))
        .route("/c/onboard/{account}", web::get().to(show_onboarding))
        .route("/c/onboard/{account}", web::post().to(onboard));
}

/// What the buyer's button says.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct Click {
    action: Action,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Action {
    Pay,
    Decline,
    Later,
    Abandon,
}

async fn show_session(id: Path<String>, shared: Data<Shared>) -> HttpResponse {
    let (session, batch) = shared.change(None, |state, _| state.sessions.get(id.as_str()).cloned());
    webhooks::spawn_after_answer(&shared.into_inner(), batch);
    match session {
        Some(session) => html(200, &session_title(&session), &session_content(&session, None), &session.id),
        None => html(404, "Not found", "<p>There is no such checkout page.</p>", ""),
    }
}

async fn act(id: Path<String>, click: Form<Click>, shared: Data<Shared>) -> HttpResponse {
    let shared: Arc<Shared> = shared.into_inner();
    let buyer = match click.action {
        Action::Pay => Some(Buyer::Pays),
        Action::Decline => Some(Buyer::IsDeclined),
        Action::Later => Some(Buyer::PaysLater),
        // Leaving the page tells Stripe nothing: the session stays open until its time is over.
        Action::Abandon => None,
    };
    let ((done, session), batch) = shared.change(None, |state, context| {
        let done = buyer.map(|buyer| state.act(&id, buyer, context));
        (done, state.sessions.get(id.as_str()).cloned())
    });
    webhooks::spawn_after_answer(&shared, batch);
    let Some(session) = session else {
        return html(404, "Not found", "<p>There is no such checkout page.</p>", "");
    };
    match (done, click.action) {
        (Some(Err(_)), _) => html(409, &session_title(&session), &session_content(&session, None), &session.id),
        (Some(Ok(_)), Action::Decline) => {
            let notice = "The card was declined. Nothing was paid; try again.";
            html(200, &session_title(&session), &session_content(&session, Some(notice)), &session.id)
        }
        (Some(Ok(_)), _) => see_other(&session.success_address()),
        (None, _) => see_other(session.cancel_url.as_deref().unwrap_or(&session.url)),
    }
}

async fn show_onboarding(id: Path<String>, shared: Data<Shared>) -> HttpResponse {
    let account = shared.lock().accounts.get(id.as_str()).cloned();
    match account {
        Some(account) => {
            let content = "<h1>Receive payouts</h1><p>Stripe would now ask who you are and for a bank account. The sandbox takes your \
                           word for it.</p><form method=\"post\"><button class=\"pay\">Finish onboarding</button></form>";
            html(200, "Onboarding", content, &account.id)
        }
        None => html(404, "Not found", "<p>There is no such account.</p>", ""),
    }
}

async fn onboard(id: Path<String>, shared: Data<Shared>) -> HttpResponse {
    let shared: Arc<Shared> = shared.into_inner();
    let (return_url, batch) = shared.change(None, |state, context| {
        state.onboard(&id, context);
        state.accounts.get(id.as_str()).and_then(|account| account.return_url.clone())
    });
    webhooks::spawn_after_answer(&shared, batch);
    match return_url {
        Some(url) => see_other(&url),
        None => html(404, "Not found", "<p>There is no such account, or no link was made for it.</p>", ""),
    }
}

fn session_title(session: &Session) -> String {
    match session.status {
        SessionStatus::Open => format!("Pay {}", amount(session.total(), &session.currency)),
        SessionStatus::Complete => "Paid".to_owned(),
        SessionStatus::Expired => "Expired".to_owned(),
    }
}

fn session_content(session: &Session, notice: Option<&str>) -> String {
    match session.status {
        SessionStatus::Complete => {
            let back = escape(&session.success_address());
            let word = if session.paid { "This order is paid." } else { "The payment is under way." };
            format!("<h1>Checkout</h1><p>{word}</p><a class=\"button\" href=\"{back}\">Back to the shop</a>")
        }
        SessionStatus::Expired => {
            let back = session.cancel_url.as_deref().map(escape);
            let link = back.map(|url| format!("<a class=\"button\" href=\"{url}\">Back to the shop</a>")).unwrap_or_default();
            format!("<h1>Checkout</h1><p>This page has expired. Nothing was paid.</p>{link}")
        }
        SessionStatus::Open => open_content(session, notice),
    }
}

fn open_content(session: &Session, notice: Option<&str>) -> String {
    let total = amount(session.total(), &session.currency);
    let line = |line: &crate::resources::sessions::Line| {
        let price = amount(line.unit_amount * line.quantity, &session.currency);
        let count = if line.quantity > 1 { format!(" <small>× {}</small>", line.quantity) } else { String::new() };
        format!("<li><span>{}{count}</span><span>{price}</span></li>", escape(&line.name))
    };
    let lines: String = session.lines.iter().map(line).collect();
    let notice = notice.map(|text| format!("<p class=\"notice\" role=\"alert\">{}</p>", escape(text))).unwrap_or_default();
    let email = session.customer_email.as_deref().map(|e| format!("<p><small>Receipt to {}</small></p>", escape(e))).unwrap_or_default();
    format!(
        "<h1>To pay</h1><p class=\"total\">{total}</p>{notice}<ul>{lines}</ul>{email}<form method=\"post\">\
         <button class=\"pay\" name=\"action\" value=\"pay\">Pay {total}</button>\
         <button name=\"action\" value=\"decline\">Pay with a card that is declined</button>\
         <button name=\"action\" value=\"later\">Pay later, by bank debit</button>\
         <button name=\"action\" value=\"abandon\">Leave without paying</button></form>"
    )
}

/// An amount in Stripe's unit, as a person reads it.
fn amount(units: i64, currency: &str) -> String {
    let decimals = match currency {
        zero if ZERO_DECIMAL.contains(&zero) => 0,
        three if THREE_DECIMAL.contains(&three) => 3,
        _ => 2,
    };
    let scale = 10_i64.pow(decimals);
    let code = currency.to_ascii_uppercase();
    match decimals {
        0 => format!("{code} {units}"),
        _ => format!("{code} {}.{:0width$}", units / scale, units % scale, width = decimals as usize),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn html(status: u16, title: &str, content: &str, footer: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    let page = TEMPLATE.replace("{{title}}", &escape(title)).replace("{{footer}}", &escape(footer)).replace("{{content}}", content);
    HttpResponse::build(status).content_type("text/html; charset=utf-8").insert_header(("Cache-Control", "no-store")).body(page)
}

fn see_other(url: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", url)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_currencys_decimals_and_text_is_escaped() {
        assert_eq!(amount(10_005, "eur"), "EUR 100.05");
        assert_eq!(amount(500, "jpy"), "JPY 500");
        assert_eq!(amount(1_230, "kwd"), "KWD 1.230");
        assert_eq!(escape("<a href='x'>&"), "&lt;a href=&#39;x&#39;&gt;&amp;");
    }
}
