//! Webhook signatures: `Stripe-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">[,v1=…]`.
//!
//! Checked over the raw bytes, in constant time, before anything reads the body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a signature's time may lie from now, either way: Stripe's own recommendation, enough for clocks and slow networks, too
/// little for a recorded request.
pub const SIGNATURE_TOLERANCE_SECONDS: i64 = 300;

/// Stripe sends one signature per active secret, two while one is being replaced; more is nobody's webhook.
const MAX_SIGNATURES: usize = 8;

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("no webhook secret is configured, or one of them is empty")]
    NoSecret,
    #[error("the Stripe-Signature header is malformed")]
    Malformed,
    #[error("the signature's time is too far from now")]
    Stale,
    #[error("no signature matches")]
    Mismatch,
}

/// Passes when one of `secrets` made one of the header's `v1` signatures over exactly `payload`, at a time within `tolerance` seconds of
/// `now_unix`. Several secrets let one be replaced without losing a webhook; an empty one fails the whole check.
pub fn verify_signature(payload: &[u8], header: &str, secrets: &[&str], now_unix: i64, tolerance: i64) -> Result<(), SignatureError> {
    if secrets.is_empty() || secrets.iter().any(|secret| secret.trim().is_empty()) {
        return Err(SignatureError::NoSecret);
    }
    let (time, signatures) = parse(header)?;
    let mut matches = false;
    for secret in secrets {
        let mac = mac(payload, secret, time)?;
        for signature in &signatures {
            // Every pair is compared, so that the time taken tells nothing about which one matched.
            matches |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    if !matches {
        return Err(SignatureError::Mismatch);
    }
    let distance = now_unix.checked_sub(time).and_then(i64::checked_abs).ok_or(SignatureError::Stale)?;
    if distance > tolerance { Err(SignatureError::Stale) } else { Ok(()) }
}

/// The header that Stripe would send, for tests.
pub fn sign(payload: &[u8], secret: &str, unix: i64) -> Result<String, SignatureError> {
    if secret.trim().is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let digest = mac(payload, secret, unix)?.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("t={unix},v1={hex}"))
}

fn mac(payload: &[u8], secret: &str, time: i64) -> Result<Hmac<Sha256>, SignatureError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| SignatureError::NoSecret)?;
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(payload);
    Ok(mac)
}

/// The time and the `v1` signatures; other schemes are passed over, as Stripe asks.
fn parse(header: &str) -> Result<(i64, Vec<[u8; 32]>), SignatureError> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        let (scheme, value) = part.trim().split_once('=').ok_or(SignatureError::Malformed)?;
        match scheme {
            "t" if time.is_none() => time = Some(decimal(value)?),
            "t" => return Err(SignatureError::Malformed),
            "v1" if signatures.len() < MAX_SIGNATURES => signatures.push(hex(value)?),
            "v1" => return Err(SignatureError::Malformed),
            _ => {}
        }
    }
    match time {
        Some(time) if !signatures.is_empty() => Ok((time, signatures)),
        _ => Err(SignatureError::Malformed),
    }
}

/// Digits alone, without the sign or leading zero that would be signed as other bytes than were sent.
fn decimal(text: &str) -> Result<i64, SignatureError> {
    let time: i64 = text.parse().map_err(|_| SignatureError::Malformed)?;
    if time.to_string() == text { Ok(time) } else { Err(SignatureError::Malformed) }
}

fn hex(text: &str) -> Result<[u8; 32], SignatureError> {
    let text = text.as_bytes();
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return Err(SignatureError::Malformed);
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or(SignatureError::Malformed);
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;
    const NOW: i64 = 1_790_000_000;

    fn check(header: &str, secrets: &[&str], now: i64) -> Result<(), SignatureError> {
        verify_signature(BODY, header, secrets, now, SIGNATURE_TOLERANCE_SECONDS)
    }

    #[test]
    fn a_vector_computed_elsewhere() {
        // printf '1790000000.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac whsec_vector
        let header = "t=1790000000,v1=2ae191fb5e65847f7cf36d8d4f225b5b261127995161ada660128660b2b0547c";
        assert_eq!(sign(BODY, "whsec_vector", NOW).as_deref(), Ok(header));
        assert_eq!(check(header, &["whsec_vector"], NOW), Ok(()));
    }

    #[test]
    fn a_replaced_secret_is_still_believed() {
        let header = sign(BODY, "old", NOW).unwrap();
        assert_eq!(check(&header, &["new", "old"], NOW), Ok(()));
        let both = format!("{header},{}", sign(BODY, "new", NOW).unwrap().split_once(',').unwrap().1);
        assert_eq!(check(&both, &["new"], NOW), Ok(()));
        assert_eq!(check(&header, &["new"], NOW), Err(SignatureError::Mismatch));
    }

    #[test]
    fn the_body_and_the_time_are_both_signed() {
        let header = sign(BODY, "s", NOW).unwrap();
        assert_eq!(verify_signature(b"{}", &header, &["s"], NOW, 300), Err(SignatureError::Mismatch));
        let moved = header.replace("t=1790000000", "t=1790000001");
        assert_eq!(check(&moved, &["s"], NOW), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes_either_way() {
        let header = sign(BODY, "s", NOW).unwrap();
        for (offset, expected) in [(300, Ok(())), (301, Err(SignatureError::Stale)), (-300, Ok(())), (-301, Err(SignatureError::Stale))] {
            assert_eq!(check(&header, &["s"], NOW + offset), expected, "{offset}");
        }
        assert_eq!(check(&header, &["s"], i64::MIN), Err(SignatureError::Stale));
    }

    #[test]
    fn an_empty_secret_believes_nothing() {
        let forged = {
            let mac = mac(BODY, "", NOW).unwrap().finalize().into_bytes();
            format!("t={NOW},v1={}", mac.iter().map(|b| format!("{b:02x}")).collect::<String>())
        };
        assert_eq!(check(&forged, &[""], NOW), Err(SignatureError::NoSecret));
        assert_eq!(check(&forged, &["s", ""], NOW), Err(SignatureError::NoSecret));
        assert_eq!(check(&forged, &[], NOW), Err(SignatureError::NoSecret));
        assert_eq!(sign(BODY, " ", NOW), Err(SignatureError::NoSecret));
    }

    #[test]
    fn a_malformed_header_is_refused() {
        let good = sign(BODY, "s", NOW).unwrap();
        let v0_only = good.replace("v1=", "v0=");
        for header in ["", "t=1", "v1=00", "t=x,v1=00", "nonsense", v0_only.as_str(), &format!("{good},t=1"), &good.replace("t=", "t=0")] {
            assert_eq!(check(header, &["s"], NOW), Err(SignatureError::Malformed), "{header}");
        }
    }
}
