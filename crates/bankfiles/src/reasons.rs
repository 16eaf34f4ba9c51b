//! Why money came back: ISO 20022's external return and status reason codes, in words that a cooperative's manager understands.

/// (code, what it means). From the external code set; those that a credit transfer comes back with.
const REASONS: &[(&str, &str)] = &[
    ("AC01", "the account number is not right"),
    ("AC02", "the payer's account number is not right"),
    ("AC03", "the account number is not right"),
    ("AC04", "the account is closed"),
    ("AC06", "the account is blocked"),
    ("AC13", "this kind of account cannot receive it"),
    ("AC14", "this kind of account cannot receive it"),
    ("AG01", "such a payment may not go to this account"),
    ("AG02", "the bank does not know this kind of payment"),
    ("AM01", "the amount is zero"),
    ("AM02", "the amount is more than the bank may take"),
    ("AM03", "the account does not take this currency"),
    ("AM04", "there was not enough money in the account it was to leave"),
    ("AM05", "the bank took it for a payment that was made already"),
    ("AM09", "the amount is not what was agreed"),
    ("BE01", "the name does not fit the account"),
    ("BE04", "the receiver's address is missing"),
    ("BE05", "the bank does not know who paid"),
    ("BE06", "the receiver is not known there"),
    ("BE07", "the payer's address is missing"),
    ("CNOR", "the receiver's bank does not take such payments"),
    ("CUST", "it was asked back by whoever sent it"),
    ("DNOR", "the payer's bank does not make such payments"),
    ("DS28", "the bank did not process it"),
    ("DUPL", "the bank took it for a payment that was made already"),
    ("ED05", "the banks could not settle it with each other"),
    ("FF05", "the bank does not know this kind of payment"),
    ("FOCR", "it was asked back"),
    ("FR01", "the bank suspects fraud"),
    ("MD07", "the receiver has died"),
    ("MS02", "the receiver refused it, without a reason"),
    ("MS03", "the bank gave no reason"),
    ("RC01", "the bank's code (IFSC or BIC) is not right"),
    ("RC04", "the receiver's bank is not known"),
    ("RC07", "the bank's code (IFSC or BIC) is not right"),
    ("RF01", "its reference was used before"),
    ("RR01", "details of the payer are missing that the law asks for"),
    ("RR02", "the payer's name or address is missing"),
    ("RR03", "the receiver's name or address is missing"),
    ("RR04", "the law does not allow it"),
    ("SL12", "the receiver takes nothing from this payer"),
    ("TM01", "it came too late for the day"),
    ("UPAY", "nothing was owed"),
];

/// `AC04: the account is closed`, with what the bank added.
pub fn in_words(code: Option<&str>, said: Option<&str>) -> String {
    let code = code.map(str::trim).filter(|code| !code.is_empty());
    let known = code.and_then(|code| REASONS.iter().find(|(known, _)| *known == code)).map(|(_, words)| *words);
    let said = said.map(str::trim).filter(|said| !said.is_empty());
    match (code, known, said) {
        (Some(code), Some(words), Some(said)) => format!("{code}: {words} ({said})"),
        (Some(code), Some(words), None) => format!("{code}: {words}"),
        (Some(code), None, Some(said)) => format!("{code}: {said}"),
        (Some(code), None, None) => format!("the bank's code {code}"),
        (None, _, Some(said)) => said.to_owned(),
        (None, _, None) => "the bank gave no reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_said_in_words() {
        assert_eq!(in_words(Some("AC04"), Some("Konto aufgelöst")), "AC04: the account is closed (Konto aufgelöst)");
        assert_eq!(in_words(Some("R03"), Some("no such account")), "R03: no such account");
        assert_eq!(in_words(Some("ZZ99"), None), "the bank's code ZZ99");
        assert_eq!(in_words(None, None), "the bank gave no reason");
        let mut codes: Vec<_> = REASONS.iter().map(|(code, _)| code).collect();
        codes.dedup();
        assert!(codes.len() == REASONS.len() && codes.is_sorted(), "each once, in order");
    }
}
