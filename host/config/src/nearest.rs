//! "Did you mean": the known name nearest to what was written.

/// The nearest of `known`, if any is near enough to be meant.
pub(crate) fn find<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_ascii_lowercase().replace('-', "_");
    known
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase()), name))
        // One typo in three letters is still recognisable; more is another word.
        .filter(|(distance, name)| *distance <= (name.len().max(lower.len()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

/// A help text for an unknown name.
pub(crate) fn help<'a>(written: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(name) = find(written, known.clone()) {
        return format!("did you mean `{name}`?");
    }
    let known: Vec<_> = known.map(|name| format!("`{name}`")).collect();
    match known.is_empty() {
        true => "remove it; no keys are known here".to_owned(),
        false => format!("known here: {}", known.join(", ")),
    }
}
