//! A guest's own words for logs, dead letters and metrics: no longer than anybody reads.

/// Longest text for people. Bytes.
const DETAIL: usize = 4096;
/// Longest code. Bytes.
const CODE: usize = 64;

/// A text for people, cut.
pub(crate) fn detail(mut text: String) -> String {
    if text.len() > DETAIL {
        text.truncate(text.floor_char_boundary(DETAIL));
        text.push('…');
    }
    text
}

/// A short and stable code, cut, on one line.
pub(crate) fn code(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(CODE)];
    cut.chars().map(|char| if char.is_control() { '_' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_words_without_end_should_cut_them_at_a_character() {
        assert_eq!(detail("short".to_owned()), "short");
        let long = detail("€".repeat(DETAIL));
        assert!(long.len() <= DETAIL + '…'.len_utf8() && long.ends_with('…'));
        assert_eq!(code("not_found"), "not_found");
        assert_eq!(code(&"é".repeat(CODE)).len(), CODE);
        assert_eq!(code("two\nlines"), "two_lines");
    }
}
