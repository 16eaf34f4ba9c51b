//! camt.053 and camt.054: an account's entries, each with the payments in it.
use crate::{
    Kind, Line, Movement, Refused, Report,
    xml::{self, Element},
};

/// (what the message is called, its reports, the kind).
const MESSAGES: [(&str, &str, Kind); 2] = [("BkToCstmrStmt", "Stmt", Kind::Statement), ("BkToCstmrDbtCdtNtfctn", "Ntfctn", Kind::Notification)];

pub fn read(text: &str) -> Result<Report, Refused> {
    let root = xml::parse(text)?;
    if root.name != "Document" {
        return Err(root.refused("the first element of a message is Document"));
    }
    let found = MESSAGES.iter().find_map(|(message, report, kind)| root.child(message).map(|m| (m, *report, *kind)));
    let Some((message, report, kind)) = found else {
        let is = root.children.first().map_or("nothing", |child| child.name.as_str());
        return Err(root.refused(format!("BkToCstmrStmt (camt.053) or BkToCstmrDbtCdtNtfctn (camt.054), not {is}")));
    };
    let mut lines = Vec::new();
    for entry in message.all(report).flat_map(|one| one.all("Ntry")) {
        take_entry(entry, &mut lines)?;
    }
    Ok(Report { kind, lines })
}

fn take_entry(entry: &Element, lines: &mut Vec<Line>) -> Result<(), Refused> {
    let booked = match entry.words(&["Sts", "Cd"]).or_else(|| entry.words(&["Sts"])).as_deref() {
        Some("BOOK") => true,
        Some("PDNG" | "INFO" | "FUTR") => false,
        Some(other) => return Err(entry.child("Sts").unwrap_or(entry).refused(format!("BOOK, PDNG, INFO or FUTR, not {other}"))),
        None => return Err(entry.refused("an entry has Sts")),
    };
    let payments: Vec<&Element> = entry.all("NtryDtls").flat_map(|details| details.all("TxDtls")).collect();
    if payments.is_empty() {
        lines.push(line(entry, entry, booked)?);
    }
    // Payments that were booked together have one reference: each gets its place in it.
    let together = payments.len() > 1;
    for (at, payment) in (1..).zip(payments) {
        let mut line = line(entry, payment, booked)?;
        if together && payment.words(&["Refs", "AcctSvcrRef"]).is_none() {
            line.reference = line.reference.map(|reference| format!("{reference}/{at}"));
        }
        lines.push(line);
    }
    Ok(())
}

/// One payment; what it does not say itself, its entry says.
fn line(entry: &Element, payment: &Element, booked: bool) -> Result<Line, Refused> {
    let either = |path: &[&str]| payment.words(path).or_else(|| entry.words(path));
    let direction = either(&["CdtDbtInd"]).ok_or_else(|| payment.refused("CdtDbtInd is missing"))?;
    let reversal = either(&["RvslInd"]).as_deref() == Some("true");
    let returned = payment.child("RtrInf");
    let movement = match (booked, direction.as_str()) {
        (false, "DBIT" | "CRDT") => Movement::Announced,
        (true, "DBIT") if !reversal => Movement::Left,
        (true, "CRDT") if reversal || returned.is_some() => Movement::Returned,
        // A debit that is taken back is money that came.
        (true, "DBIT" | "CRDT") => Movement::Came,
        (_, other) => return Err(payment.refused(format!("CdtDbtInd is CRDT or DBIT, not {other}"))),
    };
    let (amount, currency) = amount(entry, payment)?;
    let known = |id: String| (id != "NOTPROVIDED").then_some(id);
    let reason = returned.and_then(|r| r.words(&["Rsn", "Cd"]).or_else(|| r.words(&["Rsn", "Prtry"])));
    Ok(Line {
        at: payment.line,
        movement,
        amount,
        currency: Some(currency),
        end_to_end: payment.words(&["Refs", "EndToEndId"]).and_then(known).or_else(|| payment.words(&["Refs", "InstrId"]).and_then(known)),
        reference: payment.words(&["Refs", "AcctSvcrRef"]).or_else(|| either(&["AcctSvcrRef"])).or_else(|| entry.words(&["NtryRef"])),
        reason,
        said: returned.and_then(|r| r.words(&["AddtlInf"])).or_else(|| payment.words(&["RmtInf", "Ustrd"])).or_else(|| either(&["AddtlTxInf"])),
    })
}

/// The payment's own amount, or the entry's where there is only one payment in it.
fn amount(entry: &Element, payment: &Element) -> Result<(String, String), Refused> {
    let own = payment.child("Amt").or_else(|| payment.at(&["AmtDtls", "TxAmt", "Amt"]));
    let payments = entry.all("NtryDtls").map(|details| details.all("TxDtls").count()).sum::<usize>();
    let found = own.or_else(|| entry.child("Amt").filter(|_| payments <= 1)).ok_or_else(|| payment.refused("Amt is missing"))?;
    let text = found.text.trim();
    let currency = found.currency.clone().filter(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase()));
    let currency = currency.ok_or_else(|| found.refused("Ccy is three capital letters"))?;
    if !is_amount(text) {
        return Err(found.refused(format!("an amount such as 5236.36, not {text:?}")));
    }
    Ok((text.to_owned(), currency))
}

/// Digits, and at most one point with digits behind it.
pub(crate) fn is_amount(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.len() <= 18 && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, places)) => digits(whole) && digits(places),
        None => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATEMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>S-1</MsgId><CreDtTm>2026-11-25T06:00:00</CreDtTm></GrpHdr>
    <Stmt><Id>S-1</Id>
      <Ntry><Amt Ccy="EUR">150.36</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>B-9</AcctSvcrRef>
        <NtryDtls><TxDtls><Refs><EndToEndId>PO-7K3M-92QX</EndToEndId></Refs><Amt Ccy="EUR">50.36</Amt></TxDtls>
        <TxDtls><Refs><EndToEndId>PO-2222-3333</EndToEndId><AcctSvcrRef>B-9-2</AcctSvcrRef></Refs><Amt Ccy="EUR">100.00</Amt></TxDtls></NtryDtls></Ntry>
      <Ntry><Amt Ccy="EUR">50.36</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><AcctSvcrRef>B-10</AcctSvcrRef>
        <NtryDtls><TxDtls><Refs><EndToEndId>PO-7K3M-92QX</EndToEndId></Refs>
          <RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Konto &amp; Kunde &#x2014; fort</AddtlInf></RtrInf></TxDtls></NtryDtls></Ntry>
      <Ntry><Amt Ccy="EUR">7</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>
    </Stmt>
  </BkToCstmrStmt>
</Document>"#;

    #[test]
    fn a_statement_is_its_payments() {
        let report = read(STATEMENT).unwrap();
        assert_eq!(report.kind, Kind::Statement);
        let told: Vec<_> = report.lines.iter().map(|l| (l.movement, l.amount.as_str(), l.end_to_end.as_deref(), l.reference.as_deref())).collect();
        assert_eq!(
            told,
            [
                (Movement::Left, "50.36", Some("PO-7K3M-92QX"), Some("B-9/1")),
                (Movement::Left, "100.00", Some("PO-2222-3333"), Some("B-9-2")),
                (Movement::Returned, "50.36", Some("PO-7K3M-92QX"), Some("B-10")),
                (Movement::Announced, "7", None, None),
            ]
        );
        assert_eq!((report.lines[2].reason.as_deref(), report.lines[2].said.as_deref()), (Some("AC04"), Some("Konto & Kunde — fort")));
        assert_eq!(report.lines[2].at, 10);
    }
    #[test]
    fn a_notification_reads_the_same() {
        let text = STATEMENT.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>").replace("camt.053", "camt.054");
        assert_eq!(read(&text).unwrap(), Report { kind: Kind::Notification, ..read(STATEMENT).unwrap() });
    }
    #[test]
    fn what_cannot_be_right_is_named_with_its_line() {
        let refused = |text: &str| read(text).unwrap_err();
        let at = |text: &str| {
            let Refused { line, element, .. } = refused(text);
            (line, element)
        };
        assert_eq!(at(&STATEMENT.replace(">150.36<", ">150,36<").replace(">50.36</Amt></TxDtls>", "></Amt></TxDtls>")), (7, "Amt".into()));
        assert_eq!(at(&STATEMENT.replace(" Ccy=\"EUR\">7<", ">7<")), (12, "Amt".into()));
        assert_eq!(at(&STATEMENT.replace("PDNG", "MAYBE")), (12, "Sts".into()));
        assert_eq!(at(&STATEMENT.replace("<CdtDbtInd>DBIT</CdtDbtInd>", "")), (7, "TxDtls".into()));
        assert_eq!(at("<Document>\n<CstmrCdtTrfInitn/>\n</Document>"), (1, "Document".into()));
        assert_eq!(at("<Document>\n<BkToCstmrStmt>\n"), (3, "BkToCstmrStmt".into()));
        assert_eq!(refused("<Document>\n<A></B></Document>").line, 2);
        assert_eq!(at("<html/>"), (1, "html".into()));
    }
    /// A billion laughs is refused where it begins, and so is anything that would be expanded or fetched.
    #[test]
    fn nothing_is_expanded() {
        let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\n<Document>&b;</Document>";
        assert_eq!(read(bomb).unwrap_err(), Refused::new(2, "DOCTYPE", "a document type: no message has one"));
        let used = "<Document>&b;</Document>";
        assert_eq!(read(used).unwrap_err().problem, "an entity that is not XML's own: nothing is expanded");
        let deep = format!("<Document>{}", "<a>".repeat(100));
        assert!(read(&deep).unwrap_err().problem.contains("40 deep"));
        let long = format!("<Document>{}</Document>", "x".repeat(5000));
        assert!(read(&long).unwrap_err().problem.contains("4096"));
    }

    proptest::proptest! {
        /// Whatever comes in, it is read or refused, and nothing else happens.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let _ = crate::read(&bytes, &[]);
        }
        #[test]
        fn any_damage_is_read_or_refused(at in 0_usize..1500, with in "[<>&;\"a-z ]{0,4}") {
            let mut text = STATEMENT.to_owned();
            let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.insert_str(at, &with);
            let _ = read(&text);
        }
    }
}
