//! What things are called in addresses: words of any script, joined by hyphens.

/// Long enough to be read, short enough for an address bar.
const MAX: usize = 80;

/// What a product or a cooperative is called in an address: lower-case letters and digits of any script, joined by hyphens.
pub fn slugify(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || is_mark(c) {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() >= MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "item".into() } else { slug.into() }
}
/// Accents, vowel signs and joiners belong to the letter before them: without them the word is another one.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}'   // combining accents
        | '\u{0900}'..='\u{0963}' // Devanagari, up to its full stops
        | '\u{0970}'..='\u{0DFF}' // Devanagari's rest to Sinhala
        | '\u{0E31}'..='\u{0E4E}' // Thai
        | '\u{200C}' | '\u{200D}') // joiners inside Indic words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_keep_the_script() {
        assert_eq!(slugify("Dabu Stole, indigo (2 m)"), "dabu-stole-indigo-2-m");
        assert_eq!(slugify("ढाका टोपी"), "ढाका-टोपी".chars().filter(|c| c.is_alphanumeric() || *c == '-').collect::<String>());
        assert_eq!(slugify("हस्तशिल्प कड़ा"), "हस्तशिल्प-कड़ा", "a virama and a nukta are part of the word");
        assert_eq!(slugify("नमस्ते। फिर"), "नमस्ते-फिर", "a full stop is not");
        assert_eq!(slugify("ผ้าไหม"), "ผ้าไหม");
        assert_eq!(slugify("!!!"), "item");
    }
}
