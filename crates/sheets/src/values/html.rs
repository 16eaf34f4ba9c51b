//! Descriptions: foreign HTML cleaned by an allow-list, and the plain text of it.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What a description may be made of; everything else goes, its text stays.
const TAGS: [&str; 20] =
    ["p", "br", "ul", "ol", "li", "strong", "b", "em", "i", "u", "h2", "h3", "h4", "blockquote", "a", "table", "tbody", "tr", "td", "th"];

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::empty();
    cleaner
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style", "title", "iframe", "object", "noscript"]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    cleaner
});

/// Passes until cleaning changes nothing more; badly nested tables need two or three.
const PASSES: usize = 5;

/// Cleans a description. Text without markup stays as it is. Cleaning twice changes nothing: parsing badly nested HTML and
/// writing it out may nest it differently, so it is cleaned until it stays, and what never does is reduced to its text.
pub fn sanitise(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.trim().to_owned();
    }
    let clean = |html: &str| CLEANER.clean(html).to_string().trim().to_owned();
    let mut last = clean(html);
    for _ in 0..PASSES {
        let next = clean(&last);
        if next == last {
            return last;
        }
        last = next;
    }
    plain(&last).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The plain text of a cleaned description: blocks on lines of their own, list items with a dash, entities decoded.
pub fn plain(html: &str) -> String {
    let has_tags = html.contains('<');
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        push_text(&mut out, &rest[..at], has_tags);
        rest = &rest[at..];
        let end = if rest.starts_with('<') { rest.find('>') } else { rest.find(';') };
        // A cleaned text has no loose marks; should one be there, it is text.
        let Some(end) = end else { break };
        let mark = &rest[1..end];
        if rest.starts_with('<') {
            push_tag(&mut out, mark);
        } else {
            out.push_str(entity(mark).unwrap_or(&rest[..=end]));
        }
        rest = &rest[end + 1..];
    }
    push_text(&mut out, rest, has_tags);
    tidy(&out)
}

/// Between tags white space is one space; without tags lines are the writer's own.
fn push_text(out: &mut String, text: &str, collapse: bool) {
    if !collapse {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with([' ', '\n']) {
            out.push(' ');
        }
    }
}

fn push_tag(out: &mut String, mark: &str) {
    let closing = mark.starts_with('/');
    let name = mark.trim_start_matches('/').split([' ', '/']).next().unwrap_or("");
    match name {
        "br" | "tr" => out.push('\n'),
        "li" if !closing => out.push_str("\n- "),
        "td" | "th" if closing => out.push(' '),
        "p" | "h2" | "h3" | "h4" | "blockquote" | "ul" | "ol" | "table" => out.push_str("\n\n"),
        _ => {}
    }
}

fn entity(name: &str) -> Option<&'static str> {
    match name {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        "nbsp" => Some(" "),
        _ => None,
    }
}

/// Trims every line and keeps at most one blank line between blocks.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line == "-" {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 && !line.starts_with("- ") { "\n\n" } else { "\n" });
        }
        out.push_str(line);
        blank = 0;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scripts_and_styles_go_and_text_stays() {
        let html = "<meta charset=\"utf-8\">\n<p onclick=\"x()\">Soft <span style=\"a\">cotton</span> &amp; silk</p><script>alert(1)</script>";
        let clean = sanitise(html);
        assert_eq!(clean, "<p>Soft cotton &amp; silk</p>");
        assert_eq!(plain(&clean), "Soft cotton & silk");
        assert_eq!(sanitise("<a href=\"javascript:x\">a</a>"), "<a rel=\"noopener noreferrer nofollow\">a</a>");
    }

    #[test]
    fn blocks_and_lists_become_lines() {
        let text = plain(&sanitise("<p>One</p>\n<p>Two<br>three</p><ul>\n<li>a</li>\n<li>b</li></ul>"));
        assert_eq!(text, "One\n\nTwo\nthree\n- a\n- b");
    }

    #[test]
    fn text_without_markup_keeps_its_lines() {
        assert_eq!(sanitise("Line one\nline two"), "Line one\nline two");
        assert_eq!(plain("Line one\nline two"), "Line one\nline two");
        assert_eq!(plain(&sanitise("Tom & Jerry < 3")), "Tom & Jerry < 3");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(html in "(<p>|</p>|<b>|<br>|<li>|<ul>|<table>|<td>|<script>|<a href='x'>|&amp;|&|<|>|[a-z \n]{0,8}){0,20}") {
            let once = sanitise(&html);
            prop_assert_eq!(sanitise(&once), once.clone());
            prop_assert!(!once.contains("<script"));
            let _ = plain(&once);
        }
    }
}
