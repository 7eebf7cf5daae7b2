//! Days and times in the language's own form.

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::ui::i18n::Language;

const EPOCH: Date = date(1970, 1, 1);

/// Days since 1970-01-01 by the clock on the wall.
pub(super) fn today() -> i32 {
    let days = Zoned::now().date().since((jiff::Unit::Day, EPOCH));
    days.map_or(0, |span| span.get_days())
}

/// The heading of a day; empty for one that no calendar has.
///
/// * `day`, `today`: days since 1970-01-01.
pub(super) fn heading(language: Language, day: i32, today: i32) -> String {
    match today.checked_sub(day) {
        Some(0) => return language.tr("gallery-today"),
        Some(1) => return language.tr("gallery-yesterday"),
        _ => {}
    }
    let date = Span::new().try_days(day).and_then(|span| EPOCH.checked_add(span)).ok();
    date.map(|date| spoken(language, date)).unwrap_or_default()
}

/// Day and time of a moment by the clock on the wall; empty for one that no calendar has.
pub(super) fn moment(language: Language, unix_secs: i64) -> String {
    let Ok(moment) = Timestamp::from_second(unix_secs) else {
        return String::new();
    };
    let moment = moment.to_zoned(TimeZone::system());
    let time = format!("{:02}:{:02}", moment.hour(), moment.minute());
    let date = spoken(language, moment.date());
    language.tr_with("gallery-moment", &[("date", &date), ("time", &time)])
}

fn spoken(language: Language, date: Date) -> String {
    let weekday = match date.weekday() {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    };
    let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let month = months.get(date.month() as usize - 1).copied().unwrap_or("dec");
    language.tr_with(
        "gallery-date",
        &[
            ("year", &date.year().to_string()),
            ("month", &language.tr_with("gallery-month", &[("name", month)])),
            ("day", &date.day().to_string()),
            ("weekday", &language.tr_with("gallery-weekday", &[("name", weekday)])),
        ],
    )
}

/// A number with its thousands apart.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_should_be_spoken_in_the_form_of_the_language() {
        // python3: print(datetime.date(1970,1,1) + datetime.timedelta(20777), …strftime("%A"))
        assert_eq!(heading(Language::English, 20_777, 20_777), "Today");
        assert_eq!(heading(Language::English, 20_776, 20_777), "Yesterday");
        assert_eq!(heading(Language::English, 20_777, 20_800), "Friday, 20 November 2026");
        assert_eq!(heading(Language::Japanese, 20_777, 20_800), "2026年11月20日（金）");
        assert_eq!(heading(Language::Japanese, 20_777, 20_777), "今日");
        assert_eq!(heading(Language::English, i32::MIN, 0), "");
        assert_eq!(heading(Language::English, i32::MAX, 0), "");
    }

    #[test]
    fn moments_without_a_calendar_should_not_be_spoken() {
        assert_eq!(moment(Language::English, i64::MAX), "");
        assert!(moment(Language::English, 1_700_000_000).contains("November 2023"));
    }

    #[test]
    fn thousands_should_stand_apart() {
        let numbers = [0, 999, 1000, 100_000, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "100,000", "1,234,567"]);
    }
}
