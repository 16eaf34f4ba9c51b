//! What the story claims of answers, checked rather than believed.
use passport::{Known, Outcome, Step, Verdict, log::NoteVerifier, verify_bundle_knowing};
use serde_json::Value;

use super::{Failure, caller::text};

/// What the cooperative can be paid; the story has just made some of it available.
pub fn available(balance: &Value) -> Result<String, Failure> {
    fn find(value: &Value) -> Option<&Value> {
        match value {
            Value::Object(map) => map.get("available").filter(|v| v.get("formatted").is_some()).or_else(|| map.values().find_map(find)),
            Value::Array(rows) => rows.iter().find_map(find),
            _ => None,
        }
    }
    let money = find(balance).ok_or_else(|| format!("no available amount in {balance}"))?;
    if money["amount"].as_i64().unwrap_or(0) <= 0 { Err("nothing became available".into()) } else { Ok(text(money, "/formatted")?.to_owned()) }
}

/// The shares of a statement sum to its payout, and some of it is a maker's.
pub fn divides(statement: &Value) -> Result<(), Failure> {
    let shares = statement["shares"].as_array().ok_or("a statement without shares")?;
    let sum: i64 = shares.iter().filter_map(|s| s["amount"]["amount"].as_i64()).sum();
    let whole = statement["payout"]["amount"]["amount"].as_i64().ok_or("a statement without a payout")?;
    if sum != whole {
        return Err(format!("the shares sum to {sum}, and the payout is {whole}").into());
    }
    let to_makers = shares.iter().any(|s| s["artisan"].is_string() && s["amount"]["amount"].as_i64().unwrap_or(0) > 0);
    if to_makers { Ok(()) } else { Err("no maker has a share".into()) }
}

/// Whether the log has every record of the bundle by now.
pub fn logged(bundle: &[u8], log: &[NoteVerifier]) -> bool {
    let verdict = verify_bundle_knowing(bundle, Known { log, ..Known::default() });
    in_log(&verdict).is_some_and(|step| step.outcome == Outcome::Passed)
}

fn in_log(verdict: &Verdict) -> Option<&Step> {
    verdict.steps.iter().find(|step| step.name == "Public log")
}

/// The bundle is whole and in the log, and stops being so when one letter of it changes.
pub fn verified(bundle: &[u8], log: &[NoteVerifier]) -> Result<String, Failure> {
    let known = Known { log, ..Known::default() };
    let verdict = verify_bundle_knowing(bundle, known);
    if !verdict.ok() {
        return Err(format!("the bundle does not verify: {:?}", verdict.steps).into());
    }
    // One letter, somewhere in the middle.
    let mut forged = bundle.to_vec();
    let middle = (bundle.len() / 2..bundle.len()).find(|&i| bundle[i].is_ascii_alphanumeric()).ok_or("a bundle without letters")?;
    forged[middle] = if bundle[middle] == b'A' { b'B' } else { b'A' };
    if verify_bundle_knowing(&forged, known).ok() {
        return Err("a changed bundle was not found out".into());
    }
    let log = in_log(&verdict).map_or("", |step| step.detail.as_str());
    Ok(format!("{} steps hold; with one letter changed it is refused. {log}", verdict.steps.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use passport::log::NoteSigner;
    use serde_json::json;

    #[test]
    fn a_statement_that_does_not_add_up_breaks_the_story() {
        let share = |artisan: Value, amount: i64| json!({"artisan": artisan, "amount": {"amount": amount, "formatted": "x"}});
        let statement = |shares: Value| json!({"payout": {"amount": {"amount": 100}}, "shares": shares});
        assert!(divides(&statement(json!([share(json!("a"), 60), share(Value::Null, 40)]))).is_ok());
        assert!(divides(&statement(json!([share(json!("a"), 60), share(Value::Null, 39)]))).is_err());
        assert!(divides(&statement(json!([share(Value::Null, 100)]))).is_err(), "no maker was paid");
        assert!(available(&json!({"data": [{"available": {"amount": 5, "formatted": "5"}}]})).is_ok());
        assert!(available(&json!({"data": [{"available": {"amount": 0, "formatted": "0"}}]})).is_err());
        let log = NoteSigner::from_seed("haat.example/log", &[1; 32]).unwrap();
        let keys = std::slice::from_ref(log.verifier());
        assert!(verified(b"{}", keys).is_err() && !logged(b"{}", keys));
    }
}
