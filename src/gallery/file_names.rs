//! What a picture's file is called.

use std::path::PathBuf;

use crate::job::Record;

/// Longest part of a name taken from the prompt, in bytes; with all its additions a name must stay below 255.
const MAX_SLUG_BYTES: usize = 96;
const SECS_PER_DAY: u64 = 86_400;

/// Folder and name without ending, e.g. `2026-11-20/235924-42-a-red-boat`, in UTC.
///
/// * `attempt`: 1 for the first try; later ones append `-2`, `-3` …
pub(super) fn relative_stem(record: &Record, attempt: u32) -> PathBuf {
    let secs = record.created_unix_secs;
    let (year, month, day) = civil_from_days(secs / SECS_PER_DAY);
    let second_of_day = secs % SECS_PER_DAY;
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);

    let mut name = format!("{hour:02}{minute:02}{second:02}-{}", record.request.seed);
    let slug = slug(&record.request.prompt);
    if !slug.is_empty() {
        name.push('-');
        name.push_str(&slug);
    }
    if attempt > 1 {
        name.push('-');
        name.push_str(&attempt.to_string());
    }
    PathBuf::from(format!("{year:04}-{month:02}-{day:02}")).join(name)
}

/// Letters and digits of any script in lower case, all else as single hyphens, cut between words where it can be.
fn slug(prompt: &str) -> String {
    let mut slug = String::new();
    for word in prompt
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let word = word.to_lowercase();
        let separator = usize::from(!slug.is_empty());
        if slug.len() + separator + word.len() > MAX_SLUG_BYTES {
            if slug.is_empty() {
                slug.push_str(&word[..word.floor_char_boundary(MAX_SLUG_BYTES)]);
            }
            break;
        }
        if separator > 0 {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    slug
}

/// Year, month and day of a number of days since 1970-01-01.
///
/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468; //                       days since 0000-03-01
    let era = shifted / 146_097; //                        of 400 years
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100); // from 1 March
    let shifted_month = (5 * day_of_year + 2) / 153; //    0 is March
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_should_agree_with_the_calendar() {
        // python3: for d in (0, 59, 11016, 20777, 2932896): print(datetime.date(1970,1,1) + datetime.timedelta(d))
        for (days, date) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (20_777, (2026, 11, 20)),
            (2_932_896, (9999, 12, 31)),
        ] {
            assert_eq!(civil_from_days(days), date, "{days} days");
        }
    }

    #[test]
    fn slugs_should_be_short_and_safe() {
        for (prompt, expected) in [
            ("A red boat, on water!", "a-red-boat-on-water"),
            ("../../etc/passwd", "etc-passwd"),
            ("青い海 と 空", "青い海-と-空"),
            ("", ""),
            ("\0\n", ""),
        ] {
            assert_eq!(slug(prompt), expected, "{prompt:?}");
        }
        for long in ["word ".repeat(2000), "x".repeat(10_000), "海".repeat(5000)] {
            let slug = slug(&long);
            assert!(
                slug.len() <= MAX_SLUG_BYTES && slug.len() > MAX_SLUG_BYTES - 8,
                "{slug}"
            );
        }
    }
}
