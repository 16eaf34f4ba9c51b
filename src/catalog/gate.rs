//! The publish gate: what blocks a product, and what is merely not declared. Pure.
/// The gate's answer. Nothing else decides whether a product may be seen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Gate {
    Pass,
    /// It is published, and what is not declared is left out of every pay figure.
    Undeclared {
        reasons: Vec<Reason>,
    },
    Blocked {
        reasons: Vec<Reason>,
    },
}
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = GateReason)]
pub struct Reason {
    /// Stable.
    pub code: String,
    pub detail: String,
}
/// Makers agreed to more than a price leaves them.
pub const MAKER_PART_LOWERED: &str = "maker_part_lowered";
impl Gate {
    /// Whether it would sell for less than the makers agreed to.
    pub fn is_lowered(&self) -> bool {
        matches!(self, Self::Blocked { reasons } if reasons.iter().any(|r| r.code == MAKER_PART_LOWERED))
    }
    pub fn lets_through(&self) -> bool {
        matches!(self, Self::Pass | Self::Undeclared { .. })
    }
}

/// What the gate looks at.
#[derive(Clone, Debug, Default)]
pub struct GateFacts {
    pub title: String,
    pub active_variants: usize,
    /// Variants without a price that the makers can be paid from: in the cooperative's own currency, or in one with a rate into it.
    pub unpriced: usize,
    /// Prices that no buyer could be asked for: the payment provider's unit is coarser, or it does not take the currency.
    pub unpayable: Vec<String>,
    pub own_currency: String,
    pub has_template: bool,
    /// The template that divides its price was accepted by a named representative.
    pub template_accepted: bool,
    pub cooperative_approved: bool,
    /// Entries of the work register on its pieces that say how long the work took, and so what an hour of it paid.
    pub timed: usize,
    /// Of those, the ones that paid less than the law's minimum of their place and day, where one is known.
    pub underpaid: usize,
    /// Prices that leave the makers less than they agreed to.
    pub lowered: Vec<String>,
}

/// Rules 5 and 6: what blocks, and what is merely undeclared. Publishing needs no stock.
pub fn gate(facts: &GateFacts) -> Gate {
    let mut blocked = Vec::new();
    let mut undeclared = Vec::new();
    let reason = |code: &str, detail: String| Reason { code: code.into(), detail };
    if !facts.cooperative_approved {
        blocked.push(reason("cooperative_not_approved", "the cooperative is not approved yet".into()));
    }
    if facts.title.trim().is_empty() {
        blocked.push(reason("no_title", "it has no title".into()));
    }
    if facts.active_variants == 0 {
        blocked.push(reason("no_variant", "it has no variant that is for sale".into()));
    }
    if facts.unpriced > 0 {
        let wanted = format!("in {} or in a currency with a rate into it", facts.own_currency);
        blocked.push(reason("no_price", format!("{} of its variants have no price {wanted}", facts.unpriced)));
    }
    for why in &facts.unpayable {
        blocked.push(reason("unpayable_price", why.clone()));
    }
    if facts.underpaid > 0 {
        blocked.push(reason("below_legal_minimum", format!("{} of its recorded works paid less than the legal minimum", facts.underpaid)));
    }
    if facts.has_template && !facts.template_accepted {
        blocked.push(reason("template_not_agreed", "the maker side has not agreed to the price template that divides its price".into()));
    }
    for what in &facts.lowered {
        blocked.push(reason(MAKER_PART_LOWERED, format!("{what}: it needs a new price agreement")));
    }
    if !facts.has_template {
        undeclared.push(reason("pay_not_declared", "no price template says what part of the price the makers get".into()));
    }
    if facts.timed == 0 {
        undeclared.push(reason("piece_rate_unknown", "no recorded work on it says how long it took".into()));
    }
    match (blocked.is_empty(), undeclared.is_empty()) {
        (false, _) => Gate::Blocked { reasons: blocked },
        (true, false) => Gate::Undeclared { reasons: undeclared },
        (true, true) => Gate::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> GateFacts {
        GateFacts {
            title: "Stole".into(),
            active_variants: 1,
            unpriced: 0,
            unpayable: Vec::new(),
            own_currency: "INR".into(),
            has_template: true,
            template_accepted: true,
            cooperative_approved: true,
            timed: 1,
            lowered: Vec::new(),
            underpaid: 0,
        }
    }
    #[test]
    fn the_gate_is_three_valued() {
        assert_eq!(gate(&good()), Gate::Pass);
        assert!(matches!(gate(&GateFacts { has_template: false, template_accepted: false, ..good() }), Gate::Undeclared { .. }));
        assert!(matches!(gate(&GateFacts { timed: 0, ..good() }), Gate::Undeclared { .. }), "an unknown rate is no refusal, and no pass");
        for blocked in [
            GateFacts { unpriced: 1, ..good() },
            GateFacts { active_variants: 0, ..good() },
            GateFacts { title: " ".into(), ..good() },
            GateFacts { template_accepted: false, ..good() },
            GateFacts { cooperative_approved: false, ..good() },
            GateFacts { underpaid: 1, ..good() },
            GateFacts { lowered: vec!["the price in EUR leaves the makers €1.00".into()], ..good() },
            GateFacts { unpayable: vec!["1234 in KWD".into()], ..good() },
        ] {
            assert!(!gate(&blocked).lets_through(), "{blocked:?}");
        }
    }
}
