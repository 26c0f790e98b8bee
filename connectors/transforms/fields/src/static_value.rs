//! A fixed value: any JSON, kept as compact text in the order written.

use std::borrow::Cow;
use std::fmt;

use kennel_sdk::json::write_string;
use kennel_sdk::schemars::{JsonSchema, Schema, SchemaGenerator};
use kennel_sdk::serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};

/// Any JSON as compact text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StaticValue(String);

impl StaticValue {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for StaticValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "StaticValue".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

impl<'de> Deserialize<'de> for StaticValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut buffer = Vec::new();
        Writer { buffer: &mut buffer }.deserialize(deserializer)?;
        String::from_utf8(buffer).map(Self).map_err(de::Error::custom)
    }
}

/// Writes what it visits.
struct Writer<'b> {
    buffer: &'b mut Vec<u8>,
}

impl Writer<'_> {
    fn text(self, text: impl fmt::Display) {
        self.buffer.extend_from_slice(text.to_string().as_bytes());
    }
}

impl<'de> DeserializeSeed<'de> for Writer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Writer<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.text("null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.text(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.text(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.text(value);
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        let number = serde_json::Number::from_f64(value)
            .ok_or_else(|| E::custom("JSON has no infinity and no NaN"))?;
        self.text(number);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        write_string(self.buffer, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.buffer.push(b'[');
        let start = self.buffer.len();
        loop {
            let end = self.buffer.len();
            if end != start {
                self.buffer.push(b',');
            }
            if list.next_element_seed(Writer { buffer: self.buffer })?.is_none() {
                self.buffer.truncate(end);
                break;
            }
        }
        self.buffer.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.buffer.push(b'{');
        let start = self.buffer.len();
        while let Some(key) = map.next_key::<String>()? {
            if self.buffer.len() != start {
                self.buffer.push(b',');
            }
            write_string(self.buffer, &key);
            self.buffer.push(b':');
            map.next_value_seed(Writer { buffer: self.buffer })?;
        }
        self.buffer.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_json_with_spaces_should_keep_order_and_drop_the_spaces() {
        let text = r#" { "z" : [ 1 , -2 , 2.5 , "a\u00e9\n" , [ ] , { } ] , "a" : { "k" : null , "b" : true } } "#;
        let value: StaticValue = serde_json::from_str(text).expect("JSON");
        assert_eq!(value.as_str(), r#"{"z":[1,-2,2.5,"aé\n",[],{}],"a":{"k":null,"b":true}}"#);
    }
}
