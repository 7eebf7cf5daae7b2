//! Days as people name them.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::lexer::plain;

/// The first and the last day of what a text names, as days since 1970-01-01; `None` if it names none.
///
/// * `today`: the day it is.
pub(super) fn days_named(text: &str, today: i32) -> Option<(i32, i32)> {
    let today = date_of(today);
    let text = plain(text);
    let (first, last) = match text.as_str() {
        "today" | "今日" | "本日" => (today, today),
        "yesterday" | "昨日" => {
            let day = today.checked_sub(1.day()).ok()?;
            (day, day)
        }
        "week" | "今週" => (today.checked_sub(6.days()).ok()?, today),
        "month" | "今月" => (today.first_of_month(), today.last_of_month()),
        "year" | "今年" => (today.first_of_year(), today.last_of_year()),
        _ => {
            let text = text.replace(['年', '月', '/', '.'], "-").replace('日', "");
            let parts: Vec<&str> = text.trim_end_matches('-').split('-').collect();
            let number = |part: &str, digits: usize| {
                let is_number = !part.is_empty() && part.len() <= digits && part.bytes().all(|b| b.is_ascii_digit());
                is_number.then(|| part.parse::<i16>().ok()).flatten()
            };
            let (year, month, day) = match parts[..] {
                [year] => (year, None, None),
                [year, month] => (year, Some(month), None),
                [year, month, day] => (year, Some(month), Some(day)),
                _ => return None,
            };
            let year = number(year, 4).filter(|_| year.len() == 4).filter(|year| *year > 0)?;
            let small = |part: &str| number(part, 2).and_then(|part| i8::try_from(part).ok());
            match (month.map(small), day.map(small)) {
                (None, _) => (Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?),
                (Some(month), None) => {
                    let first = Date::new(year, month?, 1).ok()?;
                    (first, first.last_of_month())
                }
                (Some(month), Some(day)) => {
                    let day = Date::new(year, month?, day?).ok()?;
                    (day, day)
                }
            }
        }
    };
    Some((days_of(first), days_of(last)))
}

/// A day as `2026-11-20`.
pub(super) fn date_text(days: i32) -> String {
    date_of(days).to_string()
}

/// The day nearest to that among those with a year of four digits.
fn date_of(days: i32) -> Date {
    let days = days.clamp(days_of(date(1, 1, 1)), days_of(date(9999, 12, 31)));
    EPOCH.checked_add(days.days()).unwrap_or(EPOCH)
}

fn days_of(day: Date) -> i32 {
    (day.duration_since(EPOCH).as_hours() / 24) as i32
}

const EPOCH: Date = date(1970, 1, 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_should_be_those_of_the_calendar() {
        let today = days_of(date(2026, 11, 21));
        for (text, first, last) in [
            ("2026", date(2026, 1, 1), date(2026, 12, 31)),
            ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
            ("2026/1/9", date(2026, 1, 9), date(2026, 1, 9)),
            ("2026年11月", date(2026, 11, 1), date(2026, 11, 30)),
            ("２０２６年１１月２０日", date(2026, 11, 20), date(2026, 11, 20)),
            ("Today", date(2026, 11, 21), date(2026, 11, 21)),
            ("昨日", date(2026, 11, 20), date(2026, 11, 20)),
            ("week", date(2026, 11, 15), date(2026, 11, 21)),
            ("month", date(2026, 11, 1), date(2026, 11, 30)),
        ] {
            assert_eq!(days_named(text, today), Some((days_of(first), days_of(last))), "{text}");
        }
        for text in [
            "",
            "-",
            "26-11",
            "2026-13",
            "2026-02-30",
            "2026-1-1-1",
            "0000",
            "tomorrowish",
        ] {
            assert_eq!(days_named(text, today), None, "{text}");
        }
        // python3: (datetime.date(2026, 11, 20) - datetime.date(1970, 1, 1)).days
        assert_eq!(days_of(date(2026, 11, 20)), 20_777);
        assert_eq!(date_text(20_777), "2026-11-20");
    }
}
