//! Who may know whom. A folder that is not here knows only the foundation, and may be known by nobody but `app` and `routes`.
use super::{bare, code};

/// Knows no domain; known by all. (`app` is handed to handlers and jobs, which take the part they need; it names every domain.)
const FOUNDATION: &[&str] = &[
    "app",
    "clock",
    "config",
    "countries",
    "db",
    "edge",
    "http",
    "idempotency",
    "ids",
    "jobs",
    "limits",
    "money",
    "openapi",
    "page",
    "problem",
    "schema",
    "secrets",
    "slug",
    "telemetry",
    "tenancy",
    "text_enum",
    "upload",
];
/// These assemble the program.
const ASSEMBLY: &[&str] = &["app", "routes", "main", "commands", "lib"];

/// Domain → the domains that it may use. `audit` and `notifications` are told things and call nobody.
const ALLOWED: &[(&str, &[&str])] = &[
    ("artisans", &["audit", "auth", "cooperatives", "media"]),
    ("audit", &["auth"]),
    ("auth", &["audit", "notifications"]),
    ("catalog", &["artisans", "audit", "auth", "cooperatives", "media", "payments", "provenance", "tax"]),
    ("checkout", &["audit", "auth", "catalog", "ledger", "notifications", "orders", "payments", "payouts", "provenance", "refunds"]),
    ("closing", &["audit", "auth", "ledger", "reconciliation"]),
    ("cooperatives", &["audit", "auth", "notifications", "payments"]),
    ("health", &["ledger"]),
    ("imports", &["artisans", "audit", "auth", "catalog", "cooperatives", "media", "provenance", "work"]),
    ("ledger", &[]),
    ("log", &[]),
    ("media", &["audit", "auth"]),
    ("notifications", &[]),
    ("orders", &["audit", "auth", "catalog", "cooperatives", "ledger", "media", "notifications", "provenance"]),
    ("payments", &[]),
    ("payouts", &["artisans", "audit", "auth", "catalog", "cooperatives", "ledger", "notifications", "payments", "provenance", "work"]),
    ("premium", &["audit", "auth", "cooperatives", "ledger", "notifications", "payouts"]),
    ("provenance", &["log"]),
    ("reconciliation", &["audit", "auth", "ledger", "payments"]),
    ("refunds", &["audit", "auth", "catalog", "ledger", "notifications", "orders", "payments", "payouts", "provenance"]),
    (
        "stories",
        &["artisans", "audit", "auth", "catalog", "cooperatives", "ledger", "media", "notifications", "orders", "payouts", "provenance", "work"],
    ),
    ("tags", &["audit", "auth", "catalog", "cooperatives", "provenance"]),
    ("tax", &["audit", "auth"]),
    ("work", &["artisans", "audit", "auth", "cooperatives", "provenance"]),
];
/// (file, what it uses, why). None is the aim.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/provenance/http", "auth", "who asks for a bundle or writes an event is known at the door; the record itself knows nobody"),
    ("src/provenance/view.rs", "media", "where a picture is served; the record holds only its digest"),
    ("src/ledger/http", "auth", "who reads the books is known at the door; the books know nobody"),
];
/// Where the program acts for a cooperative that nobody signed in for: (file, why).
const SYSTEM_SCOPES: &[(&str, &str)] = &[
    ("src/tenancy.rs", "the definition"),
    ("src/checkout/refunds", "what is refunded is undone for the cooperatives of its lines"),
    ("src/checkout/settle.rs", "a payment is settled for the cooperatives of its order's lines"),
    ("src/commands/demo", "the demo world is made by the program itself"),
    ("src/commands/import.rs", "the operator's own command"),
    ("src/cooperatives/destinations/mod.rs", "the job was enqueued for a destination of this cooperative, whose id is in it"),
    ("src/cooperatives/model.rs", "what the operator decides about the cooperative that was named"),
    ("src/imports/jobs.rs", "the job was enqueued by a manager of this cooperative, whose id is in it"),
    ("src/imports/mod.rs", "the operator's own command names the cooperative"),
    ("src/payouts/jobs.rs", "the job was enqueued for a payout of this cooperative, whose id is in it"),
    ("src/payouts/model.rs", "a payout that the platform holds, for the cooperative that it names"),
    ("src/payouts/holds", "an operator ends the hold that is named, whoever it holds"),
    ("src/payouts/store", "the platform's own runs read payouts of all cooperatives, and act for each"),
    ("src/premium/store.rs", "an operator confirms the decision that is named, whoever's it is"),
    ("src/provenance/store.rs", "an item is found by its public code, and with it whose it is"),
];

/// The modules of this crate that the text uses: `crate::x`, and each first name within `use crate::{…}`.
fn used(text: &str) -> Vec<String> {
    let text = bare(text);
    let word = |s: &str| s.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for part in text.split("crate::").skip(1) {
        let Some(group) = part.strip_prefix('{') else {
            found.push(word(part));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '}' if depth == 0 => break,
                ',' if depth == 0 => found.push(word(&std::mem::take(&mut item))),
                _ => {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    item.push(c);
                }
            }
        }
        found.push(word(&item));
    }
    found.retain(|name| !name.is_empty());
    found.sort();
    found.dedup();
    found
}

/// What the file may not use.
fn forbidden(file: &str, text: &str) -> Vec<String> {
    let Some(within) = file.strip_prefix("src/") else { return Vec::new() };
    let module = within.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    if ASSEMBLY.contains(&module) {
        return Vec::new();
    }
    let allowed = ALLOWED.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, allowed)| allowed);
    let excepted = |used: &str| EXCEPTIONS.iter().any(|(place, what, _)| file.starts_with(place) && *what == used);
    // A name in upper case is a macro's or a type's at the root.
    let fine = |name: &String| name == module || FOUNDATION.contains(&name.as_str()) || allowed.contains(&name.as_str()) || excepted(name);
    used(text).into_iter().filter(|name| !fine(name)).map(|name| format!("{file} uses {name}")).collect()
}

#[test]
fn modules_know_only_whom_they_may() {
    let found: Vec<String> = code().iter().flat_map(|(file, text)| forbidden(file, text)).collect();
    assert_eq!(found, Vec::<String>::new(), "see tests/api/tidy/modules.rs");
}
#[test]
fn what_is_allowed_has_no_circle() {
    // A name is placed once all that it may use is placed; in a circle none ever is.
    let mut placed: Vec<&str> = Vec::new();
    let known = |name: &str| ALLOWED.iter().any(|(n, _)| *n == name);
    for _ in ALLOWED {
        for (name, uses) in ALLOWED {
            let ready = uses.iter().all(|u| placed.contains(u) || !known(u) || (*name == "audit" && *u == "auth"));
            if ready && !placed.contains(name) {
                placed.push(name);
            }
        }
    }
    assert_eq!(placed.len(), ALLOWED.len(), "only {placed:?} are in no circle");
}
#[test]
fn the_program_acts_for_a_cooperative_only_where_it_is_said() {
    let mut found = Vec::new();
    for (file, text) in code() {
        if bare(&text).contains("Scope::system") && !SYSTEM_SCOPES.iter().any(|(place, _)| file.starts_with(place)) {
            found.push(file);
        }
    }
    assert_eq!(found, Vec::<String>::new(), "Scope::system here needs a line, with its reason, in tests/api/tidy/modules.rs");
}
#[test]
fn control_a_forbidden_use_is_found() {
    let text =
        "use crate::{\n    db::{Conn, Tx},\n    orders::{self, model::Order},\n};\n// use crate::payments;\nfn f() { crate::checkout::settle() }";
    assert_eq!(used(text), ["checkout", "db", "orders"]);
    assert_eq!(forbidden("src/ledger/store.rs", text), ["src/ledger/store.rs uses checkout", "src/ledger/store.rs uses orders"]);
    assert_eq!(forbidden("src/money.rs", "use crate::catalog::Product;"), ["src/money.rs uses catalog"]);
    assert_eq!(forbidden("src/routes.rs", text), Vec::<String>::new());
}
