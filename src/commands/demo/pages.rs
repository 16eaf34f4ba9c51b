//! The demonstration's own pages: the landing page, the mailbox, the books, the shop. Never mounted in production.
use actix_web::{HttpResponse, http::header::ContentType, web};
use haat::{app::App, ledger, problem::Problem};
use minijinja::{Environment, context, value::Serde};

use super::mailbox;

const LAYOUT: &str = include_str!("templates/layout.html");
const PAGES: [(&str, &str); 4] = [
    ("landing.html", include_str!("templates/landing.html")),
    ("mailbox.html", include_str!("templates/mailbox.html")),
    ("mail.html", include_str!("templates/mail.html")),
    ("books.html", include_str!("templates/books.html")),
];
const SHOP: &str = include_str!("../../../examples/storefront/index.html");
/// Transfers shown: the newest story's, and a few before it.
const TRANSFERS: i64 = 60;

/// The pages run nothing and are framed by nobody.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
/// A mail runs nothing either, and stays in its frame even where somebody opens its address: links lead out of it, and nothing else does.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

pub fn mount(pages: &mut web::ServiceConfig) {
    pages
        .route("/", web::get().to(show_landing))
        .route("/mailbox", web::get().to(show_mailbox))
        .route("/mailbox/{id}", web::get().to(show_mail))
        .route("/mailbox/{id}/page", web::get().to(show_mail_page))
        .route("/books", web::get().to(show_books))
        .route("/photos/{n}.jpg", web::get().to(show_photo))
        .route("/shop", web::get().to(|| async { HttpResponse::MovedPermanently().insert_header(("Location", "/shop/")).finish() }))
        .route("/shop/", web::get().to(|| async { HttpResponse::Ok().content_type(ContentType::html()).body(SHOP) }));
}

fn render(name: &str, facts: minijinja::Value) -> Result<HttpResponse, Problem> {
    let mut env = Environment::new();
    let page = env
        .add_template("layout.html", LAYOUT)
        .and_then(|()| PAGES.iter().try_for_each(|(name, source)| env.add_template(name, source)))
        .and_then(|()| env.get_template(name))
        .and_then(|page| page.render(facts))
        .map_err(|e| Problem::internal(&e))?;
    Ok(html(page, POLICY))
}
fn html(page: String, policy: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).insert_header(("Content-Security-Policy", policy)).body(page)
}

/// What the story's spreadsheet links to: her old shop's pictures.
async fn show_photo(n: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let jpeg = web::block(move || super::world::photo(*n)).await.map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::Ok().content_type(ContentType::jpeg()).body(jpeg))
}

async fn show_landing(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let code = super::rows::newest_item(&mut *app.db.conn().await?).await?;
    let scan = code.map(|code| app.config.link(&format!("/i/{code}")));
    let qr = scan.as_deref().and_then(|url| documents::qr_svg(url).ok());
    render(
        "landing.html",
        context! { scan => scan, qr => qr.map(minijinja::Value::from_safe_string), operator => super::world::OPERATOR, password => super::world::PASSWORD },
    )
}

/// A mail's facts as the templates name them; `start` is what a list shows of its text.
fn facts(mail: mailbox::Kept) -> minijinja::Value {
    let start: String = mail.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(140).collect();
    let at = mail.at.map_or_else(String::new, |at| at.timestamp().strftime("%-d %B %Y, %H:%M UTC").to_string());
    let mailbox::Kept { id, to, from, subject, text, .. } = mail;
    context! { id, to, from, subject, text, at, start }
}
async fn mail_called(app: web::Data<App>, id: String) -> Result<mailbox::Kept, Problem> {
    let found = web::block(move || mailbox::find(&app.mailer, &id)).await.map_err(|e| Problem::internal(&e))?;
    found.ok_or_else(|| haat::problem::Kind::NotFound.into())
}

async fn show_mailbox(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let kept = web::block(move || mailbox::all(&app.mailer)).await.map_err(|e| Problem::internal(&e))?.map_err(|e| Problem::internal(&e))?;
    render("mailbox.html", context! { mails => kept.into_iter().map(facts).collect::<Vec<_>>() })
}

async fn show_mail(app: web::Data<App>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    render("mail.html", context! { mail => facts(mail_called(app, id.into_inner()).await?) })
}

/// The mail's own page, for the frame on [`show_mail`]'s.
async fn show_mail_page(app: web::Data<App>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let mail = mail_called(app, id.into_inner()).await?;
    Ok(html(mailbox::framed(&mail.html), MAIL_POLICY))
}

async fn show_books(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let conn = &mut *app.db.conn().await?;
    let wrong = ledger::verify(conn).await?.len();
    let balances = ledger::balances(conn, "").await?;
    let accounts: Vec<_> = balances
        .iter()
        .filter(|(_, balance)| balance.minor != 0)
        .map(|(name, balance)| context! { name => name.clone(), balance => balance.formatted(), currency => balance.currency.as_str().to_owned() })
        .collect();
    let transfers = super::rows::newest_transfers(conn, TRANSFERS).await?;
    render("books.html", context! { wrong => wrong, accounts => accounts, transfers => minijinja::Value::from(Serde(transfers)) })
}
