//! Timestamps as people and most databases read them.

use std::fmt::Write;

/// Appends microseconds since 1970 UTC as `2024-02-29T12:34:56.789012Z`.
pub(crate) fn write(buffer: &mut String, microseconds: u64) {
    let seconds = microseconds / 1_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let fraction = microseconds % 1_000_000;
    // Writing to a string cannot fail.
    let _ = write!(
        buffer,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z"
    );
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar. Years are counted from March here, so that
/// the day that leaps is the last one.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_FROM_YEAR_0: u64 = 719_468;
    const DAYS_PER_ERA: u64 = 146_097;
    let days = days + DAYS_FROM_YEAR_0;
    let era = days / DAYS_PER_ERA;
    let day_of_era = days % DAYS_PER_ERA;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    #[test]
    fn given_known_moments_should_write_them() {
        let text = |microseconds| {
            let mut buffer = String::new();
            super::write(&mut buffer, microseconds);
            buffer
        };
        assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(951_782_399_999_999), "2000-02-28T23:59:59.999999Z");
        assert_eq!(text(951_782_400_000_000), "2000-02-29T00:00:00.000000Z");
        assert_eq!(text(951_868_800_000_000), "2000-03-01T00:00:00.000000Z");
        assert_eq!(text(1_700_000_000_123_456), "2023-11-14T22:13:20.123456Z");
        assert_eq!(text(4_107_542_400_000_000), "2100-03-01T00:00:00.000000Z");
    }
}
