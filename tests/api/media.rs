//! Pictures: uploaded, fetched, served, shown beside products.
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use actix_web::{HttpResponse, HttpServer, web};
use haat::media::{MediaStore, NotFetched, Reach};
use jiff::SignedDuration;
use pictures::{Cloth, Form, Kind, Palette};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, TestApp, api_test,
    builders::{cooperative, product},
};

const MEDIA: &str = "/v1/manage/cooperatives/bagru/media";

pub fn picture() -> Vec<u8> {
    static DRAWN: LazyLock<Vec<u8>> = LazyLock::new(|| pictures::generate(7, Kind::Textile(Cloth::BlockPrint, Form::Spread), Palette::Indigo));
    DRAWN.clone()
}

/// With an EXIF block behind the first marker, as a phone writes it.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let block = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0SECRETCAM at 26.8 north";
    let length = u16::try_from(block.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, block, &jpeg[2..]].concat()
}
fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// A stranger's web server on this machine, and how often it was asked.
fn stranger() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = asked.clone();
    let server = HttpServer::new(move || {
        let seen = seen.clone();
        actix_web::App::new().default_service(web::to(move |request: actix_web::HttpRequest| {
            let nth = seen.fetch_add(1, Ordering::SeqCst);
            let to = |url: &str| HttpResponse::Found().insert_header(("Location", url)).finish();
            let answer = match request.path() {
                "/a.jpg" | "/b.jpg" => HttpResponse::Ok().body(picture()),
                "/moved" => to("/a.jpg"),
                "/loop" => to("/loop"),
                "/inside" => to("http://10.0.0.1/a.jpg"),
                "/metadata" => to("http://169.254.169.254/latest/meta-data"),
                "/file" => to("file:///etc/passwd"),
                "/page" => HttpResponse::Ok().content_type("image/jpeg").body("<html>not a picture</html>"),
                "/big" => HttpResponse::Ok().body(vec![0xFF; (15 << 20) + 1]),
                "/tired" if nth == 0 => HttpResponse::ServiceUnavailable().finish(),
                "/tired" => HttpResponse::Ok().body(picture()),
                "/down" => HttpResponse::InternalServerError().finish(),
                _ => HttpResponse::NotFound().finish(),
            };
            std::future::ready(answer)
        }))
    });
    actix_web::rt::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
    (url, asked)
}

async fn upload(who: &Client, bytes: &[u8]) -> Answer {
    who.upload(MEDIA, "a.jpg", bytes.to_vec(), &[]).await
}
async fn queued(manager: &Client, url: &str) -> Value {
    manager.post(&format!("{MEDIA}/by-url"), json!({"url": url})).await.expect(202)
}
async fn look(manager: &Client, media: &Value) -> Value {
    manager.get(&format!("{MEDIA}/{}", media["id"].as_str().unwrap())).await.expect(200)
}
/// What becomes of an address once the job ran.
async fn fetched(app: &TestApp, manager: &Client, url: &str) -> Value {
    let media = queued(manager, url).await;
    app.run_jobs().await;
    look(manager, &media).await
}

#[actix_web::test]
async fn an_upload_is_served_in_three_sizes_without_its_metadata() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let sent = with_exif(&picture());
        assert!(contains(&sent, b"SECRETCAM"), "control: it was there");
        let media = upload(&manager, &sent).await.expect(201);
        assert_eq!((media["state"].as_str(), media["last_error"].as_str()), (Some("ready"), None));
        assert!(media["width"].as_i64().unwrap() > 0 && media["blurhash"].as_str().unwrap().len() > 20);
        for size in ["small", "medium", "large"] {
            let url = media["urls"][size].as_str().unwrap();
            let served = app.visitor().get(url).await;
            assert_eq!((served.status.as_u16(), &served.headers["content-type"]), (200, &"image/jpeg".parse().unwrap()));
            assert_eq!(served.headers["cache-control"], "public, max-age=31536000, immutable");
            assert!(served.bytes.starts_with(&[0xFF, 0xD8]) && !contains(&served.bytes, b"SECRETCAM") && !contains(&served.bytes, b"Exif"));
            let again = app.visitor().with("If-None-Match", served.headers["etag"].to_str().unwrap()).get(url).await;
            assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
        }
        let large = media["urls"]["large"].as_str().unwrap();
        assert_eq!(app.visitor().get(&large.replace("1920", "1919")).await.problem(404), "not-found");
        assert_eq!(app.visitor().get(&format!("/media/{}/320.jpg", "0".repeat(64))).await.problem(404), "not-found");
        assert_eq!(app.visitor().get("/media/..%2F..%2Fetc/320.jpg").await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn what_is_no_picture_is_refused_with_its_reason() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let svg = upload(&manager, b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>").await.expect(422);
        assert_eq!(svg["errors"][0]["pointer"], "/file");
        assert!(svg["errors"][0]["message"].as_str().unwrap().contains("SVG"), "{svg}");
        assert_eq!(upload(&manager, b"").await.problem(422), "invalid");
        assert_eq!(manager.upload(MEDIA, "a.jpg", picture(), &[("colour", "red")]).await.problem(422), "invalid");
        assert_eq!(upload(&manager, &picture()[..2000]).await.problem(422), "invalid");
        assert_eq!(upload(&manager, &vec![0xFF; (15 << 20) + 1]).await.problem(413), "body-too-large");
        assert_eq!(manager.post(MEDIA, json!({"file": "x"})).await.problem(415), "unsupported-media-type");
        assert_eq!(upload(&app.visitor(), &picture()).await.problem(401), "unauthenticated");
        let other = cooperative(app, "pedana").await;
        assert_eq!(upload(&other, &picture()).await.problem(404), "not-found");
        assert_eq!(manager.get(MEDIA).await.expect(200)["data"], json!([]), "nothing was kept");
        // Control.
        let media = upload(&manager, &picture()).await.expect(201);
        assert_eq!(other.get(&format!("/v1/manage/cooperatives/pedana/media/{}", media["id"].as_str().unwrap())).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn a_picture_is_fetched_once_for_each_address() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let (url, asked) = stranger();
        let first = queued(&manager, &format!("{url}/a.jpg")).await;
        assert_eq!((first["state"].as_str(), first["urls"].as_str()), (Some("queued"), None));
        let same = queued(&manager, &format!("{url}/a.jpg")).await;
        assert_eq!(first["id"], same["id"]);
        app.run_jobs().await;
        let ready = look(&manager, &first).await;
        assert_eq!((ready["state"].as_str(), asked.load(Ordering::SeqCst)), (Some("ready"), 1));
        app.visitor().get(ready["urls"]["small"].as_str().unwrap()).await.bytes.starts_with(&[0xFF, 0xD8]).then_some(()).unwrap();
        assert_eq!(fetched(app, &manager, &format!("{url}/moved")).await["urls"], ready["urls"], "the same bytes have one address");
        let other = cooperative(app, "pedana").await;
        let theirs = other.post("/v1/manage/cooperatives/pedana/media/by-url", json!({"url": format!("{url}/a.jpg")})).await.expect(202);
        assert_ne!(theirs["id"], first["id"]);
    })
    .await;
}

#[actix_web::test]
async fn a_picture_that_cannot_be_had_says_why() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let (url, _) = stranger();
        let cases = [
            ("/nothing", "404"),
            ("/page", "picture"),
            ("/big", "larger"),
            ("/loop", "redirects"),
            ("/inside", "10.0.0.1 is not a public address"),
            ("/metadata", "169.254.169.254 is not a public address"),
            ("/file", "302"),
        ];
        for (path, why) in cases {
            let media = fetched(app, &manager, &format!("{url}{path}")).await;
            assert_eq!(media["state"], "failed", "{path}");
            assert!(media["last_error"].as_str().unwrap().contains(why), "{path}: {media}");
        }
        let failed = manager.get(&format!("{MEDIA}?state=failed&limit=5")).await.expect(200);
        assert_eq!((failed["data"].as_array().unwrap().len(), failed["has_more"].as_bool()), (5, Some(true)));
        let rest = manager.get(&format!("{MEDIA}?state=failed&cursor={}", failed["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["data"].as_array().unwrap().len(), 2);
        for wrong in ["ftp://a.example/x", "a.jpg", "https://me:you@a.example/x"] {
            assert_eq!(manager.post(&format!("{MEDIA}/by-url"), json!({"url": wrong})).await.expect(422)["errors"][0]["pointer"], "/url");
        }
    })
    .await;
}

/// Control of the control: the same server answers where loopback is allowed, and is not even asked where it is not.
#[actix_web::test]
async fn a_stranger_never_makes_us_ask_our_own_machine() {
    let (url, asked) = stranger();
    let port = url.rsplit(':').next().unwrap();
    let closed = MediaStore::memory(Reach::Public).unwrap();
    for own in [
        format!("{url}/a.jpg"),
        format!("http://localhost:{port}/a.jpg"),
        format!("http://2130706433:{port}/a.jpg"),
        format!("http://[::1]:{port}/a.jpg"),
    ] {
        let refused = closed.fetch(&own).await.unwrap_err();
        assert!(matches!(&refused, NotFetched::Never(why) if why.contains("not a public address")), "{own}: {refused:?}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    let open = MediaStore::memory(Reach::PublicAndOwn).unwrap();
    assert_eq!(open.fetch(&format!("http://localhost:{port}/a.jpg")).await.unwrap(), picture());
}

#[actix_web::test]
async fn a_tired_server_is_asked_again_later() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let (url, asked) = stranger();
        let media = fetched(app, &manager, &format!("{url}/tired")).await;
        assert_eq!((media["state"].as_str(), media["last_error"].as_str()), (Some("queued"), Some("the server answered 503")));
        app.run_jobs().await;
        assert_eq!(asked.load(Ordering::SeqCst), 1, "not at once");
        app.clock.advance(SignedDuration::from_secs(10));
        app.run_jobs().await;
        assert_eq!(look(&manager, &media).await["state"], "ready");

        let down = fetched(app, &manager, &format!("{url}/down")).await;
        for _ in 0..5 {
            assert_eq!(look(&manager, &down).await["state"], "queued");
            app.clock.advance(SignedDuration::from_hours(12));
            app.run_jobs().await;
        }
        assert_eq!(look(&manager, &down).await["state"], "failed");
        let retry = format!("{MEDIA}/{}/retry", down["id"].as_str().unwrap());
        assert_eq!(manager.post(&retry, json!({})).await.expect(202)["state"], "queued");
        assert_eq!(manager.post(&retry, json!({})).await.problem(409), "conflict");
    })
    .await;
}

#[actix_web::test]
async fn a_product_shows_its_pictures_in_their_order() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        product(&manager, "bagru", 6000, 5).await;
        let (url, _) = stranger();
        let detail = "/v1/store/products/indigo-dabu-stole?currency=EUR";
        let shown = app.visitor().get(detail).await.expect(200);
        let path = format!("/v1/manage/cooperatives/bagru/products/{}/media", shown["id"].as_str().unwrap());
        let (one, two) = (upload(&manager, &picture()).await.expect(201), queued(&manager, &format!("{url}/b.jpg")).await);
        let list = json!([{"media": two["id"], "alt": "Folded"}, {"media": one["id"], "alt": "On a table", "variant": shown["variants"][0]["id"]}]);
        manager.put(&path, list).await.expect(204);
        let alts = async || {
            let pictures = app.visitor().get(detail).await.expect(200)["pictures"].clone();
            pictures.as_array().unwrap().iter().map(|p| p["alt"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(alts().await, ["On a table"], "one is on its way");
        app.run_jobs().await;
        assert_eq!(alts().await, ["Folded", "On a table"]);
        let card = app.visitor().get("/v1/store/products?currency=EUR").await.expect(200)["data"][0]["picture"].clone();
        assert_eq!(card["url"], look(&manager, &two).await["urls"]["small"]);

        let other = cooperative(app, "pedana").await;
        let theirs = other.upload("/v1/manage/cooperatives/pedana/media", "a.jpg", picture(), &[]).await.expect(201);
        let cases = [
            (json!([{"media": theirs["id"], "alt": ""}]), "/0/media"),
            (json!([{"media": one["id"]}, {"media": one["id"]}]), "/1/media"),
            (json!([{"media": one["id"], "variant": theirs["id"]}]), "/0/variant"),
            (json!([{"media": one["id"], "alt": "x".repeat(1001)}]), "/0/alt"),
        ];
        for (wrong, pointer) in cases {
            assert_eq!(manager.put(&path, wrong).await.expect(422)["errors"][0]["pointer"], pointer);
        }
        assert_eq!(other.put(&path.replace("bagru", "pedana"), json!([])).await.problem(404), "not-found");
        assert_eq!(alts().await.len(), 2, "a refused list changes nothing");
        manager.put(&path, json!([])).await.expect(204);
        assert_eq!(alts().await.len(), 0);
    })
    .await;
}
