//! The demonstration's own pages: the landing page, the mailbox, the books, the shop. Never mounted in production.
use actix_web::{HttpResponse, http::header::ContentType, web};
use haat::{app::App, ledger, problem::Problem};
use minijinja::{Environment, context, value::Serde};

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

pub fn mount(pages: &mut web::ServiceConfig) {
    pages
        .route("/", web::get().to(show_landing))
        .route("/mailbox", web::get().to(show_mailbox))
        .route("/mailbox/{n}", web::get().to(show_mail))
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
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'";
    Ok(HttpResponse::Ok().content_type(ContentType::html()).insert_header(("Content-Security-Policy", policy)).body(page))
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

async fn show_mailbox(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let kept = app.mailer.kept();
    let mails: Vec<_> =
        kept.iter().enumerate().rev().map(|(n, mail)| context! { n => n, to => mail.to.clone(), subject => mail.subject.clone() }).collect();
    render("mailbox.html", context! { mails => mails })
}

async fn show_mail(app: web::Data<App>, n: web::Path<usize>) -> Result<HttpResponse, Problem> {
    let kept = app.mailer.kept();
    let mail = kept.get(*n).ok_or(haat::problem::Kind::NotFound)?;
    render("mail.html", context! { to => mail.to.clone(), subject => mail.subject.clone(), text => mail.text.clone(), id => mail.message_id.clone() })
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
