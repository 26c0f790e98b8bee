//! Points in time as Iggy counts them.

use toml::value::{Datetime, Offset};

/// Microseconds since 1970 UTC. None: no zone, no date, or before 1970.
pub(crate) fn micros(time: &Datetime) -> Option<u64> {
    let (date, clock) = (time.date?, time.time?);
    let zone_minutes = match time.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let minutes = (days * 24 + i64::from(clock.hour)) * 60 + i64::from(clock.minute) - zone_minutes;
    let seconds = minutes * 60 + i64::from(clock.second.unwrap_or(0));
    let micros = seconds * 1_000_000 + i64::from(clock.nanosecond.unwrap_or(0) / 1_000);
    u64::try_from(micros).ok()
}

/// A time as an operator writes it, RFC 3339 with a zone or microseconds since 1970 UTC, in
/// microseconds since 1970 UTC. `None`: neither, or before 1970.
#[must_use]
pub fn parse_time(text: &str) -> Option<u64> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().ok(),
        false => text.parse().ok().as_ref().and_then(micros),
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar. Years begin in March, so that the
/// leap day is the last day of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 153 days in each five months from March on: 31, 30, 31, 30, 31.
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    // 719468 days from March 1st of year 0 to 1970.
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_times_with_a_zone_should_count_from_1970() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00.000001Z", Some(1)),
            ("2000-02-29T12:00:00Z", Some(951_825_600_000_000)),
            ("2000-03-01T00:00:00Z", Some(951_868_800_000_000)),
            ("2026-01-31T08:00:00.5+02:00", Some(1_769_839_200_500_000)),
            ("2100-12-31T23:59:59Z", Some(4_133_980_799_000_000)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-01-31T08:00:00", None),
            ("2026-01-31", None),
        ] {
            assert_eq!(micros(&text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn given_times_of_an_operator_should_take_texts_and_microseconds() {
        assert_eq!(parse_time("1970-01-01T00:00:01Z"), Some(1_000_000));
        assert_eq!(parse_time("1769839200500000"), Some(1_769_839_200_500_000));
        for text in ["", "yesterday", "2026-01-31", "-1", "99999999999999999999999"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
