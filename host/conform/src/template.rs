//! What a message looks like: text with the identity in it.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::ConformError;

/// Where the identity goes.
const PLACE: &str = "{{n}}";

/// Text that holds `{{n}}` at least once; every message has its identity there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<String>,
}

impl Default for Template {
    fn default() -> Self {
        let parts = [r#"{"id":"#, r#","text":"message "#, r#""}"#];
        Self { parts: parts.map(str::to_owned).to_vec() }
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`ConformError::Template`].
    pub fn new(text: &str) -> Result<Self, ConformError> {
        let parts: Vec<String> = text.trim_end().split(PLACE).map(str::to_owned).collect();
        if parts.len() < 2 { Err(ConformError::Template) } else { Ok(Self { parts }) }
    }

    /// The payload of message `identity`.
    pub(crate) fn render(&self, identity: u64) -> Bytes {
        let mut text = String::new();
        for (number, part) in self.parts.iter().enumerate() {
            if number > 0 {
                // Writing into a string cannot fail.
                let _written = write!(text, "{identity}");
            }
            text.push_str(part);
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_several_places_should_fill_each() {
        let template = Template::new("{\"id\":{{n}},\"name\":\"n{{n}}\"}\n").unwrap();
        assert_eq!(template.render(7), "{\"id\":7,\"name\":\"n7\"}");
        assert_eq!(Template::default().render(8), "{\"id\":8,\"text\":\"message 8\"}");
    }

    #[test]
    fn given_no_place_should_refuse() {
        assert!(matches!(Template::new("{\"id\":{n}}"), Err(ConformError::Template)));
    }
}
