//! QR codes, at error correction level Q: a quarter of the code may be worn away and it still reads.

use crate::Error;
use fast_qr::{ECL, QRBuilder};

/// Light modules on each side, as ISO/IEC 18004 asks for.
pub(crate) const QUIET_ZONE: usize = 4;

/// The dark and light modules of a code, without its quiet zone.
pub(crate) struct Matrix {
    pub(crate) size: usize,
    dark: Vec<bool>,
}

impl Matrix {
    pub(crate) fn new(text: &str) -> Result<Self, Error> {
        let too_long = |_| Error::QrTooLong { bytes: text.len() };
        let code = QRBuilder::new(text).ecl(ECL::Q).build().map_err(too_long)?;
        let cells = (0..code.size).flat_map(|y| (0..code.size).map(move |x| (x, y)));
        let dark = cells.map(|(x, y)| code[y][x].value()).collect();
        Ok(Self { size: code.size, dark })
    }

    pub(crate) fn dark(&self, x: usize, y: usize) -> bool {
        x < self.size && y < self.size && self.dark[y * self.size + x]
    }

    /// Runs of dark modules `(x, y, length)`, row by row: fewer shapes than modules, and no hairlines between neighbours.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for y in 0..self.size {
            let mut x = 0;
            while x < self.size {
                let length = (x..self.size).take_while(|&x| self.dark(x, y)).count();
                if length > 0 {
                    runs.push((x, y, length));
                }
                x += length.max(1);
            }
        }
        runs
    }
}

/// A QR code as a self-contained SVG with its quiet zone, one unit per module, black on white.
pub fn qr_svg(text: &str) -> Result<String, Error> {
    let matrix = Matrix::new(text)?;
    let side = matrix.size + 2 * QUIET_ZONE;
    let path: String =
        matrix.runs().into_iter().map(|(x, y, length)| format!("M{} {}h{length}v1h-{length}z", x + QUIET_ZONE, y + QUIET_ZONE)).collect();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" role=\"img\" \
         aria-label=\"QR code\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>\n"
    ))
}

/// A QR code for a terminal: two modules per character, with its quiet zone, in explicit black on white so that it reads
/// on dark and light backgrounds alike. Every line ends with a colour reset and a newline.
pub fn qr_terminal(text: &str) -> Result<String, Error> {
    const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
    const RESET: &str = "\x1b[0m";
    let matrix = Matrix::new(text)?;
    let side = matrix.size + 2 * QUIET_ZONE;
    // Past the matrix everything is light; wrapping keeps the quiet zone before it out of range as well.
    let dark = |x: usize, y: usize| matrix.dark(x.wrapping_sub(QUIET_ZONE), y.wrapping_sub(QUIET_ZONE));
    let mut out = String::new();
    for y in (0..side).step_by(2) {
        out.push_str(BLACK_ON_WHITE);
        for x in 0..side {
            out.push(match (dark(x, y), dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        out.push_str(RESET);
        out.push('\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_code_is_square_and_framed_in_light() {
        let printed = qr_terminal("https://example.org/i/ABCD").unwrap();
        let rows: Vec<String> = printed.lines().map(|line| line.chars().filter(|c| " █▀▄".contains(*c)).collect()).collect();
        let side = rows[0].chars().count();
        assert_eq!(rows.len(), side.div_ceil(2));
        assert!(rows.iter().all(|row| row.chars().count() == side && row.starts_with("    ") && row.ends_with("    ")));
        assert!(rows[0].trim().is_empty() && rows[1].trim().is_empty());
        assert!(rows[2].contains('█') || rows[2].contains('▀'), "a finder pattern starts after the quiet zone");
    }

    #[test]
    fn an_address_that_does_not_fit_is_refused_with_its_length() {
        let long = "a".repeat(3_000);
        assert_eq!(qr_svg(&long), Err(Error::QrTooLong { bytes: 3_000 }));
        assert!(qr_svg(&long[..1_000]).is_ok());
    }

    #[test]
    fn runs_cover_exactly_the_dark_modules() {
        let matrix = Matrix::new("https://example.org/i/ABCD").unwrap();
        let mut seen = vec![false; matrix.size * matrix.size];
        for (x, y, length) in matrix.runs() {
            seen[y * matrix.size + x..][..length].fill(true);
        }
        assert_eq!(seen, matrix.dark);
    }
}
