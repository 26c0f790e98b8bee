//! A schema, compiled once into steps that write a record without looking anything up.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kennel_sdk::prelude::*;
use serde_json::Value;

use crate::config::{Field, TimeFormat};
use crate::generator::Generator;
use crate::values::{self, LONGEST_TEXT, Words};

/// Most values of an array.
const LONGEST_ARRAY: u32 = 10_000;
/// Deepest nesting of objects and arrays.
const DEEPEST: u32 = 16;
/// The name of the field that fills a record up.
const PADDING: &str = "padding";
const PADDING_START: &[u8] = b",\"padding\":\"";

#[derive(Debug)]
enum Step {
    /// Bytes that are the same in every record: braces, names, commas.
    Literal(Vec<u8>),
    Sequence {
        start: u64,
        step: u64,
    },
    Integer {
        minimum: i64,
        span: u64,
    },
    Decimal {
        minimum: i64,
        span: u64,
        decimals: u8,
    },
    /// `true` for bits below this.
    Boolean {
        threshold: u64,
    },
    Choice {
        values: Vec<Vec<u8>>,
        cumulative: Vec<u64>,
    },
    Name,
    Email,
    Uuid,
    Time {
        start_micros: u64,
        step_micros: u64,
        clock: bool,
        format: TimeFormat,
    },
    Text {
        minimum: u64,
        span: u64,
    },
    Array {
        element: Vec<Step>,
        minimum: u64,
        span: u64,
    },
}

/// Makes records.
#[derive(Debug)]
pub(crate) struct Program {
    /// Everything of a record but its closing brace.
    steps: Vec<Step>,
    words: Words,
    seed: u64,
    size: usize,
}

impl Program {
    /// Compiles `schema`.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn new(
        schema: &BTreeMap<String, Field>,
        seed: u64,
        size: u32,
    ) -> Result<Self, Vec<Problem>> {
        let mut compiler = Compiler::default();
        compiler.object("/schema", schema, 0);
        if size > 0 && schema.contains_key(PADDING) {
            compiler.complain("/schema/padding", "this name is taken by `size`; rename the field");
        }
        if !compiler.problems.is_empty() {
            return Err(compiler.problems);
        }
        if let Some(Step::Literal(bytes)) = compiler.steps.last_mut() {
            bytes.pop();
        }
        Ok(Self { steps: compiler.steps, words: Words::new(), seed, size: size as usize })
    }

    /// Appends record `number`. `clock` is what fields that use the clock show.
    pub(crate) fn write(&self, number: u64, clock: SystemTime, out: &mut Vec<u8>) {
        let start = out.len();
        let mut generator = Generator::of_record(self.seed, number);
        let mut writer = Writer { number, clock, words: &self.words, generator: &mut generator };
        writer.run(&self.steps, out);
        let written = out.len() - start + 1;
        if let Some(missing) = self.size.checked_sub(written) {
            self.pad(missing, &mut generator, out);
        }
        out.push(b'}');
    }

    /// Adds exactly `missing` bytes: a field where it fits, else spaces, which JSON allows.
    fn pad(&self, missing: usize, generator: &mut Generator, out: &mut Vec<u8>) {
        // A record without fields has nothing before the comma.
        let comma = usize::from(out.last() == Some(&b'{'));
        let start = &PADDING_START[comma..];
        match missing.checked_sub(start.len() + 1) {
            Some(text) => {
                out.extend_from_slice(start);
                self.words.push(text, generator, out);
                out.push(b'"');
            }
            None => out.extend(std::iter::repeat_n(b' ', missing)),
        }
    }
}

struct Writer<'a> {
    number: u64,
    clock: SystemTime,
    words: &'a Words,
    generator: &'a mut Generator,
}

impl Writer<'_> {
    fn run(&mut self, steps: &[Step], out: &mut Vec<u8>) {
        for step in steps {
            self.step(step, out);
        }
    }

    fn step(&mut self, step: &Step, out: &mut Vec<u8>) {
        match step {
            Step::Literal(bytes) => out.extend_from_slice(bytes),
            Step::Sequence { start, step } => {
                let value = start.wrapping_add(self.number.wrapping_mul(*step));
                values::push_unsigned(value, out);
            }
            Step::Integer { minimum, span } => {
                values::push_signed(
                    minimum.wrapping_add_unsigned(self.generator.up_to(*span)),
                    out,
                );
            }
            Step::Decimal { minimum, span, decimals } => {
                let scaled = minimum.wrapping_add_unsigned(self.generator.up_to(*span));
                values::push_decimal(scaled, *decimals, out);
            }
            Step::Boolean { threshold } => {
                let text: &[u8] =
                    if self.generator.bits() >> 1 < *threshold { b"true" } else { b"false" };
                out.extend_from_slice(text);
            }
            Step::Choice { values, cumulative } => {
                let total = cumulative.last().copied().unwrap_or(0);
                let drawn = self.generator.below(total);
                let chosen = cumulative.partition_point(|bound| *bound <= drawn);
                out.extend_from_slice(values.get(chosen).map_or(b"null", Vec::as_slice));
            }
            Step::Name => values::push_name(self.generator, out),
            Step::Email => values::push_email(self.generator, out),
            Step::Uuid => values::push_uuid(self.generator, out),
            Step::Time { start_micros, step_micros, clock, format } => {
                let micros = if *clock {
                    self.clock
                        .duration_since(UNIX_EPOCH)
                        .map_or(0, |since| since.as_micros() as u64)
                } else {
                    start_micros.saturating_add(self.number.saturating_mul(*step_micros))
                };
                push_time(micros, *format, out);
            }
            Step::Text { minimum, span } => {
                let size = minimum + self.generator.up_to(*span);
                out.push(b'"');
                self.words.push(size as usize, self.generator, out);
                out.push(b'"');
            }
            Step::Array { element, minimum, span } => {
                let count = minimum + self.generator.up_to(*span);
                out.push(b'[');
                for place in 0..count {
                    if place > 0 {
                        out.push(b',');
                    }
                    self.run(element, out);
                }
                out.push(b']');
            }
        }
    }
}

fn push_time(micros: u64, format: TimeFormat, out: &mut Vec<u8>) {
    match format {
        TimeFormat::Microseconds => values::push_unsigned(micros, out),
        TimeFormat::Milliseconds => values::push_unsigned(micros / 1_000, out),
        TimeFormat::Rfc3339 => {
            use std::io::Write;
            /// 9999-12-31T23:59:59Z; later has no four-digit year.
            const LAST: u64 = 253_402_300_799_000_000;
            let time = UNIX_EPOCH + Duration::from_micros(micros.min(LAST));
            let written = write!(out, "\"{}\"", humantime::format_rfc3339_millis(time));
            debug_assert!(written.is_ok(), "writing into a vector cannot fail");
        }
    }
}

#[derive(Default)]
struct Compiler {
    steps: Vec<Step>,
    problems: Vec<Problem>,
}

impl Compiler {
    fn complain(&mut self, path: &str, detail: &str) {
        self.problems.push(Problem::new(path, detail));
    }

    fn literal(&mut self, bytes: &[u8]) {
        match self.steps.last_mut() {
            Some(Step::Literal(last)) => last.extend_from_slice(bytes),
            _ => self.steps.push(Step::Literal(bytes.to_vec())),
        }
    }

    fn object(&mut self, path: &str, fields: &BTreeMap<String, Field>, depth: u32) {
        self.literal(b"{");
        for (place, (name, field)) in fields.iter().enumerate() {
            if place > 0 {
                self.literal(b",");
            }
            self.literal(Value::from(name.as_str()).to_string().as_bytes());
            self.literal(b":");
            let name = name.replace('~', "~0").replace('/', "~1");
            self.field(&format!("{path}/{name}"), field, depth + 1);
        }
        self.literal(b"}");
    }

    fn field(&mut self, path: &str, field: &Field, depth: u32) {
        if depth > DEEPEST {
            return self.complain(path, "objects and arrays may be nested 16 deep");
        }
        let step = match field {
            Field::Sequence { start, step } => Ok(Step::Sequence { start: *start, step: *step }),
            Field::Integer { minimum, maximum } => integer(*minimum, *maximum),
            Field::Float { minimum, maximum, decimals } => decimal(*minimum, *maximum, *decimals),
            Field::Boolean { probability } => boolean(*probability),
            Field::Choice { values, weights } => choice(values, weights),
            Field::Name {} => Ok(Step::Name),
            Field::Email {} => Ok(Step::Email),
            Field::Uuid {} => Ok(Step::Uuid),
            Field::Timestamp { start, step_ms, clock, format } => {
                time(start, *step_ms).map(|(start_micros, step_micros)| Step::Time {
                    start_micros,
                    step_micros,
                    clock: *clock,
                    format: *format,
                })
            }
            Field::Text { minimum, maximum } => {
                size(*minimum, *maximum, LONGEST_TEXT, "a text has at most 32768 bytes")
                    .map(|(minimum, span)| Step::Text { minimum, span })
            }
            Field::Object { fields } => {
                return self.object(&format!("{path}/fields"), fields, depth);
            }
            Field::Array { of, minimum, maximum } => {
                let outer = std::mem::take(&mut self.steps);
                self.field(&format!("{path}/of"), of, depth + 1);
                let element = std::mem::replace(&mut self.steps, outer);
                size(*minimum, *maximum, LONGEST_ARRAY, "an array has at most 10000 values")
                    .map(|(minimum, span)| Step::Array { element, minimum, span })
            }
        };
        match step {
            Ok(step) => self.steps.push(step),
            Err(detail) => self.complain(path, detail),
        }
    }
}

const WRONG_WAY_ROUND: &str = "`minimum` is larger than `maximum`";

fn integer(minimum: i64, maximum: i64) -> Result<Step, &'static str> {
    if minimum > maximum {
        return Err(WRONG_WAY_ROUND);
    }
    Ok(Step::Integer { minimum, span: maximum.abs_diff(minimum) })
}

fn decimal(minimum: f64, maximum: f64, decimals: u8) -> Result<Step, &'static str> {
    if decimals > 9 {
        return Err("`decimals` is at most 9");
    }
    if minimum > maximum {
        return Err(WRONG_WAY_ROUND);
    }
    let scale = 10_f64.powi(i32::from(decimals));
    // The scaled ends, inside of what a 64-bit float holds exactly.
    let (low, high) = ((minimum * scale).round(), (maximum * scale).round());
    if !(low.abs() < 9e15 && high.abs() < 9e15) {
        return Err("the range has more than 15 digits with its decimals");
    }
    let (low, high) = (low as i64, high as i64);
    Ok(Step::Decimal { minimum: low, span: high.abs_diff(low), decimals })
}

fn boolean(probability: f64) -> Result<Step, &'static str> {
    if !(0.0..=1.0).contains(&probability) {
        return Err("`probability` is between 0 and 1");
    }
    Ok(Step::Boolean { threshold: (probability * 2_f64.powi(63)) as u64 })
}

fn choice(values: &[Value], weights: &[f64]) -> Result<Step, &'static str> {
    if values.is_empty() {
        return Err("`values` needs at least one value");
    }
    if !weights.is_empty() && weights.len() != values.len() {
        return Err("`weights` needs one number per value");
    }
    let sum: f64 = weights.iter().sum();
    if weights.iter().any(|weight| !weight.is_finite() || *weight < 0.0) {
        return Err("a weight is a number, 0 or more");
    }
    let usable = sum > 0.0 && sum.is_finite();
    if !(usable || weights.is_empty()) {
        return Err("at least one weight is more than 0");
    }
    let mut total = 0;
    let cumulative = (0..values.len())
        .map(|place| {
            // A billionth is fine enough, and fits the quick path of the generator.
            total += weights.get(place).map_or(1, |weight| (weight / sum * 1e9).round() as u64);
            total
        })
        .collect();
    let values = values.iter().map(|value| value.to_string().into_bytes()).collect();
    Ok(Step::Choice { values, cumulative })
}

fn time(start: &str, step_ms: u64) -> Result<(u64, u64), &'static str> {
    const WRONG: &str = "`start` is a time such as 2026-01-01T00:00:00Z, 1970 or later";
    let start = humantime::parse_rfc3339(start).map_err(|_| WRONG)?;
    let since = start.duration_since(UNIX_EPOCH).map_err(|_| WRONG)?;
    let micros = u64::try_from(since.as_micros()).map_err(|_| WRONG)?;
    Ok((micros, step_ms.saturating_mul(1_000)))
}

fn size(
    minimum: u32,
    maximum: u32,
    most: u32,
    too_many: &'static str,
) -> Result<(u64, u64), &'static str> {
    if maximum > most {
        return Err(too_many);
    }
    let span = maximum.checked_sub(minimum).ok_or(WRONG_WAY_ROUND)?;
    Ok((u64::from(minimum), u64::from(span)))
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
