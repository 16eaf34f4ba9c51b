//! The edge of HTTP, over real sockets: what the slow, the greedy and the mistaken are told.
use std::{num::NonZeroU32, time::Duration};

use haat::edge::{Places, Rates, Settings, Times};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    TestApp, api_test,
    builders::{cooperative, sql},
};

const SHOP: &str = "https://shop.example";

/// So many, and one more every two seconds.
fn rates(burst: u32) -> Rates {
    Rates::of(NonZeroU32::new(burst).unwrap(), Duration::from_secs(2))
}
fn settings() -> Settings {
    Settings { times: Times::default(), proxies: Vec::new(), rates: rates(1_000_000), places: Places { browsing: 1000, buying: 1000 } }
}
/// All that the server says to these bytes, until it hangs up or a while passes.
async fn raw(app: &TestApp, parts: &[&str], pause: Duration) -> String {
    let mut socket = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let mut said = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            tokio::time::sleep(pause).await;
        }
        if socket.write_all(part.as_bytes()).await.is_err() {
            break;
        }
    }
    let reading = socket.read_to_end(&mut said);
    tokio::time::timeout(Duration::from_secs(2), reading).await.ok();
    String::from_utf8_lossy(&said).into_owned()
}

#[actix_web::test]
async fn a_slow_body_is_told_and_hung_up_on() {
    let times = Times { body: Duration::from_millis(150), ..Times::default() };
    let app = TestApp::start_with(Settings { times, ..settings() }).await;
    let head = "POST /v1/store/carts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n";
    let said = raw(&app, &[head, "{\"currency\""], Duration::from_millis(10)).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("slow-body") && said.contains("connection: close"), "{said}");
    // Negative control: the same body, sent in time, is read.
    let said = raw(&app, &[head, "{\"currency\": \"EUR\", \"color\": \"red\"      }"], Duration::from_millis(10)).await;
    assert!(said.starts_with("HTTP/1.1 422"), "{said}");
    // A webhook's body has the same deadline.
    let said = raw(&app, &["POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n", "{"], Duration::from_millis(10)).await;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    app.finish().await;
}

#[actix_web::test]
async fn an_upload_may_be_slow_but_not_a_trickle() {
    let times = Times { upload_window: Duration::from_millis(600), body: Duration::from_millis(100), ..Times::default() };
    let app = TestApp::start_with(Settings { times, ..settings() }).await;
    cooperative(&app, "bagru").await;
    let head = "POST /v1/manage/cooperatives/bagru/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer session_bagru\r\n\
                Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n";
    let trickle: Vec<&str> = std::iter::once(head).chain(["x"; 14]).collect();
    let said = raw(&app, &trickle, Duration::from_millis(100)).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("slow-body"), "{said}");
    // Longer than a JSON body may take, and fast enough: what is refused is that it is no picture.
    let part = "x".repeat(20_000);
    let whole = head.replace("100000", &(head.split("\r\n\r\n").skip(1).collect::<Vec<_>>().join("\r\n\r\n").len() + 60_000 + 7).to_string());
    let said = raw(&app, &[&whole, &part, &part, &part, "\r\n--b--"], Duration::from_millis(100)).await;
    assert!(said.starts_with("HTTP/1.1 422"), "{said}");
    app.finish().await;
}

#[actix_web::test]
async fn a_slow_head_is_hung_up_on() {
    let times = Times { head: Duration::from_millis(150), ..Times::default() };
    let app = TestApp::start_with(Settings { times, ..settings() }).await;
    let begun = tokio::time::Instant::now();
    let said = raw(&app, &["GET /health/live HTTP/1.1\r\nHost:"], Duration::ZERO).await;
    assert!(begun.elapsed() < Duration::from_secs(2) && !said.starts_with("HTTP/1.1 200"), "{said}");
    app.finish().await;
}

#[actix_web::test]
async fn bodies_have_a_size_and_a_depth() {
    api_test(async |app| {
        let large = app.visitor().post("/v1/store/carts", json!({"currency": "EUR", "email": "x".repeat(70_000)})).await;
        assert_eq!(large.problem(413), "body-too-large");
        // A typed body is refused at its first bracket; where anything may come, at the 128th.
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(app.visitor().send_text(Method::POST, "/v1/store/carts", "application/json", deep(10_000)).await.problem(422), "invalid");
        assert!(haat::http::parse::<serde_json::Value>(deep(120).as_bytes()).is_ok());
        assert_eq!(haat::http::parse::<serde_json::Value>(deep(10_000).as_bytes()).unwrap_err().kind(), haat::problem::Kind::InvalidBody);
        let other = app.visitor().send_text(Method::POST, "/v1/store/carts", "text/plain", "currency=EUR".into()).await;
        assert_eq!(other.problem(415), "unsupported-media-type");
    })
    .await;
}

#[actix_web::test]
async fn who_asks_too_much_is_told_when_to_come_back() {
    let app = TestApp::start_with(Settings { rates: rates(5), proxies: vec!["127.0.0.1".parse().unwrap()], ..settings() }).await;
    let from = |address: &str| app.visitor().with("X-Forwarded-For", address);
    for left in (0..5).rev() {
        let answer = from("203.0.113.1").get("/v1/provenance/items/0000-0000-0000").await;
        assert_eq!(answer.headers["ratelimit-limit"], "5");
        assert_eq!(answer.headers["ratelimit-remaining"], left.to_string().as_str());
        let reset: u64 = answer.headers["ratelimit-reset"].to_str().unwrap().parse().unwrap();
        assert!((1..=10).contains(&reset), "{reset}");
    }
    let refused = from("203.0.113.1").get("/v1/provenance/items/0000-0000-0000").await;
    assert_eq!(refused.headers["ratelimit-remaining"], "0");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(refused.problem(429), "too-many-requests");
    // Somebody else; who says that she is somebody else through a hop that is not ours; who only asks whether we live.
    from("203.0.113.2").get("/v1/provenance/items/0000-0000-0000").await.expect(404);
    assert_eq!(from("203.0.113.9, 203.0.113.1").get("/v1/provenance/items/0000-0000-0000").await.problem(429), "too-many-requests");
    from("203.0.113.1").get("/health/live").await.expect(200);
    // A token is counted wherever it comes from.
    for last in 0..5 {
        from(&format!("203.0.113.1{last}")).bearer("session_of_a_script").get("/v1/auth/me").await.expect(401);
    }
    assert_eq!(from("203.0.113.99").bearer("session_of_a_script").get("/v1/auth/me").await.problem(429), "too-many-requests");
    from("203.0.113.99").bearer("session_of_another").get("/v1/auth/me").await.expect(401);
    tokio::time::sleep(Duration::from_secs(wait)).await;
    from("203.0.113.1").get("/v1/provenance/items/0000-0000-0000").await.expect(404);
    app.finish().await;
}

#[actix_web::test]
async fn nobody_else_is_believed_about_addresses() {
    let app = TestApp::start_with(Settings { rates: rates(3), ..settings() }).await;
    for n in 0..3 {
        app.visitor().with("X-Forwarded-For", format!("203.0.113.{n}")).get("/v1/auth/me").await.expect(401);
    }
    assert_eq!(app.visitor().with("X-Forwarded-For", "203.0.113.77").get("/v1/auth/me").await.problem(429), "too-many-requests");
    app.finish().await;
}

#[actix_web::test]
async fn browsing_never_fills_the_rooms_of_buying() {
    let app = TestApp::start_with(Settings { places: Places { browsing: 1, buying: 1 }, ..settings() }).await;
    // Every connection is taken: whoever browses waits in her room for one.
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(app.db.db.conn().await.unwrap());
    }
    let browsing = futures_util::future::join_all((0..30).map(|_| async { app.visitor().get("/v1/store/products?currency=EUR").await }));
    let buying = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // Her room is free: she is asked for her currency, which no connection is needed for.
        app.visitor().post("/v1/store/carts", json!({"currency": "EUR", "color": "red"})).await
    };
    let (browsed, bought) = futures_util::join!(browsing, buying);
    assert_eq!(bought.problem(422), "invalid");
    let turned_away = browsed.iter().filter(|a| a.headers.get("retry-after").is_some_and(|v| v == "2")).count();
    assert!(turned_away >= 20, "{turned_away} of 30 were told to come back");
    assert!(browsed.iter().all(|a| a.status == 503), "without a connection nobody is served");
    drop(taken);
    app.visitor().get("/v1/store/products?currency=EUR").await.expect(200);
    app.finish().await;
}

#[actix_web::test]
async fn a_page_of_another_origin_may_read_and_only_ours_may_write() {
    api_test(async |app| {
        let allowed = |origin: &str| app.visitor().with("Origin", origin);
        let read = allowed("https://blog.example").get("/v1/provenance/items/0000-0000-0000").await;
        assert_eq!(read.headers["access-control-allow-origin"], "https://blog.example");
        let exposed = read.headers["access-control-expose-headers"].to_str().unwrap().to_lowercase();
        for name in ["etag", "link", "retry-after", "x-request-id"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        assert!(read.headers.get("access-control-allow-credentials").is_none());
        let ours = allowed(SHOP).get("/v1/auth/me").await;
        assert_eq!(ours.headers["access-control-allow-origin"], SHOP);
        let theirs = allowed("https://blog.example").get("/v1/auth/me").await;
        assert!(theirs.headers.get("access-control-allow-origin").is_none());
        let preflight = |origin: &str, method: &str, path: &'static str| {
            let asking =
                allowed(origin).with("Access-Control-Request-Method", method).with("Access-Control-Request-Headers", "content-type, x-cart-token");
            async move { asking.send_text(Method::OPTIONS, path, "text/plain", String::new()).await }
        };
        let yes = preflight(SHOP, "PATCH", "/v1/store/carts/1").await;
        assert!(yes.status.is_success() && yes.headers["access-control-allow-origin"] == SHOP, "{yes:?}");
        assert!(yes.headers["access-control-allow-methods"].to_str().unwrap().contains("PATCH"));
        let no = preflight("https://blog.example", "PATCH", "/v1/store/carts/1").await;
        assert!(no.headers.get("access-control-allow-origin").is_none(), "{no:?}");
        let tokens = preflight("https://blog.example", "GET", "/v1/store/orders/1").await;
        assert!(tokens.headers.get("access-control-allow-origin").is_none(), "{tokens:?}");
    })
    .await;
}

#[actix_web::test]
async fn an_address_says_which_methods_it_has() {
    api_test(async |app| {
        let wrong = app.visitor().put("/v1/store/carts/01938f1c-0000-7000-8000-000000000000", json!({})).await;
        assert_eq!(wrong.headers["allow"], "GET, HEAD, PATCH, OPTIONS");
        assert_eq!(wrong.problem(405), "method-not-allowed");
        let asked = app.visitor().send_text(Method::OPTIONS, "/v1/auth/sessions", "text/plain", String::new()).await;
        assert_eq!((asked.status.as_u16(), asked.headers["allow"].as_bytes()), (204, &b"POST, DELETE, OPTIONS"[..]));
        assert_eq!(app.visitor().get("/v1/store/carts/not-an-id").await.problem(404), "not-found");
        assert_eq!(app.visitor().put("/v1/nothing", json!({})).await.problem(404), "not-found");
        let head = app.visitor().send_text(Method::HEAD, "/health/live", "text/plain", String::new()).await;
        assert_eq!((head.status.as_u16(), head.bytes.len(), head.headers["content-length"].as_bytes()), (200, 0, &b"15"[..]));
    })
    .await;
}

#[actix_web::test]
async fn answers_are_sealed_and_squeezed() {
    api_test(async |app| {
        let asked = app.visitor().with("Accept-Encoding", "gzip").get("/openapi.json").await;
        assert_eq!(asked.headers["content-encoding"], "gzip");
        assert!(asked.headers.get_all("vary").iter().any(|v| v.to_str().unwrap().to_lowercase().contains("accept-encoding")), "{:?}", asked.headers);
        let plain = app.visitor().with("Accept-Encoding", "identity").get("/openapi.json").await;
        assert!(
            asked.bytes.starts_with(&[0x1f, 0x8b]) && asked.bytes.len() * 4 < plain.bytes.len(),
            "{} of {}",
            asked.bytes.len(),
            plain.bytes.len()
        );
        // A problem is rewritten on its way out, and is whole all the same.
        let problem = app.visitor().with("Accept-Encoding", "identity").get("/v1/auth/me").await;
        for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
            assert_eq!(problem.headers[name], value);
        }
        assert!(problem.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
        let id = problem.headers["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(problem.expect(401)["request_id"], id);
        let squeezed = app.visitor().with("Accept-Encoding", "gzip").get("/v1/store/products?currency=EUR&color=red").await;
        assert_eq!(squeezed.status, 400);
    })
    .await;
}

#[actix_web::test]
async fn operators_see_how_it_is_and_the_shop_does_not_show_it() {
    api_test(async |app| {
        app.visitor().get("/metrics").await.expect(404);
        let url = app.metrics();
        let told = |text: &str, name: &str| text.lines().find(|l| l.starts_with(name)).map(ToOwned::to_owned).unwrap_or_default();
        app.visitor().get("/health/ready").await.expect(200);
        let text = app.visitor().elsewhere(&url).await;
        assert!(told(&text, "haat_http_seconds_bucket").contains("route="), "{text}");
        assert!(told(&text, "haat_pool_max{pool=\"requests\"}").ends_with(" 4"), "{text}");
        assert_eq!((told(&text, "haat_database_up"), told(&text, "haat_jobs_dead")), ("haat_database_up 1".into(), "haat_jobs_dead 0".into()));
        let at = app.clock.now();
        let (job, alert) = (haat::ids::new_uuid(), haat::ids::new_uuid());
        sql(
            app,
            &format!(
                "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, created_at)
                 VALUES ('{job}', 'x', '{{}}', 'due', '{at}'::timestamptz - interval '90 seconds', 0, 1, '{at}');
                 INSERT INTO money_alerts (id, kind, subject, detail, created_at) VALUES ('{alert}', 'x', 'y', 'z', '{at}')"
            ),
        )
        .await;
        let text = app.visitor().elsewhere(&url).await;
        assert_eq!(told(&text, "haat_jobs_oldest_due_seconds"), "haat_jobs_oldest_due_seconds 90");
        assert_eq!(told(&text, "haat_money_alerts_open"), "haat_money_alerts_open 1");
        sql(app, &format!("DELETE FROM jobs WHERE id = '{job}'")).await;
    })
    .await;
}
