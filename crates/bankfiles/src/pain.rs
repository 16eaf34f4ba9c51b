//! pain.001.001.09: credit transfers that a bank is asked to make. One payment information block, one account that they leave.
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

/// Whose account the money leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debtor {
    pub name: String,
    pub iban: String,
    pub bic: Option<String>,
}
impl Debtor {
    /// `Name; IBAN` or `Name; IBAN; BIC`. None for anything else, and for an IBAN whose check digits do not fit.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(';').map(str::trim).collect();
        let (name, iban, bic) = match parts.as_slice() {
            [name, iban] => (*name, *iban, None),
            [name, iban, bic] => (*name, *iban, Some((*bic).to_owned())),
            _ => return None,
        };
        let iban: String = iban.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        let fits = bic.as_ref().is_none_or(|bic| matches!(bic.len(), 8 | 11) && bic.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
        (!name.is_empty() && fits && is_iban(&iban)).then(|| Self { name: name.to_owned(), iban, bic })
    }
}
/// ISO 13616: the whole, its first four moved to the end and letters as numbers from 10, leaves 1 when divided by 97.
fn is_iban(iban: &str) -> bool {
    if !(15..=34).contains(&iban.len()) || !iban.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (head, rest) = iban.split_at(4);
    let digit = |sum: u32, c: char| c.to_digit(36).map(|value| (sum * if value < 10 { 10 } else { 100 } + value) % 97);
    rest.chars().chain(head.chars()).try_fold(0, digit) == Some(1)
}

/// One credit transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Ours, on both statements.
    pub end_to_end: String,
    /// With a point and the currency's places.
    pub amount: String,
    pub currency: String,
    pub holder: String,
    pub iban: String,
}

/// The message. `at` is `2026-11-25T12:00:00`, `day` when it is to be carried out, `total` the sum of the amounts as they are written.
///
/// # Errors
/// None but the writer's own, which writes into memory.
pub fn instruct(id: &str, at: &str, day: &str, debtor: &Debtor, total: &str, payments: &[Payment]) -> std::io::Result<String> {
    let mut out = Message(Writer::new_with_indent(Vec::new(), b' ', 1));
    out.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut root = BytesStart::new("Document");
    root.push_attribute(("xmlns", "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"));
    out.0.write_event(Event::Start(root))?;
    out.open("CstmrCdtTrfInitn")?;
    let count = payments.len().to_string();
    out.open("GrpHdr")?;
    for (name, text) in [("MsgId", id), ("CreDtTm", at), ("NbOfTxs", &count), ("CtrlSum", total)] {
        out.leaf(name, text)?;
    }
    out.wrapped(&["InitgPty"], "Nm", &debtor.name)?;
    out.close("GrpHdr")?;
    out.open("PmtInf")?;
    for (name, text) in [("PmtInfId", id), ("PmtMtd", "TRF"), ("BtchBookg", "false"), ("NbOfTxs", &count), ("CtrlSum", total)] {
        out.leaf(name, text)?;
    }
    out.wrapped(&["ReqdExctnDt"], "Dt", day)?;
    out.wrapped(&["Dbtr"], "Nm", &debtor.name)?;
    out.wrapped(&["DbtrAcct", "Id"], "IBAN", &debtor.iban)?;
    match &debtor.bic {
        Some(bic) => out.wrapped(&["DbtrAgt", "FinInstnId"], "BICFI", bic)?,
        None => out.wrapped(&["DbtrAgt", "FinInstnId", "Othr"], "Id", "NOTPROVIDED")?,
    }
    out.leaf("ChrgBr", "SLEV")?;
    for payment in payments {
        out.transfer(payment)?;
    }
    for name in ["PmtInf", "CstmrCdtTrfInitn", "Document"] {
        out.close(name)?;
    }
    let mut text = out.0.into_inner();
    text.push(b'\n');
    String::from_utf8(text).map_err(std::io::Error::other)
}

struct Message(Writer<Vec<u8>>);
impl Message {
    fn open(&mut self, name: &str) -> std::io::Result<()> {
        self.0.write_event(Event::Start(BytesStart::new(name)))
    }
    fn close(&mut self, name: &str) -> std::io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }
    fn leaf(&mut self, name: &str, text: &str) -> std::io::Result<()> {
        self.open(name)?;
        self.0.write_event(Event::Text(BytesText::new(text)))?;
        self.close(name)
    }
    fn wrapped(&mut self, around: &[&str], name: &str, text: &str) -> std::io::Result<()> {
        for outer in around {
            self.open(outer)?;
        }
        self.leaf(name, text)?;
        for outer in around.iter().rev() {
            self.close(outer)?;
        }
        Ok(())
    }
    fn transfer(&mut self, payment: &Payment) -> std::io::Result<()> {
        self.open("CdtTrfTxInf")?;
        self.open("PmtId")?;
        self.leaf("InstrId", &payment.end_to_end)?;
        self.leaf("EndToEndId", &payment.end_to_end)?;
        self.close("PmtId")?;
        self.open("Amt")?;
        let mut amount = BytesStart::new("InstdAmt");
        amount.push_attribute(("Ccy", payment.currency.as_str()));
        self.0.write_event(Event::Start(amount))?;
        self.0.write_event(Event::Text(BytesText::new(&payment.amount)))?;
        self.close("InstdAmt")?;
        self.close("Amt")?;
        self.wrapped(&["Cdtr"], "Nm", &payment.holder)?;
        self.wrapped(&["CdtrAcct", "Id"], "IBAN", &payment.iban)?;
        self.wrapped(&["RmtInf"], "Ustrd", &format!("Haat payout {}", payment.end_to_end))?;
        self.close("CdtTrfTxInf")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    #[test]
    fn an_account_is_a_name_and_an_iban_that_fits() {
        let debtor = Debtor::parse("Haat gGmbH; DE89 3704 0044 0532 0130 00; COBADEFFXXX").unwrap();
        assert_eq!((debtor.iban.as_str(), debtor.bic.as_deref()), ("DE89370400440532013000", Some("COBADEFFXXX")));
        for wrong in ["", "Haat", "Haat; DE88370400440532013000", "; DE89370400440532013000", "Haat; DE89370400440532013000; short", "a; b; c; d"] {
            assert_eq!(Debtor::parse(wrong), None, "{wrong}");
        }
    }
    #[test]
    fn an_instruction_says_each_payment_once_and_escapes_what_was_typed() {
        let debtor = Debtor { name: "Haat & Co".into(), iban: "DE89370400440532013000".into(), bic: None };
        let payment = Payment {
            end_to_end: "PO-7K3M-92QX".into(),
            amount: "50.36".into(),
            currency: "EUR".into(),
            holder: "<Weavers>".into(),
            iban: "FR1420041010050500013M02606".into(),
        };
        let text = instruct("F-1", "2026-11-25T12:00:00", "2026-11-25", &debtor, "50.36", &[payment]).unwrap();
        let root = xml::parse(&text).unwrap();
        let initiation = root.child("CstmrCdtTrfInitn").unwrap();
        assert_eq!(initiation.words(&["GrpHdr", "InitgPty", "Nm"]).unwrap(), "Haat & Co");
        let block = initiation.child("PmtInf").unwrap();
        assert_eq!(block.words(&["CtrlSum"]).unwrap(), "50.36");
        let transfer = block.child("CdtTrfTxInf").unwrap();
        assert_eq!(transfer.words(&["PmtId", "EndToEndId"]).unwrap(), "PO-7K3M-92QX");
        assert_eq!(transfer.words(&["Cdtr", "Nm"]).unwrap(), "<Weavers>");
        assert_eq!(transfer.at(&["Amt", "InstdAmt"]).unwrap().currency.as_deref(), Some("EUR"));
        assert!(text.contains("&lt;Weavers&gt;"));
    }
}
