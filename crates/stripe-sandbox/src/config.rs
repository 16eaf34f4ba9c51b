//! What a sandbox is told when it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

/// Unix seconds, given by whoever starts the sandbox.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a sandbox behaves.
pub struct Config {
    /// Where it listens. Port 0 takes any that is free.
    pub bind: SocketAddr,
    /// Where a browser finds it, if that is not where it listens.
    pub public_url: Option<String>,
    /// Where webhooks go, over plain HTTP; it may be set later by [`crate::Control::set_webhook_url`].
    pub webhook_url: Option<String>,
    pub webhook_secret: String,
    pub clock: Clock,
    /// Where the state is kept between two starts. Without one it is forgotten.
    pub state_file: Option<PathBuf>,
    /// Where every request, answer and webhook is written, a line of JSON each.
    pub recording: Option<PathBuf>,
    pub fee: Fee,
    /// Charges in these currencies are settled in others. A currency without an entry is settled in itself.
    pub exchange: Vec<Exchange>,
    /// How long a charge stays pending in the balance.
    pub available_after_seconds: i64,
}

impl Config {
    /// A sandbox on loopback that forgets, with Stripe's usual European fee and funds available at once.
    pub fn new(webhook_secret: &str, clock: Clock) -> Config {
        Config {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            webhook_url: None,
            webhook_secret: webhook_secret.to_owned(),
            clock,
            state_file: None,
            recording: None,
            fee: Fee { basis_points: 150, fixed: 25 },
            exchange: Vec::new(),
            available_after_seconds: 0,
        }
    }

    /// An amount of a buyer's currency in the currency it is settled in, rounded half up, with the rate where they differ.
    pub(crate) fn settle(&self, amount: i64, currency: &str) -> (i64, String, Option<i64>) {
        match self.exchange.iter().find(|exchange| exchange.from == currency) {
            None => (amount, currency.to_owned(), None),
            Some(Exchange { to, rate_micros, .. }) => {
                let settled = (i128::from(amount) * i128::from(*rate_micros) + 500_000) / 1_000_000;
                (i64::try_from(settled).unwrap_or(i64::MAX), to.clone(), Some(*rate_micros))
            }
        }
    }
}

/// What Stripe keeps of a charge, in the settlement currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    pub basis_points: i64,
    pub fixed: i64,
}

impl Fee {
    /// Rounded half up: 100.00 at 150 basis points and 0.25 is 1.75.
    pub(crate) fn of(self, amount: i64) -> i64 {
        let share = (i128::from(amount) * i128::from(self.basis_points) + 5_000) / 10_000;
        i64::try_from(share).unwrap_or(i64::MAX).saturating_add(self.fixed)
    }
}

/// A dated rate is a caller's business; this is what the sandbox exchanges at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Lower case.
    pub from: String,
    pub to: String,
    /// Units of `to` for one unit of `from`, in millionths.
    pub rate_micros: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fee_and_the_exchange_round_half_up_once() {
        let fee = Fee { basis_points: 150, fixed: 25 };
        assert_eq!([10_000, 100, 33].map(|amount| fee.of(amount)), [175, 27, 25]);
        let mut config = Config::new("whsec", Arc::new(|| 0));
        config.exchange.push(Exchange { from: "usd".to_owned(), to: "eur".to_owned(), rate_micros: 920_500 });
        assert_eq!(config.settle(101, "usd"), (93, "eur".to_owned(), Some(920_500)));
        assert_eq!(config.settle(101, "inr"), (101, "inr".to_owned(), None));
    }
}
