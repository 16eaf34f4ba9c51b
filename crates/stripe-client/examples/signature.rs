//! Says whether a webhook is believed: `signature SECRET HEADER NOW < body`. For software that signs as Stripe does, to be held against ours.

use std::io::Read;
use std::process::ExitCode;

use stripe_client::{SIGNATURE_TOLERANCE_SECONDS, verify_signature};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut body = Vec::new();
    let read = std::io::stdin().read_to_end(&mut body).is_ok();
    let [secret, header, now] = arguments.as_slice() else {
        eprintln!("usage: signature SECRET HEADER NOW < body");
        return ExitCode::from(2);
    };
    let Some(now) = now.parse().ok().filter(|_| read) else {
        eprintln!("a time in Unix seconds, and a body");
        return ExitCode::from(2);
    };
    match verify_signature(&body, header, &[secret], now, SIGNATURE_TOLERANCE_SECONDS) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
