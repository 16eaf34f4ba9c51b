//! Who may call what: every operation of the API document × every role, and the class of answer each gets.
//!
//! The rule of a surface holds for all of it; what differs is listed by name, with the reason. An operation on no surface fails the test.
mod sample;

use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{cooperative, platform, product, sql},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Nobody,
    /// Signed in, with no role anywhere.
    Buyer,
    Member,
    Agent,
    Manager,
    /// A manager of another cooperative.
    Other,
    Auditor,
    Operator,
}
use Role::{Agent, Auditor, Buyer, Manager, Member, Nobody, Operator, Other};
const ROLES: [Role; 8] = [Nobody, Buyer, Member, Agent, Manager, Other, Auditor, Operator];

/// What is right for a role. `Allowed` is any answer that authorisation did not give: there may be no such thing, or a wrong body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Unauthenticated,
    Forbidden,
    /// Not theirs is as unknown as not there.
    Unknown,
    Allowed,
}
use Expected::{Allowed, Forbidden, Unauthenticated, Unknown};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Anyone, or whoever holds a token of the thing itself.
    Public,
    /// Anyone who is signed in.
    SignedIn,
    /// Managers of the cooperative in the path.
    OfManager,
    /// Its managers, members and agents.
    OfPeople,
    /// Its managers and agents.
    OfAgent,
    OfAuditor,
    OfOperator,
}

fn expected(class: Class, role: Role) -> Expected {
    let of_cooperative = |may: &[Role]| match role {
        Nobody => Unauthenticated,
        role if may.contains(&role) => Allowed,
        _ => Unknown,
    };
    let of_platform = |may: &[Role]| match role {
        Nobody => Unauthenticated,
        role if may.contains(&role) => Allowed,
        _ => Forbidden,
    };
    match class {
        Class::Public => Allowed,
        Class::SignedIn if role == Nobody => Unauthenticated,
        Class::SignedIn => Allowed,
        Class::OfManager => of_cooperative(&[Manager]),
        Class::OfPeople => of_cooperative(&[Manager, Member, Agent]),
        Class::OfAgent => of_cooperative(&[Manager, Agent]),
        Class::OfAuditor => of_platform(&[Auditor, Operator]),
        Class::OfOperator => of_platform(&[Operator]),
    }
}

/// Method or `*`, beginning of the path, class. The first that fits holds.
const SURFACES: &[(&str, &str, &[Class])] = &[
    ("*", "/v1/manage/cooperatives/{coop}", &[Class::OfManager, Class::OfPeople, Class::OfAgent]),
    ("*", "/v1/agent/", &[Class::OfAgent, Class::OfPeople]),
    ("GET", "/v1/admin/", &[Class::OfAuditor, Class::OfOperator]),
    ("*", "/v1/admin/", &[Class::OfOperator]),
    ("*", "/v1/auth/me", &[Class::SignedIn]),
    ("DELETE", "/v1/auth/sessions", &[Class::SignedIn]),
    ("*", "/v1/auth/", &[Class::Public]),
    ("*", "/v1/store/", &[Class::Public]),
    ("*", "/v1/provenance/", &[Class::Public]),
    ("*", "/webhooks/", &[Class::Public]),
    ("*", "/i/", &[Class::Public]),
    ("GET", "/media/", &[Class::Public]),
    ("GET", "/pay/", &[Class::Public]),
    ("GET", "/scripts/", &[Class::Public]),
    ("GET", "/tags/", &[Class::Public]),
    ("GET", "/health/", &[Class::Public]),
    ("GET", "/log/", &[Class::Public]),
    ("GET", "/invitations/", &[Class::Public]),
    ("GET", "/password-resets/", &[Class::Public]),
    ("GET", "/.well-known/", &[Class::Public]),
    ("GET", "/coop/", &[Class::Public]),
    ("GET", "/status/", &[Class::Public]),
];
/// Where exactly one class is right: a change of it is a decision, and changes a line here.
const PINNED: &[(&str, Class)] = &[
    ("approve_cooperative", Class::OfOperator),
    ("approve_suspense_item", Class::OfOperator),
    ("create_api_key", Class::OfManager),
    ("create_fulfilment", Class::OfManager),
    ("create_invitation", Class::OfManager),
    ("appeal_payout_hold", Class::OfManager),
    ("create_bank_report", Class::OfOperator),
    ("create_payout", Class::OfOperator),
    ("create_payout_hold", Class::OfOperator),
    ("release_payout_hold", Class::OfOperator),
    ("confirm_any_premium_decision", Class::OfOperator),
    ("confirm_premium_decision", Class::OfManager),
    ("create_cancellation", Class::Public),
    ("create_order_material", Class::OfManager),
    ("create_premium_decision", Class::OfManager),
    ("create_premium_spending", Class::OfManager),
    ("create_price_agreement", Class::OfManager),
    ("create_reconciliation", Class::OfOperator),
    ("delete_api_key", Class::OfManager),
    ("delete_member", Class::OfManager),
    ("get_any_order", Class::OfAuditor),
    ("get_any_payout", Class::OfAuditor),
    ("get_any_premium_decision", Class::OfAuditor),
    ("get_dispute_evidence", Class::OfOperator),
    ("get_balance", Class::OfManager),
    ("get_managed_order", Class::OfManager),
    ("get_payout_file", Class::OfOperator),
    ("get_premium_decision", Class::OfManager),
    ("get_premium_fund", Class::OfManager),
    ("get_reconciliation", Class::OfAuditor),
    ("list_all_payouts", Class::OfAuditor),
    ("list_api_keys", Class::OfManager),
    ("list_audit", Class::OfAuditor),
    ("list_dispute_policies", Class::OfAuditor),
    ("list_audit_samples", Class::OfAuditor),
    ("list_auditor_reads", Class::OfAuditor),
    ("list_invitations", Class::OfManager),
    ("list_members", Class::OfManager),
    ("list_orders", Class::OfManager),
    ("list_payout_files", Class::OfOperator),
    ("list_platform_api_keys", Class::OfOperator),
    ("list_platform_invitations", Class::OfOperator),
    ("list_platform_members", Class::OfAuditor),
    ("list_reconciliation_lines", Class::OfAuditor),
    ("list_reconciliations", Class::OfAuditor),
    ("list_stuck_operations", Class::OfAuditor),
    ("list_suspense_items", Class::OfAuditor),
    ("list_transfers", Class::OfManager),
    ("preview_refund", Class::OfOperator),
    ("propose_suspense_item", Class::OfOperator),
    ("publish_product", Class::OfManager),
    ("save_dispute_evidence", Class::OfOperator),
    ("set_dispute_consent", Class::OfOperator),
    ("set_dispute_policy", Class::OfOperator),
    ("update_cooperative", Class::OfManager),
    ("update_product", Class::OfManager),
];
/// They end the session that asks; tested where sessions are.
const ENDS_SESSIONS: &[&str] = &["delete_session", "delete_all_sessions"];

struct Operation {
    id: String,
    method: String,
    path: String,
    document: Value,
}
fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            all.push(Operation { id, method: method.to_uppercase(), path: path.clone(), document: operation.clone() });
        }
    }
    all
}
/// The classes that are right for it; none if no surface has it.
fn classes(id: &str, method: &str, path: &str) -> Vec<Class> {
    if let Some((_, class)) = PINNED.iter().find(|(name, _)| *name == id) {
        return vec![*class];
    }
    let surface = SURFACES.iter().find(|(m, begins, _)| (*m == "*" || *m == method) && path.starts_with(begins));
    surface.map_or_else(Vec::new, |(_, _, classes)| classes.to_vec())
}
fn fits(expected: Expected, status: u16) -> bool {
    match expected {
        Unauthenticated => status == 401,
        Forbidden => status == 403,
        Unknown => status == 404,
        // 401 is also what a wrong password is told.
        Allowed => status != 403 && status < 500,
    }
}

/// A person of the cooperative, or one with no role at all.
async fn person(app: &TestApp, role: Option<&str>) -> Client {
    let name = role.unwrap_or("buyer");
    let (account, at) = (haat::ids::new_uuid(), app.clock.now());
    let token = haat::secrets::Token::parse(&format!("session_{name}"));
    let hash: String = token.hash().iter().map(|b| format!("{b:02x}")).collect();
    let held = role.map(|role| {
        format!("INSERT INTO memberships (id, account_id, coop_id, role, created_at) SELECT '{}', '{account}', id, '{role}', '{at}' FROM cooperatives WHERE slug = 'bagru';", haat::ids::new_uuid())
    });
    let text = format!(
        "INSERT INTO accounts (id, email, name, locale, created_at, updated_at) VALUES ('{account}', '{name}@people.example', 'P', 'en', '{at}', '{at}');
         INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at) VALUES ('{}', '{account}', '\\x{hash}', '{at}', '2027-01-01'); {}",
        haat::ids::new_uuid(),
        held.unwrap_or_default()
    );
    sql(app, &text).await;
    app.visitor().bearer(token.reveal())
}

/// One call with a body that the document accepts, so that nothing but authorisation can refuse first.
async fn call(client: &Client, document: &Value, operation: &Operation, coop: &str, id: &str) -> u16 {
    let client = client.with("Idempotency-Key", haat::ids::new_uuid().to_string()).with("If-Match", "\"1\"");
    let path = sample::path(&operation.path, coop, id);
    let body = sample::body(document, &operation.document);
    let answer = match (operation.method.as_str(), body) {
        (_, sample::Sent::Form) => client.upload(&path, "file.csv", b"Title\nStole\n".to_vec(), &[]).await,
        (_, sample::Sent::Fields(fields)) => client.form(&path, &fields).await,
        ("GET", _) => client.get(&path).await,
        ("DELETE", _) => client.delete(&path).await,
        ("PATCH", sample::Sent::Json(body)) => client.patch(&path, body).await,
        ("PUT", sample::Sent::Json(body)) => client.put(&path, body).await,
        (_, sample::Sent::Json(body)) => client.post(&path, body).await,
    };
    answer.status.as_u16()
}

#[actix_web::test]
async fn every_operation_answers_every_role_as_the_table_says() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let people = [
            (Nobody, app.visitor()),
            (Buyer, person(app, None).await),
            (Member, person(app, Some("member")).await),
            (Agent, person(app, Some("agent")).await),
            (Manager, manager),
            (Other, other),
            (Auditor, platform(app, "auditor").await),
            (Operator, platform(app, "operator").await),
        ];
        assert_eq!(people.each_ref().map(|(role, _)| *role), ROLES);
        let document = serde_json::to_value(haat::routes::openapi()).unwrap();
        let (mut wrong, nowhere) = (Vec::new(), haat::ids::new_uuid().to_string());
        let all = operations(&document);
        assert!(all.len() > 80, "{}", all.len());
        for operation in all.iter().filter(|o| !ENDS_SESSIONS.contains(&o.id.as_str())) {
            let classes = classes(&operation.id, &operation.method, &operation.path);
            if classes.is_empty() {
                wrong.push(format!("{} ({} {}) is on no surface of the table", operation.id, operation.method, operation.path));
                continue;
            }
            let mut told = Vec::new();
            for (role, client) in &people {
                told.push((*role, call(client, &document, operation, "bagru", &nowhere).await));
            }
            let right = |class: &Class| told.iter().all(|(role, status)| fits(expected(*class, *role), *status));
            if !classes.iter().any(right) {
                wrong.push(format!("{} is {classes:?}, but was answered {told:?}", operation.id));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

/// All rows of a cooperative, in every table that has some, as one hash.
async fn fingerprint(app: &TestApp, slug: &str) -> String {
    use diesel_async::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        hash: String,
    }
    let query = diesel::sql_query(format!(
        "SELECT md5(string_agg(query_to_xml(format('SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %I t WHERE coop_id = %L', c.table_name, o.id),
           true, false, '')::text, chr(10) ORDER BY c.table_name)) AS hash
         FROM information_schema.columns c, cooperatives o WHERE c.column_name = 'coop_id' AND c.table_schema = 'public' AND o.slug = '{slug}'"
    ));
    query.get_result::<Row>(&mut *app.db.db.conn().await.unwrap()).await.unwrap().hash
}

#[actix_web::test]
async fn nobody_writes_into_another_cooperative() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let own = manager.get("/v1/manage/cooperatives/bagru/products").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        let members = manager.get("/v1/manage/cooperatives/bagru/members").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        let document = serde_json::to_value(haat::routes::openapi()).unwrap();
        let before = fingerprint(app, "bagru").await;
        let writes = operations(&document).into_iter().filter(|o| o.method != "GET" && o.path.starts_with("/v1/manage/"));
        let (mut wrong, mut tried) = (Vec::new(), 0);
        for operation in writes {
            for id in [&own, &variant, &members] {
                // At its address, and at one's own address with its ids.
                let there = call(&other, &document, &operation, "bagru", id).await;
                if there != 404 {
                    wrong.push(format!("{} at bagru: {there}", operation.id));
                }
                let here = call(&other, &document, &operation, "pedana", id).await;
                if operation.path.contains("{id}") && (200..300).contains(&here) {
                    wrong.push(format!("{} with an id of bagru: {here}", operation.id));
                }
                tried += 2;
            }
        }
        assert!(wrong.is_empty() && tried > 60, "{tried}: {}", wrong.join("\n"));
        assert_eq!(fingerprint(app, "bagru").await, before);
        // Control: its own manager's write shows.
        let stock = json!({"name": "spring"});
        manager
            .post(
                "/v1/manage/cooperatives/bagru/price-templates",
                json!({"name": stock["name"], "maker_bp": 5000, "materials_bp": 3000, "cooperative_bp": 2000}),
            )
            .await
            .expect(201);
        assert_ne!(fingerprint(app, "bagru").await, before);
    })
    .await;
}

#[test]
fn control_a_hole_and_a_stray_operation_are_found() {
    assert!(classes("leak", "GET", "/v1/leaks").is_empty());
    assert_eq!(classes("list_orders", "GET", "/v1/manage/cooperatives/{coop}/orders"), [Class::OfManager]);
    for (role, status) in [(Nobody, 200), (Other, 403), (Other, 200), (Member, 200)] {
        assert!(!fits(expected(Class::OfManager, role), status), "{role:?} {status}");
    }
    assert!(!fits(expected(Class::OfOperator, Auditor), 200) && !fits(expected(Class::OfOperator, Operator), 403));
}
