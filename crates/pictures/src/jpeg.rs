//! Whether a JPEG is all there. Decoders fill what is missing with grey; a photo cut off by a bad line must be sent again
//! rather than shown half grey.

use crate::Refused;

/// Walks the segments and scans of ITU T.81 to the end marker. What follows it (some cameras append data) is ignored, and
/// lost when the picture is encoded again.
pub(crate) fn complete(bytes: &[u8]) -> Result<(), Refused> {
    const START_OF_SCAN: u8 = 0xDA;
    const END: u8 = 0xD9;
    let mut at = 2;
    let mut scans = 0_u32;
    loop {
        let marker = next_marker(bytes, at, scans > 0).ok_or_else(cut)?;
        at = marker + 2;
        match bytes[marker + 1] {
            END if scans > 0 => return Ok(()),
            END => return Err(Refused::Broken { reason: "it ends before its first scan".into() }),
            kind => {
                let length = bytes.get(at..at + 2).ok_or_else(cut)?;
                at += usize::from(u16::from_be_bytes([length[0], length[1]]));
                scans += u32::from(kind == START_OF_SCAN);
            }
        }
    }
}

/// Position of the next marker. In scan data a 0xFF is followed by a stuffed zero or a restart marker, and neither counts;
/// between segments a marker must follow at once, after any fill bytes.
fn next_marker(bytes: &[u8], from: usize, in_scan: bool) -> Option<usize> {
    let mut at = from;
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (0xFF, 0xFF) => at += 1,
            (0xFF, 0x00 | 0xD0..=0xD7) if in_scan => at += 2,
            (0xFF, 0x01..) => return Some(at),
            _ if in_scan => at += 1,
            _ => return None,
        }
    }
    None
}

fn cut() -> Refused {
    Refused::Broken { reason: "it ends in the middle".into() }
}
