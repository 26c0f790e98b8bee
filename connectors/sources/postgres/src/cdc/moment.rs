//! Moments as the server counts them: microseconds since 2000 UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds from 1970 to 2000.
const FROM_1970_TO_2000: i64 = 946_684_800_000_000;

/// Now, by this machine's clock.
pub(crate) fn now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX).saturating_sub(FROM_1970_TO_2000)
}

/// As `2026-01-31T12:00:00.123456Z`.
pub(crate) fn text(microseconds: i64) -> String {
    let seconds = microseconds.div_euclid(1_000_000);
    let fraction = microseconds.rem_euclid(1_000_000);
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let second_of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) =
        (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// Year, month and day of a number of days since 2000 in the Gregorian calendar. Years are counted from March, so that
/// the day that leaps is the last one.
fn civil(days: i64) -> (i64, i64, i64) {
    const FROM_YEAR_0_TO_2000: i64 = 730_425;
    const IN_400_YEARS: i64 = 146_097;
    let days = days + FROM_YEAR_0_TO_2000;
    let (era, day) = (days.div_euclid(IN_400_YEARS), days.rem_euclid(IN_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / (IN_400_YEARS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    #[test]
    fn given_known_moments_should_write_them() {
        for (microseconds, expected) in [
            (0, "2000-01-01T00:00:00.000000Z"),
            (-1, "1999-12-31T23:59:59.999999Z"),
            (5_097_600_000_000, "2000-02-29T00:00:00.000000Z"),
            (5_184_000_000_000, "2000-03-01T00:00:00.000000Z"),
            (753_315_200_123_456, "2023-11-14T22:13:20.123456Z"),
            (3_160_857_600_000_000, "2100-03-01T00:00:00.000000Z"),
            (-946_684_800_000_000, "1970-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(super::text(microseconds), expected);
        }
    }

    /// No number of a damaged message may overflow.
    #[test]
    fn given_the_ends_of_time_should_write_something() {
        assert!(super::text(i64::MIN).ends_with('Z'));
        assert!(super::text(i64::MAX).ends_with('Z'));
    }
}
